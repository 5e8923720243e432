"""A server that does next to nothing, in its own process, so that what is measured is the client.

It answers discovery, token and every other path with fixed bytes, and checks nothing. Prints its address; ends with its input.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import cast

TOKEN = "x" * 1100  # as long as Keycloak's


class Connection(asyncio.Protocol):
    """One kept connection, one request at a time."""

    def __init__(self, answers: dict[bytes, bytes]) -> None:
        self._answers = answers
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio says so."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer once head and body are there."""
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        length = head.lower().partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0]
        if end and len(body) >= int(length or 0):
            self._received = b""
            self._transport.write(self._answers.get(head.split(b" ", 2)[1], self._answers[b"*"]))


def as_http(body: object) -> bytes:
    """A whole answer."""
    text = json.dumps(body).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
        len(text),
        text,
    )


async def main() -> None:
    """Serve until the input is closed."""
    answers = {b"*": as_http([])}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(answers), "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    document = {"issuer": url, "token_endpoint": f"{url}/token", "jwks_uri": f"{url}/keys"}
    answers[b"/.well-known/openid-configuration"] = as_http(document)
    answers[b"/token"] = as_http({"access_token": TOKEN, "token_type": "Bearer", "expires_in": 900})
    print(json.dumps({"url": url}), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
