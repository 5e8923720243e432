"""Customers' data: exact money, pages, whose token is sent, and what is never shown."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wych_kit import (
    Refused,
    SettingInvalid,
    SettingMissing,
    Unexpected,
    WychClient,
    load_settings,
    mock,
)
from wych_kit.client import api as api_module
from wych_kit.client import models
from wych_kit.client.models import Account, AccountNumber, Bank, Connection, categorise
from wych_kit.client.paging import format_moment

NUMBER = "12-3456-0123456-00"
ACCOUNT = Account("a1", "u1", "c1", "Everyday", AccountNumber(NUMBER), "CurrentAccount", "NZD")
CONNECTION = Connection("c1", "ACTIVE", "u1", Bank("kereru", "Kererū Bank"), (), None, None)


class Data:
    """A pretend Wych's side of customers' data: exchanges are counted, tokens can be taken back, and `answer` says the rest."""

    def __init__(self, wych: Any, answer: Callable[[httpx.Request], httpx.Response]) -> None:
        self.wych = wych
        self.answer = answer
        self.exchanges = 0
        self.valid: set[str] = set()
        self.asked: list[httpx.Request] = []
        self._lock = threading.Lock()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if "/realms/" in path:
            return self.wych(request)
        with self._lock:
            if path.endswith("/token"):
                self.exchanges += 1
                token = f"of-{path.split('/')[-2]}-{self.exchanges}"
                self.valid.add(token)
                return httpx.Response(
                    200, json={"access_token": token, "expires_in": 900, "token_type": "Bearer"}
                )
            self.asked.append(request)
        if request.headers["Authorization"].removeprefix("Bearer ") not in self.valid:
            return httpx.Response(401, json={"message": "Unauthorized"})
        return self.answer(request)


class AnyToken(set[str]):
    """Every token counts."""

    def __contains__(self, token: object) -> bool:
        return True


@pytest.fixture
def client(wych, canaries, tmp_path) -> Callable[..., tuple[WychClient, Data]]:
    """A client for a pretend Wych that answers customers' data so."""

    def make(answer: Any, **given: str) -> tuple[WychClient, Data]:
        data = Data(
            wych, answer if callable(answer) else lambda _: httpx.Response(200, content=answer)
        )
        environ = {
            "WYCH_ENVIRONMENT": "sandbox",
            "WYCH_ISSUER_URL": wych.issuer_url,
            "WYCH_API_URL": wych.api_url,
            "WYCH_CLIENT_ID": "a-client-of-mine",
            "WYCH_CLIENT_SECRET": canaries[0],
            "WYCH_API_KEY": canaries[1],
            "WYCH_PARTNER_ID": "p1",
            "WYCH_APP_ID": "a1",
            "WYCH_TOKEN_CACHE": "memory",
            **given,
        }
        settings = load_settings(path=tmp_path / "none.env", environ=environ)
        return WychClient(settings, transport=httpx.MockTransport(data)), data

    return make


def transaction(amount: str, indicator: str = "Debit", **more: Any) -> str:
    """A transaction as JSON; the amount is written as it stands, with quotes or without."""
    rest = {
        "TransactionId": "t1",
        "BookingDateTime": "2026-01-31T09:00:00Z",
        "Status": "Booked",
        **more,
    }
    return (
        f'{json.dumps(rest)[:-1]}, "Amount": {{"Amount": {amount}, "Currency": "NZD"}},'
        f' "CreditDebitIndicator": "{indicator}"}}'
    )


def page(*items: str, following: str = "") -> bytes:
    """A page of transactions."""
    links = json.dumps({"Next": following} if following else {})
    return f'{{"Data": {{"Transaction": [{", ".join(items)}]}}, "Links": {links}, "Meta": {{}}}}'.encode()


# Money ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ['"{}"', "{}"])
@pytest.mark.parametrize(
    "text", ["0.10", "0.30", "12.34", "9007199254740993.01", "123456789012345.67", "100", "0.00"]
)
def test_amounts_are_exact(client, form, text):
    """Each digit of an amount comes through, as a text or as a JSON number that no float could hold; out is less than nothing."""
    api, _ = client(page(transaction(form.format(text)), transaction(form.format(text), "Credit")))
    paid, got = api.transactions(ACCOUNT)
    assert (str(got.amount), str(paid.amount).removeprefix("-")) == (text, text)
    assert paid.amount == -got.amount
    assert isinstance(paid.amount, Decimal)
    assert str(paid.amount).startswith("-") == (got.amount > 0)


@given(st.decimals(min_value=0, max_value=10**15 - 1, places=2))
def test_any_amount_survives(value):
    """Whatever is written with two places is read as the same number."""
    item = {"Amount": {"Amount": str(value), "Currency": "NZD"}, "CreditDebitIndicator": "Debit"}
    assert models.parse_signed_amount(item) == (-value, "NZD")


@pytest.mark.parametrize(
    "amount",
    [
        '"-1.00"',
        "-1.00",
        '"1,00"',
        '"NaN"',
        "NaN",
        "1e999",
        "true",
        "null",
        '"\u0661.00"',
        '"1.00 "',
        "[]",
    ],
)
def test_an_amount_that_is_none_is_refused(client, amount):
    """Nothing is guessed: an amount with a sign, a comma, or no number makes no sense, and is not quoted."""
    api, _ = client(page(transaction(amount)))
    with pytest.raises(Unexpected, match="exact amounts") as caught:
        list(api.transactions(ACCOUNT))
    assert caught.value.reference == "unknown-answer"


@pytest.mark.parametrize(
    "change", [{"TransactionId": ""}, {"BookingDateTime": "yesterday"}, {"AccountId": "another"}]
)
def test_a_transaction_that_makes_no_sense_is_refused(client, change):
    """One without id or time, or of another account, is not passed on."""
    api, _ = client(page(transaction('"1.00"', **change)))
    with pytest.raises(Unexpected):
        list(api.transactions(ACCOUNT))


def test_a_transaction_has_its_facts(client):
    """Text, merchant, category by the merchant's code, and the balance after it; a time without a zone is UTC."""
    after = {"Amount": {"Amount": "5.00", "Currency": "NZD"}, "CreditDebitIndicator": "Debit"}
    more = {
        "TransactionInformation": "Pōneke Café",
        "MerchantDetails": {"MerchantName": "Café", "MerchantCategoryCode": "5814"},
        "Balance": after,
        "BookingDateTime": "2026-01-31T09:00:00",
    }
    api, _ = client(page(transaction('"1.00"', **more), transaction('"1.00"')))
    full, bare = api.transactions(ACCOUNT)
    assert (full.text, full.merchant, full.category, full.balance) == (
        "Pōneke Café",
        "Café",
        "Eating out",
        Decimal("-5.00"),
    )
    assert full.booked == datetime(2026, 1, 31, 9, tzinfo=UTC)
    assert (bare.text, bare.merchant, bare.category, bare.balance) == ("", "", "", None)


@pytest.mark.parametrize(
    ("code", "word"),
    [("5411", "Groceries"), ("", ""), ("9999", "Other"), ("54111", "Other"), ("x", "Other")],
)
def test_a_category_is_a_word(code, word):
    """A code in no range is Other; without a code there is no category."""
    assert categorise(code) == word


# Pages ---------------------------------------------------------------------------------------------------------------------


def numbered(last: int, link: str = "?page={}") -> Callable[[httpx.Request], httpx.Response]:
    """Answers pages 1 to `last`, linked so."""

    def answer(request: httpx.Request) -> httpx.Response:
        number = int(request.url.params.get("page", 1))
        return httpx.Response(
            200,
            content=page(
                transaction('"1.00"', TransactionId=f"t{number}"),
                following=link.format(number + 1) if number < last else "",
            ),
        )

    return answer


def test_pages_are_followed_as_they_are_needed(client):
    """Nothing is sent before the first transaction is taken, and a page only when the one before it is used up."""
    api, data = client(numbered(3))
    found = api.transactions(ACCOUNT)
    assert data.asked == []
    assert next(found).id == "t1"
    assert len(data.asked) == 1
    assert [each.id for each in found] == ["t2", "t3"]
    assert data.exchanges == 1


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ("https://evil.example/v3/more?page={}", "different host"),
        ("//evil.example/more", "different host"),
        ("http://127.0.0.1:10/v3/more", "different host"),
        ("https://127.0.0.1:9/v3/more", "different host"),
        ("http://[", "different host"),
        ("?page=1&page=1", None),
        ("", None),
    ],
)
def test_a_link_elsewhere_is_not_followed(client, link, words):
    """Neither token nor key goes to another host, port or scheme, and no page is read twice."""
    api, data = client(numbered(9, link))
    if words:
        with pytest.raises(Unexpected, match=words) as caught:
            list(api.transactions(ACCOUNT))
        assert caught.value.reference == "unknown-answer"
    else:
        found = api.transactions(ACCOUNT)
        assert next(found).id == "t1"
        if link:
            with pytest.raises(Unexpected, match="read already"):
                list(found)
    assert {request.url.host for request in data.asked} == {"127.0.0.1"}
    assert {request.url.port for request in data.asked} == {9}


def test_pages_have_an_end(client, monkeypatch):
    """A list whose pages never end is given up, with what to do."""
    monkeypatch.setattr(api_module, "_MAX_PAGES", 5)
    api, data = client(numbered(10**6))
    found = api.transactions(ACCOUNT)
    with pytest.raises(Unexpected, match="more than 5 pages; ask for fewer days"):
        list(found)
    assert len(data.asked) == 5


def test_a_loop_over_several_pages_is_seen(client):
    """A page that links back to an earlier one ends the reading."""

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(
            200,
            content=page(
                following="?page=" + ("3" if request.url.params.get("page") == "2" else "2")
            ),
        )

    api, data = client(answer)
    with pytest.raises(Unexpected, match="read already"):
        list(api.transactions(ACCOUNT))
    assert len(data.asked) == 3


@pytest.mark.parametrize(
    ("when", "text"),
    [
        (None, ""),
        (date(2026, 1, 31), "2026-01-31"),
        (datetime(2026, 1, 31, 9, tzinfo=timezone(timedelta(hours=13))), "2026-01-30T20:00:00Z"),
    ],
)
def test_a_span_is_written_for_the_api(when, text):
    """A date stays one; a time is written in UTC, without the + that a query would lose."""
    assert format_moment(when) == text


def test_a_span_is_asked_for(client):
    """Both ends go into the query; neither does when none is given."""
    api, data = client(page())
    assert list(api.transactions(ACCOUNT, since=date(2026, 1, 1), until=date(2026, 1, 31))) == []
    assert list(api.transactions(ACCOUNT)) == []
    assert dict(data.asked[0].url.params) == {
        "fromBookingDateTime": "2026-01-01",
        "toBookingDateTime": "2026-01-31",
    }
    assert dict(data.asked[1].url.params) == {}


# Whose token ---------------------------------------------------------------------------------------------------------------


def test_many_threads_share_one_exchange(client):
    """However many ask for a user's data at once, there is one exchange; another user has another token."""
    api, data = client(b'{"Data": {"Account": []}}')
    start = threading.Barrier(16)

    def ask(_: int) -> list[Account]:
        start.wait(10)
        return api.accounts(CONNECTION)

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(ask, range(16), timeout=30)) == [[]] * 16
    assert data.exchanges == 1
    assert api.user_token("u1").value == api.user_token("u1").value
    assert api.user_token("u2").value != api.user_token("u1").value
    assert data.exchanges == 2
    assert {request.headers["Authorization"] for request in data.asked} == {"Bearer of-u1-1"}


def test_a_token_is_renewed_before_its_end(client, clock):
    """Within the margin before its end a kept token is not sent any more, and those of other users that are over are dropped."""
    api, data = client(b'{"Data": {"Account": []}}')
    api.user_token("u2")
    api.accounts(CONNECTION)
    clock.ahead += 880
    api.accounts(CONNECTION)
    assert (data.exchanges, data.asked[-1].headers["Authorization"]) == (3, "Bearer of-u1-3")
    assert list(api._user_tokens._slots) == ["u1"]


def test_a_refused_token_is_exchanged_anew_once(client):
    """A 401 to a kept token brings one exchange and one more try; a 401 to a new token is believed."""
    api, data = client(b'{"Data": {"Account": []}}')
    api.accounts(CONNECTION)
    data.valid.clear()
    assert api.accounts(CONNECTION) == []
    assert (data.exchanges, len(data.asked)) == (2, 3)
    data.answer = lambda _: httpx.Response(401, json={"message": "Unauthorized"})
    with pytest.raises(Refused) as caught:
        api.accounts(CONNECTION)
    assert (caught.value.status, data.exchanges, len(data.asked)) == (401, 3, 5)
    with pytest.raises(Refused):
        api.accounts(CONNECTION)
    assert (data.exchanges, len(data.asked)) == (4, 6)


def test_a_failed_exchange_is_not_kept(client):
    """What the exchange is refused with is raised, at the path that a setting gives, and the next call tries anew."""
    refusal = {"error": "user_not_found", "message": "No."}
    api, data = client(
        lambda _: httpx.Response(404, json=refusal), WYCH_PATH_USER_TOKEN="PUT /odd/{userId}"
    )
    data.valid = AnyToken()
    for tries in (1, 2):
        with pytest.raises(Refused) as caught:
            api.accounts(CONNECTION)
        assert (caught.value.reference, caught.value.code) == ("unknown-user", "user_not_found")
        assert [(request.method, request.url.path) for request in data.asked] == [
            ("PUT", "/v3/odd/u1")
        ] * tries


@pytest.mark.parametrize(
    "path",
    ["connection/c1/accounts", "connection/c1/account/a1/balances", "/x/{partnerId}/a1/moves"],
)
def test_the_service_token_is_never_sent_for_customer_data(client, path):
    """Any call at a path of customer data is refused before anything is sent, corrected paths too, and says what to do."""
    api, data = client(b"{}", WYCH_PATH_TRANSACTIONS="/x/{partnerId}/{accountId}/moves")
    for method in ("GET", "get"):
        with pytest.raises(SettingInvalid, match="that customer's token") as caught:
            api.request(method, path)
        assert caught.value.reference == "service-token-refused"
    assert (data.exchanges, data.asked, data.wych.seen) == (0, [], [])
    assert api.request("GET", path, user_id="u1").status_code == 200
    assert data.asked[-1].headers["Authorization"] == "Bearer of-u1-1"


def test_only_the_users_token_goes_to_customer_data(client):
    """Accounts, balances and transactions carry the token of the user whose they are, and the API key."""
    api, data = client(page())
    for ask in (api.accounts, api.balances, lambda of: list(api.transactions(of))):
        with suppress(Unexpected):  # the same page answers all three
            ask(CONNECTION if ask == api.accounts else ACCOUNT)
    assert len(data.asked) == 3
    assert {request.headers["Authorization"] for request in data.asked} == {"Bearer of-u1-1"}
    assert {request.headers["x-api-key"] for request in data.asked} == {
        api.settings.api_key.reveal()
    }


# What is never shown -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (NUMBER, "12-3456-*******-00"),
        ("12-3456-01234567-001", "12-3456-********-001"),
        ("4111 1111 1111 1111", "**** **** **** 1111"),
        ("1234567", "*******"),
    ],
)
def test_an_account_number_is_masked(number, shown, caplog):
    """Text, repr, format, a dataclass's repr, a log line and an error about it show the mask; only `reveal` gives the number."""
    held = AccountNumber(number)
    account = Account("a1", "u1", "c1", "Everyday", held, "CurrentAccount", "NZD")
    with caplog.at_level(logging.INFO):
        logging.getLogger("anyone").info("%s %r %s", held, held, account)
    texts = [str(held), repr(held), f"{held:>20}", f"{account}", repr(asdict(account)), caplog.text]
    assert [text for text in texts if shown not in text or number in text] == []
    assert held.reveal() == copy.deepcopy(held).reveal() == number
    assert (held == AccountNumber(number), held == number, len({held, AccountNumber(number)})) == (
        True,
        False,
        1,
    )


def test_an_account_number_does_not_travel():
    """Neither pickle nor json writes it, nor an account that has it, and no attribute holds it."""
    for thing in (AccountNumber(NUMBER), ACCOUNT):
        with pytest.raises(TypeError, match="cannot be pickled") as caught:
            pickle.dumps(thing)
        assert "0123456" not in str(caught.value)
    with pytest.raises(TypeError):
        json.dumps(AccountNumber(NUMBER))
    assert not hasattr(AccountNumber(NUMBER), "__dict__")


def test_the_journal_masks_account_numbers(client):
    """What is kept of the answer has the mask, though the account itself has the number."""
    listed = {
        "AccountId": "a1",
        "Currency": "NZD",
        "Account": [{"SchemeName": "x", "Identification": NUMBER, "Name": "Kim"}],
    }
    api, _ = client(json.dumps({"Data": {"Account": [listed]}}).encode())
    (account,) = api.accounts(CONNECTION)
    assert account.number is not None
    assert account.number.reveal() == NUMBER
    kept = api.journal.exchanges[-1].response_body
    assert "12-3456-*******-00" in kept
    assert "0123456" not in kept


# The rest ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"[]",
        b"{}",
        b'{"Data": []}',
        b'{"Data": {"Account": {}}}',
        b'{"Data": {"Account": [1]}}',
        b"[" * 10**5,
    ],
)
def test_an_answer_without_accounts_is_unexpected(client, answer):
    """Anything but a list of accounts is refused as what makes no sense, never passed on in part."""
    api, _ = client(answer)
    with pytest.raises(Unexpected, match=r"accounts in Data\.Account"):
        api.accounts(CONNECTION)


def test_an_account_without_number(client):
    """Where the consent does not cover the number there is none; the kind falls back to the account's type."""
    api, _ = client(b'{"Data": {"Account": [{"AccountId": "a1", "AccountType": "Personal"}]}}')
    (account,) = api.accounts(CONNECTION)
    assert (account.number, account.kind, account.user_id, account.connection_id) == (
        None,
        "Personal",
        "u1",
        "c1",
    )


def test_a_connection_is_the_one_that_was_asked_for(client, wych):
    """States that nobody knows are kept; an answer about another connection is refused."""
    shown = {
        "id": "c1",
        "state": "PAUSED",
        "user": "u1",
        "provider": {"id": "b"},
        "created": "2026-01-31T09:00:00Z",
    }
    api, data = client(lambda _: httpx.Response(200, json=shown))
    data.valid = AnyToken()
    found = api.connection("c1")
    assert (found.state, found.active, found.provider, found.expires) == (
        "PAUSED",
        False,
        Bank("b", "b"),
        None,
    )
    assert found.created == datetime(2026, 1, 31, 9, tzinfo=UTC)
    with pytest.raises(Unexpected):
        api.connection("c2")
    with pytest.raises(Unexpected):
        api.connections("u1")


def test_the_consent_link(client):
    """The app's name is written as one part of the address; without a name it says what is missing, and nothing is sent."""
    api, data = client(
        b"", WYCH_CONNECT_URL="https://connect.example/app", WYCH_APP_NAME="Kōwhai & Co"
    )
    assert api.consent_link() == "https://connect.example/app/K%C5%8Dwhai%20%26%20Co/connection"
    api, data = client(b"", WYCH_CONNECT_URL="https://connect.example/app")
    with pytest.raises(SettingMissing, match="WYCH_APP_NAME"):
        api.consent_link()
    assert data.asked == []


@pytest.mark.parametrize("basis", [True, False])
def test_against_the_mock_over_sockets(tmp_path: Path, basis) -> None:
    """A customer's road on the mock, with its header and without: data add up, a revoked consent is known as what it is."""
    with mock.running(seed=1, ephemeral=True, basis_header=basis) as wych:
        given = wych.credentials
        names = ("issuer_url", "api_url", "connect_url")
        environ = {f"WYCH_{name.upper()}": getattr(wych, name) for name in names}
        own = ("client_id", "client_secret", "api_key", "partner_id", "app_id")
        environ |= {f"WYCH_{name.upper()}": getattr(given, name) for name in own} | {
            "WYCH_HOME": str(tmp_path)
        }
        made = wych.connect("kim@example.com", bank="kereru", state="ACTIVE")
        with WychClient(load_settings(path=tmp_path / "none.env", environ=environ)) as api:
            connection = api.connection(made["id"])
            assert api.connections(connection.user_id) == [connection]
            for account in api.accounts(connection):
                (balance,) = api.balances(account)
                found = list(api.transactions(account))
                assert found[0].balance == balance.amount
                assert len({each.id for each in found}) == len(found)
                steps = pairwise(found)
                assert all(
                    later.balance == earlier.balance + later.amount for later, earlier in steps
                )
            day = found[-1].booked.date()
            assert {
                each.booked.date() for each in api.transactions(account, since=day, until=day)
            } == {day}
            api.revoke_connection(connection.id)
            for ask, reference in (
                (lambda: api.accounts(connection), "consent-ended"),
                (lambda: api.connection("x"), "unknown-connection"),
            ):
                with pytest.raises(Refused) as caught:
                    ask()
                assert caught.value.reference == reference
                assert caught.value.code in ("consent_revoked", "connection_not_found")
