"""Counter-tests, where two causes look alike, and the words for what nobody knows. Nothing here sends credentials."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

from wych_kit.client import refusal_rules
from wych_kit.client.api_errors import refusal_error
from wych_kit.client.excerpts import summarise_response
from wych_kit.client.http_request import is_loopback
from wych_kit.client.http_response import host_of
from wych_kit.diagnosis.exchange_evidence import COUNTER_TEST
from wych_kit.errors import Refused, WychError

if TYPE_CHECKING:
    from wych_kit.client.token import Token
    from wych_kit.diagnosis.connectivity.state import Broken, State
    from wych_kit.errors import Stage

_SHOWN = 120
_TRYING = re.compile(r"sandbox|staging|test|uat|dev|demo|sta\b|mock", re.IGNORECASE)


def forbidden(response: httpx.Response) -> bool:
    """Whether the gateway said 403 Forbidden: the key (wire facts B3-1) or the base path (B3-12)."""
    error = refusal_error(response)
    return isinstance(error, Refused) and error.reference == "api-key-refused"


def key_or_base(state: State) -> Broken:
    """Which of the two: a path that cannot exist, asked without credentials, is answered about routes where the base is mapped."""
    where = urlsplit(state.settings.api_url or "")
    said = f"{where.netloc} said 403 Forbidden."
    try:
        other = state.asking.below_the_base(COUNTER_TEST)
    except WychError as error:
        words = f"No counter-test: {error}."
        return state.broken("api-key-refused", "call", said, words, runner_up="wrong-base-path")
    answer = refusal_error(other) if not other.is_success else None
    about_routes = (
        isinstance(answer, Refused)
        and answer.status == httpx.codes.FORBIDDEN
        and answer.reference == "wrong-path"
    )
    if about_routes:
        words = f"Counter-test: {where.path or '/'} is mapped, so it is the key."
        cause, action = (
            "The API key is unknown, in no plan, or lost on the way.",
            "Copy WYCH_API_KEY again; it must be of this environment.",
        )
        return state.broken(
            "api-key-refused", "call", said, words, confidence="certain", cause=cause, action=action
        )
    if forbidden(other) and any(
        name.lower().startswith("x-amz") for name in other.headers
    ):  # others may judge the key first
        words = (
            f"Counter-test: it says so to any path below {where.path or '/'}, so no API is there."
        )
        return state.broken("wrong-base-path", "call", said, words, runner_up="api-key-refused")
    words = (
        f"The counter-test got {other.status_code}, which does not tell the key from the base path."
    )
    return state.broken("api-key-refused", "call", said, words, runner_up="wrong-base-path")


def wrong_path(state: State, error: WychError) -> Broken:
    """The gateway has no such route (wire facts B3-9, B3-10): its bytes say so. Which part of the address looks odd."""
    base = urlsplit(state.settings.api_url or "").path
    if (version := re.search(r"/(v\d+)$", base)) is None:
        part = f"WYCH_API_URL ends in {base or 'its host'}, not in a version such as /v3."
    elif ids := [
        name
        for name in ("partner_id", "app_id")
        if not re.fullmatch(r"[\w-]+", getattr(state.settings, name) or "")
    ]:
        part = (
            " and ".join(f"WYCH_{name.upper()}" for name in ids)
            + " would not be one part of a path."
        )
    else:
        part = (
            f"The version {version[1]} is the first to look at, then {{partnerId}} and {{appId}}."
        )
    said = error.observed.partition(" (")[0]  # the rest is about a signature that nobody sent
    return state.broken("wrong-path", "call", f"{said}.", part, confidence="certain")


def bearer_refused(state: State, seen: str) -> Broken:
    """The gateway does not take this issuer's tokens; whether the two hosts look like different environments."""
    hosts = [
        urlsplit(address or "").hostname or ""
        for address in (state.settings.issuer_url, state.settings.api_url)
    ]
    differ = any(
        bool(look(hosts[0])) != bool(look(hosts[1])) for look in (_TRYING.search, is_loopback)
    )
    words = (
        f"Issuer {hosts[0]} and API {hosts[1]} look like"
        f" {'different environments' if differ else 'one environment'}."
    )
    return state.broken(
        "bearer-refused",
        "call",
        f"{seen}.",
        words,
        runner_up="environment-mismatch" if differ else None,
    )


def expired(token: Token, now: float) -> bool:
    """Whether the token itself says that its time is over by this machine's clock."""
    try:
        return (
            float(
                json.loads(base64.urlsafe_b64decode(token.value.reveal().split(".")[1] + "=="))[
                    "exp"
                ]
            )
            <= now
        )
    except (ValueError, IndexError, KeyError, TypeError):
        return False


def unknown(state: State, stage: Stage, response: httpx.Response) -> Broken:
    """An answer that is no row of ours: what it said, and no cause. A web page is one thing that can be told."""
    words = f"{host_of(response)} answered {response.status_code} ({summarise_response(response, _SHOWN)})"
    if (
        stranger := refusal_rules.classify_page(response.status_code, response.text[:2000])
    ) is not None:
        return state.broken(stranger, stage, words, runner_up="unknown-answer")
    return state.broken("unknown-answer", stage, words, confidence="unknown")
