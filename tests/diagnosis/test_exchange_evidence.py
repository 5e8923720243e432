"""What exchanges show: mistakes of hand-written requests, made against the mock over sockets and read from a journal."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta

import httpx
import pytest

from wych_kit.client.journal.recorder import Exchange, Journal
from wych_kit.diagnosis.diagnose import diagnose
from wych_kit.diagnosis.scenarios import SCENARIOS
from wych_kit.settings.loading import load_settings
from wych_kit.terminal.screen import Screen

CANARY = "c4n4ry-Secret+42%x"


class Hand:
    """A client written by hand: plain httpx, with nothing of this kit's but the journal's hooks."""

    def __init__(self, wych):
        own = wych.credentials
        self.wych, self.own = wych, own
        self.journal = Journal()
        self.http = httpx.Client(event_hooks=self.journal.hooks(), trust_env=False)
        self.endpoint = f"{wych.issuer_url}/protocol/openid-connect/token"
        self.form = {
            "grant_type": "client_credentials",
            "client_id": own.client_id,
            "client_secret": own.client_secret,
        }
        self.users = f"{wych.api_url}/partner/{own.partner_id}/app/{own.app_id}/users"

    def token(self, **changes):
        """The token request, some fields changed, those that are None left out."""
        fields = {name: value for name, value in (self.form | changes).items() if value is not None}
        return self.http.post(self.endpoint, data=fields)

    def headers(self, **changes):
        """What a call carries, with a token just got."""
        bearer = self.token().json()["access_token"]
        return {"Authorization": f"Bearer {bearer}", "x-api-key": self.own.api_key} | changes

    def without(self, name, **more):
        """The same without one of them."""
        return {key: value for key, value in self.headers().items() if key != name} | more

    def get(self, headers, url=""):
        """A call."""
        return self.http.get(url or self.users, headers=headers)


@pytest.fixture
def hand(mock_wych):
    client = Hand(mock_wych)
    with client.http:
        yield client


def _bearer(hand):
    return hand.headers()["Authorization"].removeprefix("Bearer ")


# One mistake each: (reference, what is done by hand).
MISTAKES = [
    ("wrong-token-endpoint", lambda hand: hand.http.post(hand.endpoint + "s", data=hand.form)),
    ("json-body", lambda hand: hand.http.post(hand.endpoint, json=hand.form)),
    ("json-body", lambda hand: hand.http.post(hand.endpoint, content=b'{"grant_type"', headers={"Content-Type": "application/json"})),
    ("json-body", lambda hand: hand.http.post(hand.endpoint, content=b'{"grant_type":"client_credentials"}', headers={"Content-Type": "application/x-www-form-urlencoded"})),
    ("missing-grant-type", lambda hand: hand.token(grant_type=None)),
    ("missing-grant-type", lambda hand: hand.http.post(hand.endpoint, content="grant_type=client_credentials")),
    ("wrong-grant-type", lambda hand: hand.token(grant_type="client-credentials")),
    ("wrong-scope", lambda hand: hand.token(scope="accounts")),
    ("wrong-method", lambda hand: hand.http.get(hand.endpoint, params=hand.form)),
    ("duplicate-parameter", lambda hand: hand.http.post(hand.endpoint, data=hand.form | {"scope": ["email", "email"]})),
    ("origin-header", lambda hand: hand.http.post(hand.endpoint, data=hand.form, headers={"Origin": "https://tool.example"})),
    ("basic-not-encoded", lambda hand: hand.http.post(hand.endpoint, data={"grant_type": "client_credentials"}, auth=(hand.own.client_id, CANARY))),
    ("missing-secret", lambda hand: hand.token(client_secret=None)),
    ("missing-secret", lambda hand: hand.token(client_secret="")),
    ("missing-secret", lambda hand: hand.token(client_id=None)),
    ("unknown-client", lambda hand: hand.token(client_id="nobody-at-all")),
    ("wrong-client-secret", lambda hand: hand.token(client_secret=CANARY)),
    ("authorisation-header", lambda hand: hand.get(hand.without("Authorization", authorisation=f"bearer {_bearer(hand)}"))),
    ("bearer-malformed", lambda hand: hand.get(hand.without("Authorization"))),
    ("bearer-malformed", lambda hand: hand.get(hand.headers(Authorization=_bearer(hand)))),
    ("bearer-malformed", lambda hand: hand.get(hand.headers(Authorization=f"Bearer Bearer {_bearer(hand)}"))),
    ("bearer-malformed", lambda hand: hand.get(hand.headers(Authorization=f'Bearer "{_bearer(hand)}"'))),
    ("bearer-refused", lambda hand: hand.get(hand.headers(Authorization="Bearer eyJhbGciOiJub25lIn0.e30.x"))),
    ("api-key-missing", lambda hand: hand.get(hand.without("x-api-key"))),
    ("api-key-missing", lambda hand: hand.get(hand.without("x-api-key", **{"api-key": hand.own.api_key}))),
    ("api-key-missing", lambda hand: hand.get(hand.without("x-api-key", x_api_key=hand.own.api_key))),
    ("api-key-refused", lambda hand: hand.get(hand.headers(**{"x-api-key": CANARY}))),
    ("unfilled-path", lambda hand: hand.get(hand.headers(), f"{hand.wych.api_url}/partner/{{partnerId}}/app/{{appId}}/users")),
    ("unfilled-path", lambda hand: hand.get(hand.headers(), f"{hand.wych.api_url}/partner/{{partnerId}}/user")),
    ("double-slash", lambda hand: hand.get(hand.headers(), hand.users.replace("/v3/", "/v3//"))),
    ("double-slash", lambda hand: hand.http.post(hand.endpoint.replace("/realms", "//realms"), data=hand.form)),
    ("wrong-path", lambda hand: hand.get(hand.headers(), hand.users + "/")),
    ("request-too-large", lambda hand: hand.http.post(hand.users.removesuffix("s"), headers=hand.headers(), content=b"x" * 10_485_761)),
    ("wrong-realm", lambda hand: hand.http.get(hand.wych.url + "/realms/Partner/.well-known/openid-configuration")),
    ("auth-prefix", lambda hand: hand.http.get(hand.wych.url + "/auth/realms/partner/.well-known/openid-configuration")),
    ("no-issuer-there", lambda hand: hand.http.get(hand.wych.issuer_url + "/x/.well-known/openid-configuration")),
    ("client-not-allowed", lambda hand: hand.token(client_id="mock-public")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("reference", "make"),
    MISTAKES,
    ids=[f"{number}-{row[0]}" for number, row in enumerate(MISTAKES)],
)
def test_a_mistake_made_by_hand_is_named(hand, reference, make, tty, monkeypatch):
    """What was sent and what came back over a socket tell the mistake, in six lines and without a secret."""
    make(hand)
    found = diagnose(hand.journal.exchanges)
    if reference == "basic-not-encoded" and found.reference == "wrong-client-secret":
        assert found.runner_up == reference
    else:
        assert found.reference == reference, found
    assert found.stage in ("discovery", "token", "call")
    monkeypatch.setenv("COLUMNS", "80")
    file = tty()
    Screen(file=file).show_diagnosis(found)
    lines = [
        line for line in re.sub(r"\x1b\[[0-9;]*m", "", file.getvalue()).splitlines() if line.strip()
    ]
    assert len(lines) <= 8, "\n".join(lines)
    assert [
        secret
        for secret in (CANARY, hand.own.client_secret, hand.own.api_key, "eyJ")
        if secret in repr(found)
    ] == []


def test_every_mistake_by_hand_is_among_them():
    """Each scenario that comes about by a request written by hand is made here, or in a test of its own about time."""
    by_hand = {
        reference for reference, scenario in SCENARIOS.items() if scenario.made_by == "request"
    }
    assert by_hand - {reference for reference, _ in MISTAKES} == {"stale-token"}


def test_the_senders_side_comes_with_its_evidence(hand):
    """The evidence names the call, the answer and what was sent wrong; where nothing else gives the same it is certain."""
    hand.get(hand.without("x-api-key", x_api_key=hand.own.api_key))
    found = diagnose(hand.journal.exchanges)
    assert "403; it has x_api_key in place of x-api-key" in found.evidence[0]
    assert (found.confidence, found.runner_up) == ("certain", None)


def test_a_basic_secret_is_judged_where_the_settings_have_it(hand, project):
    """The journal hides it: only with the secret at hand is its + or % the first cause, and a plain one is no such cause at all."""
    hand.http.post(
        hand.endpoint,
        data={"grant_type": "client_credentials"},
        auth=(hand.own.client_id, "plus+inside-it"),
    )

    def judged(secret):
        found = diagnose(
            hand.journal.exchanges, load_settings(environ={"WYCH_CLIENT_SECRET": secret})
        )
        return found.reference, found.runner_up

    assert judged("plus+inside-it") == ("basic-not-encoded", "wrong-client-secret")
    assert judged("plain-inside-it")[0] == "wrong-client-secret"
    assert judged("plain-inside-it")[1] != "basic-not-encoded"


def _later(exchange: Exchange, seconds: float) -> Exchange:
    return replace(
        exchange,
        started=(datetime.fromisoformat(exchange.started) + timedelta(seconds=seconds)).isoformat(),
    )


def test_a_token_past_its_time_is_stale(hand):
    """By the journal's own times: the token's lifetime was over when it was used."""
    headers = hand.headers()
    hand.wych.clock.advance(901)
    hand.get(headers)
    token, call = hand.journal.exchanges
    found = diagnose([token, _later(call, 901)])
    assert (found.reference, found.confidence, found.runner_up) == (
        "stale-token",
        "likely",
        "revoked-token",
    )
    assert diagnose([token, call]).reference == "bearer-refused"


def test_a_token_taken_back_is_told_from_one_past_its_time(hand):
    """Its lifetime was not over, and the call worked with a new one."""
    headers = hand.headers()
    hand.wych.revoke_tokens()
    hand.get(headers)
    assert diagnose(hand.journal.exchanges).reference == "bearer-refused"
    hand.wych.clock.advance(1)
    assert hand.get(hand.headers()).status_code == 200
    assert diagnose(hand.journal.exchanges).reference == "revoked-token"


def test_the_last_failure_is_judged(hand):
    """Earlier ones may be over: what went wrong last is the question."""
    hand.token(client_secret=CANARY)
    hand.get(hand.without("x-api-key"))
    assert diagnose(hand.journal.exchanges).reference == "api-key-missing"


def test_with_nothing_wrong_there_is_no_diagnosis(hand):
    """A journal of successes, or an empty one, has no cause to tell."""
    assert hand.get(hand.headers()).status_code == 200
    for exchanges in (hand.journal.exchanges, ()):
        with pytest.raises(ValueError, match="None of these exchanges failed"):
            diagnose(exchanges)


@pytest.mark.parametrize(
    ("status", "headers", "body", "reference"),
    [
        (403, {}, b"<html>Blocked by policy</html>", "not-json"),
        (
            200,
            {"Content-Type": "text/html"},
            b"<!DOCTYPE html><html>Welcome to the hotel",
            "captive-portal",
        ),
        (302, {"Location": "https://hotel.example/login?to=x"}, b"", "login-page"),
        (302, {"Location": "https://login.wych.app/v3/users"}, b"", "redirected"),
        (407, {}, b"", "proxy-password"),
        (403, {}, b'{"error":"forbidden by the application"}', "unknown-answer"),
        (401, {}, b'{"detail":"Unauthorized"}', "unknown-answer"),
        (403, {}, b"", "unknown-answer"),
        (404, {}, b'{"message":"Not Found"}', "unknown-answer"),
        (500, {}, b'{"message":"boom"}', "unknown-answer"),
        (429, {"x-amzn-ErrorType": "TooManyRequestsException"}, b'{"message":null}', "throttled"),
        (413, {}, b'{"message":"Request Too Long"}', "request-too-large"),
        (404, {}, b'{"error":"user_not_found","message":"No."}', "unknown-user"),
        (403, {}, b'{"error":"consent_revoked","message":"No."}', "consent-ended"),
        (403, {}, b'{"error":"consent_expired","message":"No."}', "consent-ended"),
        (404, {}, b'{"error":"account_not_found","message":"No."}', "unknown-connection"),
        (400, {}, b'{"error":"invalid_page","message":"No."}', "invalid-query"),
        (404, {"x-wych-mock-basis": "invented"}, b'{"error":"user_not_found"}', "unknown-answer"),
        (500, {}, b'{"error":"consent_revoked","message":"No."}', "unknown-answer"),
    ],
)
def test_only_known_bytes_have_a_cause(hand, status, headers, body, reference):
    """An answer that is not the gateway's own is unknown, whatever its status; a stranger's page and redirects are known as such."""
    hand.wych.answer_next("api", status=status, headers=headers, body=body)
    hand.get(hand.headers())
    found = diagnose(hand.journal.exchanges)
    assert found.reference == reference
    assert (found.confidence == "unknown") == (reference == "unknown-answer")


@pytest.mark.parametrize(
    ("status", "changes", "reference"),
    [
        (401, {"Authorization": None, "authorisation": "bearer x"}, "authorisation-header"),
        (401, {"Authorization": "eyJhbGciOiJub25lIn0"}, "bearer-malformed"),
        (401, {"x-api-key": None}, "api-key-missing"),
        (403, {"x-api-key": None}, "api-key-missing"),
        (403, {"Authorization": None}, "unknown-answer"),
        (404, {"x-api-key": None}, "unknown-answer"),
    ],
)
def test_at_another_gateway_a_request_that_lacks_something_is_likely_the_cause(
    hand, status, changes, reference
):
    """Words that are not AWS's, to a request that lacks what Wych documents: likely that, never certain."""
    headers = {
        name: value for name, value in (hand.headers() | changes).items() if value is not None
    }
    hand.wych.answer_next("api", status=status, body=b'{"detail":"no"}')
    hand.get(headers)
    found = diagnose(hand.journal.exchanges)
    assert (found.reference, found.confidence) == (
        reference,
        "unknown" if reference == "unknown-answer" else "likely",
    )


@pytest.mark.parametrize(
    ("error", "reference"),
    [
        (httpx.ConnectError("[Errno 111] Connection refused"), "connection-refused"),
        (httpx.ConnectError("[Errno -2] Name or service not known"), "name-not-found"),
        (httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has expired (_ssl.c:1006)"), "certificate-expired"),
        (httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate is not yet valid (_ssl.c:1006)"), "clock-behind"),
        (httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate in certificate chain"), "tls-interception"),
        (httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate"), "self-signed-certificate"),
        (httpx.ConnectError("[SSL: WRONG_VERSION_NUMBER] wrong version number"), "tls-broken"),
        (httpx.ReadTimeout("timed out"), "timeout"),
        (httpx.RemoteProtocolError("Server disconnected"), "connection-cut"),
        (httpx.ProxyError("407 Proxy Authentication Required"), "proxy-password"),
        (httpx.ProxyError("403 Forbidden"), "proxy-refused"),
        (httpx.ProxyError("502 Bad Gateway"), "unreachable"),
        (httpx.ProxyError("odd"), "proxy-refused"),
        (httpx.RemoteProtocolError("peer closed connection without sending complete message body (received 407 bytes, expected 900)"), "connection-cut"),
        (httpx.RemoteProtocolError("illegal status line: bytearray(b'220 mail')"), "unknown-answer"),
        (httpx.DecodingError("Error -3 while decompressing data"), "unknown-answer"),
        (httpx.ReadError("[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] tlsv13 alert certificate required"), "tls-broken"),
        (httpx.ConnectError("something new"), "unreachable"),
    ],
)  # fmt: skip
def test_an_exchange_without_an_answer_says_why(error, reference):
    """By the words that the journal keeps of httpx's exception."""
    journal = Journal()
    error.request = httpx.Request("GET", "https://api.example/v3/x")
    journal.record_failure(error)
    assert diagnose(journal.exchanges).reference == reference
