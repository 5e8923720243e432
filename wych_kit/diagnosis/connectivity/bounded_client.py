"""Every request of a climb: bare ones, within its limits, noted in the journal, none of them repeated."""

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
_READ_MARGIN = 0.5
_USERS = next(endpoint for endpoint in ENDPOINTS if endpoint.name == "users")


class BoundedClient:
    """The one client of a climb. `ends` and `rung_ends` are monotonic; after either, and after `close`, nothing is sent any more."""

    def __init__(self, settings: Settings, journal: Journal, ends: float) -> None:
        self.settings = settings
        self.journal = journal
        self.ends = self.rung_ends = ends
        self.token_requests = 0
        # The token endpoint's last.
        self.answer: httpx.Response | None = None
        # Seconds by which this machine's clock is ahead of the last server that said its time.
        self.offset: float | None = None
        for name in ("client_secret", "api_key"):
            if (secret := getattr(settings, name)) is not None:
                journal.redactor.learn(name, secret)
        self._closed = False
        self._http: httpx.Client | None = None
        self._source: TokenSource | None = None

    def close(self) -> None:
        """Let the connections go. What a thread still has on its way ends unheard."""
        self._closed = True
        if self._http is not None:
            with contextlib.suppress(Exception):  # a thread may be in the middle of using it
                self._http.close()

    def get(self, request: httpx.Request) -> httpx.Response:
        """Whatever answers. Raises `Unreachable` or `Unexpected`."""
        began = time.time()
        response = send_request(self._client(), request, self.journal.record_failure)
        self._look_at_date(response, (began + time.time()) / 2)
        return response

    def users(self, token: Token) -> httpx.Response:
        """The call for the app's users, with both credentials."""
        settings = self.settings
        path = _USERS.path.replace("{partnerId}", quote(settings.partner_id or "", safe=""))
        path = path.replace("{appId}", quote(settings.app_id or "", safe=""))
        request = build_plain_request(
            _USERS.method, (settings.api_url or "") + path, "call", basis=_USERS.basis
        )
        Destination(settings.api_url).check(request.url)
        request.headers["Authorization"] = f"Bearer {token.value.reveal()}"
        request.headers["x-api-key"] = (settings.api_key or Secret("")).reveal()
        return self.get(request)

    def below_the_base(self, path: str = "") -> httpx.Response:
        """A GET at the API's base address or below it, without credentials."""
        return self.get(
            build_plain_request("GET", (self.settings.api_url or "") + path, "call", basis="")
        )

    def token(self, provider: Provider, refused: Token | None = None) -> Token:
        """The token that is kept, or one new one. A server that is busy is not asked again: its answer is the finding."""
        if self._source is None:
            settings = self.settings
            facts = (
                settings.issuer_url or "",
                settings.client_id or "",
                settings.client_secret or Secret(""),
            )
            file = TokenFile(settings.home, *facts) if settings.token_cache == "disk" else None
            self._source = TokenSource(*facts, file)
        self._source.provider = provider
        self.answer, requested = None, time.monotonic()

        def send(request: httpx.Request) -> httpx.Response:
            nonlocal requested
            requested = time.monotonic()
            self.token_requests += 1
            self.answer = self.get(request)
            return self.answer

        def sleep(seconds: float) -> None:
            # A pause after a response means that the server is busy: that is the finding.
            if self.answer is not None:
                token_endpoint.check(self.answer, requested)
            if time.monotonic() + _READ_MARGIN > self.rung_ends:
                raise Unreachable(
                    "another process is renewing the token and does not finish",
                    stage="token",
                    reference="token-lock",
                )
            time.sleep(seconds)

        return drive(self._source.acquire(refused), send, sleep)

    def _client(self) -> httpx.Client:
        if self._http is None:
            hooks = self.journal.hooks()
            hooks["request"].append(self._limit)
            self._http = create_client(self.settings.issuer_url, self.settings.api_url, hooks=hooks)
        return self._http

    def _limit(self, request: httpx.Request) -> None:
        left = min(self.ends, self.rung_ends) - time.monotonic()
        if self._closed or left <= 0:
            raise Unreachable(
                "the time for this check is over", stage=stage_of(request), reference="timeout"
            )
        reading = min(_READ_SECONDS, left)
        request.extensions["timeout"] = httpx.Timeout(
            reading, connect=min(CONNECT_SECONDS, left)
        ).as_dict()

    def _look_at_date(self, response: httpx.Response, local: float) -> None:
        with contextlib.suppress(ValueError, TypeError, IndexError, OverflowError):
            said = parsedate_to_datetime(response.headers.get("Date", ""))
            self.offset = local - said.timestamp() - 0.5  # the header is cut to whole seconds
