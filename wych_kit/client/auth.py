"""`WychAuth`: a bearer token and an API key on every call, for anyone's own httpx client.

The logic is one generator that neither sends nor waits (`_flow`, on top of `TokenSource`): it yields what should happen, and two
small drivers, one for threads and one for tasks, make it happen. What they yield, httpx sends through the client it belongs to.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

import httpx

from wych_kit.client.backoff import MAX_WAIT
from wych_kit.client.destination import Destination, refuse_redirects
from wych_kit.client.http_response import limit_answer
from wych_kit.client.httpx_errors import translate_httpx_error
from wych_kit.client.token_cache import TokenFile
from wych_kit.client.token_source import REFUSAL_COOLDOWN, Pause, TokenSource
from wych_kit.errors import Refused, SettingInvalid, WychError
from wych_kit.secret import Secret
from wych_kit.settings.copy_mistakes import find_unsendable

if TYPE_CHECKING:
    import os

    from wych_kit.client.discovery import Provider
    from wych_kit.client.token import Token
    from wych_kit.client.token_cache import InFlightRequest
    from wych_kit.client.token_source import Flow

_UNAUTHORIZED = 401

Sends = Generator[httpx.Request, httpx.Response, "Token"]


class WychAuth(httpx.Auth):
    """Puts `Authorization: Bearer …` and `x-api-key: …` on each request, and looks after the token.

    Use it as `httpx.Client(base_url=api_url, auth=auth)` or with an `httpx.AsyncClient`; one object serves any number of clients,
    threads and tasks. Nothing is sent until the first request. Then the issuer's discovery document is fetched and checked, one
    token is asked for and used until shortly before its end, by everybody; after a 401 there is one new token and one more try.
    Redirects are refused on httpx's own network transports; any other transport (`MockTransport`, ASGI…) follows them as its
    client says.

    `issuer_url`, `client_id`: as the portal shows them. `client_secret`, `api_key`: texts or `Secret`s.
    `api_url`: where the credentials may go. Without it, the first host the object is used for; any other host is refused.
    `token_cache`: "disk" shares the token with the user's other processes through a file only they can read; "memory" does not.
    `home`: the folder for that file, a path or a text; the user's cache directory when `None`.

    Making it raises `SettingInvalid` for a secret that cannot be sent or an `api_url` that is not https. Using it raises `Refused`,
    `Unexpected` or `Unreachable` (stages "discovery" and "token"), `SettingInvalid` for a request to another host, and httpx's own
    exceptions when a connection fails in a client that is not ours.
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
        home: str | os.PathLike[str] | None = None,
    ) -> None:
        self.issuer_url = issuer_url
        self.client_id = client_id
        api_key = Secret(
            api_key
        )  # under the same names, so that no traceback from here shows the texts
        client_secret = Secret(client_secret)
        self._api_key = _require_sendable("WYCH_API_KEY", api_key)
        self._destination = Destination(api_url)
        self._replacing: Token | None = None  # the one that is being replaced after a 401
        self._accept_401_until = (
            0.0  # until then (monotonic) a 401 is believed: a new token was refused as well
        )
        secret = _require_sendable("WYCH_CLIENT_SECRET", client_secret)
        folder = None if home is None else Path(home)
        file = TokenFile(folder, issuer_url, client_id, secret) if token_cache == "disk" else None
        self._source = TokenSource(issuer_url, client_id, secret, file)

    @property
    def provider(self) -> Provider | None:
        """The identity provider, once its document was fetched and checked."""
        return self._source.provider

    def __repr__(self) -> str:
        return f"WychAuth(issuer_url={self.issuer_url!r}, client_id={self.client_id!r})"

    def forget(self) -> bool:
        """Drop the token, here and in the shared file, and what is remembered of the provider. Says whether a token was there."""
        self._accept_401_until = 0.0
        return self._source.forget()

    def adopt(self, provider: Provider) -> None:
        """Use a provider whose document was fetched and checked already, instead of fetching it again."""
        self._source.provider = provider

    def obtain(self, client: httpx.Client) -> Token:
        """The token that the next call would use, asked for through `client` if need be. Raises as using it does."""
        sends = self._drive_sync(self._source.acquire())
        try:
            request = next(sends)
            while True:
                with contextlib.closing(
                    client.send(request, auth=None, follow_redirects=False, stream=True)
                ) as response:
                    request = sends.send(response)
        except StopIteration as end:
            return cast("Token", end.value)
        finally:
            sends.close()

    # What httpx calls ------------------------------------------------------------------------------------------------------

    def sync_auth_flow(
        self, request: httpx.Request
    ) -> Generator[httpx.Request, httpx.Response, None]:
        """For `httpx.Client`: waits block the calling thread."""
        return cast(
            "Generator[httpx.Request, httpx.Response, None]",
            self._drive_sync(self._flow(request), request),
        )

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """For `httpx.AsyncClient`: waits let the event loop go on (asyncio or trio)."""
        flow = self._flow(request, blocks=False)
        try:
            effect = next(flow)
            while True:
                response = None
                if isinstance(effect, httpx.Request):
                    started = time.monotonic()
                    refuse_redirects(effect, tasks=True)
                    response = yield effect
                    if effect is not request:
                        await limit_answer(response, started).aread()
                elif isinstance(effect, Pause):
                    await _sleep(effect.seconds)
                else:
                    await _await_in_flight(effect)
                effect = flow.send(response)
        except StopIteration:
            return
        except GeneratorExit:
            pass
        except BaseException as stop:
            _abandon(flow, _failure_behind(stop))
            raise
        _abandon(
            flow, _failure_behind(sys.exc_info()[1])
        )  # what httpx is handling as it closes us; Python 3.11 leaves it out of the context

    def _drive_sync(self, flow: Flow, request: httpx.Request | None = None) -> Sends:
        """Runs a flow for a thread: yields what is to be sent, does the waiting itself. Every answer but the caller's own is read."""
        try:
            effect = next(flow)
            while True:
                response = None
                if isinstance(effect, httpx.Request):
                    started = time.monotonic()
                    refuse_redirects(effect, tasks=False)
                    response = yield effect
                    if effect is not request:
                        limit_answer(response, started).read()
                elif isinstance(effect, Pause):
                    time.sleep(effect.seconds)
                else:
                    effect.wait()
                effect = flow.send(response)
        except StopIteration as end:
            return cast("Token", end.value)
        except BaseException as stop:
            _abandon(flow, _failure_behind(stop))
            raise

    # The logic, which neither sends nor waits -------------------------------------------------------------------------------

    def _flow(self, request: httpx.Request, *, blocks: bool = True) -> Flow:
        self._destination.check(request.url)
        token = self._source.cached or (yield from self._source.acquire(blocks=blocks))
        self._sign(request, token)
        if not (yield from self._is_unauthorized(request, token)):
            return token
        if time.monotonic() < self._accept_401_until or self._replacing not in (None, token):
            # A newer token was or is being tried: if that does not help, more of them would only burden the endpoint.
            return token
        if not _is_repeatable(request):
            self._drop_token(token)
            return token
        self._replacing = token
        try:
            token = yield from self._source.acquire(refused=token, blocks=blocks)
            self._sign(request, token)
            if (yield from self._is_unauthorized(request, token)):
                self._accept_401_until = time.monotonic() + REFUSAL_COOLDOWN
        finally:  # a try that found no answer has shown nothing, so nothing of it is kept
            self._replacing = None
        return token

    def _is_unauthorized(
        self, request: httpx.Request, token: Token
    ) -> Generator[httpx.Request, httpx.Response | None, bool]:
        """Sends it; whether the answer was 401."""
        try:
            response = yield request
        except Refused as error:  # a response hook of the user's raised for the status: there is no second try within this call
            if error.status == _UNAUTHORIZED and time.monotonic() >= self._accept_401_until:
                self._drop_token(token)
            raise
        return response is not None and response.status_code == _UNAUTHORIZED

    def _drop_token(self, token: Token) -> None:
        """The next call has another token; this one keeps its 401, as do all until the grudge is over if that does not help."""
        self._source.drop(token)
        self._accept_401_until = time.monotonic() + REFUSAL_COOLDOWN

    def _sign(self, request: httpx.Request, token: Token) -> None:
        request.headers["Authorization"] = f"Bearer {token.value.reveal()}"
        request.headers["x-api-key"] = self._api_key.reveal()


def _is_repeatable(request: httpx.Request) -> bool:
    """Whether the body is still there to be sent again; a stream is not."""
    try:
        request.content  # noqa: B018 - the property is the question
    except httpx.RequestNotRead:
        return False
    return True


def _require_sendable(name: str, secret: Secret) -> Secret:
    """Return the secret; raise `SettingInvalid` if no header or form can carry it."""
    # Judged before sending: h11 and httpx would repeat the secret in their own errors.
    if finding := find_unsendable(secret):
        raise SettingInvalid(name, finding.reason, stage="token", reference=finding.reference)
    return secret


def _abandon(flow: Flow, failure: WychError | None) -> None:
    """Close a flow that was given up. Those who wait for its token get the failure; when there is none, one of them asks instead."""
    if failure is not None:
        with contextlib.suppress(WychError, StopIteration):
            flow.throw(failure)
    flow.close()


def _failure_behind(stop: BaseException | None) -> WychError | None:
    """Why a flow was given up: httpx closes it, with `GeneratorExit`, after whatever stopped the sending."""
    while isinstance(stop, GeneratorExit):
        stop = stop.__context__
    if isinstance(stop, httpx.HTTPError):
        return translate_httpx_error(stop)
    return stop if isinstance(stop, WychError) else None


async def _sleep(seconds: float) -> None:
    import anyio  # httpx brings it, and only its asynchronous side needs it

    await anyio.sleep(seconds)


async def _await_in_flight(flight: InFlightRequest) -> None:
    import asyncio  # 8 ms that a program with threads only does not need

    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:  # trio
        ends = time.monotonic() + 2 * MAX_WAIT
        while not flight.future.done() and time.monotonic() < ends:
            await _sleep(0.01)
        return
    await asyncio.wait([asyncio.wrap_future(flight.future, loop=loop)], timeout=2 * MAX_WAIT)
