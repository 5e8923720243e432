"""Turns a response of the API that is no success, or makes no sense, into an error."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wych_kit.client import refusal_rules
from wych_kit.client.backoff import parse_retry_after
from wych_kit.client.excerpts import describe_foreign_body, redact_response_text
from wych_kit.client.http_response import facts_of, host_of, parse_json
from wych_kit.errors import Refused, Unexpected, WychError

if TYPE_CHECKING:
    import httpx

# Characters of a server's message that an error repeats. `.description` has the whole message.
_MAX_QUOTE = 60


def refusal_error(response: httpx.Response) -> WychError:
    """Return the error for a response that is no success.

    The body is read as text that may help; nothing relies on it.
    """
    status = response.status_code
    if response.is_redirect:
        return Unexpected(
            f"{host_of(response)} answered with a redirect, which the kit does not follow with"
            " credentials",
            stage="call",
            status=status,
            reference=refusal_rules.classify_redirect(response.headers.get("Location", "")),
        )
    message = redact_response_text(response, _message(response))
    # Ids are left out; the journal has them.
    where = re.sub(r"[^/]{20,}", "…", response.request.url.path)
    quote = (
        f" ({message if len(message) <= _MAX_QUOTE else message[:_MAX_QUOTE] + '…'})"
        if message
        else describe_foreign_body(response)
    )
    return Refused(
        f"{host_of(response)} refused {response.request.method} {where} with {status}{quote}",
        stage="call",
        status=status,
        code=response.headers.get("x-amzn-ErrorType", "").partition(":")[0]
        or refusal_rules.application_code(facts_of(response)),
        description=message,
        retry_after=parse_retry_after(response.headers.get("Retry-After")),
        reference=refusal_rules.classify_gateway_refusal(facts_of(response)),
    )


def _message(response: httpx.Response) -> str:
    answer = parse_json(response)
    if not isinstance(answer, dict):
        return ""
    return str(answer.get("message") or answer.get("Message") or answer.get("error") or "")


def unexpected_body(response: httpx.Response, due: str) -> Unexpected:
    """Return the error for a body that does not contain `due`. It repeats nothing of the body."""
    return Unexpected(
        f"{host_of(response)} answered {response.status_code} without {due}",
        stage="call",
        status=response.status_code,
        reference=refusal_rules.classify_page(response.status_code, response.text[:2000])
        or "unknown-answer",
    )
