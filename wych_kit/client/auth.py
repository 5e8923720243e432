"""`WychAuth`: a bearer token and an API key on every call, for anyone's own httpx client.

The logic is one generator that neither sends nor waits (`_flow`, on top of `TokenSource`): it yields what should happen, and two
small drivers, one for threads and one for tasks, make it happen. What they yield, httpx sends through the client it belongs to.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Generator
from typing import TYPE_CHECKING, Literal, cast

import httpx

from wych_kit.client.backoff import PATIENCE
from wych_kit.client.guard import Destination, not_redirected, not_redirected_async
from wych_kit.client.sharing import TokenFile
from wych_kit.client.source import Pause, TokenSource
from wych_kit.client.wire import bound
from wych_kit.secret import Secret

if TYPE_CHECKING:
    from pathlib import Path

    from wych_kit.client.discovery import Provider
    from wych_kit.client.sharing import Flight
    from wych_kit.client.source import Flow
    from wych_kit.client.token import Token

Sends = Generator[httpx.Request, httpx.Response, "Token"]


class WychAuth(httpx.Auth):
    """Puts `Authorization: Bearer …` and `x-api-key: …` on each request, and looks after the token.

    Use it as `httpx.Client(base_url=api_url, auth=auth)` or with an `httpx.AsyncClient`; one object serves any number of clients,
    threads and tasks. Nothing is sent until the first request. Then the issuer's discovery document is fetched and checked, one
    token is asked for and used until shortly before its end, by everybody; after a 401 there is one new token and one more try.

    `issuer_url`, `client_id`: as the portal shows them. `client_secret`, `api_key`: texts or `Secret`s.
    `api_url`: where the credentials may go. Without it, the first host the object is used for; any other host is refused.
    `token_cache`: "disk" shares the token with the user's other processes through a file only they can read; "memory" does not.
    `home`: the folder for that file; the user's cache directory when `None`.

    Using it raises `Refused`, `Unexpected` or `Unreachable` (stages "discovery" and "token"), `SettingInvalid` for a request to
    another host, and httpx's own exceptions when a connection fails in a client that is not ours.
    """

    def __init__(
        self,
        *,
        issuer_url: str,
        client_id: str,
        client_secret: str | Secret,
        api_key: str | Secret,
        api_url: str | None = None,
        token_cache: Literal["disk", "memory"] = "disk",
        home: Path | None = None,
    ) -> None:
        self.issuer_url = issuer_url
        self.client_id = client_id
        secret = Secret(client_secret)
        self._api_key = Secret(api_key)
        self._destination = Destination(api_url)
        self._refused: Token | None = None  # the last one that got a 401, until some call succeeds
        file = TokenFile(home, issuer_url, client_id, secret) if token_cache == "disk" else None
        self._source = TokenSource(issuer_url, client_id, secret, file)

    @property
    def provider(self) -> Provider | None:
        """The identity provider, once its document was fetched and checked."""
        return self._source.provider

    def __repr__(self) -> str:
        return f"WychAuth(issuer_url={self.issuer_url!r}, client_id={self.client_id!r})"

    def forget(self) -> bool:
        """Drop the token, here and in the shared file, and what is remembered of the provider. Says whether a token was there."""
        self._refused = None
        return self._source.forget()

    def adopt(self, provider: Provider) -> None:
        """Use a provider whose document was fetched and checked already, instead of fetching it again."""
        self._source.provider = provider

    def obtain(self, client: httpx.Client) -> Token:
        """The token that the next call would use, asked for through `client` if need be. Raises as using it does."""
        sends = self._driven(self._source.having())
        try:
            request = next(sends)
            while True:
                request = sends.send(client.send(request, auth=None, follow_redirects=False, stream=True))
        except StopIteration as end:
            return cast("Token", end.value)
        finally:
            sends.close()

    # What httpx calls ------------------------------------------------------------------------------------------------------

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """For `httpx.Client`: waits block the calling thread."""
        yield from self._driven(self._flow(request), request)

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """For `httpx.AsyncClient`: waits let the event loop go on (asyncio or trio)."""
        flow = self._flow(request)
        try:
            wish = next(flow)
            while True:
                response = None
                if isinstance(wish, httpx.Request):
                    started = time.monotonic()
                    wish.extensions["trace"] = not_redirected_async(wish)
                    response = yield wish
                    if wish is not request:
                        await bound(response, "token", started).aread()
                elif isinstance(wish, Pause):
                    await _rest(wish.seconds)
                else:
                    await _landing(wish)
                wish = flow.send(response)
        except StopIteration:
            return
        finally:
            flow.close()

    def _driven(self, flow: Flow, request: httpx.Request | None = None) -> Sends:
        """Runs a flow for a thread: yields what is to be sent, does the waiting itself. Every answer but the caller's own is read."""
        try:
            wish = next(flow)
            while True:
                response = None
                if isinstance(wish, httpx.Request):
                    started = time.monotonic()
                    wish.extensions["trace"] = not_redirected(wish)
                    response = yield wish
                    if wish is not request:
                        bound(response, "token", started).read()
                elif isinstance(wish, Pause):
                    time.sleep(wish.seconds)
                else:
                    wish.wait()
                wish = flow.send(response)
        except StopIteration as end:
            return cast("Token", end.value)
        finally:
            flow.close()

    # The logic, which neither sends nor waits -------------------------------------------------------------------------------

    def _flow(self, request: httpx.Request) -> Flow:
        self._destination.check(request.url)
        token = yield from self._source.having()
        self._sign(request, token)
        if self._accepted((yield request)):
            return token
        if self._refused is None or self._refused is token:
            self._refused = token
            if not _repeatable(request):
                self._source.drop(token)
                return token
            token = yield from self._source.obtaining(refused=token)
            self._sign(request, token)
            self._accepted((yield request))
        # Otherwise a newer token is refused as well: tokens are not the trouble, and more of them would burden the endpoint.
        return token

    def _accepted(self, response: httpx.Response | None) -> bool:
        if response is not None and response.status_code == httpx.codes.UNAUTHORIZED:
            return False
        self._refused = None
        return True

    def _sign(self, request: httpx.Request, token: Token) -> None:
        request.headers["Authorization"] = f"Bearer {token.value.reveal()}"
        request.headers["x-api-key"] = self._api_key.reveal()


def _repeatable(request: httpx.Request) -> bool:
    """Whether the body is still there to be sent again; a stream is not."""
    try:
        request.content  # noqa: B018 - the property is the question
    except httpx.RequestNotRead:
        return False
    return True


async def _rest(seconds: float) -> None:
    import anyio  # httpx brings it, and only its asynchronous side needs it

    await anyio.sleep(seconds)


async def _landing(flight: Flight) -> None:
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:  # trio
        while not flight.landed.done():
            await _rest(0.01)
        return
    await asyncio.wait([asyncio.wrap_future(flight.landed, loop=loop)], timeout=2 * PATIENCE)
