"""`WychAuth` puts a bearer token and an API key on every call of anyone's httpx client.

The logic is one generator (`_flow`, on top of `TokenSource`) that neither sends nor waits: it
yields what should happen, and `wych_kit.client.drivers` makes it happen for threads and for tasks.
httpx sends what they yield through the client it belongs to.
"""

from __future__ import annotations

import time
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

import httpx

from wych_kit.client.destination import Destination
from wych_kit.client.drivers import drive, yield_requests, yield_requests_async
from wych_kit.client.token_cache import TokenFile
from wych_kit.client.token_source import REFUSAL_COOLDOWN, TokenSource
from wych_kit.errors import Refused, SettingInvalid
from wych_kit.secret import Secret
from wych_kit.settings.copy_mistakes import find_unsendable

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncGenerator, Generator

    from wych_kit.client.discovery import Provider
    from wych_kit.client.token import Token
    from wych_kit.client.token_source import Flow


class WychAuth(httpx.Auth):
    """Puts `Authorization: Bearer …` and `x-api-key: …` on each request and renews the token.

    Use it as `httpx.Client(base_url=api_url, auth=auth)` or with an `httpx.AsyncClient`. One object
    serves any number of clients, threads and tasks. Nothing is sent until the first request. Then
    the issuer's discovery document is fetched and checked, and one token is requested, which
    everybody uses until shortly before it expires. After a 401 there is one new token and one
    retry. Redirects are refused on httpx's own network transports; any other transport
    (`MockTransport`, ASGI…) follows them as its client says.

    `issuer_url`, `client_id`: as the portal shows them. `client_secret`, `api_key`: texts or
    `Secret`s. `api_url`: where the credentials may go; without it, the first host the object is
    used for. Any other host is refused. `token_cache`: "disk" shares the token with the user's
    other processes through a file that only the user can read; "memory" does not. `home`: the
    folder for that file; the user's cache directory when `None`.

    Creating it raises `SettingInvalid` for a secret that cannot be sent or an `api_url` that is not
    https. Using it raises `Refused`, `Unexpected` or `Unreachable` (stages "discovery" and
    "token"), `SettingInvalid` for a request to another host, and httpx's own exceptions when a
    connection fails in a client that is not ours.
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
        # Under the same names, so that no traceback from here shows the texts.
        api_key = Secret(api_key)
        client_secret = Secret(client_secret)
        self._api_key = _require_sendable("WYCH_API_KEY", api_key)
        self._destination = Destination(api_url)
        # The token that is being replaced after a 401.
        self._replacing: Token | None = None
        # Until then (monotonic) a 401 is returned as it is: a new token was refused as well.
        self._accept_401_until = 0.0
        secret = _require_sendable("WYCH_CLIENT_SECRET", client_secret)
        folder = None if home is None else Path(home)
        file = TokenFile(folder, issuer_url, client_id, secret) if token_cache == "disk" else None
        self._source = TokenSource(issuer_url, client_id, secret, file)

    @property
    def provider(self) -> Provider | None:
        """The identity provider, or None before its document was fetched and checked."""
        return self._source.provider

    def __repr__(self) -> str:
        return f"WychAuth(issuer_url={self.issuer_url!r}, client_id={self.client_id!r})"

    def forget(self) -> bool:
        """Drop the token, here and in the shared file, and the provider; return True if it had one."""
        self._accept_401_until = 0.0
        return self._source.forget()

    def adopt(self, provider: Provider) -> None:
        """Use a provider whose document was fetched and checked already."""
        self._source.provider = provider

    def obtain(self, client: httpx.Client) -> Token:
        """Return the token that the next call would use, requested through `client` if need be.

        Raises as using the object does.
        """
        return drive(
            self._source.acquire(),
            lambda request: client.send(request, auth=None, follow_redirects=False, stream=True),
        )

    def sync_auth_flow(
        self, request: httpx.Request
    ) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign a request of an `httpx.Client`; waiting blocks the calling thread."""
        requests = yield_requests(self._flow(request), unread=request)
        return cast("Generator[httpx.Request, httpx.Response, None]", requests)

    def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Sign a request of an `httpx.AsyncClient`; waiting lets the event loop go on."""
        return yield_requests_async(self._flow(request, blocks=False), unread=request)

    def _flow(self, request: httpx.Request, *, blocks: bool = True) -> Flow:
        self._destination.check(request.url)
        token = self._source.cached or (yield from self._source.acquire(blocks=blocks))
        self._sign(request, token)
        if not (yield from self._is_unauthorized(request, token)):
            return token
        # A newer token was or is being tried. If that does not help, more of them would not either,
        # and would only burden the endpoint.
        if time.monotonic() < self._accept_401_until or self._replacing not in (None, token):
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
        finally:
            # A retry that got no response has shown nothing, so nothing of it is kept.
            self._replacing = None
        return token

    def _is_unauthorized(
        self, request: httpx.Request, token: Token
    ) -> Generator[httpx.Request, httpx.Response | None, bool]:
        try:
            response = yield request
        except Refused as error:
            # A response hook of the user's raised for the status: this call cannot be retried.
            is_401 = error.status == HTTPStatus.UNAUTHORIZED
            if is_401 and time.monotonic() >= self._accept_401_until:
                self._drop_token(token)
            raise
        return response is not None and response.status_code == HTTPStatus.UNAUTHORIZED

    def _drop_token(self, token: Token) -> None:
        """Drop the token so that the next call gets a new one.

        Until REFUSAL_COOLDOWN is over, a 401 is returned to the caller as it is.
        """
        self._source.drop(token)
        self._accept_401_until = time.monotonic() + REFUSAL_COOLDOWN

    def _sign(self, request: httpx.Request, token: Token) -> None:
        request.headers["Authorization"] = f"Bearer {token.value.reveal()}"
        request.headers["x-api-key"] = self._api_key.reveal()


def _is_repeatable(request: httpx.Request) -> bool:
    # A body that was a stream is gone once it was sent.
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
