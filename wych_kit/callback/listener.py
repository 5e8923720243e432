"""A listener on this machine for the browser that comes back: 127.0.0.1 only, one return at a time, never longer than its limit."""

from __future__ import annotations

import contextlib
import errno
import os
import selectors
import socket
import threading
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Self
from urllib.parse import unquote, urlsplit

from wych_kit.callback.browser_request import Asked, Caller
from wych_kit.callback.landing_page import came_back, refused
from wych_kit.callback.parsing import Return, read
from wych_kit.errors import SettingInvalid
from wych_kit.secret import Secret
from wych_kit.settings.url_validation import check_callback

if TYPE_CHECKING:
    from types import TracebackType

_HOST = "127.0.0.1"
_CALLERS = 32  # at once; browsers open a few connections ahead and leave them idle
_PASTE = "paste the address at which the browser ends instead"


class Listener:
    """Listens at a callback URL of this machine from when it is made until it is closed.

    Raises `SettingInvalid` when the callback URL is not http on this machine, or its port is taken. `url` is the address with its
    port, `problem` what was wrong with the last visit that came to the right path and was no return.
    """

    def __init__(self, callback_url: str) -> None:
        host, port, self._path = _place(callback_url)
        self._door = _door(port)
        port = self._door.getsockname()[1]
        query = callback_url.partition("?")[2]
        self.url = f"http://{host}:{port}{self._path}{f'?{query}' if query else ''}"
        self.problem: SettingInvalid | None = None
        self._bell, self._button = socket.socketpair()
        self._closed = threading.Event()
        self._waiting = threading.Lock()

    def wait(self, seconds: float) -> Return | None:
        """The next return; `None` when none came in so many seconds, or the listener was closed meanwhile, by any thread."""
        ends = time.monotonic() + seconds
        if not self._waiting.acquire(timeout=max(seconds, 0)):
            return None
        try:
            return None if self._closed.is_set() else self._serve(ends)
        finally:
            self._waiting.release()

    def close(self) -> None:
        """Stops listening, and wakes whoever waits. A second call does nothing."""
        if self._closed.is_set():
            return
        self._closed.set()
        with contextlib.suppress(OSError):  # another thread closed it in the same moment
            self._button.send(b"x")
        with self._waiting:
            for each in (self._door, self._bell, self._button):
                each.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _serve(self, ends: float) -> Return | None:
        callers: list[Caller] = []
        with selectors.DefaultSelector() as watched:
            watched.register(self._door, selectors.EVENT_READ)
            watched.register(self._bell, selectors.EVENT_READ)
            try:
                while not self._closed.is_set() and (now := time.monotonic()) < ends:
                    _dismiss(watched, callers, [caller for caller in callers if caller.ends <= now])
                    first = min([ends, *(caller.ends for caller in callers)])
                    for key, _ in watched.select(max(first - now, 0)):
                        if key.fileobj is self._door:
                            self._welcome(watched, callers)
                        elif (
                            isinstance(key.data, Caller)
                            and key.data in callers
                            and (came := self._hear(watched, callers, key.data))
                        ):
                            return came
                return None
            finally:
                _dismiss(watched, callers, list(callers))

    def _welcome(self, watched: selectors.BaseSelector, callers: list[Caller]) -> None:
        try:
            connection, _ = self._door.accept()
        except OSError:
            return  # gone again before we got there
        if len(callers) >= _CALLERS:
            _dismiss(watched, callers, callers[:1])
        caller = Caller(connection)
        callers.append(caller)
        watched.register(connection, selectors.EVENT_READ, caller)

    def _hear(
        self, watched: selectors.BaseSelector, callers: list[Caller], caller: Caller
    ) -> Return | None:
        try:
            asked = caller.take()
        except OSError:
            _dismiss(watched, callers, [caller])
            return None
        return self._answer(caller, asked) if asked else None

    def _answer(self, caller: Caller, asked: Asked) -> Return | None:
        if asked.status != HTTPStatus.OK:
            caller.answer(
                asked.status,
                refused(asked.status.phrase, "This is no request that a browser would make here."),
            )
        elif _path_of(asked.target) != unquote(self._path):
            words = f"Wych Kit waits for a browser to come back, and only at {self._path}"
            caller.answer(HTTPStatus.NOT_FOUND, refused("Nothing here", words), asked.method)
        elif asked.method != "GET":
            words = "A browser comes back with GET; nothing else is taken."
            caller.answer(HTTPStatus.METHOD_NOT_ALLOWED, refused("Only GET", words), asked.method)
        else:
            try:
                came = read("?" + asked.target.partition("?")[2], self.url)
            except SettingInvalid as error:
                self.problem = error
                words = f"{error.observed}. Wych Kit goes on waiting."
                caller.answer(HTTPStatus.BAD_REQUEST, refused("Something is missing", words))
            else:
                caller.answer(HTTPStatus.OK, came_back(came))
                return came
        return None


def _path_of(target: str) -> str:
    """The path of a request's target, which may be a whole address (RFC 9112 section 3.2.2)."""
    path = target.partition("?")[0]
    with contextlib.suppress(ValueError):
        path = urlsplit(path).path if path.startswith("http://") else path
    return unquote(path) or "/"


def _dismiss(watched: selectors.BaseSelector, callers: list[Caller], gone: list[Caller]) -> None:
    for caller in gone:
        callers.remove(caller)
        watched.unregister(caller.connection)
        caller.connection.close()


def _place(callback_url: str) -> tuple[str, int, str]:
    """Host, port and path to listen at."""
    if found := check_callback(Secret(callback_url)):
        raise SettingInvalid(
            "WYCH_CALLBACK_URL", found.reason, stage="call", reference=found.reference
        )
    parts = urlsplit(callback_url)
    if parts.scheme != "http" or parts.hostname not in (_HOST, "localhost"):
        reason = (
            f"is not http://{_HOST} or http://localhost, so nothing can be caught on this machine:"
            f" {_PASTE}"
        )
        raise SettingInvalid("WYCH_CALLBACK_URL", reason, stage="call", reference="wrong-host")
    return parts.hostname, parts.port or 0, parts.path or "/"


def _door(port: int) -> socket.socket:
    door = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind((_HOST, port))
        door.listen(_CALLERS)
        door.settimeout(0)
    except OSError as error:
        door.close()
        taken = (
            "is taken by another program: stop it, or"
            if error.errno == errno.EADDRINUSE
            else "cannot be listened at:"
        )
        raise SettingInvalid(
            "WYCH_CALLBACK_URL", f"names port {port}, which {taken} {_PASTE}", stage="call"
        ) from None
    return door
