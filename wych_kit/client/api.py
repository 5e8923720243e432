"""The calls a data recipient makes, and the one table of paths with their basis."""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

import httpx

from wych_kit.client import discovery, refusals
from wych_kit.client import token as tokens
from wych_kit.client.auth import WychAuth
from wych_kit.client.journal import Journal
from wych_kit.client.quoting import quoted, strangers_words
from wych_kit.client.wire import answered, ask, host_of, new_client, parsed, retry_after, translated
from wych_kit.errors import Refused, SettingInvalid, Unexpected, WychError

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any, Self

    from wych_kit.client.discovery import Provider
    from wych_kit.client.token import Token
    from wych_kit.settings import Settings

Basis = Literal["documented", "inferred", "invented"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One call of the API: what it is named here, what goes over the wire, which token it takes, and how we know."""

    name: str
    method: str
    path: str
    token: Literal["service", "user-context"]
    basis: Basis
    source: str


APP_PATH = "/partner/{partnerId}/app/{appId}"
ENDPOINTS = (
    Endpoint("users", "GET", f"{APP_PATH}/users", "service", "documented", "API facts 5.3: path, headers and answer are shown"),
    Endpoint("find_or_create_user", "POST", f"{APP_PATH}/user", "service", "documented", "API facts 5.4: shown; that it creates is inferred"),
    Endpoint("user_token", "POST", f"{APP_PATH}/user/{{userId}}/token", "service", "inferred", "API facts 5.5: the path is shown, method and answer are not"),
)  # fmt: skip
"""Guesses about Wych's paths live here and nowhere else in the client."""

_BY_NAME = {endpoint.name: endpoint for endpoint in ENDPOINTS}
_QUOTED = 60
"""Characters of a server's message that an error repeats; `.description` has it whole."""


@dataclass(frozen=True, slots=True)
class User:
    """One of your customers, as Wych lists them: `id` is Wych's, `email` yours."""

    id: str
    email: str


class WychClient:
    """Calls Wych with your settings. Builds its `httpx.Client` at the first call; use it in a `with`, or `close()` it.

    Every method raises `SettingMissing` or `SettingInvalid` before anything is sent, `Unreachable`, `Refused` or `Unexpected`
    afterwards. What went over the wire is in `.journal`, redacted. No redirect is followed.
    """

    def __init__(self, settings: Settings, *, journal: Journal | None = None, transport: httpx.BaseTransport | None = None) -> None:
        self.settings = settings
        self.journal = journal or Journal()
        for name in ("client_secret", "api_key"):
            if (secret := getattr(settings, name)) is not None:
                self.journal.redactor.learn(name, secret)
        self._transport = transport
        self._lock = threading.RLock()  # `auth` needs what `http` needs: one of each, however many threads come first
        self._http: httpx.Client | None = None
        self._auth: WychAuth | None = None
        self._provider: Provider | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections, if any were made. A later call makes new ones."""
        with self._lock:
            http, self._http = self._http, None
        if http is not None:
            http.close()

    @property
    def auth(self) -> WychAuth:
        """The `httpx.Auth` of these settings; `.auth.forget()` drops the token."""
        with self._lock:
            if self._auth is None:
                self._auth = self._new_auth()
            return self._auth

    @property
    def http(self) -> httpx.Client:
        """The client underneath, without credentials of its own: `auth` adds them to each request."""
        with self._lock:
            if self._http is None:
                addresses = (self.settings.issuer_url, self.settings.api_url)
                self._http = new_client(*addresses, hooks=self.journal.hooks(), transport=self._transport)
            return self._http

    def _new_auth(self) -> WychAuth:
        settings = self.settings
        settings.require("WYCH_ISSUER_URL", "WYCH_CLIENT_ID", "WYCH_CLIENT_SECRET", stage="token")
        auth = WychAuth(
            issuer_url=settings.issuer_url or "",
            client_id=settings.client_id or "",
            client_secret=settings.client_secret or "",
            api_key=settings.api_key or "",
            api_url=settings.api_url,
            token_cache=settings.token_cache,
            home=settings.home,
        )
        if self._provider is not None:
            auth.adopt(self._provider)
        return auth

    def discover(self) -> Provider:
        """Fetch and check the issuer's document, whether or not it is known already."""
        self.settings.require("WYCH_ISSUER_URL", stage="discovery")
        issuer_url = self.settings.issuer_url or ""
        response = ask(self.http, discovery.request(issuer_url), self.journal.failed)
        with self._lock:
            self._provider = discovery.check(response, issuer_url)
            if self._auth is not None:
                self._auth.adopt(self._provider)
            return self._provider

    def token(self) -> Token:
        """The service token that the next call will use; asked for only if there is none with time left."""
        failure: WychError
        try:
            return self.auth.obtain(self.http)
        except httpx.HTTPError as error:
            failure = self._failed(error)
        raise failure

    def users(self) -> list[User]:
        """All users of the app. Empty for a new one."""
        response = self._called("users")
        users = _users(parsed(response))
        if users is None:
            raise _senseless(response, "a JSON array of users with id and email")
        return users

    def find_or_create_user(self, email: str) -> User:
        """The user with that address, made if there was none (that it makes one is inferred)."""
        response = self._called("find_or_create_user", json={"email": email})
        user = _user(parsed(response))
        if user is None:
            raise _senseless(response, "a user with id and email")
        return user

    def user_token(self, user_id: str) -> Token:
        """A user-context token: only for the data of the one user. Method and answer are inferred, see `ENDPOINTS`."""
        asked = time.monotonic()
        return tokens.check(self._called("user_token", user_id=user_id), asked, "call")

    def request(self, method: str, path: str, **content: Any) -> httpx.Response:
        """Any call, with both credentials. Gives whatever answered, also a 4xx or 5xx: look at `.status_code`.

        A `path` that starts with `/` is below WYCH_API_URL; one without is below your app's own path there, so that `users` means
        `/partner/{partnerId}/app/{appId}/users`. `{partnerId}` and `{appId}` are filled in. `content`: httpx's `json`, `params`,
        `content`, `data`, `files`, `headers`.
        """
        url = self._url(path)
        return self._sent(method, url, content)

    def _url(self, path: str, user_id: str = "") -> str:
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", path):
            raise SettingInvalid(
                "path", "is a whole address: give what comes after WYCH_API_URL", stage="call", reference="wrong-host"
            )
        full = path if path.startswith("/") else f"{APP_PATH}/{path}"
        self.settings.require("WYCH_API_URL", stage="call")
        known = {"{partnerId}": "partner_id", "{appId}": "app_id"}
        for mark, attribute in known.items():
            if mark in full:
                self.settings.require(f"WYCH_{attribute.upper()}", stage="call")
                full = full.replace(mark, _segment(getattr(self.settings, attribute) or ""))
        full = full.replace("{userId}", _segment(user_id)) if user_id else full
        if left := re.search(r"\{\w+\}", full):
            raise SettingInvalid("path", f"still has {left[0]} in it", stage="call", reference="placeholder-left")
        return (self.settings.api_url or "").rstrip("/") + "/" + full.lstrip("/")

    def _called(self, name: str, user_id: str = "", **content: Any) -> httpx.Response:
        endpoint = _BY_NAME[name]
        response = self._sent(endpoint.method, self._url(endpoint.path, user_id), content)
        if not response.is_success:
            raise refusal(response)
        return response

    def _sent(self, method: str, url: str, content: dict[str, Any]) -> httpx.Response:
        self.settings.require("WYCH_API_KEY", stage="call")
        auth = self.auth
        failure: WychError
        try:
            return self.http.send(self.http.build_request(method, url, **content), auth=auth)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            failure = self._failed(error)
        except UnicodeEncodeError:  # it has the whole text in it
            failure = SettingInvalid(
                "request", "has a character that cannot be sent, perhaps in a header", stage="call", reference="odd-characters"
            )
        raise failure

    def _failed(self, error: httpx.HTTPError | httpx.InvalidURL) -> WychError:
        if isinstance(error, httpx.HTTPError):
            self.journal.failed(error)
        return translated(error)


def _segment(text: str) -> str:
    """The text as one part of a path, whatever is in it."""
    if text in (".", ".."):  # on the way, every URL library takes these for steps up
        raise SettingInvalid("path", f"cannot have {text} for an id", stage="call", reference="not-an-id")
    return quote(text, safe="")


def refusal(response: httpx.Response) -> WychError:
    """The error that says what an answer other than success means. The body is read as text that may help, never relied on."""
    status = response.status_code
    if response.is_redirect:
        return Unexpected(
            f"{host_of(response)} answered with a redirect; redirects are not followed with credentials",
            stage="call",
            status=status,
            reference=refusals.redirect(response.headers.get("Location", "")),
        )
    message = quoted(response, _message(response))
    where = re.sub(r"[^/]{20,}", "…", response.request.url.path)  # ids: the journal has them
    said = f" ({message if len(message) <= _QUOTED else message[:_QUOTED] + '…'})" if message else strangers_words(response)
    return Refused(
        f"{host_of(response)} refused {response.request.method} {where} with {status}{said}",
        stage="call",
        status=status,
        code=response.headers.get("x-amzn-ErrorType", "").partition(":")[0],
        description=message,
        retry_after=retry_after(response.headers.get("Retry-After")),
        reference=refusals.at_gateway(answered(response)),
    )


def _message(response: httpx.Response) -> str:
    answer = parsed(response)
    if not isinstance(answer, dict):
        return ""
    return str(answer.get("message") or answer.get("Message") or answer.get("error") or "")


def _users(answer: object) -> list[User] | None:
    """`None` for anything else: whoever raises for it holds no answer that a traceback with locals would show."""
    made = [_user(item) for item in answer] if isinstance(answer, list) else [None]
    users = [user for user in made if user]
    return users if len(users) == len(made) else None


def _user(item: object) -> User | None:
    if isinstance(item, dict) and isinstance(item.get("id"), str) and isinstance(item.get("email"), str):
        return User(item["id"], item["email"])
    return None


def _senseless(response: httpx.Response, due: str) -> Unexpected:
    return Unexpected(
        f"{host_of(response)} answered {response.status_code} without {due}",
        stage="call",
        status=response.status_code,
        reference=refusals.page(response.status_code, response.text[:2000]) or "unknown-answer",
    )
