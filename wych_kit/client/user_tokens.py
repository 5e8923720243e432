"""User-context tokens: one for each customer, kept in memory until shortly before its end, and put on the calls for that one's data."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import httpx

from wych_kit.client.destination import Destination, refuse_redirects
from wych_kit.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from wych_kit.client.token import Token


class _Slot:
    """A customer's token, and the lock that lets one thread alone exchange for it."""

    __slots__ = ("lock", "token")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.token: Token | None = None


class UserTokens:
    """The tokens by user id. `exchange` asks for a new one; however many threads want it, one of them does."""

    def __init__(self, exchange: Callable[[str], Token]) -> None:
        self._exchange = exchange
        self._lock = threading.Lock()  # held for a few microseconds, never while asking
        self._held: dict[str, _Slot] = {}

    def cached(self, user_id: str) -> Token | None:
        """The one in memory, if it can be used now."""
        held = self._held.get(user_id)
        token = held.token if held else None
        return token if token is not None and token.fresh else None

    def obtain(self, user_id: str, refused: Token | None = None) -> Token:
        """One that can be used now, other than the refused one."""
        with self._lock:
            held = self._held.get(user_id) or self._held.setdefault(user_id, _Slot())
        with held.lock:
            token = held.token
            if token is None or not token.fresh or token is refused:
                held.token = None
                held.token = token = self._exchange(user_id)
                self._remove_expired()
            return token

    def drop(self, user_id: str, token: Token) -> None:
        """Stop using a token that was refused."""
        held = self._held.get(user_id)
        if held is not None and held.token is token:
            held.token = None

    def forget(self) -> None:
        """Drop all."""
        with self._lock:
            self._held.clear()

    def _remove_expired(self) -> None:
        """A program that serves many customers keeps no tokens that are over."""
        with self._lock:
            over = [
                user_id
                for user_id, held in self._held.items()
                if held.token is not None and not held.token.fresh
            ]
            for user_id in over:
                del self._held[user_id]


class UserAuth(httpx.Auth):
    """Signs the calls for one customer's data, and no call with the service token.

    After a 401 to a token that was kept there is one new exchange and one more try. Credentials go to the API's own host alone.
    """

    def __init__(self, tokens: UserTokens, user_id: str, api_key: Secret, api_url: str) -> None:
        self._tokens = tokens
        self._user_id = user_id
        self._api_key = Secret(api_key)
        self._destination = Destination(api_url)

    def sync_auth_flow(
        self, request: httpx.Request
    ) -> Generator[httpx.Request, httpx.Response, None]:
        """For `httpx.Client`."""
        self._destination.check(request.url)
        kept = self._tokens.cached(self._user_id)
        token = kept or self._tokens.obtain(self._user_id)
        response = yield self._sign(request, token)
        if response.status_code == httpx.codes.UNAUTHORIZED and kept is not None:
            token = self._tokens.obtain(self._user_id, refused=kept)
            response = yield self._sign(request, token)
        if response.status_code == httpx.codes.UNAUTHORIZED:
            self._tokens.drop(self._user_id, token)

    def _sign(self, request: httpx.Request, token: Token) -> httpx.Request:
        request.headers["Authorization"] = f"Bearer {token.value.reveal()}"
        request.headers["x-api-key"] = self._api_key.reveal()
        refuse_redirects(request, tasks=False)
        return request
