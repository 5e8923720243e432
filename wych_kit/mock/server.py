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
from wych_kit.mock.app import App
from wych_kit.mock.control_port import ControlFileError, ControlPort
from wych_kit.mock.faults.switch import parse_fault_text
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
    """A running mock.

    Its URLs have no trailing slash. `credentials` belong to an app that every mock knows.
    """

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
        self._app = App(self.url, self._store, options)
        self.answer_next = self._app.canned.answer_next
        self._server = Server(
            self._app,
            self._app.leaving,
            self._certificates.chain if self._certificates else None,
        )
        self._app.signer.active_requests = self._server.server_state.tasks
        self._app.open_connections = self._server.server_state.connections
        self._thread = self._server.start(listener, f"mock-wych-{self.port}")
        self._control: ControlPort | None = None
        if options.control:
            # Opened last: it stops the mock if its file cannot be written.
            self._control = ControlPort(self, self.port)

    @property
    def ca_file(self) -> str | None:
        """The PEM file that a client must trust for TLS, or None. It is removed when the mock stops."""
        return str(self._certificates.authority) if self._certificates else None

    @property
    def clock(self) -> Clock:
        """The mock's clock, which a test can move."""
        return self._app.clock

    @property
    def requests(self) -> list[ReceivedRequest]:
        """The last thousand requests, newest last, with the reason of each refusal."""
        return self._app.request_log.requests

    @property
    def token_requests(self) -> int:
        """The number of requests that the token endpoint received."""
        return self._app.request_log.token_requests

    def fault(
        self, name: str, *, times: int | None = None, client: str | None = None, **parameters: Any
    ) -> None:
        """Switch on a fault of `wych_kit.mock.FAULTS`.

        It acts on the next `times` requests, or until it is switched off; on one client id, or on
        all. Raises `ValueError` for an invalid name, number or parameter, `RuntimeError` after `stop`.
        """
        self._in_loop(lambda: self._app.faults.switch_on(name, times, client, parameters))

    def fault_off(self, name: str | None = None) -> None:
        """Switch off one fault, or all of them.

        Raises `ValueError` for an unknown name, `RuntimeError` after `stop`.
        """
        self._in_loop(lambda: self._app.faults.switch_off(name))

    @property
    def faults(self) -> list[dict[str, Any]]:
        """The active faults in the order in which they were switched on, as data.

        `times` is how many more times a fault acts.
        """
        return [fault.to_json() for fault in list(self._app.faults.active.values())]

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
        """Create a user with a connection in this state, and return the connection as the API does.

        It is as if the customer had used the consent pages. Raises `ValueError` for an invalid
        email, bank, state, permission or number of days, `RuntimeError` after `stop`.
        """
        return self._in_loop(
            lambda: self._app.connect(
                app_id, email, bank, state, permissions=permissions, days=days
            )
        )

    def revoke_tokens(self) -> None:
        """Revoke every token issued so far, which the gateway then rejects (wire facts B3-3).

        Raises `RuntimeError` after `stop`.
        """
        self._in_loop(self._app.tokens.revoke_all)

    def reset(self) -> None:
        """Forget everything since the start: registrations, users, connections, requests, faults, times.

        Raises `RuntimeError` after `stop`.
        """
        self._in_loop(self._app.reset)

    def stop(self) -> None:
        """Stop answering, and release the port and the file. A second call does nothing."""
        if self._control:
            self._control.stop()
        self._server.stop(self._thread)
        self._app.signer.close()
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
        """Run `act` between requests and return its result. Raises `RuntimeError` after `stop`."""
        if not self._thread.is_alive():
            raise RuntimeError(f"the mock at {self.url} is stopped. Start a new one")
        done: Future[_T] = Future()

        def run() -> None:
            try:
                done.set_result(act())
            except Exception as error:  # noqa: BLE001 - it belongs to the caller
                done.set_exception(error)

        self._server.loop.result().call_soon_threadsafe(run)
        return done.result(timeout=30)


def start(**options: Any) -> Mock:
    """Start a mock in a daemon thread and return it. Call its `stop()` at the end.

    It takes the fields of `Options`, and answers when this returns. Raises `CannotStart` if the port
    or the file is in use or unusable, and `ValueError` for an invalid option.
    """
    return Mock(Options(**options))


@contextmanager
def running(**options: Any) -> Iterator[Mock]:
    """Start a mock, and stop it at the end of the `with`."""
    with start(**options) as mock:
        yield mock


def serve(*, as_json: bool = False, faults: Sequence[str] = (), **options: Any) -> int:
    """Run a mock in the foreground until SIGINT or SIGTERM, and return the exit status.

    It takes the fields of `Options`; `port` is 9924 and `control` is True by default. `faults` are on
    from the start, each in the form of `parse_fault_text`. Prints the URL, then one line for each
    request, with the reason of a refusal; with `as_json` only a JSON object with all URLs. The status
    is 2 if the mock could not start.
    """
    try:
        first_faults = [parse_fault_text(text) for text in faults]
        mock = _start_with_control({"port": PORT, "control": True, **options})
    except (CannotStart, ValueError) as error:
        _print(str(error), sys.stderr)
        return 2
    stopped = threading.Event()
    with mock, _handle_signals(stopped.set):
        for name, settings in first_faults:
            mock.fault(name, **settings)
        if not as_json:
            # Before anybody knows the URL, so that no request is missed.
            mock._app.request_log.on_request = _print_request  # noqa: SLF001 - the same module's
        _announce(mock, as_json=as_json)
        # On Windows a longer wait does not react to Ctrl-C.
        while not stopped.wait(0.5):
            pass
    return 0


def _start_with_control(options: dict[str, Any]) -> Mock:
    """Return a mock, without its control port if the file for that cannot be written."""
    try:
        return Mock(Options(**options))
    except ControlFileError as error:
        message = f"{error.problem} So the mock starts without it, as with --no-control."
        _print(message, sys.stderr)
        return Mock(Options(**{**options, "control": False}))


@contextmanager
def _handle_signals(act: Callable[[], None]) -> Iterator[None]:
    before = {
        number: signal.signal(number, lambda *_: act())
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _print_request(received: ReceivedRequest) -> None:
    # The program that reads the output may have ended.
    with suppress(OSError, ValueError):
        _print(str(received), sys.stdout)


def _announce(mock: Mock, *, as_json: bool) -> None:
    if as_json:
        names = ("url", "issuer_url", "api_url", "portal_url", "connect_url")
        _print(
            json.dumps({name: getattr(mock, name) for name in names} | {"pid": os.getpid()}),
            sys.stdout,
        )
    else:
        data = f"data in {mock.options.memory}" if mock.options.memory else "data in memory only"
        _print(f"Mock Wych at {mock.url}, {data}. Stop it with Ctrl-C.", sys.stdout)
        if mock.ca_file:
            _print(
                f"Its certificate is {mock.options.tls}. To trust it, set SSL_CERT_FILE to"
                f" {mock.ca_file}.",
                sys.stdout,
            )
    if not is_loopback(mock.options.host):
        _print(
            f"It listens on {mock.options.host}, so everybody on this network can reach it over plain"
            " http. Enter nothing real.",
            sys.stderr,
        )


def _print(text: str, to: TextIO) -> None:
    to.write(text + "\n")
    # The program that started this process waits for the line.
    to.flush()
