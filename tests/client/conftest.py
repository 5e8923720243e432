"""Pretend servers, as plain callables, and clients that speak to them."""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from wych_kit import WychAuth

# Odd, but legal: a secret may hold 0x20 to 0x7E (RFC 6749 App. A.2).
CLIENT_SECRET = "c4n\"a'ry %&+=$#\\`{x}<s3;cret"
API_KEY = "k3y\"of'the %2F+&=$canary;\\~!"
Answer = Callable[[httpx.Request], httpx.Response]
_really_sleep = time.sleep  # also where a test moves the clock


class Wych:
    """An issuer and an API in one callable, for `httpx.MockTransport` or, through `serve`, for sockets.

    `answers[kind]` is given first; then it does what it should. `seen` has every request; `lifetime` is the next token's `expires_in`.
    """

    def __init__(self, url: str = "http://127.0.0.1:9") -> None:
        self.url = url
        self.seen: list[httpx.Request] = []
        self.answers: dict[str, deque[httpx.Response | Answer]] = defaultdict(deque)
        self.lifetime: Any = 900
        self.tokens: list[str] = []
        self.valid: set[str] = set()
        self.token_pause = 0.0
        self.token_gate = threading.Event()  # cleared: the token endpoint waits for it
        self.token_gate.set()
        self._lock = threading.Lock()

    @property
    def issuer_url(self) -> str:
        return f"{self.url}/realms/partner"

    @property
    def api_url(self) -> str:
        return f"{self.url}/v3"

    @property
    def document(self) -> dict[str, Any]:
        endpoints = f"{self.issuer_url}/protocol/openid-connect"
        return {
            "issuer": self.issuer_url,
            "authorization_endpoint": f"{endpoints}/auth",
            "token_endpoint": f"{endpoints}/token",
            "jwks_uri": f"{endpoints}/certs",
            "grant_types_supported": ["authorization_code refresh_token", "client_credentials"],
        }

    @property
    def token_requests(self) -> int:
        return self.count("token")

    def count(self, kind: str) -> int:
        return sum(_kind(request) == kind for request in list(self.seen))

    def revoke(self) -> None:
        self.valid.clear()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        kind = _kind(request)
        with self._lock:
            self.seen.append(request)
            canned = self.answers[kind].popleft() if self.answers[kind] else None
        if kind == "token":
            _really_sleep(self.token_pause)
            assert self.token_gate.wait(60), "nobody opened the token endpoint's gate"
        if canned is not None:
            return canned(request) if callable(canned) else canned
        return {"discovery": self._discovery, "token": self._token, "api": self._api}[kind](request)

    def _discovery(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=self.document)

    def _token(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            token = f"0paque.t0ken-{len(self.tokens)}"
            self.tokens.append(token)
            self.valid.add(token)
        return httpx.Response(
            200,
            json={
                "access_token": token,
                "expires_in": self.lifetime,
                "token_type": "Bearer",
                "scope": "email",
            },
        )

    def _api(self, request: httpx.Request) -> httpx.Response:
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.valid:
            return httpx.Response(401, json={"message": "Unauthorized"})
        if request.headers.get("x-api-key") != API_KEY:
            return httpx.Response(403, json={"message": "Forbidden"})
        return httpx.Response(200, json=[])


def _kind(request: httpx.Request) -> str:
    path = request.url.path
    return (
        "discovery"
        if path.endswith("openid-configuration")
        else "token"
        if path.endswith("/token") and "/realms/" in path
        else "api"
    )


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news."""


@contextmanager
def served(answer: Answer) -> Iterator[str]:
    """Let a callable answer on a free port of this machine; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            url = self.path if "://" in self.path else f"http://{self.headers['Host']}{self.path}"
            request = httpx.Request(self.command, url, headers=self.headers.items(), content=body)
            response = answer(request)
            self.send_response(response.status_code)
            chunks: Any = [response.content] if response.is_closed else response.stream
            if not response.is_closed:  # a stream ends when the connection does
                response.headers.pop("Transfer-Encoding", None)
                response.headers["Connection"] = "close"
            else:
                response.headers["Content-Length"] = str(len(response.content))
            for name, text in response.headers.multi_items():
                self.send_header(name, text)
            self.end_headers()
            if self.command != "HEAD":
                for chunk in chunks:
                    self.wfile.write(chunk)
                    self.wfile.flush()

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = handle_any  # noqa: N815 - http.server's names

        def log_message(self, *_: Any) -> None:
            """Tests say what they want to say themselves."""

    with _Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def serve() -> Iterator[Callable[[Answer], str]]:
    """Let callables answer on free ports until the test ends."""
    with ExitStack() as servers:
        yield lambda answer: servers.enter_context(served(answer))


@pytest.fixture
def wych() -> Wych:
    """A fake Wych without a socket."""
    return Wych()


@pytest.fixture
def live(serve: Callable[[Answer], str]) -> Wych:
    """A fake Wych on a socket."""
    wych = Wych()
    wych.url = serve(wych)
    return wych


@pytest.fixture
def other(serve: Callable[[Answer], str]) -> Wych:
    """One more on a socket: for what must not receive anything."""
    wych = Wych()
    wych.url = serve(wych)
    return wych


@pytest.fixture
def auth_for(tmp_path: Any) -> Callable[..., WychAuth]:
    """Make a `WychAuth` for a fake Wych; in memory unless asked otherwise."""

    def make(wych: Wych, **given: Any) -> WychAuth:
        facts = {
            "issuer_url": wych.issuer_url,
            "client_id": "me",
            "client_secret": CLIENT_SECRET,
            "api_key": API_KEY,
        }
        return WychAuth(**{**facts, "token_cache": "memory", "home": tmp_path / "home", **given})

    return make


@pytest.fixture
def canaries() -> tuple[str, str]:
    """The secrets that must not be seen: client secret and API key."""
    return CLIENT_SECRET, API_KEY


class Clock:
    """Both clocks, moved together; `naps` are what was slept instead of waiting."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self.naps: list[float] = []


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Move time instead of waiting for it. Sleeping moves it too."""
    clock = Clock()
    monotonic, wall, sleep = time.monotonic, time.time, time.sleep

    def nap(seconds: float) -> None:
        clock.naps.append(seconds)
        clock.ahead += seconds
        sleep(0)

    monkeypatch.setattr(time, "monotonic", lambda: monotonic() + clock.ahead)
    monkeypatch.setattr(time, "time", lambda: wall() + clock.ahead)
    monkeypatch.setattr(time, "sleep", nap)
    return clock
