"""Cuts connections and leaves requests unanswered, on the socket below the web server."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from wych_kit.mock.faults.altered_answers import set_header

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import Receive, Send

    from wych_kit.mock.http.messages import Answer, Request

CONNECTION_FAULTS = frozenset({"connection-cut", "timeout"})


class Connection:
    """The connection of one request.

    `connections` are all that the web server has; `receive` and `send` are the request's own.
    """

    def __init__(self, connections: Iterable[Any], receive: Receive, send: Send) -> None:
        self._connections = connections
        self._receive = receive
        self._send = send

    async def reset(self, request: Request) -> None:
        """Reset the connection, without a byte of an answer."""
        for transport in self._find_transports(request):
            _make_close_reset(transport.get_extra_info("socket"))
            transport.abort()
        await self._wait_until_closed()

    async def cut_in_body(self, request: Request, answer: Answer) -> None:
        """Send the headers and half of the body, and close the connection."""
        # With one byte more than there is, no client takes a short answer for a whole one.
        cut = set_header(answer, b"content-length", b"%d" % (len(answer.body) + 1))
        await self._send(
            {"type": "http.response.start", "status": cut.status, "headers": cut.headers}
        )
        half = answer.body[: len(answer.body) // 2]
        await self._send({"type": "http.response.body", "body": half, "more_body": True})
        for transport in self._find_transports(request):
            transport.close()
        await self._wait_until_closed()

    async def keep_silent(self, request: Request, leaving: asyncio.Event) -> None:
        """Answer nothing until the client closes the connection or the mock stops."""
        stopping = asyncio.ensure_future(leaving.wait())
        closed = asyncio.ensure_future(self._wait_until_closed())
        await asyncio.wait((stopping, closed), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not closed.done():
            for transport in self._find_transports(request):
                transport.abort()
        await closed

    def _find_transports(self, request: Request) -> list[Any]:
        return [
            connection.transport
            for connection in self._connections
            if getattr(connection, "scope", None) is request.scope and connection.transport
        ]

    async def _wait_until_closed(self) -> None:
        # Earlier the web server would complain of a request without an answer.
        while (await self._receive())["type"] != "http.disconnect":
            pass


def _make_close_reset(wrapped: Any) -> None:
    # A linger time of 0 makes closing send a reset. The event loop's own socket object may not set
    # options, so a second object for the same connection does.
    with suppress(OSError):
        second = socket.fromfd(wrapped.fileno(), wrapped.family, wrapped.type)
        with second:
            second.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
