"""Each fault of the catalogue: on, seen on the wire as its row says, and gone again."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import struct
import threading
import time
from email.utils import parsedate_to_datetime

import pytest

from wych_kit import mock

DISCOVERY = "/realms/partner/.well-known/openid-configuration"
UNAUTHORIZED = {"message": "Unauthorized"}
BAD_CLIENT = "Invalid client or Invalid client credentials"
TITLES = {"captive-portal": b"Welcome to Guest Wi-Fi", "not-json": b"Bad Gateway"}


def at_discovery(caller):
    return caller.ask("GET", DISCOVERY)


def at_token(caller):
    return caller.token_request()


def at_api(caller):
    """A call with a token that was there before."""
    headers = {
        "Authorization": f"Bearer {caller.kept}",
        "x-api-key": caller.wych.credentials.api_key,
    }
    return caller.ask("GET", f"{caller.base}/users", headers)


# Fault, parameters, where it shows, status, and what the JSON body then is (None: looked at in a test of its own).
SHOWN = [
    ("wrong-realm", {}, at_discovery, 404, {"error": "Realm does not exist"}),
    ("wrong-realm", {}, at_token, 404, {"error": "Realm does not exist"}),
    ("realm-disabled", {}, at_token, 403, {"error": "access_denied", "error_description": "Realm not enabled"}),
    ("unknown-client", {}, at_token, 401, {"error": "invalid_client", "error_description": BAD_CLIENT}),
    ("wrong-client-secret", {}, at_token, 401, {"error": "unauthorized_client", "error_description": BAD_CLIENT}),
    ("client-not-allowed", {}, at_token, 401, {"error": "unauthorized_client", "error_description": "Client not enabled to retrieve service account"}),
    ("identity-provider-error", {}, at_token, 500, {"error": "unknown_error", "error_description": "For more on this error consult the server log."}),
    ("identity-provider-error", {"status": 503, "where": "discovery"}, at_discovery, 503, b""),
    ("too-many-token-requests", {}, at_token, 429, b"Too many requests.\n"),
    ("bearer-refused", {}, at_api, 401, UNAUTHORIZED),
    ("revoked-token", {}, at_api, 401, UNAUTHORIZED),
    ("stale-token", {}, at_api, 401, UNAUTHORIZED),
    ("service-token-refused", {}, at_api, 403, {"Message": "User is not authorized to access this resource with an explicit deny in an identity-based policy"}),
    ("api-key-refused", {}, at_api, 403, {"message": "Forbidden"}),
    ("wrong-base-path", {}, at_api, 403, {"message": "Forbidden"}),
    ("wrong-path", {}, at_api, 403, None),
    ("throttled", {}, at_api, 429, {"message": "Too Many Requests"}),
    ("quota-spent", {}, at_api, 429, {"message": "Limit Exceeded"}),
    ("gateway-timeout", {"seconds": 0.01}, at_api, 504, {"message": "Endpoint request timed out"}),
    ("gateway-error", {"status": 500}, at_api, 500, {"message": "Internal server error"}),
    ("gateway-error", {}, at_api, 502, {"message": "Internal server error"}),
    ("gateway-error", {"status": 503}, at_api, 503, {"message": "Service Unavailable"}),
    ("unknown-answer", {}, at_api, 418, b"I'm a teapot\n"),
    ("unknown-user", {}, at_api, 404, {"error": "user_not_found", "message": "No user has this id."}),
    ("consent-pending", {}, at_api, 409, {"error": "consent_pending", "message": "The user has not consented yet."}),
    ("consent-rejected", {}, at_api, 403, {"error": "consent_rejected", "message": "The user has not agreed to share data."}),
    *((name, {}, at, status, None) for name, status in (("captive-portal", 200), ("login-page", 302), ("redirected", 308), ("not-json", 502)) for at in (at_discovery, at_token, at_api)),
    ("answer-too-long", {}, at_discovery, 200, None),
    ("answer-too-long", {}, at_api, 200, None),
    ("latency", {"seconds": 0.001}, at_api, 200, None),
]  # fmt: skip
IDS = [f"{row[0]}-{row[2].__name__}" for row in SHOWN]
# Those that change what is in an answer, what time it is, or the connection, and the tests below that look at each.
LOOKED_AT = {
    "issuer-mismatch": "test_a_spoilt_document",
    "discovery-incomplete": "test_a_spoilt_document",
    "endpoint-elsewhere": "test_a_spoilt_document",
    "no-token": "test_a_spoilt_token",
    "not-bearer": "test_a_spoilt_token",
    "odd-lifetime": "test_a_spoilt_token",
    "connection-cut": "test_a_cut_before_the_answer",
    "timeout": "test_a_request_that_nobody_answers",
    "clock-ahead": "test_the_clock",
    "clock-behind": "test_the_clock",
}


@pytest.fixture
def caller(caller):
    """With a token from before anything went wrong."""
    caller.kept = caller.token()
    return caller


def test_every_fault_has_a_test():
    """Whatever FAULTS has is shown above, looked at below, or a kind of certificate that test_faults_tls starts a mock with."""
    certificates = {name for name, fault in mock.FAULTS.items() if fault.tls}
    assert {row[0] for row in SHOWN} | set(LOOKED_AT) | certificates == set(mock.FAULTS)
    assert [name for name in LOOKED_AT.values() if name not in globals()] == []


@pytest.mark.parametrize("row", SHOWN, ids=IDS)
def test_on_and_off(caller, wych, row):
    """A fault shows as its row says, is named in the record, and is gone after it is switched off."""
    name, parameters, at, status, body = row
    wych.fault(name, **parameters)
    got = at(caller)
    assert got.status == status
    if body is not None:
        assert got.body == body if isinstance(body, bytes) else got.json == body
    if name != "latency":
        assert wych.requests[-1].reason == f"fault {name}"
    wych.fault_off(name)
    assert at(caller).status == 200
    assert wych.faults == []


@pytest.mark.parametrize("row", SHOWN, ids=IDS)
def test_for_so_many_times(caller, wych, row):
    """A fault that is on for two times shows twice, and is off then."""
    name, parameters, at, status, _ = row
    wych.fault(name, times=2, **parameters)
    assert [at(caller).status for _ in range(3)] == [status, status, 200]
    assert wych.faults == []


@pytest.mark.parametrize(
    "row",
    [row for row in SHOWN if row[2] is not at_discovery],
    ids=lambda row: f"{row[0]}-{row[2].__name__}",
)
def test_for_one_client(caller, wych, row):
    """A fault for one client, told by its form, token or key, leaves the others alone."""
    name, parameters, at, status, _ = row
    wych.fault(name, client="somebody-else", **parameters)
    assert at(caller).status == 200
    wych.fault(name, client=wych.credentials.client_id, **parameters)
    assert at(caller).status == status


@pytest.mark.parametrize(
    "name", [name for name, fault in mock.FAULTS.items() if fault.row != "invented"]
)
def test_the_row_is_the_catalogues(caller, wych, name):
    """A fault that follows a row of the wire facts is recorded with it: B3-18, B3-20 and the others."""
    wych.fault(name)
    for at in (at_discovery, at_token, at_api):
        at(caller)
    assert mock.FAULTS[name].row in {
        received.row for received in wych.requests if received.reason == f"fault {name}"
    }


def test_rows_of_gateway_errors(caller, wych):
    """Each status of `gateway-error` is recorded with its own row."""
    for status, row in ((500, "B3-21"), (502, "B3-20"), (503, "B3-22")):
        wych.fault("gateway-error", status=status)
        kind = at_api(caller).headers["x-amzn-errortype"]
        assert wych.requests[-1].row == row
        assert kind == (
            "ServiceUnavailableException" if status == 503 else "InternalServerErrorException"
        )


def test_what_is_invented_says_so(caller, wych):
    """Answers of the application that nobody outside Wych knows are marked."""
    for name in ("unknown-user", "consent-pending", "consent-rejected"):
        wych.fault(name, times=1)
        got = at_api(caller)
        assert got.headers["x-wych-mock-basis"] == "invented"
        assert "x-amzn-requestid" in got.headers


@pytest.mark.parametrize("name", ["revoked-token", "stale-token"])
def test_new_tokens_count(caller, wych, name):
    """Only tokens from before the fault was on are refused, those of the same second included; a new one works meanwhile."""
    wych.clock.freeze(1_800_000_000)
    caller.kept = caller.token()
    wych.fault(name)
    assert at_api(caller).status == 401
    assert caller.call("/users").status == 200
    assert at_api(caller).status == 401


def test_pages(caller, wych):
    """Whoever stands in between sends HTML, as itself or where it says to go; the login page is there to be seen."""
    for name, title in TITLES.items():
        wych.fault(name, times=1)
        got = at_token(caller)
        assert got.headers["content-type"].startswith("text/html")
        assert title in got.body
    wych.fault("login-page", times=1)
    where = at_token(caller).headers["location"]
    page = caller.ask("GET", where.removeprefix(wych.url))
    assert (page.status, b"Sign in" in page.body) == (200, True)
    wych.reset()
    assert caller.ask("GET", where.removeprefix(wych.url)).status == 404


def test_parameters_of_answers(caller, wych):
    """Parameters show: where a redirect leads, a proxy's status and type, Retry-After."""
    wych.fault("redirected", to="https://new.example/", times=1)
    assert (
        caller.ask("GET", f"{DISCOVERY}?a=b").headers["location"]
        == f"https://new.example{DISCOVERY}?a=b"
    )
    wych.fault("not-json", status=407, content_type="text/plain", times=1)
    got = at_discovery(caller)
    assert (got.status, got.headers["content-type"]) == (407, "text/plain")
    wych.fault("too-many-token-requests", retry_after=7, times=1)
    assert at_token(caller).headers["retry-after"] == "7"
    wych.fault("too-many-token-requests", times=1)
    assert "retry-after" not in at_token(caller).headers


def test_a_long_answer_is_well_formed(caller, wych):
    """The long answer is over 400 KiB, and means the same."""
    plain = at_api(caller).json
    wych.fault("answer-too-long")
    got = at_api(caller)
    assert len(got.body) > 400 * 1024
    assert got.json == plain


@pytest.mark.parametrize(
    ("name", "key", "spoilt"),
    [
        ("issuer-mismatch", "issuer", "https://elsewhere.example/realms/partner"),
        ("discovery-incomplete", "token_endpoint", None),
        (
            "endpoint-elsewhere",
            "token_endpoint",
            "https://elsewhere.example/realms/partner/protocol/openid-connect/token",
        ),
    ],
)
def test_a_spoilt_document(caller, wych, name, key, spoilt):
    """The discovery document differs from the true one in that key alone, for as many times as asked."""
    true = at_discovery(caller).json
    wych.fault(name, times=1)
    got = at_discovery(caller).json
    assert wych.requests[-1].reason == f"fault {name}"
    assert got.get(key) == spoilt
    assert {**got, key: true[key]} == true
    assert at_discovery(caller).json == true


@pytest.mark.parametrize(
    ("name", "parameters", "spoilt"),
    [
        ("no-token", {}, ("access_token", None)),
        ("not-bearer", {}, ("token_type", "MAC")),
        ("not-bearer", {"token_type": "DPoP"}, ("token_type", "DPoP")),
        ("odd-lifetime", {}, ("expires_in", "soon")),
    ],
)
def test_a_spoilt_token(caller, wych, name, parameters, spoilt):
    """The token endpoint says yes, and one field is not what it should be."""
    wych.fault(name, times=1, **parameters)
    got = at_token(caller)
    assert (got.status, got.json.get(spoilt[0])) == (200, spoilt[1])
    assert wych.requests[-1].reason == f"fault {name}"
    assert (at_token(caller).json["token_type"], at_token(caller).json["expires_in"]) == (
        "Bearer",
        900,
    )


def test_a_cut_before_the_answer(caller, wych):
    """The connection is reset before a byte of an answer, and the next request is answered."""
    wych.fault("connection-cut", times=1)
    with pytest.raises(ConnectionResetError):
        at_discovery(caller)
    assert (wych.requests[-1].status, wych.requests[-1].reason) == (0, "fault connection-cut")
    assert str(wych.requests[-1]).startswith("--- GET")
    assert at_discovery(caller).status == 200


def test_a_cut_in_the_body(caller, wych):
    """Less of the body comes than was announced, then the connection ends; nothing is logged as an error of the server's."""
    wych.fault("connection-cut", times=1, at="body")
    with pytest.raises(http.client.IncompleteRead) as caught:
        at_discovery(caller)
    assert caught.value.partial
    assert caught.value.expected > 0
    assert at_discovery(caller).status == 200


def test_a_request_that_nobody_answers(caller, wych, caplog):
    """A request is taken and gets no answer while the caller waits; others are answered, and leaving leaves nothing behind."""
    wych.fault("timeout", times=1, where="discovery")
    with socket.create_connection(("127.0.0.1", wych.port)) as waiting:
        waiting.sendall(f"GET {DISCOVERY} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        while not wych.requests or wych.requests[-1].reason != "fault timeout":
            time.sleep(0.001)
        assert at_api(caller).status == 200
        waiting.settimeout(0.05)
        with pytest.raises(TimeoutError):
            waiting.recv(1)
        waiting.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    while wych._server.server_state.tasks:
        time.sleep(0.001)
    assert caplog.records == []


def test_stopping_ends_the_silence():
    """A mock that is stopped does not wait for callers whom it does not answer."""
    wych = mock.start(ephemeral=True)
    wych.fault("timeout")
    with socket.create_connection(("127.0.0.1", wych.port)) as waiting:
        waiting.sendall(f"GET {DISCOVERY} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        while not wych.requests:
            time.sleep(0.001)
        stopping = threading.Thread(target=wych.stop)
        stopping.start()
        waiting.settimeout(5)
        with contextlib.suppress(ConnectionResetError):  # as good an end
            assert waiting.recv(1) == b""
        stopping.join(5)
        assert not stopping.is_alive()


@pytest.mark.parametrize(("name", "seconds"), [("clock-ahead", -600), ("clock-behind", 600)])
def test_the_clock(caller, wych, name, seconds):
    """A clock here is wrong because the mock's moves the other way, its `Date` and tokens with it, until the fault is off."""
    wych.clock.freeze(1_800_000_000)
    wych.fault(name)
    assert wych.clock.now() == 1_800_000_000 + seconds
    assert (
        parsedate_to_datetime(caller.call("/users").headers["date"]).timestamp()
        == 1_800_000_000 + seconds
    )
    wych.fault(name, seconds=5)
    assert abs(wych.clock.now() - 1_800_000_000) == 5
    wych.fault_off()
    assert wych.clock.now() == 1_800_000_000


def test_latency_is_repeatable():
    """With a seed the jitter of the same requests is the same, and it is asked for in seconds."""

    def waits():
        with mock.running(ephemeral=True, seed=7) as wych:
            waited = []

            async def note(seconds):
                waited.append(seconds)

            wych._app.faults.wait = note
            wych.fault("latency", seconds=2, jitter=3, where="discovery")
            for _ in range(3):
                connection = http.client.HTTPConnection("127.0.0.1", wych.port)
                connection.request("GET", DISCOVERY)
                connection.getresponse().read()
                connection.close()
            return waited

    first = waits()
    assert first == waits()
    assert len(set(first)) == 3
    assert all(2 <= seconds < 5 for seconds in first)


def test_where_it_acts(caller, wych):
    """A fault that can be anywhere stays where it is told to."""
    wych.fault("captive-portal", where="token")
    assert at_discovery(caller).headers["content-type"] == "application/json"
    assert at_api(caller).status == 200
    assert at_token(caller).headers["content-type"].startswith("text/html")


def test_what_is_on_is_data(wych):
    """`faults` says what is on, for JSON; the same fault for the same client is there once."""
    wych.fault("throttled", times=3)
    wych.fault("latency", seconds="2.5", client="a")
    wych.fault("throttled", times=2)
    on = json.loads(json.dumps(wych.faults))
    assert on == [
        {
            "name": "latency",
            "times": None,
            "client": "a",
            "parameters": {"seconds": 2.5, "jitter": 0.0, "where": "everywhere"},
        },
        {"name": "throttled", "times": 2, "client": None, "parameters": {}},
    ]
    wych.reset()
    assert wych.faults == []


@pytest.mark.parametrize(
    ("name", "how", "words"),
    [
        ("trottled", {}, "the nearest is 'throttled'"),
        ("xyz", {}, r"there is no fault 'xyz'\.$"),
        ("latency", {"second": 1}, "the nearest is 'seconds'"),
        ("throttled", {"seconds": 1}, "It takes no parameters"),
        ("latency", {"seconds": -1}, "takes seconds, not -1"),
        ("latency", {"seconds": float("nan")}, "takes seconds"),
        ("latency", {"seconds": True}, "takes seconds"),
        ("latency", {"where": "moon"}, "one of everywhere, discovery"),
        ("gateway-error", {"status": 501}, "one of 500, 502, 503"),
        ("not-json", {"content_type": "text/html\r\nx: y"}, "takes a media type"),
        ("throttled", {"times": 0}, "1 or more"),
        ("throttled", {"client": ""}, "must be a client id"),
        ("clock-ahead", {"times": 1}, "until you switch it off"),
        ("issuer-mismatch", {"client": "a"}, "Leave client out"),
        ("certificate-expired", {}, "--tls expired"),
    ],
)
def test_what_cannot_be_is_said(wych, name, how, words):
    """What cannot be switched on is refused with what to do, and nothing is on."""
    with pytest.raises(ValueError, match=words):
        wych.fault(name, **how)
    assert wych.faults == []


def test_switching_off_knows_the_names(wych):
    """Switching off what there is not is a mistake; what is not on, is not."""
    with pytest.raises(ValueError, match="nearest is 'throttled'"):
        wych.fault_off("trottled")
    wych.fault_off("throttled")


def test_the_catalogue_says_what_each_does():
    """Each fault has a sentence, a place, and defaults that it would itself accept."""
    for name, fault in mock.FAULTS.items():
        assert fault.name == name
        assert fault.does.endswith(".")
        assert fault.acts
        for key, parameter in fault.parameters.items():
            assert parameter.parse(key, parameter.default) == parameter.default
