"""Connections that are cut, and requests that nobody answers. Both act on the socket, below the web server."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from wych_kit.mock.faults.altered_answers import with_header

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import Receive, Send

    from wych_kit.mock.http.messages import Answer, Request

BREAKS = frozenset({"connection-cut", "timeout"})


class Connection:
    """The connection on which a request came; `open_ones` are all that the web server has, `receive` and `send` the request's own."""

    def __init__(self, open_ones: Iterable[Any], receive: Receive, send: Send) -> None:
        self._open = open_ones
        self._receive = receive
        self._send = send

    async def cut(self, request: Request) -> None:
        """Resets it: the caller sees the connection reset, and no byte of an answer."""
        for transport in self._transports(request):
            _forget_unsent(transport.get_extra_info("socket"))
            transport.abort()
        await self._gone()

    async def cut_in_body(self, request: Request, whole: Answer) -> None:
        """Sends the headers and half of the body, and hangs up."""
        broken = with_header(whole, b"content-length", b"%d" % (len(whole.body) + 1))
        await self._send(
            {"type": "http.response.start", "status": broken.status, "headers": broken.headers}
        )
        await self._send(
            {
                "type": "http.response.body",
                "body": whole.body[: len(whole.body) // 2],
                "more_body": True,
            }
        )
        for transport in self._transports(request):
            transport.close()
        await self._gone()

    async def keep_silent(self, request: Request, leaving: asyncio.Event) -> None:
        """Answers nothing until the caller hangs up or the mock stops."""
        stopping = asyncio.ensure_future(leaving.wait())
        gone = asyncio.ensure_future(self._gone())
        await asyncio.wait((stopping, gone), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not gone.done():
            for transport in self._transports(request):
                transport.abort()
        await gone

    def _transports(self, request: Request) -> list[Any]:
        return [
            one.transport
            for one in self._open
            if getattr(one, "scope", None) is request.scope and one.transport
        ]

    async def _gone(self) -> None:
        """Waits until the web server knows that the connection is closed; it would complain of a request without an answer."""
        while (await self._receive())["type"] != "http.disconnect":
            pass


def _forget_unsent(wrapped: Any) -> None:
    """Lets closing send a reset. The loop's own socket object may not set options, so a second one on the same connection does."""
    with suppress(OSError):
        second = socket.fromfd(wrapped.fileno(), wrapped.family, wrapped.type)
        with second:
            second.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
