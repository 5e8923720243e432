"""Keeps one user-context token for each customer, in memory, and puts it on that customer's calls."""

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
    """One customer's token, and the lock with which one thread at a time renews it."""

    __slots__ = ("lock", "token")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.token: Token | None = None


class UserTokens:
    """The tokens by user id. `exchange` requests a new one; one thread does it for all."""

    def __init__(self, exchange: Callable[[str], Token]) -> None:
        self._exchange = exchange
        # Held for a few microseconds, never during a request.
        self._lock = threading.Lock()
        self._slots: dict[str, _Slot] = {}

    def cached(self, user_id: str) -> Token | None:
        """Return the token in memory, or None if there is none with time left."""
        slot = self._slots.get(user_id)
        token = slot.token if slot else None
        return token if token is not None and token.fresh else None

    def obtain(self, user_id: str, refused: Token | None = None) -> Token:
        """Return a token with time left, other than the refused one."""
        with self._lock:
            slot = self._slots.get(user_id) or self._slots.setdefault(user_id, _Slot())
        with slot.lock:
            token = slot.token
            if token is None or not token.fresh or token is refused:
                # If the exchange raises, no rejected token stays behind.
                slot.token = None
                slot.token = token = self._exchange(user_id)
                self._remove_expired()
            return token

    def drop(self, user_id: str, token: Token) -> None:
        """Remove a token that was rejected."""
        slot = self._slots.get(user_id)
        if slot is not None and slot.token is token:
            slot.token = None

    def forget(self) -> None:
        """Remove all tokens."""
        with self._lock:
            self._slots.clear()

    # A program that serves many customers must not collect expired tokens.
    def _remove_expired(self) -> None:
        with self._lock:
            expired = [
                user_id
                for user_id, slot in self._slots.items()
                if slot.token is not None and not slot.token.fresh
            ]
            for user_id in expired:
                del self._slots[user_id]


class UserAuth(httpx.Auth):
    """Signs the calls for one customer's data, never with the service token.

    After a 401 response to a saved token there is one new exchange and one retry. Credentials go
    to the API's own host only.
    """

    def __init__(self, tokens: UserTokens, user_id: str, api_key: Secret, api_url: str) -> None:
        self._tokens = tokens
        self._user_id = user_id
        self._api_key = Secret(api_key)
        self._destination = Destination(api_url)

    def sync_auth_flow(
        self, request: httpx.Request
    ) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign a request of an `httpx.Client`."""
        self._destination.check(request.url)
        saved = self._tokens.cached(self._user_id)
        token = saved or self._tokens.obtain(self._user_id)
        response = yield self._sign(request, token)
        if response.status_code == httpx.codes.UNAUTHORIZED and saved is not None:
            token = self._tokens.obtain(self._user_id, refused=saved)
            response = yield self._sign(request, token)
        if response.status_code == httpx.codes.UNAUTHORIZED:
            self._tokens.drop(self._user_id, token)

    def _sign(self, request: httpx.Request, token: Token) -> httpx.Request:
        request.headers["Authorization"] = f"Bearer {token.value.reveal()}"
        request.headers["x-api-key"] = self._api_key.reveal()
        refuse_redirects(request, tasks=False)
        return request
