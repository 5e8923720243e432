"""Starts and stops the mock: in a daemon thread on a free port, or as a process."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import os
import signal
import socket
import sys
import threading
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Self, TextIO

import uvicorn

from wych_kit.mock.clients import READY_MADE, Credentials
from wych_kit.mock.front import Front
from wych_kit.mock.identity import REALM
from wych_kit.mock.options import PORT, Options
from wych_kit.mock.store import Store, StoreUnusable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from wych_kit.mock.clock import Clock
    from wych_kit.mock.ledger import Received


_GRACE = 0.5  # seconds between being told to stop and hanging up


class CannotStart(Exception):
    """The mock did not start; the text says why and what to do."""


class Mock:
    """A running mock. Its addresses have no trailing slash; `credentials` is an app that every mock knows."""

    credentials: Credentials = READY_MADE

    def __init__(self, options: Options) -> None:
        listener = _listen(options.host, options.port)
        self.port: int = listener.getsockname()[1]
        self.url = f"http://{_in_url(options.host)}:{self.port}"
        self.issuer_url = f"{self.url}/realms/{REALM}"
        self.api_url = f"{self.url}/v3"
        self.portal_url = f"{self.url}/portal"
        self.connect_url = f"{self.url}/app"
        try:
            self._store = Store(options.memory, options.seed)
        except StoreUnusable as error:
            listener.close()
            raise CannotStart(str(error)) from None
        self.options = options
        self._front = Front(self.url, self._store, options)
        self.answer_next = self._front.canned.answer_next
        self._server = _Server(self._front)
        self._front.signer.crowd = self._server.server_state.tasks
        self._front.connections = self._server.server_state.connections
        self._thread = threading.Thread(target=self._server.run, args=([listener],), name=f"mock-wych-{self.port}", daemon=True)
        self._thread.start()
        self._server.loop.result(timeout=30)

    @property
    def clock(self) -> Clock:
        """Its clock, which can be moved."""
        return self._front.clock

    @property
    def requests(self) -> list[Received]:
        """What it received and why it refused, newest last; the last thousand."""
        return self._front.ledger.requests

    @property
    def token_requests(self) -> int:
        """How many requests the token endpoint has seen."""
        return self._front.ledger.token_requests

    def fault(self, name: str, *, times: int | None = None, client: str | None = None, **parameters: Any) -> None:
        """Switches on a fault of `wych_kit.mock.FAULTS`, until it is off or for the next `times` requests it applies to.

        For one client id, or for all. Raises `ValueError` for a name, number or parameter that cannot be, `RuntimeError` after `stop`.
        """
        self._in_loop(lambda: self._front.faults.switch_on(name, times, client, parameters))

    def fault_off(self, name: str | None = None) -> None:
        """Switches off a fault, or all of them. Raises `ValueError` for a name there is not, `RuntimeError` after `stop`."""
        self._in_loop(lambda: self._front.faults.switch_off(name))

    @property
    def faults(self) -> list[dict[str, Any]]:
        """What is on, in the order it was switched on: name, times (left), client, parameters."""
        return [active.described() for active in list(self._front.faults.on.values())]

    def revoke_tokens(self) -> None:
        """From now on the gateway refuses every token issued so far (wire facts B3-3). Raises `RuntimeError` after `stop`."""
        self._in_loop(self._front.tokens.revoke_all)

    def reset(self) -> None:
        """Forgets registrations and users made since the start, requests, counters, canned answers, faults, revocations, and moves of the clock.

        Raises `RuntimeError` after `stop`.
        """
        self._in_loop(self._front.reset)

    def stop(self) -> None:
        """Stops answering, frees the port and lets go of the file. A second call does nothing."""
        if self._thread.is_alive():
            self._server.loop.result().call_soon_threadsafe(self._front.leaving.set)
            self._thread.join(10)
        self._front.signer.close()
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<mock Wych at {self.url}>"

    def _in_loop(self, act: Callable[[], None]) -> None:
        """Runs `act` between requests, and waits for it. Raises `RuntimeError` when the mock is stopped."""
        if not self._thread.is_alive():
            raise RuntimeError(f"the mock at {self.url} is stopped: start another")
        done: Future[None] = Future()

        def run() -> None:
            try:
                act()
                done.set_result(None)
            except Exception as error:  # noqa: BLE001 - it belongs to the caller
                done.set_exception(error)

        self._server.loop.result().call_soon_threadsafe(run)
        done.result(timeout=30)


def start(**options: Any) -> Mock:
    """A mock in a daemon thread, answering when this returns; `stop()` it. Takes what `Options` has.

    Raises `CannotStart` (port taken, file unusable) and `ValueError` (an option that cannot be).
    """
    return Mock(Options(**options))


@contextmanager
def running(**options: Any) -> Iterator[Mock]:
    """`start`, and `stop` at the end of the `with`."""
    with start(**options) as mock:
        yield mock


def serve(*, as_json: bool = False, **options: Any) -> int:
    """Runs a mock in the foreground until SIGINT or SIGTERM; the exit status. Takes what `Options` has; `port` is 9924 unless given.

    Prints one line with the address and then one for each request, with the reason of a refusal (with `as_json`, a JSON object with
    all addresses and nothing else); 2 when it could not start.
    """
    try:
        mock = Mock(Options(**{"port": PORT, **options}))
    except (CannotStart, ValueError) as error:
        _say(str(error), sys.stderr)
        return 2
    stopped = threading.Event()
    with mock, _on_signals(stopped.set):
        if not as_json:  # before the address is known, so that no request is missed
            mock._front.ledger.told = _show  # noqa: SLF001 - the same module's
        _announce(mock, as_json=as_json)
        while not stopped.wait(0.5):  # Windows tells nobody of Ctrl-C during a longer wait
            pass
    return 0


@contextmanager
def _on_signals(act: Callable[[], None]) -> Iterator[None]:
    before = {number: signal.signal(number, lambda *_: act()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _show(received: Received) -> None:
    with suppress(OSError, ValueError):  # nobody reads any more
        _say(str(received), sys.stdout)


def _announce(mock: Mock, *, as_json: bool) -> None:
    if as_json:
        names = ("url", "issuer_url", "api_url", "portal_url", "connect_url")
        _say(json.dumps({name: getattr(mock, name) for name in names} | {"pid": os.getpid()}), sys.stdout)
    else:
        kept = mock.options.memory or "nothing (ephemeral)"
        _say(f"Mock Wych at {mock.url}, keeping {kept}. Ctrl-C stops it.", sys.stdout)
    if not _is_loopback(mock.options.host):
        _say(
            f"Listening on {mock.options.host}: everyone on this network can reach it, over plain http. Type nothing real into it.",
            sys.stderr,
        )


def _say(text: str, to: TextIO) -> None:
    to.write(text + "\n")
    to.flush()  # whoever started this process waits for the line


class _Server(uvicorn.Server):
    """uvicorn, told when to leave rather than asking ten times a second, and leaving the process's signals and logging alone."""

    def __init__(self, front: Front) -> None:
        super().__init__(
            uvicorn.Config(
                front,
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
        self._leaving = front.leaving
        self.loop: Future[asyncio.AbstractEventLoop] = Future()

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            super().run(sockets)
        except BaseException as error:
            if self.loop.done():
                raise
            self.loop.set_exception(error)  # whoever waits for the start gets it

    async def main_loop(self) -> None:
        self.loop.set_result(asyncio.get_running_loop())
        await self._leaving.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        asyncio.get_running_loop().call_later(_GRACE, self._hang_up)
        await super().shutdown(sockets)

    def _hang_up(self) -> None:
        """Closes what is still open: callers that began a request and do not go on."""
        for connection in self.server_state.connections:
            if connection.transport is not None:
                connection.transport.close()


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # With the protocol said, asyncio sets TCP_NODELAY; without it, every answer waits 40 ms for Nagle.
        listener = socket.socket(family, kind, socket.IPPROTO_TCP)
    except OSError as error:
        raise CannotStart(
            f"The mock cannot listen on {host}: {error}. Give an address of this computer, such as 127.0.0.1."
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
        return f"Port {port} on {host} is taken, perhaps by a mock that already runs. Use that one, stop it, or choose another: --port 0."
    if error.errno == errno.EACCES:
        return f"Port {port} on {host} is reserved by the system. Choose one above 1023, or --port 0 for any free one."
    return f"The mock cannot listen on {host} port {port}: {error.strerror}. Give an address of this computer, such as 127.0.0.1."


def _in_url(host: str) -> str:
    """A host as others write it: brackets round IPv6; loopback where the mock listens everywhere."""
    plain = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - recognised, not bound
    return f"[{plain}]" if ":" in plain else plain


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
