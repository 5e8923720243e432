"""What goes over the wire: limits on answers, and httpx's exceptions turned into ours, here and nowhere else."""

from __future__ import annotations

import contextlib
import ssl
import time
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import httpx

from wych_kit.client import http_request, refusal_rules
from wych_kit.client.http_request import stage_of
from wych_kit.client.httpx_errors import translated
from wych_kit.errors import Stage, Unexpected, Unreachable, WychError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from typing import Any

    Hooks = dict[str, list[Callable[..., Any]]]

ANSWER_BYTES = 256 * 1024
# The longest that the body of one of them may take to be complete, counted from the request,
# however slowly it drips. Until the body begins, it is the longest wait for any one piece:
# connecting, and each read of the headers.
TIMEOUT = httpx.Timeout(35.0, connect=10.0)


def new_client(
    *addresses: str | None, hooks: Hooks, transport: httpx.BaseTransport | None = None
) -> httpx.Client:
    """A client for these addresses, with nobody's credentials in it.

    When all are plain http they are on this machine: no certificates are loaded, which takes longer than a call, and no proxy is
    asked. Otherwise the usual variables hold (HTTPS_PROXY, SSL_CERT_FILE).
    """
    plain = all(
        (address or "http:").lower().startswith("http:") for address in addresses
    )  # a scheme may be in capitals
    return httpx.Client(
        transport=transport,
        verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if plain else True,
        trust_env=not plain,
        timeout=TIMEOUT,
        event_hooks=hooks,
    )


def ask(
    client: httpx.Client,
    request: httpx.Request,
    note: Callable[[httpx.HTTPError], None] = lambda _: None,
) -> httpx.Response:
    """Send a `plain_request` as it is, without the client's credentials or redirects, and read the answer within the limits.

    Whatever answers is returned. Raises `Unreachable` when nothing does, after telling `note` what httpx said.
    """
    failure: WychError
    started = time.monotonic()
    try:
        response = client.send(request, auth=None, follow_redirects=False, stream=True)
        with contextlib.closing(response):
            bound(response, started).read()
        return response  # noqa: TRY300 - the failure is raised below, out of the exception's reach
    except httpx.HTTPError as error:
        note(error)
        failure = translated(error)
    raise failure


class Bounded(httpx.SyncByteStream, httpx.AsyncByteStream):
    """An answer's bytes, up to a size and a moment; past either it raises `Unexpected`."""

    def __init__(
        self, stream: httpx.SyncByteStream | httpx.AsyncByteStream, stage: Stage, deadline: float
    ) -> None:
        self._stream = stream
        self._stage = stage
        self._deadline = deadline
        self._left = ANSWER_BYTES

    def _count(self, chunk: bytes) -> bytes:
        self._left -= len(chunk)
        if self._left < 0:
            raise Unexpected(
                f"the answer is longer than {ANSWER_BYTES // 1024} KiB",
                stage=self._stage,
                reference="answer-too-long",
            )
        if time.monotonic() > self._deadline:
            raise Unreachable(
                f"the answer was not complete after {http_request.ANSWER_SECONDS:.0f} seconds",
                stage=self._stage,
                reference="timeout",
            )
        return chunk

    def __iter__(self) -> Iterator[bytes]:
        assert isinstance(self._stream, httpx.SyncByteStream)  # noqa: S101 - httpx pairs clients and streams
        for chunk in self._stream:
            yield self._count(chunk)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        assert isinstance(self._stream, httpx.AsyncByteStream)  # noqa: S101 - as above
        async for chunk in self._stream:
            yield self._count(chunk)

    def close(self) -> None:
        """Let the connection go."""
        assert isinstance(self._stream, httpx.SyncByteStream)  # noqa: S101 - as above
        self._stream.close()

    async def aclose(self) -> None:
        """Let the connection go."""
        assert isinstance(self._stream, httpx.AsyncByteStream)  # noqa: S101 - as above
        await self._stream.aclose()


def bound(response: httpx.Response, started: float) -> httpx.Response:
    """Puts the limits on a response that has not been read yet. `started` is on the monotonic clock."""
    stage = stage_of(response.request)
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise Unexpected(
            "the answer is compressed although that was not asked for",
            stage=stage,
            status=response.status_code,
        )
    if not response.is_closed:
        response.stream = Bounded(response.stream, stage, started + http_request.ANSWER_SECONDS)
    return response


def json_object(response: httpx.Response, stage: Stage) -> dict[str, Any]:
    """The JSON object in a response, or `Unexpected` saying what was there instead."""
    if isinstance(found := parsed(response), dict):
        return found
    del found  # it may be a token, and the traceback would show it
    kind = response.headers.get("Content-Type", "no content type")
    what = (
        "a web page" if b"<html" in response.content[:2000].lower() else f"something else ({kind})"
    )
    raise Unexpected(
        f"{host_of(response)} answered {response.status_code} with {what} where a JSON object"
        " was due",
        stage=stage,
        status=response.status_code,
        reference=refusal_rules.page(response.status_code, response.text[:2000]) or "not-json",
    )


def answered(response: httpx.Response) -> refusal_rules.Answered:
    """The response as `refusals` judges it."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    return refusal_rules.Answered(
        response.request.url.path, response.status_code, headers, response.text, parsed(response)
    )


def parsed(response: httpx.Response) -> Any:
    """The JSON in a response; `None` where there is none, or one nested too deep."""
    try:
        return response.json()
    except (ValueError, RecursionError):
        return None


def host_of(response: httpx.Response) -> str:
    """Host and port that gave the answer, as they are written in an address."""
    return response.request.url.netloc.decode("ascii", "replace")


def retry_after(value: str | None, now: float | None = None) -> float | None:
    """Seconds that a `Retry-After` header asks to wait, from either of its forms; `None` for none or nonsense.

    A date in the past is 0. `now` is wall clock, seconds since the epoch. Source: RFC 9110 §10.2.3.
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    with contextlib.suppress(ValueError, TypeError, IndexError, OverflowError):
        date = parsedate_to_datetime(text)
        date = (
            date if date.tzinfo else date.replace(tzinfo=UTC)
        )  # the asctime form names no zone and means GMT
        return max(0.0, date.timestamp() - (time.time() if now is None else now))
    return None
