"""Quotes a server's response without the secrets of the request that it answers.

Some servers repeat what they received, and error texts end up in tickets. So no error repeats a
server's text as it came.
"""

from __future__ import annotations

import contextlib
import re

import httpx

from wych_kit.client.journal.redaction import Redactor

_MARKUP = re.compile(r"<(script|style|title)\b.*?</\1\s*>|<[^>]*>", re.IGNORECASE | re.DOTALL)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
# Characters of a body that an error repeats, and characters in which its first words are searched.
_MAX_QUOTE = 60
_SEARCHED = 2000


def redact_response_text(response: httpx.Response, text: str) -> str:
    """Return a text from a response without the request's secrets and without tokens."""
    return redact_request_text(response.request, text)


def redact_request_text(request: httpx.Request, text: str) -> str:
    """Return a text about a request without the request's secrets and without tokens."""
    redactor = Redactor(strict=True)
    redactor.redact_headers(request.headers.multi_items())
    # A body that was a stream is gone by now.
    with contextlib.suppress(httpx.RequestNotRead):
        redactor.redact_body(request.content, request.headers.get("Content-Type", ""))
    return redactor.redact_text(text)


def summarise_body(kind: str, text: str) -> str:
    """Return content type and words of a body that is not JSON: "text/html: 502 Bad Gateway nginx".

    The markup of a page is left out.
    """
    start = text[:_SEARCHED]
    # Mostly the title repeats the heading. Where scripts write the page, it is all there is.
    title = _TITLE.search(start)
    text_words = _MARKUP.sub(" ", start).split() or (title[1] if title else "").split()
    return f"{kind.partition(';')[0].strip() or 'no content type'}: {' '.join(text_words) or 'nothing'}"


def summarise_response(response: httpx.Response, room: int) -> str:
    """Return the summary of a response's body, at most `room` characters, without secrets."""
    content_type = response.headers.get("Content-Type", "")
    summary = summarise_body(content_type, response.text[:_SEARCHED])
    summary = redact_response_text(response, summary)
    return summary if len(summary) <= room else f"{summary[:room]}…"


def describe_unreadable_answer(error: httpx.RemoteProtocolError) -> str:
    """Describe a response that is not HTTP, by h11's error, which quotes the line that it could not read."""
    match = re.search(r"bytearray\(b(['\"])(.*)\1\)", str(error), re.DOTALL)
    line = match[2] if match else ""
    if line.startswith(r"\x15\x03"):  # a TLS alert
        return "answered with TLS to plain HTTP: its URL begins with https://"
    # Without its request an exception's text cannot be redacted, so nothing is quoted.
    with contextlib.suppress(RuntimeError):
        quote = redact_request_text(error.request, line)[:_MAX_QUOTE]
        return f"sent a response that is not HTTP ({quote or 'not readable'})"
    return "sent a response that is not HTTP"


def describe_foreign_body(response: httpx.Response, *, json_too: bool = False) -> str:
    """Return the summary of a body that is not JSON in brackets, or "" for any other.

    `json_too`: also summarise JSON, for where no field of it is quoted elsewhere.
    """
    try:
        response.json()
        is_quoted_elsewhere = not json_too
    except (ValueError, RecursionError):
        is_quoted_elsewhere = False
    if is_quoted_elsewhere or not response.text.strip():
        return ""
    return f" ({summarise_response(response, _MAX_QUOTE)})"


def redirect_target(response: httpx.Response) -> str:
    """Return the target of a redirect without its query, which may repeat the request's; "?" if none."""
    target = re.split(r"[?#]", response.headers.get("Location", ""), maxsplit=1)[0]
    return redact_response_text(response, target) or "?"
