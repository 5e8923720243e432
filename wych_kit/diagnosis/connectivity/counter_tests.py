"""Makes further requests where two causes look alike, and explains what stays unknown.

None of these requests carries credentials.
"""

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
    from wych_kit.diagnosis.connectivity.state import CheckFailed, CheckState
    from wych_kit.errors import Stage

_MAX_SUMMARY = 120
# A guess: words in the host names of environments that are not production.
_TEST_HOST = re.compile(r"sandbox|staging|test|uat|dev|demo|sta\b|mock", re.IGNORECASE)


def is_forbidden(response: httpx.Response) -> bool:
    """Return True for 403 Forbidden: the API key (wire facts B3-1) or the base path (B3-12)."""
    error = refusal_error(response)
    return isinstance(error, Refused) and error.reference == "api-key-refused"


def distinguish_key_from_base_path(state: CheckState) -> CheckFailed:
    """Return the failure for a 403 Forbidden, after a request for a path that cannot exist.

    Where the base path is mapped, the gateway looks for the route before it looks at the API key.
    """
    url = urlsplit(state.settings.api_url or "")
    base_path = url.path or "/"
    evidence = f"{url.netloc} answered 403 Forbidden."
    try:
        response = state.client.get_without_credentials(COUNTER_TEST)
    except WychError as error:
        test = f"The counter-test got no answer: {error}."
        return state.failure("api-key-refused", "call", evidence, test, runner_up="wrong-base-path")
    answer = None if response.is_success else refusal_error(response)
    is_about_routes = (
        isinstance(answer, Refused)
        and answer.status == httpx.codes.FORBIDDEN
        and answer.reference == "wrong-path"
    )
    if is_about_routes:
        return state.failure(
            "api-key-refused",
            "call",
            evidence,
            f"Counter-test: {base_path} is mapped, so it is the API key.",
            confidence="certain",
            cause="The API key is unknown, belongs to no usage plan, or was lost on the way.",
            action="Copy WYCH_API_KEY again. Check that it belongs to this environment.",
        )
    # Other gateways than Amazon's may check the key first, so their answer proves nothing.
    is_amazon = any(name.lower().startswith("x-amz") for name in response.headers)
    if is_forbidden(response) and is_amazon:
        test = f"Counter-test: any path below {base_path} gets the same, so there is no API."
        return state.failure("wrong-base-path", "call", evidence, test, runner_up="api-key-refused")
    test = f"The counter-test got {response.status_code}, which fits both key and base path."
    return state.failure("api-key-refused", "call", evidence, test, runner_up="wrong-base-path")


def explain_wrong_path(state: CheckState, error: WychError) -> CheckFailed:
    """Return the failure for a missing route, with the part of the URL to look at first.

    The gateway's response is certain (wire facts B3-9, B3-10); the part is a guess.
    """
    base = urlsplit(state.settings.api_url or "").path
    version = re.search(r"/(v\d+)$", base)
    invalid_ids = [
        f"WYCH_{name.upper()}"
        for name in ("partner_id", "app_id")
        if not re.fullmatch(r"[\w-]+", getattr(state.settings, name) or "")
    ]
    if version is None:
        part = f"WYCH_API_URL ends in {base or 'its host'}, not in a version such as /v3."
    elif invalid_ids:
        verb = "is" if len(invalid_ids) == 1 else "are"
        part = f"{' and '.join(invalid_ids)} {verb} not a single part of a path."
    else:
        part = f"Check the version {version[1]} first, then {{partnerId}} and {{appId}}."
    # The rest is about an AWS signature, which nobody sent.
    evidence = error.observed.partition(" (")[0]
    return state.failure("wrong-path", "call", f"{evidence}.", part, confidence="certain")


def explain_rejected_token(state: CheckState, evidence: str) -> CheckFailed:
    """Return the failure for a gateway that rejects this issuer's tokens."""
    issuer, api = (
        urlsplit(url or "").hostname or ""
        for url in (state.settings.issuer_url, state.settings.api_url)
    )
    is_test_host = _TEST_HOST.search
    differ = bool(is_test_host(issuer)) != bool(is_test_host(api)) or (
        is_loopback(issuer) != is_loopback(api)
    )
    look_like = "different environments" if differ else "one environment"
    return state.failure(
        "bearer-refused",
        "call",
        evidence,
        f"Issuer {issuer} and API {api} look like {look_like}.",
        runner_up="environment-mismatch" if differ else None,
    )


def is_expired(token: Token, now: float) -> bool:
    """Return True if the token's own `exp` is past. `now`: seconds since the epoch, wall clock."""
    try:
        # Not bound to a name, which would show in a traceback.
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


def explain_unknown(state: CheckState, stage: Stage, response: httpx.Response) -> CheckFailed:
    """Return the failure for a response that the kit does not know, without a cause.

    A web page is recognised, because a proxy or a captive portal sends one.
    """
    summary = summarise_response(response, _MAX_SUMMARY)
    evidence = f"{host_of(response)} answered {response.status_code} ({summary})"
    page = refusal_rules.classify_page(response.status_code, response.text[:2000])
    if page is not None:
        return state.failure(page, stage, evidence, runner_up="unknown-answer")
    return state.failure("unknown-answer", stage, evidence, confidence="unknown")
