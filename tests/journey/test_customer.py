"""A customer connects and the customer's data come: every way a consent ends, and never a word more than the customer's token opens."""

from __future__ import annotations

import json
import re
import socket
import threading
import urllib.request
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from wych_kit.client.models import Bank, Connection
from wych_kit.journey import connect_customer, simulated_customer
from wych_kit.journey.connect_customer import CONNECT
from wych_kit.journey.customer_data import CUSTOMER_DATA
from wych_kit.journey.onboarding import ALL_STEPS, REGISTER
from wych_kit.journey.registration import demonstration_answers
from wych_kit.journey.session import Session
from wych_kit.journey.statements import format_money
from wych_kit.journey.step import Done, Failed, run
from wych_kit.settings.loading import load_settings

AROHA = "aroha.ngata@example.com"
NUMBER = re.compile(r"\b9[1-4]-\d{4}-\d{7}-\d{2}\b")


@pytest.fixture
def callback_url():
    """At a port that is free, where a browser can come back to."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{found.getsockname()[1]}/callback"


@pytest.fixture
def registered(project, mock_wych, callback_url):
    """A session whose app has just been registered, with that callback URL."""
    project.on(mock_wych, callback_url=callback_url)
    with_file = Session(load_settings(path=project.env), project.env)
    assert isinstance(run(REGISTER, with_file, demonstration_answers()), Done)
    yield with_file
    with_file.close()


def answered(outcome):
    """The facts of an outcome, by label."""
    assert isinstance(outcome, Done), outcome
    return {fact.label: fact.value for fact in outcome.facts}


def refused(outcome):
    """The reference of why it failed."""
    assert isinstance(outcome, Failed), outcome
    return outcome.diagnosis.reference


def link(session):
    return session.client.consent_link()


def test_on_the_mock_the_kit_plays_the_customer(registered, mock_wych):
    """`demo` goes through the pages and agrees; the state is asked of the API, and the service token alone is used."""
    outcome = run(CONNECT, registered, {"customer_email": AROHA, "callback": "demo"})
    facts = answered(outcome)
    assert facts["Connection state"] == "ACTIVE"
    assert facts["Bank"] == "Kererū Bank"
    assert facts["Returned with"] == "connection, state, user"
    assert registered.connection.active
    assert [each.basis for each in outcome.exchanges][-3:] == ["documented", "invented", "invented"]
    assert not CONNECT.fields(registered)
    assert any(each.path.endswith("/connection/answer") for each in mock_wych.requests)


def test_a_browser_comes_back_to_the_kit(registered):
    """With no address pasted the kit listens at the callback URL; what the browser gets there names the state and asks for nothing."""
    came, page = threading.Event(), []

    def browser():
        address = simulated_customer.give_consent(link(registered), AROHA, bank="tui")
        came.wait(10)
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
            address, timeout=10
        ) as answer:
            page.append(answer.read().decode())

    threading.Thread(target=browser, daemon=True).start()
    outcome = run(
        CONNECT,
        registered,
        {"customer_email": AROHA},
        say=lambda words: came.set() if "browser" in words else None,
    )
    assert answered(outcome)["Bank"] == "Tūī Savings"
    assert "ACTIVE" in page[0]


def test_an_address_is_pasted(registered):
    """Over SSH and on a hub: whatever surrounds the address, and nothing listens meanwhile."""
    address = simulated_customer.give_consent(link(registered), AROHA)
    assert (
        answered(
            run(CONNECT, registered, {"customer_email": AROHA, "callback": f"  <{address}>\n"})
        )["Connection state"]
        == "ACTIVE"
    )


@pytest.mark.parametrize(
    "junk", ["junk", "https://your.app/callback", "https://your.app/callback?connection=1", "demo?"]
)
def test_what_is_no_return_is_said_beside_the_field(registered, mock_wych, junk):
    """Nothing is sent for it."""
    before = len(mock_wych.requests)
    outcome = run(CONNECT, registered, {"customer_email": AROHA, "callback": junk})
    assert set(outcome.faults) == {"callback"}
    assert len(mock_wych.requests) == before


def test_the_kit_plays_nobody_on_wych(project, session_on_sandbox):
    """There `demo` is no answer."""
    outcome = run(CONNECT, session_on_sandbox, {"customer_email": AROHA, "callback": "demo"})
    assert "callback" in outcome.faults


@pytest.mark.parametrize(
    ("answer", "bank", "reference"),
    [
        ("refuse", "kereru", "consent-rejected"),
        ("later", "kereru", "consent-pending"),
        ("agree", "weka", "consent-rejected"),
        ("agree", "kauri", "consent-pending"),
    ],
)
def test_a_consent_that_gives_no_data(registered, monkeypatch, answer, bank, reference):
    """Refused, put off, failed and slow are told as what they are, and leave no connection behind."""
    monkeypatch.setattr(connect_customer, "_PENDING_SECONDS", 0)
    address = simulated_customer.give_consent(link(registered), AROHA, bank=bank, answer=answer)
    assert (
        refused(run(CONNECT, registered, {"customer_email": AROHA, "callback": address}))
        == reference
    )
    assert registered.connection is None
    assert CONNECT.fields(registered)


def test_a_slow_bank_is_asked_again(registered, mock_wych, monkeypatch):
    """Done once more after its time, the step finds the same consent, active now; no second one is asked for."""
    monkeypatch.setattr(connect_customer, "_PENDING_SECONDS", 0)
    address = simulated_customer.give_consent(link(registered), AROHA, bank="kauri")
    run(CONNECT, registered, {"customer_email": AROHA, "callback": address})
    mock_wych.clock.advance(31)
    facts = answered(run(CONNECT, registered, {"customer_email": AROHA}))
    assert facts["Bank"] == "Kauri Mutual"
    assert "Returned with" not in facts


def test_a_state_in_the_address_is_not_believed(registered):
    """REJECTED made ACTIVE by hand changes nothing: the API says what is so."""
    address = simulated_customer.give_consent(link(registered), AROHA, answer="refuse")
    forged = address.replace("REJECTED", "ACTIVE")
    assert forged != address
    assert (
        refused(run(CONNECT, registered, {"customer_email": AROHA, "callback": forged}))
        == "consent-rejected"
    )


def test_a_connection_that_does_not_exist(registered):
    """Nor is the id."""
    made_up = (
        "https://your.app/callback?connection=5b1c9a34-27e8-4c0f-8d3e-9f64d2a6e702&state=ACTIVE"
    )
    assert (
        refused(run(CONNECT, registered, {"customer_email": AROHA, "callback": made_up}))
        == "unknown-connection"
    )


def test_somebody_else_signed_in(registered):
    """A consent of another customer is not taken for this one's."""
    address = simulated_customer.give_consent(link(registered), "mere@example.com")
    assert (
        refused(run(CONNECT, registered, {"customer_email": AROHA, "callback": address}))
        == "other-customer"
    )
    assert registered.connection is None


def test_a_consent_that_stands_is_used(registered, mock_wych):
    """The customer is not bothered twice."""
    known = mock_wych.connect(AROHA, app_id=registered.settings.app_id)
    assert (
        answered(run(CONNECT, registered, {"customer_email": AROHA}))["Consent"] == "given earlier"
    )
    assert registered.connection.id == known["id"]


def test_two_organisations_with_an_app_of_one_name(registered, project, mock_wych):
    """The second one's consent link leads to its own app, and its customer is not asked for the first one's."""
    project.on(mock_wych)
    with_file = Session(load_settings(path=project.env), project.env)
    run(REGISTER, with_file, demonstration_answers() | {"email": "ada@example.com"})
    assert with_file.client.consent_link() != registered.client.consent_link()
    for session in (with_file, registered):
        assert (
            answered(
                run(CONNECT, session, {"customer_email": AROHA, "callback": connect_customer.DEMO})
            )["Connection state"]
            == "ACTIVE"
        )
    with_file.close()


def test_nobody_came_back(registered, monkeypatch):
    """It ends by itself, says where it listened, and gives the port back."""
    monkeypatch.setattr(connect_customer, "WAIT_SECONDS", 0.2)
    outcome = run(CONNECT, registered, {"customer_email": AROHA})
    assert refused(outcome) == "callback-missing"
    assert registered.settings.callback_url in outcome.error.observed
    run(CONNECT, registered, {"customer_email": AROHA})
    with socket.socket() as again:
        again.bind(("127.0.0.1", int(registered.settings.callback_url.split(":")[2].split("/")[0])))


def test_a_port_that_is_taken(registered):
    """Another program there is named as such; the address can be pasted."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", int(registered.settings.callback_url.split(":")[2].split("/")[0])))
        other.listen()
        outcome = run(CONNECT, registered, {"customer_email": AROHA})
    assert outcome.error.name == "WYCH_CALLBACK_URL"
    assert "another program" in outcome.error.observed
    assert "paste" in outcome.error.observed


def test_a_stop_is_heard_while_waiting(registered):
    """Whoever says stop at a stage is out at once, and nothing listens any more."""

    class Enough(Exception):
        pass

    def say(words):
        if "browser" in words:
            raise Enough

    with pytest.raises(Enough):
        CONNECT.act(registered, {"customer_email": AROHA}, say)
    with socket.socket() as again:
        again.bind(("127.0.0.1", int(registered.settings.callback_url.split(":")[2].split("/")[0])))


def test_a_missing_app_name_is_asked_and_kept(project, mock_wych):
    """Credentials brought from a portal come without it, and the consent link is made of it."""
    project.ready_on(mock_wych)
    session = Session(load_settings(path=project.env), project.env)
    assert [field.name for field in CONNECT.fields(session)] == [
        "app_name",
        "customer_email",
        "callback",
    ]
    assert CONNECT.wording(session).link == ""
    outcome = run(
        CONNECT,
        session,
        {"app_name": "Ready-made app", "customer_email": "new@example.com", "callback": "demo"},
    )
    assert answered(outcome)["Connection state"] == "ACTIVE"
    assert load_settings(path=project.env).app_name == "Ready-made app"
    session.close()


@pytest.fixture
def session_on_sandbox(project, mock_wych, registered):
    """The mock, called a sandbox: the real Wych as far as anybody can tell."""
    known = registered.settings
    values = {name: getattr(mock_wych, name) for name in ("issuer_url", "api_url", "connect_url")}
    values |= {
        name: getattr(known, name) for name in ("client_id", "partner_id", "app_id", "app_name")
    }
    secrets = {name: getattr(known, name).reveal() for name in ("client_secret", "api_key")}
    project.write_env(environment="sandbox", **values, **secrets)
    found = Session(load_settings(path=project.env), project.env)
    yield found
    found.close()


def test_a_guessed_path_is_not_tried_on_wych(session_on_sandbox, mock_wych):
    """The state stays as the browser says and is called so; the data's paths are asked for by the name of their settings."""
    known = mock_wych.connect(AROHA, app_id=session_on_sandbox.settings.app_id)
    address = (
        f"https://your.app/callback?connection={known['id']}&state=ACTIVE&user={known['user']}"
    )
    outcome = run(CONNECT, session_on_sandbox, {"customer_email": AROHA, "callback": address})
    remark = next(fact.remark for fact in outcome.facts if fact.label == "Connection state")
    assert "WYCH_PATH_CONNECTION" in remark
    outcome = run(CUSTOMER_DATA, session_on_sandbox, {"days": "30"})
    assert "WYCH_PATH_ACCOUNTS" in outcome.error.observed
    assert not [each for each in mock_wych.requests if "/connection" in each.path]


def test_a_path_that_somebody_knows_is_used(session_on_sandbox, mock_wych, project):
    """Named in a setting, it is no guess any more, and its badge says whose it is."""
    known = mock_wych.connect(AROHA, app_id=session_on_sandbox.settings.app_id)
    session_on_sandbox.connection = Connection(
        known["id"], "ACTIVE", known["user"], Bank("", ""), (), None, None
    )
    base = "GET /partner/{partnerId}/app/{appId}/connection/{connectionId}"
    with project.env.open("a") as env:
        env.write(f"WYCH_PATH_ACCOUNTS='{base}/accounts'\n")
        for name in ("balances", "transactions"):
            env.write(f"WYCH_PATH_{name.upper()}='{base}/account/{{accountId}}/{name}'\n")
    session_on_sandbox.settings = load_settings(path=project.env)
    session_on_sandbox.close()
    outcome = run(CUSTOMER_DATA, session_on_sandbox, {"days": "30"})
    assert isinstance(outcome, Done), outcome
    assert "yours" in {each.basis for each in outcome.exchanges}


@pytest.fixture
def connected(registered):
    """A session with a connected customer."""
    assert isinstance(run(CONNECT, registered, {"customer_email": AROHA, "callback": "demo"}), Done)
    return registered


def test_the_data_come_with_the_customers_own_token(connected, mock_wych):
    """One exchange, all accounts, all pages; sums are exact, and numbers masked wherever they are shown."""
    before = len(mock_wych.requests)
    outcome = run(CUSTOMER_DATA, connected, {"days": " 90 "})
    facts = answered(outcome)
    asked = mock_wych.requests[before:]
    assert [each.path.rpartition("/")[2] for each in asked][:2] == ["token", "accounts"]
    assert {each.status for each in asked} == {200}
    data = connected.data
    assert facts["Accounts"] == "3" == str(len(data.statements))
    assert facts["Transactions"] == f"{len(data.transactions)} in 90 days"
    assert len(data.transactions) > 50, "more than one page"
    assert all(isinstance(each.amount, Decimal) for each in data.transactions)
    table = outcome.tables[0]
    assert [row[0] for row in table.rows] == [found.name for found in data.statements]
    assert table.rows[0][2] == format_money(data.statements[0].balance.amount, "NZD")
    assert not NUMBER.search(json.dumps([each.as_dict() for each in outcome.exchanges]))
    assert not NUMBER.search(repr(outcome))
    assert "*******" in table.rows[0][1]


@pytest.mark.parametrize(
    ("days", "fits"),
    [("1", True), ("730", True), ("0", False), ("731", False), ("abc", False), ("٣", False)],
)
def test_days(connected, days, fits):
    """A whole number of them, in plain digits, up to two years."""
    outcome = run(CUSTOMER_DATA, connected, {"days": days})
    assert isinstance(outcome, Done) is fits
    if not fits:
        assert outcome.faults.keys() == {"days"}
        assert "730" in outcome.faults["days"]
    else:
        assert {
            each.booked.date() <= datetime.now(UTC).date() for each in connected.data.transactions
        } <= {True}


def test_the_days_stay_chosen(connected):
    """Getting the data once more takes the days of before, and one day is one."""
    run(CUSTOMER_DATA, connected, {"days": "1"})
    assert answered(run(CUSTOMER_DATA, connected))["Transactions"].endswith(" in 1 day")


def test_what_fails_leaves_no_data_of_before(connected):
    """Nobody takes yesterday's for what was just asked."""
    run(CUSTOMER_DATA, connected, {"days": "30"})
    connected.client.revoke_connection(connected.connection.id)
    run(CUSTOMER_DATA, connected)
    assert connected.data is None


def test_what_was_not_agreed_to_is_not_asked_for(connected, mock_wych):
    """A consent without balances still opens the rest, and it is said what is missing."""
    connected.connection = replace(
        connected.connection, permissions=("ReadAccountsDetail", "ReadTransactionsDetail")
    )
    before = len(mock_wych.requests)
    facts = answered(run(CUSTOMER_DATA, connected, {"days": "30"}))
    assert facts["Not permitted"] == "balances"
    assert "balances" not in {each.path.rpartition("/")[2] for each in mock_wych.requests[before:]}
    assert {found.balance for found in connected.data.statements} == {None}
    assert connected.data.transactions


def test_a_consent_taken_back_is_told_and_can_be_given_anew(connected, mock_wych):
    """Data are refused as ended; connecting again asks for a new consent."""
    connected.client.revoke_connection(connected.connection.id)
    assert refused(run(CUSTOMER_DATA, connected, {"days": "30"})) == "consent-ended"
    assert refused(run(CONNECT, connected)) == "consent-ended"
    assert isinstance(run(CONNECT, connected, {"customer_email": AROHA, "callback": "demo"}), Done)


def test_another_app_has_other_customers(connected):
    """Registering anew leaves neither connection nor data."""
    run(CUSTOMER_DATA, connected, {"days": "30"})
    connected.register_again = True
    run(REGISTER, connected, demonstration_answers())
    assert (connected.connection, connected.data) == (None, None)


def test_data_without_a_customer(registered):
    """Asked too early, it says what comes first."""
    assert "not connected yet" in run(CUSTOMER_DATA, registered, {"days": "30"}).error.observed


def test_the_whole_road_leaves_no_customer_on_the_disk(project, mock_wych, kit):
    """`start --all` with nobody there: tables in the document, and neither names, amounts nor account numbers in any file."""
    project.on(mock_wych)
    ran = kit("start", "--all", "--json")
    document = json.loads(ran.out)
    assert [step["name"] for step in document["steps"]] == [step.name for step in ALL_STEPS]
    assert document["ok"]
    accounts, *_ = document["steps"][-1]["tables"]
    assert not NUMBER.search(ran.out)
    balances = [
        row[2].partition(" ")[0].replace(",", "").replace("−", "")  # noqa: RUF001 - as it is shown
        for row in accounts["rows"]
    ]
    files = [
        path for path in [*project.folder.rglob("*"), *project.home.rglob("*")] if path.is_file()
    ]
    assert any(path.name.startswith("journal") for path in files)
    for path in files:
        with suppress(UnicodeDecodeError):
            held = path.read_text("utf-8")
            assert "Paua Foods" not in held, path
            assert not NUMBER.search(held), path
            assert not [balance for balance in balances if balance in held], path
    assert "CUSTOMER_EMAIL" not in project.env.read_text()


def test_plain_tables(project, mock_wych, kit):
    """In a pipe each row is a line, with tabs between."""
    project.on(mock_wych)
    ran = kit("start", "--all", "--plain")
    assert re.findall(r"Step (\d of \d):", ran.out) == [f"{number} of 6" for number in range(1, 7)]
    assert ran.status == 0
    assert "Account\tNumber\tBalance\t90 days\n" in ran.out
    assert re.search(
        r"^Everyday\t9[1-4]-\d{4}-\*{7}-00\t[\d,]+\.\d\d NZD\t[▁▂▃▄▅▆▇█]{18}$",
        ran.out,
        re.MULTILINE,
    )
