"""What a server said, fit to be repeated: without the secrets of the request that it answers.

Some servers repeat what they were sent. Error texts end up in tickets, so nothing of a server's goes into one as it came.
"""

from __future__ import annotations

import contextlib
import re

import httpx

from wych_kit.client.redaction import Redactor

_MARKUP = re.compile(r"<(script|style|title)\b.*?</\1\s*>|<[^>]*>", re.IGNORECASE | re.DOTALL)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_ROOM = 60
"""Characters of a stranger's words that an error's text has room for."""
_FIRST = 2000
"""Characters of an answer in which its first words are looked for."""


def quoted(response: httpx.Response, text: str) -> str:
    """The text with what the request held under a secret's name taken out, and everything shaped like a token."""
    redactor, request = Redactor(wary=True), response.request
    redactor.headers(request.headers.multi_items())
    with contextlib.suppress(httpx.RequestNotRead):  # a stream, gone by now
        redactor.body(request.content, request.headers.get("Content-Type", ""))
    return redactor.text(text)


def told(kind: str, text: str) -> str:
    """Content type and words of an answer that is no JSON: "text/html: 502 Bad Gateway nginx". A page's markup is left out."""
    start = text[:_FIRST]
    title = _TITLE.search(start)  # mostly the heading once more, and all there is where scripts write the page
    words = _MARKUP.sub(" ", start).split() or (title[1] if title else "").split()
    return f"{kind.partition(';')[0].strip() or 'no content type'}: {' '.join(words) or 'nothing'}"


def first_words(response: httpx.Response, room: int) -> str:
    """The same of a response, without the request's secrets, in so many characters."""
    words = quoted(response, told(response.headers.get("Content-Type", ""), response.text[:_FIRST]))
    return words if len(words) <= room else f"{words[:room]}…"


def strangers_words(response: httpx.Response) -> str:
    """In brackets, what an answer said that has a body and no JSON; empty for any other."""
    try:
        response.json()
    except (ValueError, RecursionError):
        return f" ({first_words(response, _ROOM)})" if response.text.strip() else ""
    return ""


def target(response: httpx.Response) -> str:
    """Where a redirect points, without the query, which may repeat the request's; "?" when it does not say."""
    return quoted(response, re.split(r"[?#]", response.headers.get("Location", ""), maxsplit=1)[0]) or "?"
