"""Sends every request of the connectivity check: within its time limits, and none of them twice."""

from __future__ import annotations

import contextlib
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

import httpx

from wych_kit.client import token_endpoint
from wych_kit.client.destination import Destination
from wych_kit.client.drivers import drive
from wych_kit.client.endpoints import ENDPOINTS
from wych_kit.client.http_request import build_plain_request, stage_of
from wych_kit.client.token_cache import TokenFile
from wych_kit.client.token_source import TokenSource
from wych_kit.client.transport import create_client, send_request
from wych_kit.diagnosis.connectivity.probes import CONNECT_SECONDS
from wych_kit.errors import Unreachable
from wych_kit.secret import Secret

if TYPE_CHECKING:
    from wych_kit.client.discovery import Provider
    from wych_kit.client.journal.recorder import Journal
    from wych_kit.client.token import Token
    from wych_kit.settings.loading import Settings

_READ_SECONDS = 4.5
# Seconds kept for the answer to a request that is sent after a pause.
_READ_MARGIN = 0.5
_USERS = next(endpoint for endpoint in ENDPOINTS if endpoint.name == "users")


class BoundedClient:
    """The one HTTP client of a connectivity check.

    `ends` and `check_ends` are times of `time.monotonic()`: the end of all checks and of the current
    one. After either, and after `close`, it sends nothing.
    """

    def __init__(self, settings: Settings, journal: Journal, ends: float) -> None:
        self.settings = settings
        self.journal = journal
        self.ends = self.check_ends = ends
        self.token_requests = 0
        # The last response of the token endpoint.
        self.token_response: httpx.Response | None = None
        # Seconds by which this machine's clock is ahead of the last server that sent a Date.
        self.clock_offset: float | None = None
        for name in ("client_secret", "api_key"):
            if (secret := getattr(settings, name)) is not None:
                journal.redactor.learn(name, secret)
        self._closed = False
        self._http: httpx.Client | None = None
        self._source: TokenSource | None = None

    def close(self) -> None:
        """Close the connections. A request in a thread that still runs ends unnoticed."""
        self._closed = True
        if self._http is not None:
            # A thread may be in the middle of using it.
            with contextlib.suppress(Exception):
                self._http.close()

    def send(self, request: httpx.Request) -> httpx.Response:
        """Return the response, whatever its status. Raises `Unreachable` or `Unexpected`."""
        began = time.time()
        response = send_request(self._get_http(), request, self.journal.record_failure)
        # A server sets Date at some moment between sending and receiving; the middle is closest.
        self._compare_clocks(response, (began + time.time()) / 2)
        return response

    def get_users(self, token: Token) -> httpx.Response:
        """Return the response to the call for the app's users, which carries both credentials."""
        settings = self.settings
        path = _USERS.path.replace("{partnerId}", quote(settings.partner_id or "", safe=""))
        path = path.replace("{appId}", quote(settings.app_id or "", safe=""))
        url = (settings.api_url or "") + path
        request = build_plain_request(_USERS.method, url, "call", basis=_USERS.basis)
        Destination(settings.api_url).check(request.url)
        request.headers["Authorization"] = f"Bearer {token.value.reveal()}"
        request.headers["x-api-key"] = (settings.api_key or Secret("")).reveal()
        return self.send(request)

    def get_without_credentials(self, path: str = "") -> httpx.Response:
        """Return the response to a GET at the API's base URL or below it, without credentials."""
        url = (self.settings.api_url or "") + path
        return self.send(build_plain_request("GET", url, "call", basis=""))

    def get_token(self, provider: Provider, refused: Token | None = None) -> Token:
        """Return the saved token, or request one.

        `refused`: a token that must not be returned again. A token endpoint that is busy is not
        asked again: its response is the finding. Raises `Refused`, `Unexpected` or `Unreachable`.
        """
        if self._source is None:
            settings = self.settings
            identity = (
                settings.issuer_url or "",
                settings.client_id or "",
                settings.client_secret or Secret(""),
            )
            file = TokenFile(settings.home, *identity) if settings.token_cache == "disk" else None
            self._source = TokenSource(*identity, file)
        self._source.provider = provider
        self.token_response, requested = None, time.monotonic()

        def send(request: httpx.Request) -> httpx.Response:
            nonlocal requested
            requested = time.monotonic()
            self.token_requests += 1
            self.token_response = self.send(request)
            return self.token_response

        def sleep(seconds: float) -> None:
            # A pause after a response means that the server is busy: that is the finding.
            if self.token_response is not None:
                token_endpoint.check(self.token_response, requested)
            if time.monotonic() + _READ_MARGIN > self.check_ends:
                raise Unreachable(
                    "a different process renews the token and does not finish",
                    stage="token",
                    reference="token-lock",
                )
            time.sleep(seconds)

        return drive(self._source.acquire(refused), send, sleep)

    def _get_http(self) -> httpx.Client:
        if self._http is None:
            hooks = self.journal.hooks()
            hooks["request"].append(self._limit_time)
            self._http = create_client(self.settings.issuer_url, self.settings.api_url, hooks=hooks)
        return self._http

    def _limit_time(self, request: httpx.Request) -> None:
        left = min(self.ends, self.check_ends) - time.monotonic()
        if self._closed or left <= 0:
            raise Unreachable(
                "the time for this check is over", stage=stage_of(request), reference="timeout"
            )
        timeout = httpx.Timeout(min(_READ_SECONDS, left), connect=min(CONNECT_SECONDS, left))
        request.extensions["timeout"] = timeout.as_dict()

    def _compare_clocks(self, response: httpx.Response, local: float) -> None:
        # Without a valid Date (RFC 9110 section 6.6.1) nothing is known.
        with contextlib.suppress(ValueError, TypeError, IndexError, OverflowError):
            date = parsedate_to_datetime(response.headers.get("Date", ""))
            # The header is cut to whole seconds, on average half a second too early.
            self.clock_offset = local - date.timestamp() - 0.5
