"""The calls a data recipient makes."""

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

# Pages of one account that are followed: with 50 on each, as the mock has them, more than ten years
# of daily payments. A guess.
_MOST_PAGES = 1000


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
        self._lock = (
            threading.RLock()
        )  # `auth` needs what `http` needs: one of each, however many threads come first
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
                self._http = create_client(
                    *addresses, hooks=self.journal.hooks(), transport=self._transport
                )
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
        response = send_request(
            self.http, discovery.request(issuer_url), self.journal.record_failure
        )
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
        users = _users(parse_json(response))
        if users is None:
            raise unexpected_body(response, "a JSON array of users with id and email")
        return users

    def find_or_create_user(self, email: str) -> User:
        """The user with that address, made if there was none (that it makes one is inferred)."""
        response = self._called("find_or_create_user", json={"email": email})
        user = _user(parse_json(response))
        if user is None:
            raise unexpected_body(response, "a user with id and email")
        return user

    def user_token(self, user_id: str) -> Token:
        """A user-context token: only for the data of the one user. Kept in memory; one with time left is given again.

        Method and answer of the exchange are inferred, see `wych_kit.client.endpoints`.
        """
        return self._user_tokens.obtain(user_id)

    def consent_link(self) -> str:
        """Where you send a customer to choose a bank and agree. Nothing is sent."""
        self.settings.require("WYCH_CONNECT_URL", "WYCH_APP_NAME", stage="call")
        name = quote(self.settings.app_name or "", safe="")
        return f"{(self.settings.connect_url or '').rstrip('/')}/{name}/connection"

    def connections(self, user_id: str) -> list[Connection]:
        """A user's connections, whatever became of them. Invented: Wych's own call is not public."""
        response = self._called("connections", userId=user_id)
        found = models.parse_connections(parse_json(response))
        if found is None:
            raise unexpected_body(response, "a JSON array of connections")
        return found

    def connection(self, connection_id: str) -> Connection:
        """A connection as it is now: what confirms the `state` that a callback brought. Invented: Wych's own call is not public."""
        response = self._called("connection", connectionId=connection_id)
        found = models.parse_connection(parse_json(response))
        if found is None or found.id != connection_id:
            raise unexpected_body(response, "the connection that was asked for")
        return found

    def revoke_connection(self, connection_id: str) -> None:
        """Give a consent back: its data cannot be had any more. Invented: Wych's own call is not public."""
        self._called("revoke_connection", connectionId=connection_id)

    def accounts(self, connection: Connection) -> list[Account]:
        """The accounts of a connection, asked for with its user's token. Invented: Wych's own call is not public."""
        response = self._about(connection.user_id, "accounts", connectionId=connection.id)
        found = models.parse_accounts(parse_json(response), connection)
        if found is None:
            raise unexpected_body(response, "accounts in Data.Account")
        return found

    def balances(self, account: Account) -> list[Balance]:
        """What an account has now, asked for with its user's token. Invented: Wych's own call is not public."""
        response = self._about(
            account.user_id, "balances", connectionId=account.connection_id, accountId=account.id
        )
        found = models.parse_balances(parse_exact_json(response), account)
        if found is None:
            raise unexpected_body(response, "balances with exact amounts in Data.Balance")
        return found

    def transactions(
        self, account: Account, since: When = None, until: When = None
    ) -> Iterator[Transaction]:
        """An account's transactions, newest first, page after page as you go on; asked for with its user's token.

        `since` and `until` are both included: a date is that whole day in UTC, a time without a zone is of this machine's.
        Nothing is sent before the first is taken. Invented: Wych's own call is not public.
        """
        pages = Pages(self.settings.api_url or "", _MOST_PAGES)
        span = {
            "fromBookingDateTime": format_moment(since),
            "toBookingDateTime": format_moment(until),
        }
        ids = {"connectionId": account.connection_id, "accountId": account.id}
        response = self._about(
            account.user_id,
            "transactions",
            {name: text for name, text in span.items() if text},
            **ids,
        )
        while True:
            answer = parse_exact_json(response)
            found = models.parse_transactions(answer, account)
            if found is None:
                raise unexpected_body(
                    response, "transactions with exact amounts in Data.Transaction"
                )
            yield from found
            if not (link := models.next_link(answer)):
                return
            url = pages.following(response, link)
            known = endpoints.match_endpoint(self._patterns, "GET", url)
            response = self._succeeded(
                self._send(known, "GET", url, {}, self._of_user(account.user_id))
            )

    def request(
        self, method: str, path: str, *, user_id: str | None = None, **content: Any
    ) -> httpx.Response:
        """Any call, with both credentials. Gives whatever answered, also a 4xx or 5xx: look at `.status_code`.

        A `path` that starts with `/` is below WYCH_API_URL; one without is below your app's own path there, so that `users` means
        `/partner/{partnerId}/app/{appId}/users`. `{partnerId}` and `{appId}` are filled in. `content`: httpx's `json`, `params`,
        `content`, `data`, `files`, `headers`. With a `user_id` that user's token is sent; customer data are not asked for without.
        """
        url = endpoints.build_url(self.settings, path, userId=user_id or "")
        known = endpoints.match_endpoint(self._patterns, method, url)
        if user_id is None and known and known.token == "user-context":
            raise SettingInvalid(
                "path",
                f"is a customer's {known.name}: the service token is not sent there; give the"
                f" user's id (--user, user_id=), or use .{known.name}()",
                stage="call",
                reference="service-token-refused",
            )
        user = None if user_id is None else self._of_user(user_id)
        return self._send(known, method, url, content, user)

    def _called(self, name: str, *, json: Any = None, **ids: str) -> httpx.Response:
        """A call with the service token."""
        known = endpoints.find_endpoint(name, self.settings)
        url = endpoints.build_url(self.settings, known.path, **ids)
        return self._succeeded(self._send(known, known.method, url, {"json": json}))

    def _about(
        self, user_id: str, name: str, params: dict[str, str] | None = None, **ids: str
    ) -> httpx.Response:
        """A call for a customer's data, with that customer's token and no other."""
        known = endpoints.find_endpoint(name, self.settings)
        url = endpoints.build_url(self.settings, known.path, userId=user_id, **ids)
        return self._succeeded(
            self._send(known, known.method, url, {"params": params or None}, self._of_user(user_id))
        )

    def _succeeded(self, response: httpx.Response) -> httpx.Response:
        if not response.is_success:
            raise refusal_error(response)
        return response

    def _exchange(self, user_id: str) -> Token:
        asked = time.monotonic()
        return token_endpoint.check(self._called("user_token", userId=user_id), asked, "call")

    def _of_user(self, user_id: str) -> UserAuth:
        self.settings.require("WYCH_API_URL", "WYCH_API_KEY", stage="call")
        return UserAuth(
            self._user_tokens,
            user_id,
            self.settings.api_key or Secret(""),
            self.settings.api_url or "",
        )

    @cached_property
    def _patterns(self) -> tuple[tuple[endpoints.Endpoint, re.Pattern[str]], ...]:
        # Settings cannot change, and every call asks.
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
            failure = self._failed(error)
        except UnicodeEncodeError:  # it has the whole text in it
            failure = SettingInvalid(
                "request",
                "has a character that cannot be sent, perhaps in a header",
                stage="call",
                reference="odd-characters",
            )
        raise failure

    def _failed(self, error: httpx.HTTPError | httpx.InvalidURL) -> WychError:
        if isinstance(error, httpx.HTTPError):
            self.journal.record_failure(error)
        return translate_httpx_error(error)


def _users(answer: object) -> list[User] | None:
    """`None` for anything else: whoever raises for it holds no answer that a traceback with locals would show."""
    made = [_user(item) for item in answer] if isinstance(answer, list) else [None]
    users = [user for user in made if user]
    return users if len(users) == len(made) else None


def _user(item: object) -> User | None:
    if (
        isinstance(item, dict)
        and isinstance(item.get("id"), str)
        and isinstance(item.get("email"), str)
    ):
        return User(item["id"], item["email"])
    return None
