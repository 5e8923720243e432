"""Open listening sockets and run uvicorn in a thread, without signals or logging."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import socket
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

import uvicorn

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# Seconds for requests in progress when the server stops. A caller that hangs would otherwise hold
# it for uvicorn's 5 s.
_GRACE = 0.5


class CannotStart(Exception):
    """Raised when the mock cannot start; the text says why and what to do."""


class Server(uvicorn.Server):
    """A uvicorn server that runs in a thread.

    It waits for `leaving` instead of polling ten times a second, and leaves the signals and
    logging of its process alone.
    """

    def __init__(
        self, app: Callable[..., Any], leaving: asyncio.Event, certificate: Path | None = None
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                ssl_certfile=certificate,
                lifespan="off",
                ws="none",
                interface="asgi3",
                log_config=None,
                access_log=False,
                # Every header of an answer is the role's own: the wire facts list them all.
                date_header=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=5,
            )
        )
        self._leaving = leaving
        self.loop: Future[asyncio.AbstractEventLoop] = Future()

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until `leaving` is set."""
        try:
            super().run(sockets)
        except BaseException as error:
            if self.loop.done():
                raise
            # `start` waits for this future, and raises the error in its own thread.
            self.loop.set_exception(error)

    async def main_loop(self) -> None:
        """Wait until `leaving` is set; uvicorn calls this once it accepts requests."""
        self.loop.set_result(asyncio.get_running_loop())
        await self._leaving.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop, and disconnect callers that began a request and do not go on."""
        asyncio.get_running_loop().call_later(_GRACE, self._hang_up)
        await super().shutdown(sockets)

    def _hang_up(self) -> None:
        for connection in self.server_state.connections:
            if connection.transport is not None:
                connection.transport.close()

    def start(self, listener: socket.socket, name: str) -> threading.Thread:
        """Serve in a daemon thread. Requests are answered when this returns."""
        thread = threading.Thread(target=self.run, args=([listener],), name=name, daemon=True)
        thread.start()
        self.loop.result(timeout=30)
        return thread

    def stop(self, thread: threading.Thread) -> None:
        """Stop the thread of `start`. A second call does nothing."""
        if thread.is_alive():
            self.loop.result().call_soon_threadsafe(self._leaving.set)
            thread.join(10)


def open_listener(host: str, port: int) -> socket.socket:
    """Return a listening socket. Raises `CannotStart`."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # asyncio sets TCP_NODELAY only where the protocol is named. Without it, Nagle's algorithm
        # delays every answer by 40 ms.
        listener = socket.socket(family, kind, socket.IPPROTO_TCP)
    except OSError as error:
        raise CannotStart(
            f"The mock cannot listen on {host}: {error}. Use an address of this computer, such as"
            " 127.0.0.1."
        ) from None
    # On Windows this option would let two servers share one port.
    if os.name == "posix":
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise CannotStart(_explain_bind_error(host, port, error)) from None
    # A child process must not keep the port open.
    listener.set_inheritable(False)
    return listener


def _explain_bind_error(host: str, port: int, error: OSError) -> str:
    import errno

    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} on {host} is in use, probably by a mock that already runs. Use that mock,"
            " stop it, or start this one with --port 0."
        )
    if error.errno == errno.EACCES:
        return (
            f"Port {port} on {host} is reserved by the system. Use a port above 1023, or --port 0"
            " for any free port."
        )
    return (
        f"The mock cannot listen on {host} port {port}: {error.strerror}. Use an address of this"
        " computer, such as 127.0.0.1."
    )


def host_in_url(host: str) -> str:
    """Return the host as a URL needs it: IPv6 in brackets, loopback for "all addresses"."""
    plain = host
    if host in ("", "0.0.0.0"):  # noqa: S104 - compared, not bound
        plain = "127.0.0.1"
    elif host == "::":
        plain = "::1"
    return f"[{plain}]" if ":" in plain else plain


def is_loopback(host: str) -> bool:
    """Return True if only this computer can reach the host."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
