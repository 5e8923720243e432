"""One browser at the listener's door: what it has sent so far, and what it is told. Everything about it is bounded."""

from __future__ import annotations

import contextlib
import re
import socket
import time
from http import HTTPStatus
from typing import NamedTuple

# The most that a request's line and headers may weigh.
HEAD_BYTES = 32 * 1024
# Seconds that one caller may take, however slowly it drips.
PATIENCE = 5.0
_SENDING = 1.0  # seconds; an answer fits any send buffer, so this is for sockets that are broken
_REQUEST = re.compile(rb"([A-Z]{1,20}) ([\x21-\x7e]+) HTTP/1\.[01]\r?\n")
_HEADERS = (
    "Content-Type: text/html; charset=utf-8",
    "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options: nosniff",
    "Referrer-Policy: no-referrer",
    "Cache-Control: no-store",
    "Connection: close",
)


class Asked(NamedTuple):
    """A request as far as it matters here. Without a `method` it was none; `status` says why."""

    method: str
    target: str
    status: HTTPStatus = HTTPStatus.OK


class Caller:
    """A connection, and how long it may last."""

    def __init__(self, connection: socket.socket) -> None:
        connection.settimeout(0)
        self.connection = connection
        self.ends = time.monotonic() + PATIENCE
        self.answered = False
        self._head = b""

    def take(self) -> Asked | None:
        """What was asked, once its headers are complete; `None` before. Raises `ConnectionError` when the caller has gone."""
        try:
            piece = self.connection.recv(16 * 1024)
        except (BlockingIOError, InterruptedError):
            return None
        if not piece:
            raise ConnectionAbortedError
        if self.answered:
            return None  # read to its end, so that the answer is not lost with the connection
        self._head += piece
        if len(self._head) > HEAD_BYTES:
            return Asked("", "", HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        if not re.search(rb"\r?\n\r?\n", self._head):
            return None
        found = _REQUEST.match(self._head)
        return (
            Asked(found[1].decode(), found[2].decode())
            if found
            else Asked("", "", HTTPStatus.BAD_REQUEST)
        )

    def answer(self, status: HTTPStatus, page: str, method: str = "GET") -> None:
        """Sends the page, without its body to HEAD, and says that no more comes."""
        body = page.encode("utf-8", "replace")
        allow = ("Allow: GET",) if status == HTTPStatus.METHOD_NOT_ALLOWED else ()
        lines = (
            f"HTTP/1.1 {status.value} {status.phrase}",
            *_HEADERS,
            *allow,
            f"Content-Length: {len(body)}",
            "",
            "",
        )
        self.answered = True
        with contextlib.suppress(OSError):
            self.connection.settimeout(_SENDING)
            self.connection.sendall(
                "\r\n".join(lines).encode() + (b"" if method == "HEAD" else body)
            )
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(0)
