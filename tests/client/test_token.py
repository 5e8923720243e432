"""One token: the form that asks for it, the judgement of the answer, how long it is good for."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

from wych_kit import Refused, Secret, Unexpected, WychError
from wych_kit.client import token_endpoint

ENDPOINT = "https://login.example/token"
GOOD: dict[str, Any] = {"access_token": "abc", "expires_in": 900, "token_type": "Bearer"}


def answer(status: int = 200, **given: Any) -> httpx.Response:
    return httpx.Response(status, request=httpx.Request("POST", ENDPOINT), **given)


def token(**given: Any) -> token_endpoint.Token:
    facts = {name: value for name, value in (GOOD | given).items() if value is not ...}
    return token_endpoint.check(answer(content=json.dumps(facts)), time.monotonic())


def failure(response: httpx.Response) -> WychError:
    with pytest.raises(WychError) as caught:
        token_endpoint.check(response, 0.0)
    assert (caught.value.stage, caught.value.__context__) == ("token", None)
    return caught.value


def test_the_request_is_the_form_of_the_standard(canaries) -> None:
    """RFC 6749 §4.4.2: POST, three fields, each once; odd characters arrive as they are (wire facts A3-16 is about Basic)."""
    client_secret, _ = canaries
    request = token_endpoint.request(ENDPOINT, "me & you", Secret(client_secret))
    assert (request.method, request.headers["Content-Type"]) == (
        "POST",
        "application/x-www-form-urlencoded",
    )
    assert "Authorization" not in request.headers
    fields = [
        ("grant_type", "client_credentials"),
        ("client_id", "me & you"),
        ("client_secret", client_secret),
    ]
    assert parse_qsl(request.content.decode(), strict_parsing=True) == fields
    assert request.url.query == b""


@pytest.mark.parametrize(
    ("stated", "lifetime"),
    [(900, 900), (1.5, 1.5), ("900", 900), (0, 0), (-5, 0), (..., token_endpoint.UNSTATED_LIFETIME), (None, token_endpoint.UNSTATED_LIFETIME), (10**15, 10**15)],
)  # fmt: skip
def test_the_lifetime_is_what_the_answer_says(stated: object, lifetime: float) -> None:
    """RFC 6749 §5.1: `expires_in` in seconds. Without one, a short guess; a negative one is no life at all."""
    assert token(expires_in=stated).lifetime == lifetime


@pytest.mark.parametrize(
    "stated", ["soon", "", [], {}, True, False, float("nan"), float("inf"), "nan", "inf", 10**400]
)
def test_a_lifetime_that_is_no_number_is_said(stated: object) -> None:
    """Rather than a token that never ends, or one that ends at once."""
    error = failure(answer(content=json.dumps(GOOD | {"expires_in": stated})))
    assert (type(error), error.reference) == (Unexpected, "odd-lifetime")
    assert len(str(error)) < 100


@pytest.mark.parametrize(
    ("lifetime", "used"), [(900, 870), (300, 270), (60, 54), (30, 27), (10, 9), (1, 0.9)]
)
def test_the_margin_scales_with_the_lifetime(clock, lifetime: float, used: float) -> None:
    """A tenth and at most 30 seconds: a token of 30 seconds is used for 27, one of 900 for 870."""
    made = token(expires_in=lifetime)
    clock.ahead = used - 0.05
    assert made.fresh
    clock.ahead = used + 0.05
    assert not made.fresh
    assert made.seconds_left == pytest.approx(lifetime - used - 0.05, abs=0.04)


def test_a_clock_on_the_wall_that_jumps_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lives are measured on the monotonic clock (wire facts D24)."""
    made = token()
    for jump in (10**9, -(10**9)):
        monkeypatch.setattr(time, "time", lambda jump=jump: 1.7e9 + jump)
        assert made.fresh
        assert made.seconds_left == pytest.approx(900, abs=1)


def test_the_life_begins_when_it_was_asked_for() -> None:
    """What the answer took is taken off: the server counts from its own moment, which is later than the question."""
    made = token_endpoint.check(answer(json=GOOD), time.monotonic() - 5)
    assert made.seconds_left == pytest.approx(895, abs=0.5)


@pytest.mark.parametrize(
    "given",
    [
        {"token_type": "bearer"},
        {"token_type": "BEARER"},
        {"scope": "email profile"},
        {"scope": None},
        {"x": 1},
    ],
)
def test_what_the_standard_leaves_open_is_taken(given: dict[str, Any]) -> None:
    """RFC 6749 §5.1: the type in any case, a scope or none, keys nobody knows."""
    made = token(**given)
    assert made.value.reveal() == "abc"
    assert made.scope == (given.get("scope") or "")


@pytest.mark.parametrize(
    ("given", "reference"),
    [
        ({"access_token": ...}, "no-token"),
        ({"access_token": ""}, "no-token"),
        ({"access_token": 7}, "no-token"),
        ({"access_token": "a\r\nx-evil: 1"}, "no-token"),
        ({"access_token": "a\n"}, "no-token"),
        ({"access_token": "a b"}, "no-token"),
        ({"access_token": "ä"}, "no-token"),
        ({"token_type": ...}, "not-bearer"),
        ({"token_type": "mac"}, "not-bearer"),
        ({"token_type": 1}, "not-bearer"),
    ],
)
def test_an_answer_without_a_usable_token_is_unexpected(
    given: dict[str, Any], reference: str
) -> None:
    """A token that could not stand in a header, or of a kind unknown here, is not used. It is not repeated either."""
    facts = {name: value for name, value in (GOOD | given).items() if value is not ...}
    error = failure(answer(json=facts))
    assert (type(error), error.reference) == (Unexpected, reference)
    assert "abc" not in str(error)


@pytest.mark.parametrize(
    ("status", "body", "reference"),
    [
        (401, {"error": "invalid_client", "error_description": "Invalid client or Invalid client credentials"}, "unknown-client"),  # A3-3
        (401, {"error": "unauthorized_client", "error_description": "Invalid client or Invalid client credentials"}, "wrong-client-secret"),  # A3-4
        (400, {"error": "unsupported_grant_type", "error_description": "Unsupported grant_type"}, "wrong-grant-type"),  # A3-2
        (400, {"error": "invalid_scope", "error_description": "Invalid scopes: x"}, "wrong-scope"),  # A3-13
        (405, {"error": "HTTP 405 Method Not Allowed"}, "wrong-token-endpoint"),  # A3-19
        (404, {"error": "Realm does not exist"}, "wrong-realm"),  # A3-22
        (404, {"error": "HTTP 404 Not Found"}, "wrong-token-endpoint"),  # A3-24
        (404, {"error": "Unable to find matching target resource method"}, "wrong-token-endpoint"),  # A3-25
        (400, {"error": "missingNormalization", "error_description": "Request path not normalized"}, "double-slash"),  # A3-26
        (429, None, "too-many-token-requests"),  # A3-30
        (503, "", "too-many-token-requests"),  # A3-30
        (503, None, "not-json"),  # a balancer whose servers are down says so with a page
        (500, {"error": "unknown_error"}, "identity-provider-error"),  # A3-36
        (400, {"error": "invalid_request", "error_description": "Missing form parameter: grant_type"}, "missing-grant-type"),  # A3-1
        (400, {"error": "invalid_client", "error_description": "Parameter client_assertion_type is missing"}, "client-not-allowed"),  # A3-8
        (401, {"error": "unauthorized_client", "error_description": "Public client not allowed to retrieve service account"}, "client-not-allowed"),  # A3-9
        (401, {"error": "unauthorized_client", "error_description": "Client not enabled to retrieve service account"}, "client-not-allowed"),  # A3-10
        (400, {"error": "invalid_client", "error_description": "Bearer-only not allowed"}, "client-not-allowed"),  # A3-11
        (401, {"error": "invalid_request", "error_description": "User 'service-account-x' disabled"}, "client-not-allowed"),  # A3-12
        (400, {"error": "invalid_request", "error_description": "duplicated parameter"}, "duplicate-parameter"),  # A3-14
        (400, {"error": "unauthorized_client", "error_description": "Unexpected error when authenticating client"}, "basic-not-encoded"),  # A3-17
        (415, {"error": "The content-type header value did not match the value in @Consumes"}, "json-body"),  # A3-20
        (403, {"error": "access_denied", "error_description": "Realm not enabled"}, "realm-disabled"),  # A3-23
        (403, {"error": "access_denied", "error_description": "by somebody's policy"}, None),
        (403, {"error": "invalid_request", "error_description": "HTTPS required"}, "not-https"),  # A3-28
        (403, {"error": "Invalid origin"}, "origin-header"),  # A3-35
        (503, {"error": "unknown_error"}, "identity-provider-error"),
        (401, {"error": "unauthorized_client", "error_description": "in another server's words"}, None),
        (400, {"error": None}, None),
        (400, {"error": ["x"]}, None),
        (403, [0], None),
    ],
)  # fmt: skip
def test_refusals_keep_the_servers_words(status: int, body: Any, reference: str | None) -> None:
    """RFC 6749 §5.2 and the rows of wire facts A3: status, code and description are facts of the error, and the scenario is named."""
    error = failure(
        answer(status, json=body)
        if body
        else answer(status, content=b"<html>busy" if body is None else b"")
    )
    assert isinstance(error, Refused)
    assert (error.status, error.reference) == (status, reference)
    if isinstance(body, dict) and isinstance(body["error"], str):
        assert error.code == body["error"]
        assert error.description == body.get("error_description", "")
        assert error.code in str(error)


def test_a_long_description_is_cut() -> None:
    """A refusal's text is fit to be shown, whatever was sent."""
    assert (
        len(str(failure(answer(400, json={"error": "x" * 9999, "error_description": "y" * 9999}))))
        < 800
    )


def test_a_redirect_is_no_token() -> None:
    """Credentials do not travel: the error says where to."""
    error = failure(answer(307, headers={"Location": "https://evil.example/token"}))
    assert (type(error), error.reference) == (Unexpected, "redirected")
    assert "evil.example" in str(error)


def test_a_token_does_not_show_itself() -> None:
    """`repr` of a token has its life, not its text."""
    assert "abc" not in repr(token())
