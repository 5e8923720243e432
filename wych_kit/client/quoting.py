"""What a server said, fit to be repeated: without the secrets of the request that it answers.

Some servers repeat what they were sent. Error texts end up in tickets, so nothing of a server's goes into one as it came.
"""

from __future__ import annotations

import contextlib
import re

import httpx

from wych_kit.client.redaction import Redactor


def quoted(response: httpx.Response, text: str) -> str:
    """The text with what the request held under a secret's name taken out, and everything shaped like a token."""
    redactor, request = Redactor(wary=True), response.request
    redactor.headers(request.headers.multi_items())
    with contextlib.suppress(httpx.RequestNotRead):  # a stream, gone by now
        redactor.body(request.content, request.headers.get("Content-Type", ""))
    return redactor.text(text)


def target(response: httpx.Response) -> str:
    """Where a redirect points, without the query, which may repeat the request's; "?" when it does not say."""
    return quoted(response, re.split(r"[?#]", response.headers.get("Location", ""), maxsplit=1)[0]) or "?"
