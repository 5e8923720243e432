"""Makes the API calls of a data recipient."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import quote

import httpx

from wych_kit.client import discovery, endpoints, models, token_endpoint
from wych_kit.client.api_errors import refusal_error, unexpected_body
from wych_kit.client.auth import WychAuth
from wych_kit.client.http_request import BASIS
from wych_kit.client.http_response import parse_exact_json, parse_json
from wych_kit.client.httpx_errors import translate_httpx_error
from wych_kit.client.journal.recorder import CUSTOMER_DATA, Journal
from wych_kit.client.paging import Pages, format_moment
from wych_kit.client.transport import create_client, send_request
from wych_kit.client.user_tokens import UserAuth, UserTokens
from wych_kit.errors import SettingInvalid, WychError
from wych_kit.secret import Secret

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Any, Self

    from wych_kit.client.discovery import Provider
    from wych_kit.client.models import Account, Balance, Connection, Transaction
    from wych_kit.client.paging import When
    from wych_kit.client.token import Token
    from wych_kit.settings.loading import Settings

# A guess: with 50 transactions on each, as the mock has them, more than ten years of daily payments.
_MAX_PAGES = 1000


@dataclass(frozen=True, slots=True)
class User:
    """One of your customers as Wych lists them: `id` is Wych's, `email` is yours."""

    id: str
    email: str


class WychClient:
    """Calls Wych with your settings. Use it in a `with` statement, or call `close()`.

    It creates its `httpx.Client` at the first call. Every method raises `SettingMissing` or
    `SettingInvalid` before it sends anything, and `Unreachable`, `Refused` or `Unexpected`
    afterwards. `.journal` has the requests and responses, without secrets. No redirect is
    followed.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        journal: Journal | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.settings = settings
        self.journal = journal or Journal()
        for name in ("client_secret", "api_key"):
            if (secret := getattr(settings, name)) is not None:
                self.journal.redactor.learn(name, secret)
        self._transport = transport
        # However many threads come first, there is one `http` and one `auth`. Reentrant, because one
        # property may use the other.
        self._lock = threading.RLock()
        self._http: httpx.Client | None = None
        self._auth: WychAuth | None = None
        self._provider: Provider | None = None
        self._user_tokens = UserTokens(self._exchange)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections, if there are any. A later call opens new ones."""
        with self._lock:
            http, self._http = self._http, None
        if http is not None:
            http.close()

    @property
    def auth(self) -> WychAuth:
        """The `httpx.Auth` of these settings. `.auth.forget()` removes the token."""
        with self._lock:
            if self._auth is None:
                self._auth = self._create_auth()
            return self._auth

    @property
    def http(self) -> httpx.Client:
        """The client underneath. It has no credentials of its own: `auth` adds them to each request."""
        with self._lock:
            if self._http is None:
                addresses = (self.settings.issuer_url, self.settings.api_url)
                self._http = create_client(
                    *addresses, hooks=self.journal.hooks(), transport=self._transport
                )
            return self._http

    def _create_auth(self) -> WychAuth:
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
        """Get the issuer's discovery document and check it, even if it is known already."""
        self.settings.require("WYCH_ISSUER_URL", stage="discovery")
        issuer_url = self.settings.issuer_url or ""
        response = send_request(
            self.http, discovery.request(issuer_url), self.journal.record_failure
        )
        with self._lock:
            self._provider = discovery.check(response, issuer_url)
            if self._auth is not None:
                self._auth.adopt(self._provider)
            return self._provider

    def token(self) -> Token:
        """Return the service token of the next call. Requests one only if none has time left."""
        failure: WychError
        try:
            return self.auth.obtain(self.http)
        except httpx.HTTPError as error:
            failure = self._translate(error)
        # Raised outside the `except`, so that no traceback shows httpx's frames with the headers.
        raise failure

    def users(self) -> list[User]:
        """Return all users of the app. A new app has none."""
        response = self._call("users")
        users = _parse_users(parse_json(response))
        if users is None:
            raise unexpected_body(response, "a JSON array of users with id and email")
        return users

    def find_or_create_user(self, email: str) -> User:
        """Return the user with that email address. Creates one if there is none (inferred)."""
        response = self._call("find_or_create_user", json={"email": email})
        user = _parse_user(parse_json(response))
        if user is None:
            raise unexpected_body(response, "a user with id and email")
        return user

    def user_token(self, user_id: str) -> Token:
        """Return a user-context token, which gives access to one user's data.

        It stays in memory until shortly before it expires. Method and response of the exchange are
        inferred, see `wych_kit.client.endpoints`.
        """
        return self._user_tokens.obtain(user_id)

    def consent_link(self) -> str:
        """Return the URL at which a customer chooses a bank and consents. Sends nothing."""
        self.settings.require("WYCH_CONNECT_URL", "WYCH_APP_NAME", stage="call")
        name = quote(self.settings.app_name or "", safe="")
        return f"{(self.settings.connect_url or '').rstrip('/')}/{name}/connection"

    def connections(self, user_id: str) -> list[Connection]:
        """Return a user's connections, in every state. Invented: Wych has not published this call."""
        response = self._call("connections", userId=user_id)
        connections = models.parse_connections(parse_json(response))
        if connections is None:
            raise unexpected_body(response, "a JSON array of connections")
        return connections

    def connection(self, connection_id: str) -> Connection:
        """Return a connection as it is now, which confirms the `state` of a redirect.

        Invented: Wych has not published this call.
        """
        response = self._call("connection", connectionId=connection_id)
        connection = models.parse_connection(parse_json(response))
        if connection is None or connection.id != connection_id:
            raise unexpected_body(response, "the requested connection")
        return connection

    def revoke_connection(self, connection_id: str) -> None:
        """Revoke a consent, which ends the access to its data. Invented: Wych has not published this call."""
        self._call("revoke_connection", connectionId=connection_id)

    def accounts(self, connection: Connection) -> list[Account]:
        """Return the accounts of a connection, with its user's token.

        Invented: Wych has not published this call.
        """
        response = self._call_for_user(connection.user_id, "accounts", connectionId=connection.id)
        accounts = models.parse_accounts(parse_json(response), connection)
        if accounts is None:
            raise unexpected_body(response, "accounts in Data.Account")
        return accounts

    def balances(self, account: Account) -> list[Balance]:
        """Return the balances of an account, with its user's token.

        Invented: Wych has not published this call.
        """
        response = self._call_for_user(
            account.user_id, "balances", connectionId=account.connection_id, accountId=account.id
        )
        balances = models.parse_balances(parse_exact_json(response), account)
        if balances is None:
            raise unexpected_body(response, "balances with exact amounts in Data.Balance")
        return balances

    def transactions(
        self, account: Account, since: When = None, until: When = None
    ) -> Iterator[Transaction]:
        """Yield an account's transactions, newest first, with its user's token.

        `since` and `until` are both included. A date is that whole day in UTC; a time without a
        zone is in this machine's zone. A page is requested when its first transaction is needed.
        Invented: Wych has not published this call.
        """
        pages = Pages(self.settings.api_url or "", _MAX_PAGES)
        period = {
            "fromBookingDateTime": format_moment(since),
            "toBookingDateTime": format_moment(until),
        }
        ids = {"connectionId": account.connection_id, "accountId": account.id}
        response = self._call_for_user(
            account.user_id,
            "transactions",
            {name: text for name, text in period.items() if text},
            **ids,
        )
        while True:
            answer = parse_exact_json(response)
            transactions = models.parse_transactions(answer, account)
            if transactions is None:
                raise unexpected_body(
                    response, "transactions with exact amounts in Data.Transaction"
                )
            yield from transactions
            if not (link := models.next_link(answer)):
                return
            url = pages.get_next(response, link)
            known = endpoints.match_endpoint(self._patterns, "GET", url)
            response = self._require_success(
                self._send(known, "GET", url, {}, self._user_auth(account.user_id))
            )

    def request(
        self, method: str, path: str, *, user_id: str | None = None, **content: Any
    ) -> httpx.Response:
        """Send any call with both credentials and return the response, also a 4xx or 5xx.

        A `path` that starts with `/` is below WYCH_API_URL. Any other is below your app's own
        path: `users` means `/partner/{partnerId}/app/{appId}/users`. `{partnerId}` and `{appId}`
        are filled in. `content` takes httpx's `json`, `params`, `content`, `data`, `files` and
        `headers`. With a `user_id` that user's token is sent; customer data is not requested
        without one.
        """
        url = endpoints.build_url(self.settings, path, userId=user_id or "")
        known = endpoints.match_endpoint(self._patterns, method, url)
        if user_id is None and known and known.token == "user-context":
            raise SettingInvalid(
                "path",
                f"is for a customer's {known.name}, which needs that customer's token. Give the"
                f" user's id (--user, user_id=), or use .{known.name}()",
                stage="call",
                reference="service-token-refused",
            )
        user = None if user_id is None else self._user_auth(user_id)
        return self._send(known, method, url, content, user)

    def _call(self, name: str, *, json: Any = None, **ids: str) -> httpx.Response:
        """Return the response to a call with the service token. Raises if it is no success."""
        known = endpoints.find_endpoint(name, self.settings)
        url = endpoints.build_url(self.settings, known.path, **ids)
        return self._require_success(self._send(known, known.method, url, {"json": json}))

    def _call_for_user(
        self, user_id: str, name: str, params: dict[str, str] | None = None, **ids: str
    ) -> httpx.Response:
        """Return the response to a call for a customer's data, with that customer's token."""
        known = endpoints.find_endpoint(name, self.settings)
        url = endpoints.build_url(self.settings, known.path, userId=user_id, **ids)
        return self._require_success(
            self._send(
                known, known.method, url, {"params": params or None}, self._user_auth(user_id)
            )
        )

    def _require_success(self, response: httpx.Response) -> httpx.Response:
        if not response.is_success:
            raise refusal_error(response)
        return response

    def _exchange(self, user_id: str) -> Token:
        requested = time.monotonic()
        return token_endpoint.check(self._call("user_token", userId=user_id), requested, "call")

    def _user_auth(self, user_id: str) -> UserAuth:
        self.settings.require("WYCH_API_URL", "WYCH_API_KEY", stage="call")
        return UserAuth(
            self._user_tokens,
            user_id,
            self.settings.api_key or Secret(""),
            self.settings.api_url or "",
        )

    @cached_property
    def _patterns(self) -> tuple[tuple[endpoints.Endpoint, re.Pattern[str]], ...]:
        # Settings do not change, and every call needs the patterns.
        return endpoints.endpoint_patterns(self.settings)

    def _send(
        self,
        known: endpoints.Endpoint | None,
        method: str,
        url: str,
        content: dict[str, Any],
        user: UserAuth | None = None,
    ) -> httpx.Response:
        self.settings.require("WYCH_API_KEY", stage="call")
        auth = user or self.auth
        failure: WychError
        try:
            request = self.http.build_request(method, url, **content)
            request.extensions |= {
                BASIS: known.basis if known else "",
                CUSTOMER_DATA: user is not None,
            }
            return self.http.send(request, auth=auth)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            failure = self._translate(error)
        except UnicodeEncodeError:
            # Its own text would repeat the whole header, which may be a secret.
            failure = SettingInvalid(
                "request",
                "has a character that cannot be sent, perhaps in a header",
                stage="call",
                reference="odd-characters",
            )
        raise failure

    def _translate(self, error: httpx.HTTPError | httpx.InvalidURL) -> WychError:
        if isinstance(error, httpx.HTTPError):
            self.journal.record_failure(error)
        return translate_httpx_error(error)


def _parse_users(answer: object) -> list[User] | None:
    """Return the users in a response, or None.

    Nothing is raised here: a traceback with locals would show the response.
    """
    parsed = [_parse_user(item) for item in answer] if isinstance(answer, list) else [None]
    users = [user for user in parsed if user]
    return users if len(users) == len(parsed) else None


def _parse_user(item: object) -> User | None:
    if (
        isinstance(item, dict)
        and isinstance(item.get("id"), str)
        and isinstance(item.get("email"), str)
    ):
        return User(item["id"], item["email"])
    return None
