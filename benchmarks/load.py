"""Run as a process: asks a token endpoint as fast as it answers, and prints how many tokens a second it gave.

Arguments, each as JSON: token_url, headers, form (text), connections, seconds. The same generator for every server; raw sockets, so
that it takes little of the machine.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import cast
from urllib.parse import urlsplit

import uvloop


class Connection(asyncio.Protocol):
    """One kept connection: sends, reads the whole answer, sends again until the time is up."""

    def __init__(self, request: bytes, ends: float) -> None:
        self._request, self._ends, self._received = request, ends, b""
        self.given = 0
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio says so."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Count an answer once it is whole; one that is no token ends it all."""
        self._received += data
        if not whole(self._received):
            return
        if (
            not self._received.startswith(b"HTTP/1.1 200")
            or b'"access_token":"eyJ' not in self._received
        ):
            self.done.set_exception(RuntimeError(self._received[:300].decode()))
        elif time.monotonic() > self._ends:
            self.done.set_result(None)
        else:
            self.given += 1
            self._received = b""
            self._transport.write(self._request)

    def connection_lost(self, error: Exception | None) -> None:
        """A server that hangs up early has failed."""
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("the server closed the connection"))


def whole(answer: bytes) -> bool:
    """Whether head and body are complete, by length or in chunks."""
    head, end, body = answer.partition(b"\r\n\r\n")
    length = head.lower().partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0]
    return bool(end) and (len(body) >= int(length) if length else body.endswith(b"0\r\n\r\n"))


async def main() -> None:
    """Print tokens a second."""
    token_url, headers, form, connections, seconds = map(json.loads, sys.argv[1:])
    parts = urlsplit(token_url)
    named = {
        "Host": parts.netloc,
        "Content-Type": "application/x-www-form-urlencoded",
        "Content-Length": len(form),
        **headers,
    }
    head = "".join(f"{name}: {text}\r\n" for name, text in named.items())
    request = f"POST {parts.path} HTTP/1.1\r\n{head}\r\n{form}".encode()
    loop, began = asyncio.get_running_loop(), time.monotonic()
    pairs = [
        await loop.create_connection(
            lambda: Connection(request, began + seconds), parts.hostname, parts.port
        )
        for _ in range(connections)
    ]
    await asyncio.gather(*(connection.done for _, connection in pairs))
    print(json.dumps(sum(connection.given for _, connection in pairs) / (time.monotonic() - began)))
    for transport, _ in pairs:
        transport.close()


uvloop.run(main())
