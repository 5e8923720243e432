"""Sockets that listen, and the web server behind them."""

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

_GRACE = 0.5  # seconds between being told to stop and hanging up


class CannotStart(Exception):
    """The mock did not start; the text says why and what to do."""


class Server(uvicorn.Server):
    """uvicorn, told when to leave rather than asking ten times a second, and leaving the process's signals and logging alone."""

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
                date_header=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=5,
            )
        )
        self._leaving = leaving
        self.loop: Future[asyncio.AbstractEventLoop] = Future()

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serves until it is told to leave."""
        try:
            super().run(sockets)
        except BaseException as error:
            if self.loop.done():
                raise
            self.loop.set_exception(error)  # whoever waits for the start gets it

    async def main_loop(self) -> None:
        """Waits to be told."""
        self.loop.set_result(asyncio.get_running_loop())
        await self._leaving.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends, and hangs up on those who began a request and do not go on."""
        asyncio.get_running_loop().call_later(_GRACE, self._hang_up)
        await super().shutdown(sockets)

    def _hang_up(self) -> None:
        """Closes what is still open: callers that began a request and do not go on."""
        for connection in self.server_state.connections:
            if connection.transport is not None:
                connection.transport.close()

    def start(self, listener: socket.socket, name: str) -> threading.Thread:
        """Serves in a daemon thread; it answers when this returns."""
        thread = threading.Thread(target=self.run, args=([listener],), name=name, daemon=True)
        thread.start()
        self.loop.result(timeout=30)
        return thread

    def stop(self, thread: threading.Thread) -> None:
        """Ends what `start` began. A second call does nothing."""
        if thread.is_alive():
            self.loop.result().call_soon_threadsafe(self._leaving.set)
            thread.join(10)


def open_listener(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises `CannotStart`."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # With the protocol said, asyncio sets TCP_NODELAY; without it, every answer waits 40 ms for Nagle.
        listener = socket.socket(family, kind, socket.IPPROTO_TCP)
    except OSError as error:
        raise CannotStart(
            f"The mock cannot listen on {host}: {error}. Give an address of this computer, such as"
            " 127.0.0.1."
        ) from None
    if os.name == "posix":
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise CannotStart(_why_not(host, port, error)) from None
    listener.set_inheritable(False)
    return listener


def _why_not(host: str, port: int, error: OSError) -> str:
    import errno

    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} on {host} is taken, perhaps by a mock that already runs. Use that one,"
            " stop it, or choose another: --port 0."
        )
    if error.errno == errno.EACCES:
        return (
            f"Port {port} on {host} is reserved by the system. Choose one above 1023, or --port 0"
            " for any free one."
        )
    return (
        f"The mock cannot listen on {host} port {port}: {error.strerror}. Give an address of this"
        " computer, such as 127.0.0.1."
    )


def host_in_url(host: str) -> str:
    """A host as others write it: brackets round IPv6; loopback where the mock listens everywhere."""
    plain = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - recognised, not bound
    return f"[{plain}]" if ":" in plain else plain


def is_loopback(host: str) -> bool:
    """Whether only this computer reaches it."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
