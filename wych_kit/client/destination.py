"""Where credentials may go: one origin, and never along a redirect."""

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

    It is the one of `api_url`, or else the first that is asked about. Plain http is allowed on loopback only.
    """

    def __init__(self, api_url: str | None) -> None:
        self._held: dict[str, _Origin] = {}
        if api_url is not None:
            url = parse_url(api_url)
            if url is None:
                raise SettingInvalid(
                    "WYCH_API_URL",
                    "is no address that can be called",
                    stage="call",
                    reference="bad-address",
                )
            self.check(url)

    def check(self, url: httpx.URL) -> None:
        """Raises `SettingInvalid` when the address is not at this origin."""
        origin = (url.raw_scheme, url.raw_host, url.port)
        held = self._held.get("origin")
        if held is None:
            _check_scheme(url)
            held = self._held.setdefault(
                "origin", origin
            )  # in one step: of two threads with two hosts, one is the first
        if held != origin:
            raise SettingInvalid(
                "WYCH_API_URL",
                f"is at {_written(held)}, and the credentials for it are not sent to"
                f" {_written(origin)}",
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


def _written(origin: _Origin) -> str:
    scheme, host, port = origin
    return f"{scheme.decode()}://{host.decode()}{f':{port}' if port else ''}"


class _Guarded(dict[str, "Any"]):
    """A request's extensions as they were; whoever copies them onto another request takes the guard along."""

    __slots__ = ("tasks", "url")
    tasks: bool
    url: httpx.URL

    def __iter__(self) -> Iterator[str]:
        return iter(
            self.keys()
        )  # without this, dict() copies what lies underneath and asks neither of the other two

    def keys(self) -> Any:
        return super().keys() | {"trace"}

    def __getitem__(self, name: str) -> Any:
        if name == "trace":
            return (_async_guard if self.tasks else _guard)(
                self.url, self.get("trace"), self.get(STAGE, "call")
            )
        return super().__getitem__(name)


def refuse_redirects(request: httpx.Request, *, tasks: bool) -> None:
    """Lets this request through, and nothing that a redirect makes of it. `tasks` for a request of an `httpx.AsyncClient`.

    A client that follows redirects would forward the API key, and after a 307 the form with the client secret, to any host, and
    asks no one before. But it hands a copy of the request's extensions on, among them `trace`, which httpcore calls before it sends.
    The request itself has no trace function of ours: on a cached token it would cost more than all else here together.
    """
    before = request.extensions
    if isinstance(before, _Guarded) and before.url == request.url:
        return  # it is sent once more
    request.extensions = after = _Guarded(before)
    after.url = request.url
    after.tasks = tasks


def _guard(url: httpx.URL, inner: Trace | None, stage: Stage) -> Trace:
    def trace(event: str, info: dict[str, Any]) -> None:
        if event.endswith(_SENDING):
            _compare(info["request"], url, stage)
        if inner is not None:
            inner(event, info)

    return trace


def _async_guard(url: httpx.URL, inner: AsyncTrace | None, stage: Stage) -> AsyncTrace:
    async def trace(event: str, info: dict[str, Any]) -> None:
        if event.endswith(_SENDING):
            _compare(info["request"], url, stage)
        if inner is not None:
            await inner(event, info)

    return trace


def _compare(sending: Any, meant: httpx.URL, stage: Stage) -> None:
    to = sending.url
    if (to.target, to.host, to.scheme, to.port) == (
        meant.raw_path,
        meant.raw_host,
        meant.raw_scheme,
        meant.port,
    ):
        return
    # A proxy is told the whole address (http), or asked for a tunnel first (https).
    if sending.method == b"CONNECT" or to.target == str(meant).encode("ascii", "replace"):
        return
    raise Unexpected(
        f"{meant.netloc.decode('ascii', 'replace')} answered with a redirect; redirects are not"
        " followed with credentials",
        stage=stage,
        reference="redirected",
    )
