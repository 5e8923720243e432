"""What lies behind the gateway: the recipient's calls.

`ROUTES` is the one place that says which paths the mock has and what each rests on. Bodies and statuses of errors, the method and
the answer of the token exchange, and the status of a found or created user are not public: they are invented here.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from wych_kit.mock import keys
from wych_kit.mock.registration import is_email
from wych_kit.mock.wire import compact

if TYPE_CHECKING:
    from collections.abc import Callable

    from wych_kit.mock.clients import Client
    from wych_kit.mock.ids import Ids
    from wych_kit.mock.store import Store
    from wych_kit.mock.tokens import Tokens

_PREFIX = r"/v3/partner/(?P<partner>[^/]+)/app/(?P<app>[^/]+)"


class Reply(NamedTuple):
    """What the application says: a status, a value for JSON, and why, when it is a refusal."""

    status: int
    value: Any
    reason: str = ""
    invented: bool = False


class Route(NamedTuple):
    """A call: its method and path, which kind of token it takes, and what the mock's knowledge of it rests on."""

    method: str
    path: re.Pattern[str]
    handler: str
    token: str
    takes_body: bool
    basis: str


ROUTES = (
    Route("GET", re.compile(_PREFIX + "/users"), "users", "service", takes_body=False, basis="documented"),
    Route("POST", re.compile(_PREFIX + "/user"), "user", "service", takes_body=True, basis="documented"),
    Route("POST", re.compile(_PREFIX + r"/user/(?P<user>[^/]+)/token"), "exchange", "service", takes_body=False, basis="invented"),
)


def found(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The route for a method and path, with the ids in the path."""
    for route in ROUTES:
        if route.method == method and (match := route.path.fullmatch(path)):
            return route, match.groupdict()
    return None


def valid_body(body: bytes) -> dict[str, Any] | None:
    """The gateway's request model for POST /user: a JSON object with a text `email`."""
    try:
        value = json.loads(body, parse_constant=_no_json)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and isinstance(value.get("email"), str) else None


def _no_json(name: str) -> None:
    raise ValueError(f"{name} is Python's, not JSON (RFC 8259 §6)")


class Api:
    """Answers calls that the gateway let through."""

    def __init__(self, store: Store, tokens: Tokens, ids: Ids) -> None:
        self._store = store
        self._tokens = tokens
        self._ids = ids

    def reply(self, route: Route, client: Client, where: dict[str, str], body: dict[str, Any]) -> Reply:
        """Answers `route` for the token's client."""
        if (where["partner"], where["app"]) != (client.partner_id, client.app_id):
            return _refused(404, "app_not_found", "the partner or app id in the path is not the token's")
        handler: Callable[..., Reply] = getattr(self, f"_{route.handler}")
        return handler(client, where, body)

    def _users(self, client: Client, _where: dict[str, str], _body: dict[str, Any]) -> Reply:
        return Reply(200, self._store.users(client.app_id))

    def _user(self, client: Client, _where: dict[str, str], body: dict[str, Any]) -> Reply:
        email = body["email"]
        if not is_email(email):
            return _refused(422, "invalid_email", "the email is not an address")
        return Reply(200, self._store.find_or_create_user(client.app_id, email))

    def _exchange(self, client: Client, where: dict[str, str], _body: dict[str, Any]) -> Reply:
        if not self._store.user(client.app_id, where["user"]):
            return _refused(404, "user_not_found", "the app has no user of this id")
        token = keys.signed(self._tokens.user_context(client, where["user"], "email profile", self._ids))
        value = {"access_token": token.decode(), "expires_in": self._tokens.lifetime, "token_type": "Bearer"}
        return Reply(200, value, invented=True)


def _refused(status: int, code: str, reason: str) -> Reply:
    return Reply(status, {"error": code, "message": reason[0].upper() + reason[1:] + "."}, reason, invented=True)


# What an application may say for other reasons than the request. Wych's own words for these are not public.
TROUBLES = {
    "unknown-user": _refused(404, "user_not_found", "no user has this id"),
    "consent-pending": _refused(409, "consent_pending", "the user has not consented yet"),
    "consent-rejected": _refused(403, "consent_rejected", "the user has not agreed to share data"),
}


def written(reply: Reply) -> bytes:
    """The reply's body."""
    return compact(reply.value)
