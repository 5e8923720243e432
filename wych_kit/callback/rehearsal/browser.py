"""One visit at a handler, as a browser makes it: over httpx, without following redirects, within a hard limit of time."""

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

_MOST = 256 * 1024  # bytes of a page that are looked at
_HEADERS = {
    "User-Agent": USER_AGENT,
    "Accept": "text/html,*/*;q=0.8",
    "Accept-Encoding": "identity",
    "Connection": "close",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a visit. Without a `status` nothing came, and `failure` says why; `reached`: whether there was a connection."""

    method: str
    seconds: float
    status: int | None = None
    location: str = ""
    kind: str = ""
    body: str = ""
    injected: bool = False
    failure: str = ""
    reached: bool = True


class Browser:
    """Keeps cookies from visit to visit, and nothing else. `seconds` is the longest that one may take."""

    def __init__(self, to: str, seconds: float) -> None:
        here = is_loopback(httpx.URL(to).host)
        self._to = to
        self._seconds = seconds
        # A certificate made for this machine is fine there, as nothing secret is sent; and no proxy leads here.
        self._http = httpx.Client(
            verify=not here,
            trust_env=not here,
            timeout=seconds,
            headers=_HEADERS,
            event_hooks={"response": [_keep_from_httpx]},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def visit(self, visit: Visit, ids: dict[str, str]) -> Answer:
        """Whatever comes of it; never longer than the limit."""
        query = visit.query.replace("{connection}", ids["connection"]).replace(
            "{user}", ids["user"]
        )
        joint = "&" if "?" in self._to else "?"
        started = time.monotonic()
        failure, reached = "", True
        with _limit(self._seconds) as limit:
            try:
                request = self._http.build_request(
                    visit.method, self._to + (joint + query if query else "")
                )
                if visit.prefetch:
                    request.headers["Sec-Purpose"] = "prefetch"
                request.extensions["trace"] = limit.note
                with closing(self._http.send(request, stream=True)) as response:
                    answer = _answer(visit.method, response, started)
                if not limit.is_over:  # else what ended the page was us
                    return answer
            except httpx.HTTPError as error:
                failure = (
                    ""
                    if isinstance(error, httpx.ReadTimeout) or limit.is_over
                    else translate_httpx_error(error).observed
                )
                reached = not isinstance(
                    error, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError
                )
        words = failure or f"it was not complete after {self._seconds:g} s"
        return Answer(visit.method, time.monotonic() - started, failure=words, reached=reached)


def _keep_from_httpx(response: httpx.Response) -> None:
    """Takes away where the browser is sent: httpx reads that although it does not follow, and gives up on what is no address to it."""
    response.extensions["location"] = response.headers.pop("Location", "")


def _answer(method: str, response: httpx.Response, started: float) -> Answer:
    body = b""
    for piece in response.iter_bytes():
        body += piece
        if len(body) > _MOST:
            break
    return Answer(
        method,
        time.monotonic() - started,
        response.status_code,
        response.extensions["location"],
        response.headers.get("Content-Type", "").partition(";")[0].strip().lower(),
        body[:_MOST].decode("utf-8", "replace"),
        HEADER in response.headers,
    )


class _Limit:
    """Ends a connection when its time is over. httpx's own limit is for each piece, and a handler may send one at a time for ever."""

    def __init__(self) -> None:
        self.stream: Any = None
        self.is_over = False

    def note(self, event: str, info: dict[str, Any]) -> None:
        """Called by httpx for all that it does; keeps the stream in use."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self.stream = info["return_value"]

    def cut(self) -> None:
        """Whoever reads from it then learns that it has ended."""
        self.is_over = True
        if self.stream is not None and (open_ := self.stream.get_extra_info("socket")) is not None:
            with suppress(OSError):
                socket.socket.shutdown(
                    open_, socket.SHUT_RDWR
                )  # that of TLS would pull the ground from under its reader


@contextmanager
def _limit(seconds: float) -> Iterator[_Limit]:
    limit = _Limit()
    timer = threading.Timer(seconds, limit.cut)
    timer.daemon = True
    timer.start()
    try:
        yield limit
    finally:
        timer.cancel()
