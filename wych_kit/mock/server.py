"""Starts and stops the mock: in a daemon thread on a free port, or as a process."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Self, TextIO, TypeVar

from wych_kit.mock.api.connections import DAYS, PERMISSIONS
from wych_kit.mock.app import Front
from wych_kit.mock.control_port import Control, NoControl
from wych_kit.mock.faults.active import spelt
from wych_kit.mock.http.certificates import make_certificates
from wych_kit.mock.http.server import CannotStart, Server, host_in_url, is_loopback, open_listener
from wych_kit.mock.options import PORT, Options
from wych_kit.mock.realm.endpoints import REALM
from wych_kit.mock.state.clients import READY_MADE, Credentials
from wych_kit.mock.state.store import Store, StoreUnusable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from wych_kit.mock.state.clock import Clock
    from wych_kit.mock.state.request_log import ReceivedRequest

_T = TypeVar("_T")


class Mock:
    """A running mock. Its addresses have no trailing slash; `credentials` is an app that every mock knows."""

    credentials: Credentials = READY_MADE

    def __init__(self, options: Options) -> None:
        listener = open_listener(options.host, options.port)
        self.port: int = listener.getsockname()[1]
        self.url = f"{'https' if options.tls else 'http'}://{host_in_url(options.host)}:{self.port}"
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
        self._certificates = (
            make_certificates(options.tls, host_in_url(options.host).strip("[]"))
            if options.tls
            else None
        )
        self._front = Front(self.url, self._store, options)
        self.answer_next = self._front.canned.answer_next
        self._server = Server(
            self._front,
            self._front.leaving,
            self._certificates.chain if self._certificates else None,
        )
        self._front.signer.active_requests = self._server.server_state.tasks
        self._front.open_connections = self._server.server_state.connections
        self._thread = self._server.start(listener, f"mock-wych-{self.port}")
        self._control: Control | None = None
        if options.control:
            self._control = Control(self, self.port)

    @property
    def ca_file(self) -> str | None:
        """With TLS: a PEM file that a client can trust to reach this mock; it goes when the mock stops."""
        return str(self._certificates.authority) if self._certificates else None

    @property
    def clock(self) -> Clock:
        """Its clock, which can be moved."""
        return self._front.clock

    @property
    def requests(self) -> list[ReceivedRequest]:
        """What it received and why it refused, newest last; the last thousand."""
        return self._front.request_log.requests

    @property
    def token_requests(self) -> int:
        """How many requests the token endpoint has seen."""
        return self._front.request_log.token_requests

    def fault(
        self, name: str, *, times: int | None = None, client: str | None = None, **parameters: Any
    ) -> None:
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

    def connect(
        self,
        email: str,
        *,
        bank: str = "kereru",
        state: str = "ACTIVE",
        permissions: Collection[str] = PERMISSIONS,
        days: int = DAYS,
        app_id: str = READY_MADE.app_id,
    ) -> dict[str, Any]:
        """A user of an app with a connection in this state, as if they had been through the consent's pages: the connection as the API shows it.

        Raises `ValueError` for an address, bank, state, permission or number of days that cannot be, `RuntimeError` after `stop`.
        """
        return self._in_loop(
            lambda: self._front.connect(
                app_id, email, bank, state, permissions=permissions, days=days
            )
        )

    def revoke_tokens(self) -> None:
        """From now on the gateway refuses every token issued so far (wire facts B3-3). Raises `RuntimeError` after `stop`."""
        self._in_loop(self._front.tokens.revoke_all)

    def reset(self) -> None:
        """Forgets registrations, users and connections made since the start, requests, counters, canned answers, faults, revocations, and moves of the clock.

        Raises `RuntimeError` after `stop`.
        """
        self._in_loop(self._front.reset)

    def stop(self) -> None:
        """Stops answering, frees the port and lets go of the file. A second call does nothing."""
        if self._control:
            self._control.stop()
        self._server.stop(self._thread)
        self._front.signer.close()
        self._store.close()
        if self._certificates:
            self._certificates.remove()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<mock Wych at {self.url}>"

    def _in_loop(self, act: Callable[[], _T]) -> _T:
        """Runs `act` between requests, and waits for what it gives. Raises `RuntimeError` when the mock is stopped."""
        if not self._thread.is_alive():
            raise RuntimeError(f"the mock at {self.url} is stopped: start another")
        done: Future[_T] = Future()

        def run() -> None:
            try:
                done.set_result(act())
            except Exception as error:  # noqa: BLE001 - it belongs to the caller
                done.set_exception(error)

        self._server.loop.result().call_soon_threadsafe(run)
        return done.result(timeout=30)


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


def serve(*, as_json: bool = False, faults: Sequence[str] = (), **options: Any) -> int:
    """Runs a mock in the foreground until SIGINT or SIGTERM; the exit status.

    Takes what `Options` has; `port` is 9924 and `control` True unless given. `faults` are on from the start, each as `spelt` reads it.
    Prints one line with the address and then one for each request, with the reason of a refusal (with `as_json`, a JSON object with
    all addresses and nothing else); 2 when it could not start.
    """
    try:
        wanted = [spelt(text) for text in faults]
        mock = _served({"port": PORT, "control": True, **options})
    except (CannotStart, ValueError) as error:
        _say(str(error), sys.stderr)
        return 2
    stopped = threading.Event()
    with mock, _on_signals(stopped.set):
        for name, how in wanted:
            mock.fault(name, **how)
        if not as_json:  # before the address is known, so that no request is missed
            mock._front.request_log.on_request = _show  # noqa: SLF001 - the same module's
        _announce(mock, as_json=as_json)
        while not stopped.wait(0.5):  # Windows tells nobody of Ctrl-C during a longer wait
            pass
    return 0


def _served(options: dict[str, Any]) -> Mock:
    """A mock; without its control port where the disk takes no file, for the rest of it needs none."""
    try:
        return Mock(Options(**options))
    except NoControl as error:
        _say(str(error).replace(": start it with", "; it goes on as with"), sys.stderr)
        return Mock(Options(**{**options, "control": False}))


@contextmanager
def _on_signals(act: Callable[[], None]) -> Iterator[None]:
    before = {
        number: signal.signal(number, lambda *_: act())
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _show(received: ReceivedRequest) -> None:
    with suppress(OSError, ValueError):  # nobody reads any more
        _say(str(received), sys.stdout)


def _announce(mock: Mock, *, as_json: bool) -> None:
    if as_json:
        names = ("url", "issuer_url", "api_url", "portal_url", "connect_url")
        _say(
            json.dumps({name: getattr(mock, name) for name in names} | {"pid": os.getpid()}),
            sys.stdout,
        )
    else:
        kept = mock.options.memory or "nothing (ephemeral)"
        _say(f"Mock Wych at {mock.url}, keeping {kept}. Ctrl-C stops it.", sys.stdout)
        if mock.ca_file:
            _say(
                f"Its certificate: {mock.options.tls}. A client that is to trust it takes"
                f" {mock.ca_file}.",
                sys.stdout,
            )
    if not is_loopback(mock.options.host):
        _say(
            f"Listening on {mock.options.host}: everyone on this network can reach it, over plain"
            " http. Type nothing real into it.",
            sys.stderr,
        )


def _say(text: str, to: TextIO) -> None:
    to.write(text + "\n")
    to.flush()  # whoever started this process waits for the line
