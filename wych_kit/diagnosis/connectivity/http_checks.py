"""The checks over HTTP, from the discovery document to the data.

Each adds to the state and returns a finding, or raises `CheckFailed` or a `WychError`.

The gateway checks in its own order: route, token, API key, then the service behind it (wire facts
B2). So one call is made, by the check of the token, and each later check reads its part of the
response.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import httpx

from wych_kit.client import claims, refusal_rules
from wych_kit.client import discovery as discovery_document
from wych_kit.client.api_errors import refusal_error
from wych_kit.client.http_response import facts_of, host_of, parse_json
from wych_kit.diagnosis.connectivity import counter_tests
from wych_kit.diagnosis.connectivity.state import PASSED, SKIPPED, Finding
from wych_kit.diagnosis.exchange_evidence import COUNTER_TEST
from wych_kit.errors import Refused, Unexpected, WychError

if TYPE_CHECKING:
    from wych_kit.client.token import Token
    from wych_kit.diagnosis.connectivity.state import CheckFailed, CheckState

# Seconds of difference between the clocks, a guess: tokens expire within minutes, and servers allow
# some seconds.
_CLOCK_FAILS = 300.0
_CLOCK_WARNS = 30.0
_CLOCK_AGREES = 2.0
# Errors of the discovery document that a later check reports under its own name.
_DEFERRED_TO = {
    "issuer-mismatch": "issuer",
    "endpoint-elsewhere": "token-endpoint",
    "not-https": "token-endpoint",
}
# Errors of a token response that come after the client was authenticated.
_TOKEN_CONTENT_ERRORS = ("no-token", "not-bearer", "odd-lifetime", "not-json")
_MAX_CLAIM_LENGTH = 100


def check_discovery(state: CheckState) -> Finding:
    """Get the issuer's discovery document and check that it is complete."""
    issuer_url = state.settings.issuer_url or ""
    response = state.client.send(discovery_document.request(issuer_url))
    try:
        state.provider = discovery_document.check(response, issuer_url)
    except WychError as error:
        later_check = _DEFERRED_TO.get(error.reference or "")
        if later_check is None:
            raise _with_reference(state, error, response) from None
        state.deferred_errors[later_check] = error
    return Finding(PASSED, f"{host_of(response)} answered with a document")


def check_issuer(state: CheckState) -> Finding:
    """Check that the document names the issuer of the settings (RFC 8414 section 3.3)."""
    _raise_deferred(state, "issuer")
    return Finding(PASSED, "the document names WYCH_ISSUER_URL, character by character")


def check_clock(state: CheckState) -> Finding:
    """Compare this machine's clock with the Date header of a server, if one sends it."""
    if state.client.clock_offset is None:
        try:
            state.client.get_without_credentials(COUNTER_TEST)
        except WychError as error:
            return Finding(SKIPPED, f"No server sent its time: {error}.")
    ahead = state.client.clock_offset
    if ahead is None:
        return Finding(SKIPPED, "No server sent its time.")
    if abs(ahead) < _CLOCK_AGREES:
        return Finding(PASSED, "This machine's clock agrees with the server's, within 2 seconds.")
    direction = "ahead of" if ahead > 0 else "behind"
    observed = f"This machine's clock is {abs(ahead):.0f} seconds {direction} the server's."
    if abs(ahead) > _CLOCK_FAILS:
        reference = "clock-ahead" if ahead > 0 else "clock-behind"
        raise state.failure(reference, "discovery", observed)
    # No harm yet: servers judge tokens by their own clocks, and with a tolerance.
    advice = " Correct it before it drifts further." if abs(ahead) > _CLOCK_WARNS else ""
    return Finding(PASSED, observed + advice)


def check_token_endpoint(state: CheckState) -> Finding:
    """Check that the token endpoint is on the issuer's host."""
    _raise_deferred(state, "token-endpoint")
    assert state.provider is not None  # noqa: S101 - check_discovery ran before
    path = httpx.URL(state.provider.token_endpoint).path
    return Finding(PASSED, f"on the issuer's host, at {path}")


def check_client(state: CheckState) -> Finding:
    """Check that the token endpoint accepts the client id and the secret."""
    try:
        state.token = _get_token(state)
    except WychError as error:
        if error.reference not in _TOKEN_CONTENT_ERRORS:
            raise
        state.deferred_errors["token"] = error
        return Finding(PASSED, "the token endpoint accepted them")
    if not state.client.token_requests:
        return Finding(
            PASSED, "not sent: the saved token has not expired (to remove it: wych-kit forget)"
        )
    return Finding(PASSED, "the token endpoint accepted them, with one token request")


def check_token(state: CheckState) -> Finding:
    """Check that the token is the issuer's and that the gateway accepts it. Makes the API call."""
    _raise_deferred(state, "token")
    assert state.token is not None  # noqa: S101 - check_client ran before
    observed = _describe_token(state, state.token)
    try:
        state.response = state.client.get_users(state.token)
        if state.response.status_code == httpx.codes.UNAUTHORIZED:
            observed = f"{observed}; {_replace_refused_token(state, state.token)}"
    except (Refused, Unexpected) as error:
        # A second token request may have failed. Other errors are about the API.
        if error.stage == "token":
            raise
        state.deferred_errors["data"] = error
    except WychError as error:
        state.deferred_errors["data"] = error
    return Finding(PASSED, observed)


def check_api_key(state: CheckState) -> Finding:
    """Check that the gateway accepts the API key."""
    error = _find_refusal(state)
    if error is None or _is_denied(error):
        return Finding(PASSED, "the gateway accepts it")
    if state.response is not None and counter_tests.is_forbidden(state.response):
        raise counter_tests.distinguish_key_from_base_path(state)
    return Finding(SKIPPED, "unknown: the response is about something else")


def check_permission(state: CheckState) -> Finding:
    """Check that the app may make this call."""
    error = _find_refusal(state)
    if error is None:
        return Finding(PASSED, "the app may list its users")
    if _is_denied(error):
        raise state.failure(
            "service-token-refused", "call", error.observed, runner_up="bearer-refused"
        )
    return Finding(SKIPPED, "unknown: the response is about something else")


def check_data(state: CheckState) -> Finding:
    """Check that the response is a list of users."""
    _raise_deferred(state, "data")
    response = state.response
    assert response is not None  # noqa: S101 - check_token made the call
    if (error := _find_refusal(state)) is not None:
        if error.reference == "wrong-path":
            raise counter_tests.explain_wrong_path(state, error)
        raise _with_reference(state, error, response)
    users = parse_json(response)
    if isinstance(users, list) and all(
        isinstance(user, dict) and {"id", "email"} <= user.keys() for user in users
    ):
        number = f"{len(users)} user{'' if len(users) == 1 else 's'}"
        return Finding(PASSED, f"The call returned {number}.")
    raise counter_tests.explain_unknown(state, "call", response)


def _get_token(state: CheckState, refused: Token | None = None) -> Token:
    assert state.provider is not None  # noqa: S101 - check_discovery ran before
    try:
        return state.client.get_token(state.provider, refused)
    except (Refused, Unexpected) as error:
        response = state.client.token_response
        if error.reference is None and response is not None:
            raise counter_tests.explain_unknown(state, "token", response) from None
        raise


def _describe_token(state: CheckState, token: Token) -> str:
    lifetime = f"it expires after {token.lifetime:.0f} seconds"
    content = claims.read_claims(token.value)
    if content is None:
        # RFC 6749 section 1.4: a token may be any string.
        return f"the token is opaque, which is allowed; {lifetime}"
    issuer = next((claim.value for claim in content[1] if claim.name == "iss"), None)
    if issuer is not None and issuer != state.settings.issuer_url:
        evidence = f"The token names a different issuer: {issuer[:_MAX_CLAIM_LENGTH]}"
        raise state.failure("issuer-mismatch", "token", evidence, runner_up="environment-mismatch")
    origin = "" if issuer is None else ", by this issuer"
    return f"a JWT with {len(content[1])} claims{origin}; {lifetime}"


def _replace_refused_token(state: CheckState, refused: Token) -> str:
    """Get a new token after a 401 response, if the refused one was a saved one.

    Returns what that showed. Leaves a response that is not about tokens to `check_data`.
    """
    tokens = "a new token"
    if not state.client.token_requests:
        reference = (
            "stale-token" if counter_tests.is_expired(refused, time.time()) else "revoked-token"
        )
        state.token = _get_token(state, refused)
        state.response = state.client.get_users(state.token)
        if state.response.status_code != httpx.codes.UNAUTHORIZED:
            return f"the gateway rejected the saved token and accepts a new one ({reference})"
        tokens = "the saved token and a new one"
    assert state.response is not None  # noqa: S101 - the call was made above, or by check_token
    if refusal_rules.is_bearer_refused(facts_of(state.response)):
        evidence = f"The gateway rejected {tokens} with 401."
        raise counter_tests.explain_rejected_token(state, evidence)
    return "the call got a 401 response that is not about the token"


def _find_refusal(state: CheckState) -> WychError | None:
    """Return the error of the API call, or None if it succeeded or was not made."""
    if (error := state.deferred_errors.get("data")) is not None:
        return error
    response = state.response
    return None if response is None or response.is_success else refusal_error(response)


def _is_denied(error: WychError) -> bool:
    # API Gateway answers so after it accepted token and key (wire facts B3-4).
    return (
        isinstance(error, Refused)
        and error.status == httpx.codes.FORBIDDEN
        and error.description.startswith("User is not authorized")
    )


def _with_reference(
    state: CheckState, error: WychError, response: httpx.Response
) -> WychError | CheckFailed:
    if error.reference:
        return error
    return counter_tests.explain_unknown(state, error.stage, response)


def _raise_deferred(state: CheckState, check: str) -> None:
    if (error := state.deferred_errors.get(check)) is not None:
        raise error
