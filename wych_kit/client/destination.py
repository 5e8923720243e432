"""Limits where credentials may go: one origin, and never along a redirect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wych_kit.client.http_request import STAGE, is_loopback, parse_url
from wych_kit.errors import SettingInvalid, Unexpected

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from typing import Any

    import httpx

    from wych_kit.errors import Stage

    Trace = Callable[[str, dict[str, Any]], None]
    AsyncTrace = Callable[[str, dict[str, Any]], Awaitable[None]]

_Origin = tuple[bytes, bytes, int | None]
_SENDING = "send_request_headers.started"


class Destination:
    """The origin (scheme, host, port) that the API key and the bearer token may be sent to.

    It is that of `api_url`, or else the first URL that is checked. Plain http is allowed on
    loopback only.
    """

    def __init__(self, api_url: str | None) -> None:
        self._origins: dict[str, _Origin] = {}
        if api_url is not None:
            url = parse_url(api_url)
            if url is None:
                raise SettingInvalid(
                    "WYCH_API_URL",
                    "is not a valid URL",
                    stage="call",
                    reference="bad-address",
                )
            self.check(url)

    def check(self, url: httpx.URL) -> None:
        """Raise `SettingInvalid` if the URL is not at this origin."""
        origin = (url.raw_scheme, url.raw_host, url.port)
        allowed = self._origins.get("origin")
        if allowed is None:
            _check_scheme(url)
            # In one step: of two threads with two hosts, one is the first.
            allowed = self._origins.setdefault("origin", origin)
        if allowed != origin:
            raise SettingInvalid(
                "WYCH_API_URL",
                f"is at {_format_origin(allowed)}, so the kit does not send the credentials to"
                f" {_format_origin(origin)}",
                stage="call",
                reference="wrong-host",
            )


def _check_scheme(url: httpx.URL) -> None:
    if url.scheme != "https" and not (url.scheme == "http" and is_loopback(url.host)):
        raise SettingInvalid(
            "WYCH_API_URL",
            "must start with https:// (http only on loopback)",
            stage="call",
            reference="not-https",
        )


def _format_origin(origin: _Origin) -> str:
    scheme, host, port = origin
    return f"{scheme.decode()}://{host.decode()}{f':{port}' if port else ''}"


class _Guarded(dict[str, "Any"]):
    """A copy of a request's extensions that adds a `trace` function to every copy of itself."""

    __slots__ = ("tasks", "url")
    tasks: bool
    url: httpx.URL

    def __iter__(self) -> Iterator[str]:
        # Without this, dict() copies the underlying items and calls neither of the other two.
        return iter(self.keys())

    def keys(self) -> Any:
        return super().keys() | {"trace"}

    def __getitem__(self, name: str) -> Any:
        if name == "trace":
            make_trace = _make_async_trace if self.tasks else _make_trace
            return make_trace(self.url, self.get("trace"), self.get(STAGE, "call"))
        return super().__getitem__(name)


# A client that follows redirects would forward the API key to any host, and after a 307 the form
# with the client secret too. It asks nobody before. But it copies the request's extensions to the
# next request, among them `trace`, which httpcore calls before it sends. The first request itself
# gets no trace function: that would cost more than everything else here together.
def refuse_redirects(request: httpx.Request, *, tasks: bool) -> None:
    """Let this request through, but no request that a redirect makes of it.

    `tasks`: True for a request of an `httpx.AsyncClient`.
    """
    extensions = request.extensions
    if isinstance(extensions, _Guarded) and extensions.url == request.url:
        return  # the same request is sent again
    request.extensions = guarded = _Guarded(extensions)
    guarded.url = request.url
    guarded.tasks = tasks


def _make_trace(url: httpx.URL, inner: Trace | None, stage: Stage) -> Trace:
    def trace(event: str, info: dict[str, Any]) -> None:
        if event.endswith(_SENDING):
            _refuse_different_url(info["request"], url, stage)
        if inner is not None:
            inner(event, info)

    return trace


def _make_async_trace(url: httpx.URL, inner: AsyncTrace | None, stage: Stage) -> AsyncTrace:
    async def trace(event: str, info: dict[str, Any]) -> None:
        if event.endswith(_SENDING):
            _refuse_different_url(info["request"], url, stage)
        if inner is not None:
            await inner(event, info)

    return trace


def _refuse_different_url(request: Any, expected: httpx.URL, stage: Stage) -> None:
    url = request.url
    if (url.target, url.host, url.scheme, url.port) == (
        expected.raw_path,
        expected.raw_host,
        expected.raw_scheme,
        expected.port,
    ):
        return
    # A proxy gets the whole URL (http), or a request for a tunnel first (https).
    if request.method == b"CONNECT" or url.target == str(expected).encode("ascii", "replace"):
        return
    raise Unexpected(
        f"{expected.netloc.decode('ascii', 'replace')} answered with a redirect, which the kit does"
        " not follow with credentials",
        stage=stage,
        reference="redirected",
    )
