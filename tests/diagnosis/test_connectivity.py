"""The ladder over HTTP, on the mock: each rung broken, what is said of it, and how much is sent for that."""

from __future__ import annotations

import base64
import json
import threading
from email.utils import formatdate

import pytest

from wych_kit import Journal, Secret, load_settings
from wych_kit.client.token import Token
from wych_kit.client.token_cache import TokenFile
from wych_kit.diagnosis.connectivity import CHECK_TITLES, check, check_connectivity, counter_tests
from wych_kit.diagnosis.connectivity.report import STATE_SYMBOLS, Report
from wych_kit.diagnosis.connectivity.state import CheckState
from wych_kit.diagnosis.exchange_evidence import COUNTER_TEST
from wych_kit.terminal.screen import Screen

NAMES = list(CHECK_TITLES)
KEY = "Moa2Kea7Wek4Tui9Pip3Hui6Kak8Tar5"
SECRET = "Tui9Moa2Kea7Wek4Pip3Hui6Kak8"


@pytest.fixture
def settings(project, mock_wych):
    """Settings that work on the mock, some changed."""

    def make(**changes):
        project.ready_on(mock_wych, token_cache="memory")
        return load_settings().with_(**changes)

    return make


@pytest.fixture
def kept(project, mock_wych):
    """Settings that work on the mock and share their token, which is there."""
    project.ready_on(mock_wych)
    assert check_connectivity(load_settings()).diagnosis is None
    return load_settings()


def states(report):
    """Each rung's state, by its name."""
    return {rung.name: rung.state for rung in report.checks}


def observed(report, name):
    """What was observed on a rung."""
    return next(rung.observed for rung in report.checks if rung.name == name)


def broken(report):
    """The broken rung, its cause, and how sure that is; the rungs above were not reached."""
    at = NAMES.index(report.failed_check.name)
    assert {rung.state for rung in report.checks[at + 1 :]} <= {"not reached"}
    assert "broken" not in {rung.state for rung in report.checks[:at]}
    return report.failed_check.name, report.diagnosis.reference, report.diagnosis.confidence


def asked(mock_wych):
    """What the mock was asked, without the ids."""
    return [(received.method, received.path.rpartition("/")[2]) for received in mock_wych.requests]


def test_everything_holds(settings, mock_wych):
    """On a healthy mock no rung is broken, in four requests, one of them for a token."""
    report = check_connectivity(settings())
    assert [rung.name for rung in report.checks] == NAMES
    assert states(report) == dict.fromkeys(NAMES, "held") | {"tls": "skipped", "proxy": "skipped"}
    assert (report.status, report.diagnosis, report.failed_check) == (0, None, None)
    assert asked(mock_wych) == [
        ("GET", "openid-configuration"),
        ("GET", "no-such-path"),
        ("POST", "token"),
        ("GET", "users"),
    ]
    assert "3 users" in observed(report, "data")
    assert len(report.exchanges) == 4


def test_progress_and_journal(settings):
    """The rung under way is told by its title; the exchanges are in the journal that was given, after what was there."""
    told, journal = [], Journal()
    check_connectivity(settings(), journal=journal)
    report = check_connectivity(settings(), say=told.append, journal=journal)
    assert told == list(CHECK_TITLES.values())
    assert report.exchanges == journal.exchanges[4:]


@pytest.mark.parametrize(
    ("changes", "rung", "reference"),
    [
        ({"client_secret": None}, "settings", "setting-missing"),
        (
            {"issuer_url": "https://login.wych.example/realms/partner/"},
            "settings",
            "trailing-slash",
        ),
        ({"issuer_url": "https://wych-kit.invalid/realms/partner"}, "name", "name-not-found"),
        ({"client_id": "nobody"}, "client", "unknown-client"),
        ({"client_secret": Secret(SECRET)}, "client", "wrong-client-secret"),
    ],
)
def test_values_break_their_rung(settings, changes, rung, reference):
    """A wrong setting ends the climb on its own rung, under its own name."""
    report = check_connectivity(settings(**changes))
    assert broken(report)[:2] == (rung, reference)
    assert report.status == (2 if rung == "settings" else 11 + NAMES.index(rung))


def test_nothing_listens(settings, unused_address):
    """A refused connection is said of the host that refused, before any request."""
    report = check_connectivity(settings(issuer_url=f"{unused_address}/realms/partner"))
    assert broken(report) == ("connection", "connection-refused", "certain")
    assert report.exchanges == ()


@pytest.mark.parametrize(
    ("path", "reference"),
    [("/realms/Partner", "wrong-realm"), ("/auth/realms/partner", "auth-prefix")],
)
def test_the_discovery_document_is_not_there(settings, mock_wych, path, reference):
    """Wrong realm and wrong path are told apart on the document's rung; no secret is sent."""
    report = check_connectivity(settings(issuer_url=mock_wych.url + path))
    assert broken(report)[:2] == ("discovery", reference)
    assert mock_wych.token_requests == 0


def document(mock_wych, **changes):
    """A discovery document of the mock's, changed."""
    realm = f"{mock_wych.issuer_url}/protocol/openid-connect"
    return json.dumps(
        {
            "issuer": mock_wych.issuer_url,
            "token_endpoint": f"{realm}/token",
            "jwks_uri": f"{realm}/certs",
        }
        | changes
    ).encode()


@pytest.mark.parametrize(
    ("changes", "rung", "reference"),
    [
        ({"issuer": "https://login.wych.example/realms/partner"}, "issuer", "issuer-mismatch"),
        (
            {"token_endpoint": "https://elsewhere.example/token"},
            "token-endpoint",
            "endpoint-elsewhere",
        ),
        ({"token_endpoint": "http://elsewhere.example/token"}, "token-endpoint", "not-https"),
        ({"token_endpoint": None}, "discovery", "discovery-incomplete"),
    ],
)
def test_what_the_document_says(settings, mock_wych, changes, rung, reference):
    """Each thing that can be wrong in the document breaks the rung it is about; no secret is sent."""
    mock_wych.answer_next("discovery", status=200, body=document(mock_wych, **changes))
    assert broken(check_connectivity(settings()))[:2] == (rung, reference)
    assert mock_wych.token_requests == 0


@pytest.mark.parametrize(
    ("seconds", "state", "words"),
    [
        (0, "held", "agrees"),
        (-60, "held", "ahead of"),
        (60, "held", "Correct it"),
        (-4000, "broken", "ahead of"),
        (4000, "broken", "behind"),
    ],
)
def test_the_clock(settings, mock_wych, seconds, state, words):
    """A clock more than five minutes off is broken, one more than half a minute off is remarked on."""
    mock_wych.clock.advance(seconds)
    report = check_connectivity(settings())
    assert states(report)["clock"] == state
    assert words in observed(report, "clock")
    if state == "broken":
        assert broken(report)[1] == ("clock-ahead" if seconds < 0 else "clock-behind")
        assert mock_wych.token_requests == 0


def test_the_date_of_the_document_will_do(settings, mock_wych):
    """Where the identity provider says its time, the API is not asked for it."""
    mock_wych.answer_next(
        "discovery", status=200, headers={"Date": formatdate(usegmt=True)}, body=document(mock_wych)
    )
    assert states(check_connectivity(settings()))["clock"] == "held"
    assert ("GET", "no-such-path") not in asked(mock_wych)


def test_no_server_says_its_time(settings, mock_wych):
    """Without any date the clock's rung is skipped, and the climb goes on."""
    mock_wych.answer_next("api", status=200, headers={"Date": "yesterday"})
    report = check_connectivity(settings())
    assert states(report)["clock"] == "skipped"
    assert report.diagnosis is None


@pytest.mark.parametrize("status", [401, 429, 503, 500])
def test_a_refused_token_request_is_not_repeated(settings, mock_wych, status):
    """Whatever the token endpoint says, it is asked once: a busy one too, whose wish to wait is the finding."""
    body = b'{"error":"unauthorized_client"}' if status == 401 else b"busy"
    mock_wych.answer_next("token", status=status, headers={"Retry-After": "1"}, body=body, times=3)
    report = check_connectivity(settings())
    assert report.failed_check.name == "client"
    assert mock_wych.token_requests == 1


@pytest.mark.parametrize(
    ("answer", "reference"),
    [
        ({"token_type": "Bearer"}, "no-token"),
        ({"access_token": "abc", "token_type": "mac"}, "not-bearer"),
        ({"access_token": "abc", "token_type": "Bearer", "expires_in": "soon"}, "odd-lifetime"),
    ],
)
def test_the_token_answer(settings, mock_wych, answer, reference):
    """The client was let in; what is wrong with the token it got is said on the token's rung."""
    mock_wych.answer_next("token", status=200, body=json.dumps(answer).encode())
    report = check_connectivity(settings())
    assert broken(report)[:2] == ("token", reference)
    assert states(report)["client"] == "held"


def jwt(**inside):
    """Something shaped like a token, with a signature that is too short to be one."""
    parts = (json.dumps(part).encode() for part in ({"alg": "RS256"}, inside))
    return ".".join(
        [*(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts), "signed"]
    )


@pytest.mark.parametrize(("token", "words"), [("opaque", "opaque"), (jwt(sub="me"), "1 claims")])
def test_a_token_without_an_issuer(settings, mock_wych, token, words):
    """A token that cannot be read, or names nobody, is nothing wrong in itself; here the gateway does not know it."""
    mock_wych.answer_next(
        "token",
        status=200,
        body=json.dumps({"access_token": token, "token_type": "Bearer"}).encode(),
    )
    mock_wych.answer_next("api", status=200, body=b"{}")
    mock_wych.answer_next("api", status=200, body=b"[]")
    report = check_connectivity(settings())
    assert report.diagnosis is None
    assert words in observed(report, "token")
    assert "0 users" in observed(report, "data")


def test_another_issuers_token(settings, mock_wych):
    """A token that names another issuer is not sent to the API."""
    token = jwt(iss="https://other.example/realms/partner")
    mock_wych.answer_next(
        "token",
        status=200,
        body=json.dumps({"access_token": token, "token_type": "Bearer"}).encode(),
    )
    report = check_connectivity(settings())
    assert broken(report)[:2] == ("token", "issuer-mismatch")
    assert asked(mock_wych)[-1] == ("POST", "token")


def test_a_kept_token_is_used_and_said(kept, mock_wych):
    """No token is asked for while a kept one is good, and the client's rung says why it holds all the same."""
    report = check_connectivity(kept)
    assert "saved" in observed(report, "client")
    assert mock_wych.token_requests == 1


def test_a_kept_token_that_was_revoked(kept, mock_wych):
    """One new token is asked for; when that works, the rung holds and the remark has the name of what was wrong."""
    mock_wych.revoke_tokens()
    report = check_connectivity(kept)
    assert report.diagnosis is None
    assert "revoked-token" in observed(report, "token")
    assert mock_wych.token_requests == 2
    assert "refused" not in observed(check_connectivity(kept), "token")
    assert mock_wych.token_requests == 2


def test_a_kept_token_that_is_stale(kept, mock_wych, monkeypatch):
    """A kept token whose own words say that it is over is told from one that was revoked."""
    mock_wych.revoke_tokens()
    monkeypatch.setattr(counter_tests, "is_expired", lambda *_: True)
    assert "stale-token" in observed(check_connectivity(kept), "token")


@pytest.mark.parametrize(
    ("token", "over"),
    [(jwt(exp=99), True), (jwt(exp=101), False), (jwt(), False), ("opaque", False)],
)
def test_a_token_that_says_it_is_over(token, over):
    """Its own `exp` against the clock; what cannot be read says nothing."""
    assert counter_tests.is_expired(Token(Secret(token), 900, 0), 100) is over


def test_the_gateway_refuses_every_token(kept, mock_wych):
    """After a second refusal there is no third token."""
    mock_wych.answer_next("api", status=200, body=b"{}")  # the clock's question
    mock_wych.answer_next("api", status=401, body=b'{"message":"Unauthorized"}', times=2)
    report = check_connectivity(kept)
    assert broken(report)[:2] == ("token", "bearer-refused")
    assert "one environment" in report.failed_check.observed
    assert mock_wych.token_requests == 2


def test_a_new_token_that_is_refused_has_no_successor(settings, mock_wych):
    """A token from this very climb is not replaced."""
    mock_wych.answer_next("api", status=200, body=b"{}")
    mock_wych.answer_next("api", status=401, body=b'{"message":"Unauthorized"}')
    assert broken(check_connectivity(settings()))[:2] == ("token", "bearer-refused")
    assert mock_wych.token_requests == 1


def test_different_environments_are_said(settings, mock_wych):
    """Two hosts of which one is on this machine look like different environments."""
    changed = settings(issuer_url="https://login.wych.example/realms/partner")
    state = CheckState(changed, None)
    found = counter_tests.explain_rejected_token(state, "refused").diagnosis
    assert "different environments" in found.evidence[1]
    assert found.runner_up == "environment-mismatch"


def test_an_unknown_key_is_told_from_a_wrong_base(settings, mock_wych):
    """A path that cannot exist is answered about paths, so the base is mapped and the key it is: certain, without credentials."""
    assert broken(check_connectivity(settings(api_key=Secret(KEY)))) == (
        "api-key",
        "api-key-refused",
        "certain",
    )
    last = mock_wych.requests[-1]
    assert (last.method, last.path, last.row) == ("GET", f"/v3{COUNTER_TEST}", "B3-9")


def test_a_wrong_base_is_told_from_an_unknown_key(settings, mock_wych):
    """Where even a path that cannot exist is Forbidden, no API is at the base."""
    report = check_connectivity(settings(api_url=f"{mock_wych.url}/v4"))
    assert broken(report) == ("api-key", "wrong-base-path", "likely")
    assert report.diagnosis.runner_up == "api-key-refused"


@pytest.mark.parametrize(("status", "body"), [(500, b"oops"), (403, b'{"message":"Forbidden"}')])
def test_a_counter_test_that_tells_nothing(settings, mock_wych, status, body):
    """Any other answer leaves both causes open, the key as the likelier; so do AWS's words without its headers."""
    mock_wych.answer_next("api", status=200, body=b"{}")
    mock_wych.answer_next("api", status=403, body=b'{"message":"Forbidden"}')
    mock_wych.answer_next("api", status=status, body=body)
    report = check_connectivity(settings())
    assert broken(report) == ("api-key", "api-key-refused", "likely")
    assert report.diagnosis.runner_up == "wrong-base-path"


def test_a_wrong_path_is_certain(settings, mock_wych):
    """The bytes say so; the part of the address that looks odd is named, and the key is not judged."""
    report = check_connectivity(settings(api_url=f"{mock_wych.url}/v3/more"))
    assert broken(report) == ("data", "wrong-path", "certain")
    assert "not in a version" in report.failed_check.observed
    assert states(report)["api-key"] == "skipped"


@pytest.mark.parametrize(
    ("changes", "words"), [({}, "version v3"), ({"partner_id": "a.b"}, "WYCH_PARTNER_ID is not")]
)
def test_which_part_of_the_path(settings, mock_wych, changes, words):
    """With a version in the address the ids are looked at, then the version."""
    mock_wych.answer_next("api", status=200, body=b"{}")
    mock_wych.answer_next(
        "api",
        status=403,
        body=b'{"message":"Invalid key=value pair (missing equal-sign) in Authorization header"}',
    )
    assert words in check_connectivity(settings(**changes)).failed_check.observed


@pytest.mark.parametrize(
    "changes",
    [
        {"api_key": Secret(KEY)},
        {"api_url": "/v3/more"},
        {"issuer_url": "https://wych-kit.invalid/realms/partner"},
    ],
)
def test_a_diagnosis_is_six_lines_at_most(settings, mock_wych, monkeypatch, tty, changes):
    """As the terminal shows it in 80 columns."""
    if "api_url" in changes:
        changes = {"api_url": mock_wych.url + changes["api_url"]}
    monkeypatch.setenv("COLUMNS", "80")
    screen = Screen(file=tty())
    screen.show_diagnosis(check_connectivity(settings(**changes)).diagnosis)
    assert len(screen.console.file.getvalue().strip().splitlines()) <= 8


def test_the_app_may_not(settings, mock_wych):
    """An explicit deny is about permission: token and key hold."""
    mock_wych.answer_next("api", status=200, body=b"{}")
    mock_wych.answer_next(
        "api", status=403, body=b'{"Message":"User is not authorized to access this resource"}'
    )
    report = check_connectivity(settings())
    assert broken(report)[:2] == ("permission", "service-token-refused")
    assert states(report)["api-key"] == "held"


@pytest.mark.parametrize(
    ("answer", "reference"),
    [
        ({"status": 429, "body": b'{"message":"Too Many Requests"}'}, "throttled"),
        ({"status": 429, "body": b'{"message":"Limit Exceeded"}'}, "quota-spent"),
        ({"status": 504, "body": b'{"message":"Endpoint request timed out"}'}, "gateway-timeout"),
        ({"status": 302, "headers": {"Location": "https://elsewhere.example/"}}, "redirected"),
        ({"status": 200, "body": b"<!doctype html><title>Welcome</title>"}, "captive-portal"),
        (
            {
                "status": 418,
                "headers": {"Content-Type": "text/tea"},
                "body": b"short\x1b[31m and " + 200 * b"s",
            },
            "unknown-answer",
        ),
        ({"status": 200, "body": b'{"users": []}'}, "unknown-answer"),
        (
            {
                "status": 401,
                "headers": {"WWW-Authenticate": "Basic realm=x"},
                "body": b"<html><h1>401",
            },
            "not-json",
        ),
        ({"status": 403, "body": b"Forbidden"}, "unknown-answer"),
        ({"status": 403, "body": b'{"statusCode":403,"message":"Forbidden"}'}, "unknown-answer"),
    ],
)
def test_what_comes_instead_of_data(settings, mock_wych, answer, reference):
    """Anything but users breaks the last rung, under its name or as unknown; asked once."""
    mock_wych.answer_next("api", status=200, body=b"{}")
    mock_wych.answer_next("api", **answer)
    assert broken(check_connectivity(settings()))[:2] == ("data", reference)
    assert len(mock_wych.requests) == 4


def test_an_unknown_answer_is_repeated_not_explained(settings, mock_wych):
    """Status, and content type and first words in 120 characters, are said, and that the cause is unknown."""
    mock_wych.answer_next("api", status=200, body=b"{}")
    mock_wych.answer_next("api", status=418, headers={"Content-Type": "text/tea"}, body=200 * b"s")
    report = check_connectivity(settings())
    assert report.failed_check.observed.endswith(f"answered 418 (text/tea: {110 * 's'}…)")
    assert report.diagnosis.confidence == "unknown"


def test_the_report_as_data(settings):
    """JSON has every rung with its number, the status and the diagnosis."""
    facts = json.loads(json.dumps(check_connectivity(settings(client_id="nobody")).as_dict()))
    assert (facts["ok"], facts["status"], facts["broken"]) == (False, 20, "client")
    assert [rung["number"] for rung in facts["rungs"]] == list(range(1, 15))
    assert facts["diagnosis"]["reference"] == "unknown-client"
    assert set(STATE_SYMBOLS) >= {rung["state"] for rung in facts["rungs"]}


@pytest.mark.parametrize("where", ["discovery", "token", "api"])
def test_a_server_that_takes_too_long(settings, mock_wych, monkeypatch, where):
    """The rung ends at its limit, as a timeout, although nothing came."""
    monkeypatch.setattr(check, "CHECK_SECONDS", 0.6)
    mock_wych.answer_next(where, status=200, body=b"{}", delay=3, times=2)
    report = check_connectivity(settings())
    assert report.diagnosis.reference == "timeout"
    assert len(report.checks) == len(NAMES)


def test_all_together_have_a_limit(settings, mock_wych, monkeypatch):
    """When the time for all is over, the rung under way is where it ends, and no secret is sent any more."""
    monkeypatch.setattr(check, "TOTAL_SECONDS", 0.0)
    # Those that send nothing may still be done before anybody looks at the time; discovery is the first that sends.
    assert NAMES.index(check_connectivity(settings()).failed_check.name) <= NAMES.index("discovery")
    assert mock_wych.requests == []


def test_a_name_service_that_hangs(settings, monkeypatch):
    """A look-up that never comes back does not hold the climb."""
    hangs = threading.Event()
    monkeypatch.setattr(check, "CHECK_SECONDS", 0.3)
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: hangs.wait(30))
    try:
        report = check_connectivity(settings())
    finally:
        hangs.set()
    assert broken(report)[:2] == ("name", "name-not-found")
    assert report.diagnosis.runner_up == "timeout"


def test_stopping(settings, mock_wych):
    """Ctrl-C is passed on, and nothing is sent afterwards."""

    def say(title):
        if title == "Clock":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check_connectivity(settings(), say=say)
    assert asked(mock_wych) == [("GET", "openid-configuration")]


def test_a_bug_of_ours_is_not_a_broken_rung(settings, monkeypatch):
    """An exception that is not ours on purpose is raised to the caller."""
    monkeypatch.setitem(check._CHECKS, "issuer", lambda _: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        check_connectivity(settings())


def test_a_held_lock_is_said(kept, mock_wych, monkeypatch):
    """Another process that holds the token's lock is named, and not waited for beyond the rung."""
    monkeypatch.setattr(check, "CHECK_SECONDS", 0.7)
    file = TokenFile(kept.home, kept.issuer_url, kept.client_id, kept.client_secret)
    file.remove()
    lock = file.lock()
    with lock:
        assert broken(check_connectivity(kept))[:2] == ("client", "token-lock")
    assert mock_wych.token_requests == 1


def test_no_secret_is_in_a_report(settings, mock_wych):
    """Neither key, secret nor token, also where a server repeats them."""
    mock_wych.answer_next("api", status=200, body=b"{}")
    mock_wych.answer_next(
        "api", status=400, body=f"you sent {mock_wych.credentials.api_key}".encode()
    )
    report = check_connectivity(settings())
    assert isinstance(report, Report)
    text = json.dumps(report.as_dict()) + repr(report)
    assert str(mock_wych.credentials.api_key) not in text
    assert str(mock_wych.credentials.client_secret) not in text
    assert "eyJhbGci" not in text
