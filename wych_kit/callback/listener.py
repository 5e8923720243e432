"""Listen on 127.0.0.1 for the browser that returns from the consent journey."""

from __future__ import annotations

import contextlib
import errno
import os
import queue
import socket
import socketserver
import sys
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import unquote, urlsplit

from wych_kit.callback.landing_page import render_refusal_page, render_return_page
from wych_kit.callback.parsing import CallbackParameters, parse_callback
from wych_kit.errors import SettingInvalid
from wych_kit.secret import Secret
from wych_kit.settings.url_validation import check_callback

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

# Seconds that one connection may take, however slowly its bytes arrive.
MAX_CONNECTION_SECONDS = 5.0
# Seconds between two looks at the connections' time and at the order to stop.
_POLL_SECONDS = 0.05
# Connections at once. Browsers open a few in advance and leave them idle.
_MAX_CONNECTIONS = 32
_HOST = "127.0.0.1"
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
    # The page's own URL names a customer's connection, which no other site needs to know.
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Connection": "close",
}


class Listener:
    """Listens at a callback URL of this machine until it is closed.

    `url` is the URL with the port in use. `last_error` is the fault of the last visit that came
    to the right path but lacked a parameter, or None. Raises `SettingInvalid` if the callback URL
    is not http on this machine, or if its port is in use.
    """

    def __init__(self, callback_url: str) -> None:
        host, port, path = _parse_callback_url(callback_url)
        self.last_error: SettingInvalid | None = None
        # None in the queue means that the listener was closed.
        self._returns: queue.SimpleQueue[CallbackParameters | None] = queue.SimpleQueue()
        self._closed = threading.Event()
        self._path = unquote(path)
        self._server = _bind(port, self._handle)
        query = callback_url.partition("?")[2]
        self.url = f"http://{host}:{self._server.server_address[1]}{path}"
        self.url += f"?{query}" if query else ""
        # A daemon: a program that forgets to close the listener can still end.
        threading.Thread(
            target=self._server.serve_forever, args=(_POLL_SECONDS,), daemon=True
        ).start()

    def wait(self, seconds: float) -> CallbackParameters | None:
        """Return the next redirect's parameters.

        Return None if no browser came back in time, or if any thread closed the listener.
        """
        if self._closed.is_set():
            return None
        with contextlib.suppress(queue.Empty):
            parameters = self._returns.get(timeout=max(seconds, 0))
            if parameters is None:
                self._returns.put(None)  # several threads may wait, and each must wake
            return parameters
        return None

    def close(self) -> None:
        """Stop listening, and wake every thread that waits. A second call does nothing."""
        if self._closed.is_set():
            return
        self._closed.set()
        self._returns.put(None)
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _handle(self, request: _Request) -> None:
        """Answer one request; the expected redirect goes to `wait` once its page is sent."""
        path, _, query = request.path.partition("?")
        if _decode_path(path) != self._path:
            explanation = f"Wych Kit waits for a redirect to {self._path} only."
            request.answer(HTTPStatus.NOT_FOUND, "Nothing here", explanation)
        elif request.command != "GET":
            explanation = "A browser comes back with GET. Wych Kit accepts no other method here."
            request.answer(HTTPStatus.METHOD_NOT_ALLOWED, "Only GET is accepted", explanation)
        else:
            try:
                parameters = parse_callback(f"?{query}", self.url)
            except SettingInvalid as error:
                self.last_error = error
                explanation = f"{error.observed}. Wych Kit is still waiting."
                request.answer(HTTPStatus.BAD_REQUEST, "Something is missing", explanation)
            else:
                request.send_page(HTTPStatus.OK, render_return_page(parameters))
                self._returns.put(parameters)


class _Request(BaseHTTPRequestHandler):
    """One connection of a browser, which carries one request."""

    server: _Server
    protocol_version = "HTTP/1.1"
    # Otherwise a request that is no HTTP is taken for HTTP/0.9, whose answers have no status line.
    default_request_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer any method. The base class calls the method that is named after the verb."""
        self.server.handle(self)

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_GET  # noqa: N815 - the base class names them

    def answer(self, status: HTTPStatus, title: str, explanation: str) -> None:
        """Refuse the request with a page that says why."""
        self.send_page(status, render_refusal_page(title, explanation))

    def send_page(self, status: HTTPStatus, page: str) -> None:
        """Send the page and end the connection."""
        body = page.encode("utf-8", "replace")
        # Unlike send_response, this names neither Python's version nor the time.
        self.send_response_only(status)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", "GET")  # RFC 9110 section 15.5.6 asks for it
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what is not a request. The base class's message would repeat what was sent."""
        del message, explain
        status = HTTPStatus(code)
        self.close_connection = True
        self.answer(status, status.phrase, "This is not a request that a browser would send here.")

    def log_message(self, *_: object) -> None:
        """Print nothing: a URL of a customer belongs in no log."""


class _Server(socketserver.ThreadingTCPServer):
    """One thread for each connection, with a limit to their number and to their time.

    `http.server.HTTPServer` is not used, because it asks DNS for this machine's name first.
    """

    # On Windows this option would let two programs listen at one port.
    allow_reuse_address = os.name == "posix"
    daemon_threads = True
    request_queue_size = _MAX_CONNECTIONS

    def __init__(self, port: int, handle: Callable[[_Request], None]) -> None:
        self.handle = handle
        self._deadlines: dict[socket.socket, float] = {}
        super().__init__((_HOST, port), _Request)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Start the thread of a connection. The oldest connection makes room when there are many."""
        if len(self._deadlines) >= _MAX_CONNECTIONS:
            _hang_up(next(iter(self._deadlines)))
        self._deadlines[request] = time.monotonic() + MAX_CONNECTION_SECONDS
        super().process_request(request, client_address)

    def service_actions(self) -> None:
        """End the connections whose time is over.

        A socket's own timeout starts again with each byte, so a slow sender could stay for ever.
        """
        now = time.monotonic()
        for connection, deadline in list(self._deadlines.items()):
            if deadline <= now:
                _hang_up(connection)

    def shutdown_request(self, request: Any) -> None:
        """Read the rest of a request before the connection is closed.

        With unread bytes the system resets the connection, and the browser loses the page.
        """
        with contextlib.suppress(OSError):
            request.shutdown(socket.SHUT_WR)
            while request.recv(64 * 1024):
                pass
        self.close_request(request)

    def close_request(self, request: Any) -> None:
        """Close a connection and forget its deadline."""
        self._deadlines.pop(request, None)
        super().close_request(request)

    def server_close(self) -> None:
        """Close the port and every connection."""
        super().server_close()
        for connection in list(self._deadlines):
            _hang_up(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore a browser that hangs up; show anything else, which is a bug."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


def _hang_up(connection: socket.socket) -> None:
    # Not close(): the connection's own thread still reads from it, and learns of the end this way.
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _decode_path(path: str) -> str:
    """Return a target's path; a target may be a whole URL (RFC 9112 section 3.2.2)."""
    with contextlib.suppress(ValueError):
        path = urlsplit(path).path if path.startswith("http://") else path
    return unquote(path) or "/"


def _parse_callback_url(callback_url: str) -> tuple[str, int, str]:
    """Return host, port (0: any free one) and path. Raise `SettingInvalid` for other machines."""
    if fault := check_callback(Secret(callback_url)):
        raise SettingInvalid(
            "WYCH_CALLBACK_URL", fault.reason, stage="call", reference=fault.reference
        )
    parts = urlsplit(callback_url)
    if parts.scheme != "http" or parts.hostname not in (_HOST, "localhost"):
        reason = (
            f"is not http://{_HOST} or http://localhost, so Wych Kit cannot catch the redirect."
            " Paste the URL from the browser's address bar instead"
        )
        raise SettingInvalid("WYCH_CALLBACK_URL", reason, stage="call", reference="wrong-host")
    return parts.hostname, parts.port or 0, parts.path or "/"


def _bind(port: int, handle: Callable[[_Request], None]) -> _Server:
    try:
        return _Server(port, handle)
    except OSError as error:
        fault = (
            "another program uses. Stop that program"
            if error.errno == errno.EADDRINUSE
            else "this system does not let Wych Kit use. Choose another port"
        )
        reason = (
            f"names port {port}, which {fault}, or paste the URL from the browser's address bar"
        )
    # Outside the except block, so that the error carries no traceback of a socket.
    raise SettingInvalid("WYCH_CALLBACK_URL", reason, stage="call")
