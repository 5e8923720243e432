"""A proxy on this machine that lets nobody through."""

from __future__ import annotations

import contextlib
import socketserver
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Seconds between two looks whether it is to stop.
_SOON = 0.02
_HEAD = 64 * 1024


@contextlib.contextmanager
def refusing(status: str) -> Iterator[str]:
    """A proxy that answers every request with this status line's end, such as "403 Forbidden"; its address."""
    answer = f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()

    class Refusal(socketserver.StreamRequestHandler):
        timeout = 5

        def handle(self) -> None:
            with contextlib.suppress(OSError):
                left = _HEAD
                while left > 0 and (line := self.rfile.readline(left)).strip():
                    left -= len(line)
                self.wfile.write(answer)

    class Refusing(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

    with Refusing(("127.0.0.1", 0), Refusal) as server:
        thread = threading.Thread(
            target=server.serve_forever, args=(_SOON,), name="refusing-proxy", daemon=True
        )
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
