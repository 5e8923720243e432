"""Record the exchanges of httpx clients, redacted as they are captured.

    journal = Journal()
    client = httpx.Client(auth=auth, event_hooks=journal.hooks())
    journal.exchanges[-1]

A secret is never stored, so everything in a journal may be shown to anybody.
"""

from __future__ import annotations

import time
import zlib
from collections import deque
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx

from wych_kit.client.http_request import BASIS
from wych_kit.client.journal.redaction import CAPTURE_BYTES, KEEP_CHARACTERS, Redactor

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator
    from typing import Any

    from wych_kit.secret import Secret

# Extensions of a request, which httpx carries along and does not send.
_STARTED = "wych_kit.started"
_EXCHANGE = "wych_kit.exchange"
# Set on requests for a customer's own data.
CUSTOMER_DATA = "wych_kit.customers"
# Header lines of each side that are kept.
MAX_HEADERS = 100

Headers = list[tuple[str, str]]


@dataclass(slots=True)
class Exchange:
    """One request and its response, without secrets.

    `started` is ISO 8601 in UTC. `seconds` ends with the last byte of the response; it is None
    until then. `status` is None if there was no response; `error` says why, or why it ended early.
    `request_lacks` says why `request_body` is not the body as sent, secrets aside, or is empty.
    `basis` says how well the endpoint is known. `whose` is "customer" for a customer's own data.
    """

    started: str
    method: str
    url: str
    request_headers: Headers
    request_body: str
    status: int | None = None
    reason: str = ""
    http_version: str = ""
    response_headers: Headers = field(default_factory=list)
    response_body: str = ""
    seconds: float | None = None
    error: str = ""
    request_lacks: str = ""
    basis: str = ""
    whose: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as plain data for JSON. The history on the disk has these names too."""
        return asdict(self)

    @classmethod
    def from_dict(cls, facts: dict[str, Any]) -> Exchange:
        """Return the exchange that `as_dict` was called on.

        Raises `KeyError`, `TypeError` or `ValueError` for anything else: the file may be damaged.
        """
        headers: dict[str, Headers] = {
            name: [(key, value) for key, value in facts[name]]
            for name in ("request_headers", "response_headers")
        }
        numbers = [facts.get(name) for name in ("status", "seconds")]
        texts = [
            value for name, value in facts.items() if name not in (*headers, "status", "seconds")
        ]
        texts += [part for rows in headers.values() for row in rows for part in row]
        if not all(isinstance(text, str) for text in texts) or not all(
            isinstance(number, int | float | None) for number in numbers
        ):
            raise TypeError("not an exchange")
        return cls(**{**facts, **headers})


class Journal:
    """Keeps the last `keep` exchanges of the clients that it is hooked into.

    `known` secrets, by name, are replaced by value from the start.
    """

    def __init__(self, *, keep: int = 100, known: Iterable[tuple[str, Secret]] = ()) -> None:
        self._exchanges: deque[Exchange] = deque(maxlen=keep)
        self.redactor = Redactor(known)

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """The recorded exchanges, oldest first."""
        return tuple(self._exchanges)

    def hooks(self) -> dict[str, list[Callable[..., Any]]]:
        """Return the hooks for `httpx.Client(event_hooks=…)`.

        httpx calls them for the discovery and token requests of `WychAuth` too.
        """
        return {"request": [_start_clock], "response": [self._record_response]}

    def async_hooks(self) -> dict[str, list[Callable[..., Any]]]:
        """Return the hooks for `httpx.AsyncClient(event_hooks=…)`."""

        async def start_clock(request: httpx.Request) -> None:
            _start_clock(request)

        async def record_response(response: httpx.Response) -> None:
            self._record_response(response)

        return {"request": [start_clock], "response": [record_response]}

    def record_failure(self, error: httpx.HTTPError) -> None:
        """Record a request whose response is missing or incomplete.

        httpx has no hook for that, so the code that catches the exception calls this.
        """
        try:
            request = error.request
        except RuntimeError:  # httpx raised it before there was a request
            return
        exchange = request.extensions.get(_EXCHANGE) or self._record_request(request)
        exchange.seconds = _seconds(request)
        exchange.error = self.redactor.redact_text(f"{type(error).__name__}: {error}")

    def _record_request(self, request: httpx.Request) -> Exchange:
        try:
            content = request.content
            # Looking a header up costs more than the rest of an empty body.
            content_type = request.headers.get("Content-Type", "") if content else ""
            body = self.redactor.redact_body(content, content_type)
            lacks = _explain_missing_body(content, body)
        except httpx.RequestNotRead:
            body, lacks = "(a stream, not kept)", "it was a stream"
        when, _ = request.extensions.get(_STARTED) or (datetime.now(UTC), 0.0)
        exchange = Exchange(
            started=when.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            method=request.method,
            request_headers=self._redact_headers(request.headers),
            url=_shorten(self.redactor.redact_url(request.url)),
            request_body=body,
            request_lacks=lacks,
            basis=request.extensions.get(BASIS, ""),
            whose="customer" if request.extensions.get(CUSTOMER_DATA) else "",
        )
        request.extensions[_EXCHANGE] = exchange
        self._exchanges.append(exchange)
        return exchange

    def _redact_headers(self, headers: httpx.Headers) -> Headers:
        # `multi_items` finds out the encoding again for every name and value.
        encoding = headers.encoding
        pairs = [
            (name.lower().decode(encoding), value.decode(encoding)) for name, value in headers.raw
        ]
        rows = self.redactor.redact_headers(pairs)
        return [(_shorten(name), _shorten(value)) for name, value in rows[:MAX_HEADERS]]

    def _record_response(self, response: httpx.Response) -> None:
        exchange = self._record_request(response.request)
        exchange.status = response.status_code
        exchange.reason = response.reason_phrase
        exchange.http_version = response.http_version
        exchange.response_headers = self._redact_headers(response.headers)

        def complete(content: bytes) -> None:
            exchange.seconds = _seconds(response.request)
            exchange.response_body = self.redactor.redact_body(
                *_decompress(content, response.headers)
            )

        # A streamed response is recorded as the caller reads it: reading it here would end the stream.
        if response.is_closed:
            complete(response.content)
        else:
            response.stream = _TappedStream(response.stream, complete)


class _TappedStream(httpx.SyncByteStream, httpx.AsyncByteStream):
    """Passes a stream on, keeps its first bytes, and calls `complete` when it is closed."""

    def __init__(self, stream: Any, complete: Callable[[bytes], None]) -> None:
        self._stream = stream
        self._complete = complete
        self._head = bytearray()

    def _keep_head(self, chunk: bytes) -> bytes:
        self._head += chunk[: CAPTURE_BYTES - len(self._head)]
        return chunk

    def __iter__(self) -> Iterator[bytes]:
        return map(self._keep_head, self._stream)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            yield self._keep_head(chunk)

    def close(self) -> None:
        self._stream.close()
        self._end()

    async def aclose(self) -> None:
        await self._stream.aclose()
        self._end()

    def _end(self) -> None:
        complete, self._complete = self._complete, lambda _: None
        complete(bytes(self._head))
        # The bytes may be a token, and they would live as long as the response.
        self._head.clear()


def _explain_missing_body(content: bytes, kept: str) -> str:
    if len(content) >= CAPTURE_BYTES or len(kept) > KEEP_CHARACTERS:
        return "it is too long"
    try:
        return "it is not plain text" if "\0" in content.decode() else ""
    except UnicodeDecodeError:
        return "it is not plain text"


def _shorten(text: str) -> str:
    return text if len(text) <= KEEP_CHARACTERS else text[:KEEP_CHARACTERS] + "…"


def _start_clock(request: httpx.Request) -> None:
    # The same request may be sent again, with a new token, and is then a new exchange.
    request.extensions.pop(_EXCHANGE, None)
    request.extensions[_STARTED] = (datetime.now(UTC), time.perf_counter())


def _seconds(request: httpx.Request) -> float | None:
    _, began = request.extensions.get(_STARTED) or (None, None)
    return None if began is None else round(time.perf_counter() - began, 6)


def _decompress(content: bytes, headers: httpx.Headers) -> tuple[bytes, str]:
    """Return the start of the decompressed body, and its type."""
    content_type = headers.get("Content-Type", "")
    encoding = headers.get("Content-Encoding", "identity").lower()
    if encoding == "identity" or not content:
        return content, content_type
    if encoding in ("gzip", "deflate"):
        # Limited, because a small response may decompress to one that fills the memory.
        try:
            return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(
                content, CAPTURE_BYTES
            ), content_type
        except zlib.error:
            pass
    return f"({len(content)} bytes, compressed with {encoding}, not kept)".encode(), ""
