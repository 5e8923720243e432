"""The error that an answer of the API means, when it is no success or makes no sense."""

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

# Characters of a server's message that an error repeats; `.description` has it whole.
_QUOTED = 60


def refusal_error(response: httpx.Response) -> WychError:
    """The error that says what an answer other than success means. The body is read as text that may help, never relied on."""
    status = response.status_code
    if response.is_redirect:
        return Unexpected(
            f"{host_of(response)} answered with a redirect; redirects are not followed with"
            " credentials",
            stage="call",
            status=status,
            reference=refusal_rules.classify_redirect(response.headers.get("Location", "")),
        )
    message = redact_response_text(response, _message(response))
    where = re.sub(r"[^/]{20,}", "…", response.request.url.path)  # ids: the journal has them
    said = (
        f" ({message if len(message) <= _QUOTED else message[:_QUOTED] + '…'})"
        if message
        else describe_foreign_body(response)
    )
    return Refused(
        f"{host_of(response)} refused {response.request.method} {where} with {status}{said}",
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
    """The error that says what was due instead. Nothing of the answer is in it."""
    return Unexpected(
        f"{host_of(response)} answered {response.status_code} without {due}",
        stage="call",
        status=response.status_code,
        reference=refusal_rules.classify_page(response.status_code, response.text[:2000])
        or "unknown-answer",
    )
