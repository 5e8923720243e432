"""Where credentials may go: one origin, and never along a redirect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from wych_kit.client.wire import is_loopback
from wych_kit.errors import SettingInvalid, Unexpected

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any

    Trace = Callable[[str, dict[str, Any]], None]
    AsyncTrace = Callable[[str, dict[str, Any]], Awaitable[None]]

_Origin = tuple[bytes, bytes, int | None]


class Destination:
    """The origin (scheme, host, port) that the API key and the bearer token may be sent to.

    It is the one of `api_url`, or else the first that is asked about. Plain http is allowed on loopback only.
    """

    def __init__(self, api_url: str | None) -> None:
        self._origin: _Origin | None = None
        if api_url is not None:
            self.check(httpx.URL(api_url))

    def check(self, url: httpx.URL) -> None:
        """Raises `SettingInvalid` when the address is not at this origin."""
        origin = (url.raw_scheme, url.raw_host, url.port)
        if origin == self._origin:
            return
        if self._origin is not None:
            raise SettingInvalid(
                "WYCH_API_URL",
                f"is at {_written(self._origin)}, and the credentials for it are not sent to {_written(origin)}",
                stage="call",
                reference="wrong-host",
            )
        if url.scheme != "https" and not (url.scheme == "http" and is_loopback(url.host)):
            raise SettingInvalid(
                "WYCH_API_URL", "must start with https:// (http only on loopback)", stage="call", reference="not-https"
            )
        self._origin = origin


def _written(origin: _Origin) -> str:
    scheme, host, port = origin
    return f"{scheme.decode()}://{host.decode()}{f':{port}' if port else ''}"


def not_redirected(request: httpx.Request) -> Trace:
    """A trace function for httpx's `trace` extension that lets this request through, and nothing that a redirect makes of it.

    httpx hands a request's extensions on to the request that a redirect leads to, and asks no one else before it is sent: a
    client that follows redirects would forward the API key, and after a 307 the form with the client secret, to any host.
    """
    url = request.url
    inner = request.extensions.get("trace")

    def trace(event: str, info: dict[str, Any]) -> None:
        if event.endswith("send_request_headers.started"):
            _compare(info["request"], url)
        if inner is not None:
            inner(event, info)

    return trace


def not_redirected_async(request: httpx.Request) -> AsyncTrace:
    """`not_redirected` for an `httpx.AsyncClient`."""
    url = request.url
    inner = request.extensions.get("trace")

    async def trace(event: str, info: dict[str, Any]) -> None:
        if event.endswith("send_request_headers.started"):
            _compare(info["request"], url)
        if inner is not None:
            await inner(event, info)

    return trace


def _compare(sending: Any, meant: httpx.URL) -> None:
    to = sending.url
    if (to.target, to.host, to.scheme, to.port) == (meant.raw_path, meant.raw_host, meant.raw_scheme, meant.port):
        return
    # A proxy is told the whole address (http), or asked for a tunnel first (https).
    if sending.method == b"CONNECT" or to.target == str(meant).encode("ascii", "replace"):
        return
    raise Unexpected(
        f"{meant.netloc.decode('ascii', 'replace')} answered with a redirect; redirects are not followed with credentials",
        stage="call",
        reference="redirected",
    )
