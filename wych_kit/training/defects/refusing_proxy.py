"""Run a proxy on this machine that refuses every request."""

from __future__ import annotations

import contextlib
import socketserver
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Seconds between two checks whether to stop; the default of half a second delays every exercise.
_SOON = 0.02
_HEAD = 64 * 1024


@contextlib.contextmanager
def run_refusing_proxy(status: str) -> Iterator[str]:
    """Run a proxy that answers every request with this status ("403 Forbidden"); yield its URL."""
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
