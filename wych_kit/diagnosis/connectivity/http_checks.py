"""The rungs over HTTP, from the discovery document to the data. Each takes what is known and adds to it, or raises.

The gateway judges in its own order: route, token, key, then what is behind it (wire facts B2). One call is made, on the token's
rung, and each rung above reads its part of the answer.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import httpx

from wych_kit.client import claims, refusal_rules
from wych_kit.client import discovery as documents
from wych_kit.client.api_errors import refusal_error
from wych_kit.client.http_response import facts_of, host_of, parse_json
from wych_kit.diagnosis.connectivity import counter_tests
from wych_kit.diagnosis.connectivity.state import held, skipped
from wych_kit.diagnosis.exchange_evidence import COUNTER_TEST
from wych_kit.errors import Refused, Unexpected, WychError

if TYPE_CHECKING:
    from wych_kit.client.token import Token
    from wych_kit.diagnosis.connectivity.state import Broken, Finding, State
    from wych_kit.errors import Stage

_BROKEN_CLOCK = 300.0
_ODD_CLOCK = 30.0
_AGREES = 2.0
_LATER = {
    "issuer-mismatch": "issuer",
    "endpoint-elsewhere": "token-endpoint",
    "not-https": "token-endpoint",
}
# What is wrong with a token answer after the client was let in.
_CONTENT = ("no-token", "not-bearer", "odd-lifetime", "not-json")


def discovery(state: State) -> Finding:
    """The issuer's document is there and complete."""
    issuer_url = state.settings.issuer_url or ""
    response = state.asking.get(documents.request(issuer_url))
    try:
        state.provider = documents.check(response, issuer_url)
    except WychError as error:
        if (rung := _LATER.get(error.reference or "")) is None:
            raise _known(state, error, response) from None
        state.postponed[rung] = error
    return held(f"{host_of(response)} answered with a document")


def issuer(state: State) -> Finding:
    """The document is the issuer's own."""
    _raise_postponed(state, "issuer")
    return held("the document names the one in WYCH_ISSUER_URL, character by character")


def clock(state: State) -> Finding:
    """The clock here agrees with a server's, as far as one says its time."""
    if state.asking.offset is None:
        try:
            state.asking.below_the_base(COUNTER_TEST)
        except WychError as error:
            return skipped(f"No server sent its time: {error}.")
    ahead = state.asking.offset
    if ahead is None:
        return skipped("No server sent its time.")
    if abs(ahead) < _AGREES:
        return held("This machine's clock agrees with the server's, within 2 seconds.")
    difference = f"{abs(ahead):.0f} seconds {'ahead of' if ahead > 0 else 'behind'} the server's"
    observed = f"This machine's clock is {difference}."
    if abs(ahead) > _BROKEN_CLOCK:
        raise state.broken(
            "clock-ahead" if ahead > 0 else "clock-behind",
            "discovery",
            observed,
        )
    # No harm yet: tokens are judged by the servers' clocks, and with a tolerance.
    advice = " Correct it before it drifts further." if abs(ahead) > _ODD_CLOCK else ""
    return held(observed + advice)


def token_endpoint(state: State) -> Finding:
    """It is where the document says, on the issuer's host."""
    _raise_postponed(state, "token-endpoint")
    assert state.provider is not None  # noqa: S101 - discovery came before
    return held(f"on the issuer's host, at {httpx.URL(state.provider.token_endpoint).path}")


def client(state: State) -> Finding:
    """The token endpoint knows the client and its secret."""
    try:
        state.token = _token(state)
    except WychError as error:
        if error.reference not in _CONTENT:
            raise
        state.postponed["token"] = error
        return held("the token endpoint let the client in")
    if not state.asking.token_requests:
        return held("not asked: a token that was kept is still good (wych-kit forget drops it)")
    return held("the token endpoint knows them: one token request")


def token(state: State) -> Finding:
    """The token can be read, is the issuer's, and the gateway takes it."""
    _raise_postponed(state, "token")
    assert state.token is not None  # noqa: S101 - the client's rung came before
    words = _content(state, state.token)
    try:
        state.response = state.asking.users(state.token)
        if state.response.status_code == httpx.codes.UNAUTHORIZED:
            words = f"{words}; {_refused_token(state, state.token)}"
    except (Refused, Unexpected) as error:
        if error.stage == "token":
            raise
        state.postponed["data"] = error
    except WychError as error:
        state.postponed["data"] = error
    return held(words)


def api_key(state: State) -> Finding:
    """The gateway takes the API key."""
    error = _refusal(state)
    if error is None:
        return held("the gateway takes it")
    if state.response is not None and counter_tests.forbidden(state.response):
        raise counter_tests.key_or_base(state)
    if _denied(error):
        return held("the gateway takes it")
    return skipped("not judged: the answer is about something else")


def permission(state: State) -> Finding:
    """The app may make this call."""
    error = _refusal(state)
    if error is None:
        return held("the app may list its users")
    if _denied(error):
        raise state.broken(
            "service-token-refused", "call", error.observed, runner_up="bearer-refused"
        )
    return skipped("not judged: the answer is about something else")


def data(state: State) -> Finding:
    """Users came back."""
    _raise_postponed(state, "data")
    response = state.response
    assert response is not None  # noqa: S101 - the token's rung made the call
    if (error := _refusal(state)) is not None:
        if error.reference == "wrong-path":
            raise counter_tests.wrong_path(state, error)
        raise _known(state, error, response)
    users = parse_json(response)
    if isinstance(users, list) and all(
        isinstance(each, dict) and {"id", "email"} <= each.keys() for each in users
    ):
        return held(f"The call returned {len(users)} user{'' if len(users) == 1 else 's'}.")
    raise counter_tests.unknown(state, "call", response)


def _token(state: State, refused: Token | None = None) -> Token:
    assert state.provider is not None  # noqa: S101 - discovery came before
    try:
        return state.asking.token(state.provider, refused)
    except (Refused, Unexpected) as error:
        if error.reference is None and state.asking.answer is not None:
            raise counter_tests.unknown(state, "token", state.asking.answer) from None
        raise


def _content(state: State, held_token: Token) -> str:
    lifetime = f"good for {held_token.lifetime:.0f} seconds"
    inside = claims.read_claims(held_token.value)
    if inside is None:
        return f"opaque, which is nothing wrong; {lifetime}"
    said = next((claim.value for claim in inside[1] if claim.name == "iss"), None)
    if said is not None and said != state.settings.issuer_url:
        words = f"the token names another issuer: {said[:100]}"
        raise state.broken("issuer-mismatch", "token", words, runner_up="environment-mismatch")
    return (
        f"{len(inside[1])} claims can be read,"
        f" {lifetime}{'' if said is None else ', by this issuer'}"
    )


def _refused_token(state: State, refused: Token) -> str:
    """A 401 to the call: a kept token gets one successor, a new one none. What is not about tokens is left to the data's rung."""
    seen = "a new token"
    if not state.asking.token_requests:
        stale = counter_tests.expired(refused, time.time())
        state.token = _token(state, refused)
        state.response = state.asking.users(state.token)
        if state.response.status_code != httpx.codes.UNAUTHORIZED:
            return (
                "the kept one was refused, a new one is taken"
                f" ({'stale-token' if stale else 'revoked-token'})"
            )
        seen = "the kept token and a new one"
    assert state.response is not None  # noqa: S101 - the call was made above, or by the caller
    if refusal_rules.is_bearer_refused(facts_of(state.response)):
        raise counter_tests.bearer_refused(state, f"the gateway refused {seen} with 401")
    return "a 401 that does not say it is about the token"


def _refusal(state: State) -> WychError | None:
    """What the call's answer says against it; `None` for success. A postponed failure of the call counts."""
    if (error := state.postponed.get("data")) is not None:
        return error
    response = state.response
    return None if response is None or response.is_success else refusal_error(response)


def _denied(error: WychError) -> bool:
    return (
        isinstance(error, Refused)
        and error.status == httpx.codes.FORBIDDEN
        and error.description.startswith("User is not authorized")
    )


def _known(state: State, error: WychError, response: httpx.Response) -> WychError | Broken:
    stage: Stage = error.stage
    return error if error.reference else counter_tests.unknown(state, stage, response)


def _raise_postponed(state: State, rung: str) -> None:
    if (error := state.postponed.get(rung)) is not None:
        raise error
