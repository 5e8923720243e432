"""Visit a handler as a browser does, without following redirects, within a time limit."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import httpx

from wych_kit.callback.rehearsal.cases import HEADER
from wych_kit.client.http_request import USER_AGENT, is_loopback
from wych_kit.client.httpx_errors import translate_httpx_error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wych_kit.callback.rehearsal.cases import Visit

# The start of a page is enough to find a script or a stack trace in it.
_MAX_PAGE_BYTES = 256 * 1024
_HEADERS = {
    "User-Agent": USER_AGENT,
    "Accept": "text/html,*/*;q=0.8",
    "Accept-Encoding": "identity",
    "Connection": "close",
}


@dataclass(frozen=True, slots=True)
class HandlerResponse:
    """The response to one visit.

    Without a complete response `status` is None, and `failure` says why. `content_type` is in
    small letters and without parameters. `header_injected`: a value became a header of its own.
    """

    method: str
    seconds: float
    status: int | None = None
    location: str = ""
    content_type: str = ""
    body: str = ""
    header_injected: bool = False
    failure: str = ""
    has_connected: bool = True


class Browser:
    """Keeps cookies from visit to visit, and nothing else."""

    def __init__(self, to: str, seconds: float) -> None:
        is_local = is_loopback(httpx.URL(to).host)
        self._to = to
        self._seconds = seconds
        self._http = httpx.Client(
            # Nothing secret is sent, so a self-signed certificate will do on this machine.
            verify=not is_local,
            # A proxy from the environment does not lead to this machine.
            trust_env=not is_local,
            timeout=seconds,
            headers=_HEADERS,
            event_hooks={"response": [_hide_location]},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def visit(self, visit: Visit, ids: dict[str, str]) -> HandlerResponse:
        """Send one request and return the response, or what went wrong. Raises no httpx error."""
        query = visit.query.replace("{connection}", ids["connection"])
        query = query.replace("{user}", ids["user"])
        separator = "&" if "?" in self._to else "?"
        started = time.monotonic()
        failure, has_connected = "", True
        with _limit(self._seconds) as limit:
            try:
                request = self._http.build_request(
                    visit.method, self._to + (separator + query if query else "")
                )
                if visit.prefetch:
                    request.headers["Sec-Purpose"] = "prefetch"
                request.extensions["trace"] = limit.note_stream
                with closing(self._http.send(request, stream=True)) as response:
                    result = _read_response(visit.method, response, started)
                # Otherwise the limit ended the page, which then looks complete.
                if not limit.is_over:
                    return result
            except httpx.HTTPError as error:
                if not isinstance(error, httpx.ReadTimeout) and not limit.is_over:
                    failure = translate_httpx_error(error).observed
                has_connected = not isinstance(
                    error, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError
                )
        return HandlerResponse(
            visit.method,
            time.monotonic() - started,
            failure=failure or f"the response was not complete after {self._seconds:g} s",
            has_connected=has_connected,
        )


def _hide_location(response: httpx.Response) -> None:
    """Move the Location header aside.

    httpx parses it even when it follows no redirects, and raises for a URL that it finds invalid.
    """
    response.extensions["location"] = response.headers.pop("Location", "")


def _read_response(method: str, response: httpx.Response, started: float) -> HandlerResponse:
    body = b""
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > _MAX_PAGE_BYTES:
            break
    content_type = response.headers.get("Content-Type", "").partition(";")[0]
    return HandlerResponse(
        method,
        time.monotonic() - started,
        status=response.status_code,
        location=response.extensions["location"],
        content_type=content_type.strip().lower(),
        body=body[:_MAX_PAGE_BYTES].decode("utf-8", "replace"),
        header_injected=HEADER in response.headers,
    )


class _Limit:
    """Ends a connection when its time is over.

    httpx's own timeout is for each chunk, and a handler may send one byte at a time for ever.
    """

    def __init__(self) -> None:
        self.stream: Any = None
        self.is_over = False

    def note_stream(self, event: str, info: dict[str, Any]) -> None:
        """Keep the stream in use. httpx calls this for every step of a request."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self.stream = info["return_value"]

    def end(self) -> None:
        """Shut the connection down; the thread that reads from it then sees its end."""
        self.is_over = True
        if self.stream is None:
            return
        connection = self.stream.get_extra_info("socket")
        if connection is not None:
            # The plain socket's shutdown: that of TLS frees what the other thread still reads.
            with suppress(OSError):
                socket.socket.shutdown(connection, socket.SHUT_RDWR)


@contextmanager
def _limit(seconds: float) -> Iterator[_Limit]:
    limit = _Limit()
    timer = threading.Timer(seconds, limit.end)
    timer.daemon = True
    timer.start()
    try:
        yield limit
    finally:
        timer.cancel()
