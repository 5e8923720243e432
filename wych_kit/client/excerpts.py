"""What a server said, fit to be repeated: without the secrets of the request that it answers.

Some servers repeat what they were sent. Error texts end up in tickets, so nothing of a server's goes into one as it came.
"""

from __future__ import annotations

import contextlib
import re

import httpx

from wych_kit.client.journal.redaction import Redactor

_MARKUP = re.compile(r"<(script|style|title)\b.*?</\1\s*>|<[^>]*>", re.IGNORECASE | re.DOTALL)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
# Characters of a stranger's words that an error's text has room for.
_ROOM = 60
# Characters of an answer in which its first words are looked for.
_FIRST = 2000


def redact_response_text(response: httpx.Response, text: str) -> str:
    """The text with what the request held under a secret's name taken out, and everything shaped like a token."""
    return redact_request_text(response.request, text)


def redact_request_text(request: httpx.Request, text: str) -> str:
    """The same where there is no response, only the request and what was said to it."""
    redactor = Redactor(strict=True)
    redactor.redact_headers(request.headers.multi_items())
    with contextlib.suppress(httpx.RequestNotRead):  # a stream, gone by now
        redactor.redact_body(request.content, request.headers.get("Content-Type", ""))
    return redactor.redact_text(text)


def summarise_body(kind: str, text: str) -> str:
    """Content type and words of an answer that is no JSON: "text/html: 502 Bad Gateway nginx". A page's markup is left out."""
    start = text[:_FIRST]
    title = _TITLE.search(
        start
    )  # mostly the heading once more, and all there is where scripts write the page
    words = _MARKUP.sub(" ", start).split() or (title[1] if title else "").split()
    return f"{kind.partition(';')[0].strip() or 'no content type'}: {' '.join(words) or 'nothing'}"


def summarise_response(response: httpx.Response, room: int) -> str:
    """The same of a response, without the request's secrets, in so many characters."""
    words = redact_response_text(
        response, summarise_body(response.headers.get("Content-Type", ""), response.text[:_FIRST])
    )
    return words if len(words) <= room else f"{words[:room]}…"


def describe_unreadable_answer(error: httpx.RemoteProtocolError) -> str:
    """What was answered in place of HTTP, by h11's words, which quote the line that it could not read."""
    found = re.search(r"bytearray\(b(['\"])(.*)\1\)", str(error), re.DOTALL)
    said = found[2] if found else ""
    if said.startswith(r"\x15\x03"):  # a TLS alert
        return "answered in TLS where plain HTTP was asked: its address begins with https://"
    with contextlib.suppress(RuntimeError):  # an exception without its request: nothing is repeated
        said = redact_request_text(error.request, said)
        return f"answered with something that is no HTTP ({said[:_ROOM] or 'not readable'})"
    return "answered with something that is no HTTP"


def describe_foreign_body(response: httpx.Response, *, json_too: bool = False) -> str:
    """In brackets, what an answer said that has a body and no JSON; empty for any other. `json_too`: where no field of it is told."""
    try:
        response.json()
        told_elsewhere = not json_too
    except (ValueError, RecursionError):
        told_elsewhere = False
    return (
        ""
        if told_elsewhere or not response.text.strip()
        else f" ({summarise_response(response, _ROOM)})"
    )


def redirect_target(response: httpx.Response) -> str:
    """Where a redirect points, without the query, which may repeat the request's; "?" when it does not say."""
    return (
        redact_response_text(
            response, re.split(r"[?#]", response.headers.get("Location", ""), maxsplit=1)[0]
        )
        or "?"
    )
