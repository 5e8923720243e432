"""Every exchange, redacted as it is captured, never later: what a journal holds may be shown to anyone.

journal = Journal()
client = httpx.Client(auth=auth, event_hooks=journal.hooks())        # or httpx.AsyncClient with journal.async_hooks()
journal.exchanges[-1]
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

_STARTED = "wych_kit.started"
_EXCHANGE = "wych_kit.exchange"
# The extension of a request that says what our knowledge of the call rests on.
# The extension of a request for a customer's own data.
CUSTOMER_DATA = "wych_kit.customers"
# How many header lines of each side are kept.
MAX_HEADERS = 100

Headers = list[tuple[str, str]]


@dataclass(slots=True)
class Exchange:
    """One request and what came of it, without secrets.

    `started` is ISO 8601 in UTC; `seconds` runs from the request to the last byte of the answer, `None` while it is under way.
    `status` is `None` when nothing answered; `error` says why, or what broke an answer off.
    `request_lacks` says why `request_body` is not the body as it was sent; empty when it is, but for secrets. `basis` is that of the
    call, empty where nobody said; `whose` is "customer" where the answer is a customer's own data.
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
        """The same as plain data, fit for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, facts: dict[str, Any]) -> Exchange:
        """The opposite of `as_dict`. Raises `KeyError`, `TypeError` or `ValueError` for anything else."""
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
            isinstance(each, int | float | None) for each in numbers
        ):
            raise TypeError("not an exchange")
        return cls(**{**facts, **headers})


class Journal:
    """The last `keep` exchanges of the clients it is hooked into, oldest first. `known` secrets are taken out by value from the start."""

    def __init__(self, *, keep: int = 100, known: Iterable[tuple[str, Secret]] = ()) -> None:
        self._exchanges: deque[Exchange] = deque(maxlen=keep)
        self.redactor = Redactor(known)

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """What is kept, oldest first."""
        return tuple(self._exchanges)

    def hooks(self) -> dict[str, list[Callable[..., Any]]]:
        """For `httpx.Client(event_hooks=…)`. httpx calls them for discovery and token requests of `WychAuth` too."""
        return {"request": [_start], "response": [self._answered]}

    def async_hooks(self) -> dict[str, list[Callable[..., Any]]]:
        """For `httpx.AsyncClient(event_hooks=…)`."""

        async def start(request: httpx.Request) -> None:
            _start(request)

        async def answered(response: httpx.Response) -> None:
            self._answered(response)

        return {"request": [start], "response": [answered]}

    def record_failure(self, error: httpx.HTTPError) -> None:
        """Note a request that got no answer, or not all of it; httpx has no hook for that, so whoever catches the exception says so."""
        try:
            request = error.request
        except RuntimeError:
            return
        exchange = request.extensions.get(_EXCHANGE) or self._noted(request)
        exchange.seconds = _seconds(request)
        exchange.error = self.redactor.redact_text(f"{type(error).__name__}: {error}")

    def _noted(self, request: httpx.Request) -> Exchange:
        try:
            content = request.content
            # Looking a header up costs more than the rest of an empty body.
            kind = request.headers.get("Content-Type", "") if content else ""
            body = self.redactor.redact_body(content, kind)
            lacks = _lacking(content, body)
        except httpx.RequestNotRead:
            body, lacks = "(a stream, not kept)", "it was a stream"
        when, _ = request.extensions.get(_STARTED) or (datetime.now(UTC), 0.0)
        exchange = Exchange(
            started=when.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            method=request.method,
            request_headers=self._headers(request.headers),
            url=_short(self.redactor.redact_url(request.url)),
            request_body=body,
            request_lacks=lacks,
            basis=request.extensions.get(BASIS, ""),
            whose="customer" if request.extensions.get(CUSTOMER_DATA) else "",
        )
        request.extensions[_EXCHANGE] = exchange
        self._exchanges.append(exchange)
        return exchange

    def _headers(self, headers: httpx.Headers) -> Headers:
        # `multi_items` finds out the encoding again for every name and value.
        encoding = headers.encoding
        pairs = [
            (name.lower().decode(encoding), value.decode(encoding)) for name, value in headers.raw
        ]
        rows = self.redactor.redact_headers(pairs)
        return [(_short(name), _short(value)) for name, value in rows[:MAX_HEADERS]]

    def _answered(self, response: httpx.Response) -> None:
        exchange = self._noted(response.request)
        exchange.status = response.status_code
        exchange.reason = response.reason_phrase
        exchange.http_version = response.http_version
        exchange.response_headers = self._headers(response.headers)

        def complete(content: bytes) -> None:
            exchange.seconds = _seconds(response.request)
            exchange.response_body = self.redactor.redact_body(*_decoded(content, response.headers))

        if response.is_closed:
            complete(response.content)
        else:
            response.stream = _Overheard(response.stream, complete)


class _Overheard(httpx.SyncByteStream, httpx.AsyncByteStream):
    """Passes a stream on, keeps its first bytes, and tells when it is closed."""

    def __init__(self, stream: Any, complete: Callable[[bytes], None]) -> None:
        self._stream = stream
        self._complete = complete
        self._head = bytearray()

    def _heard(self, chunk: bytes) -> bytes:
        self._head += chunk[: CAPTURE_BYTES - len(self._head)]
        return chunk

    def __iter__(self) -> Iterator[bytes]:
        return map(self._heard, self._stream)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            yield self._heard(chunk)

    def close(self) -> None:
        self._stream.close()
        self._end()

    async def aclose(self) -> None:
        await self._stream.aclose()
        self._end()

    def _end(self) -> None:
        complete, self._complete = self._complete, lambda _: None
        complete(bytes(self._head))
        self._head.clear()  # it may be a token, and whoever holds the response holds this


def _lacking(content: bytes, kept: str) -> str:
    if len(content) >= CAPTURE_BYTES or len(kept) > KEEP_CHARACTERS:
        return "it is too long"
    try:
        return "it is not plain text" if "\0" in content.decode() else ""
    except UnicodeDecodeError:
        return "it is not plain text"


def _short(text: str) -> str:
    return text if len(text) <= KEEP_CHARACTERS else text[:KEEP_CHARACTERS] + "…"


def _start(request: httpx.Request) -> None:
    request.extensions.pop(
        _EXCHANGE, None
    )  # the same request may be sent again, with another token
    request.extensions[_STARTED] = (datetime.now(UTC), time.perf_counter())


def _seconds(request: httpx.Request) -> float | None:
    _, began = request.extensions.get(_STARTED) or (None, None)
    return None if began is None else round(time.perf_counter() - began, 6)


def _decoded(content: bytes, headers: httpx.Headers) -> tuple[bytes, str]:
    """The bytes and their type, unpacked as far as is kept; a small answer must not fill the memory."""
    kind = headers.get("Content-Type", "")
    encoding = headers.get("Content-Encoding", "identity").lower()
    if encoding == "identity" or not content:
        return content, kind
    if encoding in ("gzip", "deflate"):
        try:
            return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(content, CAPTURE_BYTES), kind
        except zlib.error:
            pass
    return f"({len(content)} bytes, compressed with {encoding}, not kept)".encode(), ""
