"""Reads responses: within limits, as JSON, and as the facts that refusals are judged by."""

from __future__ import annotations

import json
import time
from decimal import Decimal
from typing import TYPE_CHECKING

import httpx

from wych_kit.client import http_request, refusal_rules
from wych_kit.client.http_request import stage_of
from wych_kit.errors import Stage, Unexpected, Unreachable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from typing import Any

# The most that a discovery document, a key set or a token response may weigh. Keycloak's largest
# is about 8 KiB.
ANSWER_BYTES = 256 * 1024


class BoundedStream(httpx.SyncByteStream, httpx.AsyncByteStream):
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


def limit_answer(response: httpx.Response, started: float) -> httpx.Response:
    """Puts the limits on a response that has not been read yet. `started` is on the monotonic clock."""
    stage = stage_of(response.request)
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise Unexpected(
            "the answer is compressed although that was not asked for",
            stage=stage,
            status=response.status_code,
        )
    if not response.is_closed:
        response.stream = BoundedStream(
            response.stream, stage, started + http_request.ANSWER_SECONDS
        )
    return response


def require_json_object(response: httpx.Response, stage: Stage) -> dict[str, Any]:
    """The JSON object in a response, or `Unexpected` saying what was there instead."""
    if isinstance(found := parse_json(response), dict):
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
        reference=refusal_rules.classify_page(response.status_code, response.text[:2000])
        or "not-json",
    )


def facts_of(response: httpx.Response) -> refusal_rules.ResponseFacts:
    """The response as `refusals` judges it."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    return refusal_rules.ResponseFacts(
        response.request.url.path,
        response.status_code,
        headers,
        response.text,
        parse_json(response),
    )


def parse_json(response: httpx.Response) -> Any:
    """The JSON in a response; `None` where there is none, or one nested too deep."""
    try:
        return response.json()
    except (ValueError, RecursionError):
        return None


def host_of(response: httpx.Response) -> str:
    """Return host and port of the response's server, as in a URL."""
    return response.request.url.netloc.decode("ascii", "replace")


def parse_exact_json(response: httpx.Response) -> Any:
    """Return the JSON in a response, with decimal numbers as `Decimal`.

    Return None if there is none, or if it is nested too deep.
    """
    try:
        return json.loads(response.content, parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON (RFC 8259 section 6)")
