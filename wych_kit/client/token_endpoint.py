"""Builds the token request, and checks the response to it. The caller sends it."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import httpx

from wych_kit.client import refusal_rules
from wych_kit.client.backoff import parse_retry_after
from wych_kit.client.excerpts import describe_foreign_body, redact_response_text, redirect_target
from wych_kit.client.http_request import build_plain_request
from wych_kit.client.http_response import facts_of, host_of, require_json_object
from wych_kit.client.token import Token
from wych_kit.errors import Refused, Unexpected
from wych_kit.secret import Secret

if TYPE_CHECKING:
    from typing import Any

    from wych_kit.errors import Stage

# Seconds a token is used when the answer has no `expires_in` (only recommended, RFC 6749 §5.1). A
# guess on the short side.
UNSTATED_LIFETIME = 60.0
# Statuses after which the same request may be sent again later.
BUSY = (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE)


def request(token_endpoint: str, client_id: str, client_secret: Secret) -> httpx.Request:
    """Return the client_credentials request, with the credentials in the form.

    RFC 6749 sections 4.4.2 and 2.3.1; Wych documents it this way.
    """
    return build_plain_request(
        "POST",
        token_endpoint,
        data={
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": client_secret.reveal(),
        },
    )


def check(response: httpx.Response, requested: float, stage: Stage = "token") -> Token:
    """Return the token of a response to a token request (RFC 6749 sections 5.1 and 5.2).

    `requested` is a reading of `time.monotonic()` from before the request was sent. Raises
    `Refused` with the body's `error` and `error_description`, or `Unexpected`.
    """
    if response.is_redirect:
        raise Unexpected(
            f"{host_of(response)} redirects the token request to {redirect_target(response)!r:.200},"
            " and the kit follows no redirect with credentials",
            stage=stage,
            status=response.status_code,
            reference=refusal_rules.classify_redirect(response.headers.get("Location", "")),
        )
    if not response.is_success:
        raise _refusal(response, stage)
    answer = _seal_tokens(require_json_object(response, stage))
    value = answer.get("access_token")
    if not isinstance(value, Secret) or not re.fullmatch("[!-~]+", value.reveal()):
        raise Unexpected(
            "the response has no usable access_token",
            stage=stage,
            status=response.status_code,
            reference="no-token",
        )
    token_type = answer.get("token_type")
    if not isinstance(token_type, str) or token_type.lower() != "bearer":
        raise Unexpected(
            "the token_type is not Bearer",
            stage=stage,
            status=response.status_code,
            reference="not-bearer",
        )
    lifetime = _parse_lifetime(answer.get("expires_in"), stage)
    scope = answer.get("scope")
    return Token(value, lifetime, requested + lifetime, scope if isinstance(scope, str) else "")


def _seal_tokens(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the response with every token as a `Secret`, so that no traceback with locals shows one.

    A response may contain an id token or a refresh token too.
    """
    return {
        name: Secret(item if isinstance(item, str) else "") if name.endswith("_token") else item
        for name, item in answer.items()
    }


def _parse_lifetime(value: object, stage: Stage) -> float:
    if value is None:
        return UNSTATED_LIFETIME
    try:
        seconds = (
            float(value)
            if isinstance(value, str | int | float) and not isinstance(value, bool)
            else math.nan
        )
    except (ValueError, OverflowError):
        seconds = math.nan
    if math.isfinite(seconds):
        return max(0.0, seconds)
    raise Unexpected(
        f"expires_in is {value!r:.40}, not a number of seconds",
        stage=stage,
        reference="odd-lifetime",
    )


def _refusal(response: httpx.Response, stage: Stage) -> Refused:
    try:
        answer = require_json_object(response, stage)
    except Unexpected:
        answer = {}
    code, description = (
        redact_response_text(response, str(answer.get(name) or ""))[:300]
        for name in ("error", "error_description")
    )
    status = response.status_code
    quote = f"{code}: {description}" if description else code
    return Refused(
        f"{host_of(response)} refused the token request with"
        f" {status}{f' ({quote})' if quote else describe_foreign_body(response, json_too=True)}",
        stage=stage,
        status=status,
        code=code,
        description=description,
        retry_after=parse_retry_after(response.headers.get("Retry-After")),
        reference=refusal_rules.classify_token_refusal(facts_of(response)),
    )
