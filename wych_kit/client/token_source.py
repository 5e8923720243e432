"""Gets a token: from memory, from the shared file, or by one request for all callers.

`TokenSource` neither sends nor waits. Its generators yield what should happen: an `httpx.Request`
to send, a `Pause`, or an `InFlightRequest` to wait for. `wych_kit.client.drivers` makes it happen,
for threads and for tasks.
"""

from __future__ import annotations

import copy
import os
import random
import threading
import time
import weakref
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx

from wych_kit.client import discovery, token_endpoint
from wych_kit.client.backoff import MAX_WAIT, Backoff, parse_retry_after
from wych_kit.client.token_cache import InFlightRequest, TokenFile, try_acquire
from wych_kit.errors import Refused, Unreachable, WychError

if TYPE_CHECKING:
    from wych_kit.client.discovery import Provider
    from wych_kit.client.token import Token
    from wych_kit.secret import Secret

# Seconds for which a refused secret is not sent again by the same object. A guess: a loop cannot
# hammer, a person can wait.
REFUSAL_COOLDOWN = 30.0


@dataclass(frozen=True, slots=True)
class Pause:
    """An effect: let these seconds pass."""

    seconds: float


_sources: weakref.WeakSet[TokenSource] = weakref.WeakSet()


def _replace_locks() -> None:
    # In a forked child: a lock may be held by a thread of the parent, which will never release it.
    for source in _sources:
        source._lock = threading.Lock()  # noqa: SLF001 - their own module


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_replace_locks)

Flow = Generator[httpx.Request | Pause | InFlightRequest, httpx.Response | None, "Token"]


class TokenSource:
    """Keeps the token of one client at one issuer; with a `file`, shared with other processes."""

    def __init__(
        self, issuer_url: str, client_id: str, client_secret: Secret, file: TokenFile | None
    ) -> None:
        self._issuer_url = issuer_url
        self._client_id = client_id
        self._client_secret = client_secret
        self._file = file
        # Held for a few microseconds, never while waiting.
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._flight: InFlightRequest | None = None
        self._refusal: tuple[float, Refused] | None = None
        _sources.add(self)
        # The identity provider, once its document was fetched and checked.
        self.provider: Provider | None = None

    def forget(self) -> bool:
        """Drop the token, here and in the file, and the provider. Return True if there was a token."""
        with self._lock:
            had_token = self._token is not None
            self._token = self._refusal = self.provider = None
        return bool(self._file and self._file.remove()) or had_token

    def drop(self, token: Token) -> None:
        """Stop using a token that was refused, without requesting another yet."""
        with self._lock:
            if self._token is token:
                self._token = None
        if self._file:
            self._file.remove(token)

    @property
    def cached(self) -> Token | None:
        """The token in memory, or None if it cannot be used now."""
        token = self._token
        return token if token is not None and token.fresh else None

    def acquire(self, refused: Token | None = None, *, blocks: bool = True) -> Flow:
        """Return a token that can be used now, other than the refused one.

        It is the one in memory, the one that another caller has requested, or a new one.
        `blocks`: True for synchronous callers, whose thread is blocked while they wait. Raises
        `Refused`, `Unexpected` or `Unreachable`; a secret that was refused is not sent again
        before REFUSAL_COOLDOWN is over, and raises the same `Refused` until then.
        """
        while True:
            with self._lock:
                token = self._token
                if token is not None and _is_usable(token, refused):
                    return token
                if (
                    self._refusal is not None
                    and time.monotonic() < self._refusal[0] + REFUSAL_COOLDOWN
                ):
                    raise copy.copy(self._refusal[1])
                flight = self._flight
                leads = flight is None or not flight.is_from_this_process
                if flight is None or leads:
                    flight = self._flight = InFlightRequest()
            if leads:
                return (yield from self._refresh_as_leader(flight, refused))
            if blocks and flight.is_led_by_this_thread:
                return (yield from self._refresh_unshared())
            yield flight
            if not flight.future.done():
                raise Unreachable(
                    "another call has been renewing the token for too long",
                    stage="token",
                    reference="token-lock",
                )
            outcome = flight.outcome()
            if isinstance(outcome, WychError):
                raise copy.copy(outcome)
            if outcome is not None and (refused is None or outcome.value != refused.value):
                return outcome
            # Its caller gave up in the middle, or had asked before the token was refused: another
            # caller has to lead, perhaps this one.

    def _refresh_as_leader(self, flight: InFlightRequest, refused: Token | None) -> Flow:
        outcome: Token | WychError | None = None
        try:
            outcome = yield from self._refresh(refused)
        except WychError as error:
            outcome = error
            raise
        finally:
            with self._lock:
                if isinstance(outcome, Refused) and _is_final(outcome):
                    self._refusal = (time.monotonic(), outcome)
                elif outcome is not None and not isinstance(outcome, WychError):
                    self._token = outcome
                if self._flight is flight:
                    self._flight = None
            flight.resolve(outcome)
        return outcome

    def _refresh_unshared(self) -> Flow:
        # For a call made from within the leading one, by a hook or on its event loop. The leader
        # cannot go on before this call ends, so waiting for it would be a deadlock.
        token = yield from self._request_token()
        with self._lock:
            self._token = token
        return token

    def _refresh(self, refused: Token | None) -> Flow:
        # Most processes find a token in the file, and need no lock.
        token = self._file.read() if self._file else None
        if token is not None and _is_usable(token, refused):
            return token
        lock = self._file.lock() if self._file else None
        if self._file is None or lock is None:
            return (yield from self._request_token())
        began, ends = time.time(), time.monotonic() + 2 * MAX_WAIT
        while not try_acquire(lock):
            token = self._file.read()
            if token is not None and _is_usable(token, refused):
                return token
            if time.monotonic() > ends:
                raise Unreachable(
                    "another process has been renewing the token for too long",
                    stage="token",
                    reference="token-lock",
                )
            # Random, so that many waiting processes do not all look at the same moment.
            yield Pause(random.uniform(0.01, 0.03))  # noqa: S311 - not a secret
        try:
            # The process that had the lock may have left a token, or the reason why there is none.
            token = self._file.read()
            if token is not None and _is_usable(token, refused):
                return token
            if failure := self._file.failure_since(began):
                raise failure
            return (yield from self._request_and_share(self._file))
        finally:
            lock.release()

    def _request_and_share(self, file: TokenFile) -> Flow:
        try:
            token = yield from self._request_token()
        except (Refused, Unreachable) as error:
            # Those who wait for the lock would get the same, one after the other.
            file.write_failure(error)
            raise
        file.write(token)
        return token

    def _request_token(self) -> Flow:
        backoff = Backoff()
        provider = self.provider
        if provider is None:
            response, _ = yield from _with_retries(
                lambda: discovery.request(self._issuer_url), backoff
            )
            provider = self.provider = discovery.check(response, self._issuer_url)
        endpoint = provider.token_endpoint
        response, requested = yield from _with_retries(
            lambda: token_endpoint.request(endpoint, self._client_id, self._client_secret), backoff
        )
        return token_endpoint.check(response, requested)


def _with_retries(
    make_request: Callable[[], httpx.Request], backoff: Backoff
) -> Generator[httpx.Request | Pause, httpx.Response | None, tuple[httpx.Response, float]]:
    """Return the response, and the moment (monotonic) when its request was sent.

    Repeats the request while the server is busy and `backoff` allows it.
    """
    while True:
        requested = time.monotonic()
        response = yield make_request()
        assert response is not None  # noqa: S101 - the drivers answer every request
        if response.status_code not in token_endpoint.BUSY:
            return response, requested
        seconds = backoff.pause(parse_retry_after(response.headers.get("Retry-After")))
        if seconds is None:
            return response, requested
        yield Pause(seconds)


def _is_usable(token: Token, refused: Token | None) -> bool:
    return token.fresh and (refused is None or token.value != refused.value)


def _is_final(refusal: Refused) -> bool:
    """Return True if the same request would be refused again: the server was not busy or broken."""
    return (
        refusal.status < httpx.codes.INTERNAL_SERVER_ERROR
        and refusal.status not in token_endpoint.BUSY
    )
