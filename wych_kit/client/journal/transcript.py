"""Renders an exchange as lines of text, the same in the terminal and in a notebook.

Headers that explain nothing about the call are left out.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wych_kit.client.journal.recorder import Exchange

BODY_LINES = 8
# A summary shows the first part of an id. The exchange itself has all of it.
_ID = re.compile(r"\b([0-9a-f]{8})-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b")
# Headers that are the same in every exchange.
_UNIMPORTANT = {
    "accept", "accept-encoding", "connection", "user-agent", "content-length", "date", "pragma",
    "referrer-policy", "strict-transport-security", "x-content-type-options", "x-frame-options",
    "x-robots-tag", "cache-control",
}  # fmt: skip
# Characters that a terminal obeys instead of showing, and half surrogate pairs, which JSON can contain
# and no file can.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def render_request(exchange: Exchange, *, whole: bool = False) -> list[str]:
    """Return request line, headers and body. `whole` keeps all headers and the whole body."""
    host, path = _split(exchange.url)
    headers = [pair for pair in exchange.request_headers if pair[0].lower() != "host"]
    return _lines(
        f"{exchange.method} {path}",
        [("host", host), *headers],
        _body_lines(exchange.request_body, whole=whole),
        whole=whole,
    )


def render_response(exchange: Exchange, *, whole: bool = False, timed: bool = True) -> list[str]:
    """Return status, time, headers and body."""
    # A customer's own data are in no file, so nothing says where the rest is.
    rest = "" if exchange.whose == "customer" else ": wych-kit journal"
    body = _body_lines(exchange.response_body, rest, whole=whole)
    return _lines(
        describe_outcome(exchange, timed=timed), exchange.response_headers, body, whole=whole
    )


def render_summary(exchange: Exchange, *, timed: bool = True) -> str:
    """Return one line: the request, its outcome and the basis. `timed` adds how long it took."""
    badge = f" · {exchange.basis}" if exchange.basis else ""
    path = _ID.sub(r"\1…", _split(exchange.url)[1])
    return f"{exchange.method} {path} → {describe_outcome(exchange, timed=timed)}{badge}"


def describe_outcome(exchange: Exchange, *, timed: bool = True) -> str:
    """Return status and time of an exchange, or why there is no response."""
    took = "" if exchange.seconds is None or not timed else f", {1000 * exchange.seconds:.0f} ms"
    if exchange.status is None:
        return f"no answer ({exchange.error or 'cut short'}{took})"
    return f"{exchange.status} {exchange.reason}".rstrip() + took


def escape_control_characters(text: str) -> str:
    """Return the text with its control characters spelt out.

    A server must not be able to clear the screen, set its title or hide a line.
    """
    return _CONTROL.sub(_escape_character, text)


def _escape_character(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"  # noqa: PLR2004 - two digits


def _lines(
    first: str, headers: Iterable[tuple[str, str]], body: Iterable[str], *, whole: bool
) -> list[str]:
    shown = [
        f"{name}: {value}" for name, value in headers if whole or name.lower() not in _UNIMPORTANT
    ]
    return [escape_control_characters(line) for line in (first, *shown, *body)]


def _split(url: str) -> tuple[str, str]:
    """The host and the rest, as a request has them."""
    host, slash, path = url.partition("://")[2].partition("/")
    return host, slash + path or "/"


def _body_lines(body: str, rest: str = ": wych-kit journal", *, whole: bool) -> list[str]:
    if not body:
        return []
    try:
        text = json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except ValueError:
        text = (
            body.replace("&", "\n&") if "\n" not in body and "=" in body.partition("&")[0] else body
        )
    lines = text.splitlines()
    if whole or len(lines) <= BODY_LINES:
        return lines
    return [*lines[: BODY_LINES - 1], f"… {len(lines) - BODY_LINES + 1} more lines{rest}"]
