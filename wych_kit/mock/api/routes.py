"""What lies behind the gateway: the recipient's calls.

`ROUTES` is the one place that says which paths the mock has and what each rests on. Bodies and statuses of errors, the method and
the answer of the token exchange, the status of a found or created user, connections and customer data are not public: they are
invented here.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from wych_kit.mock.api.replies import CONNECTION_NOT_FOUND, CONSENT, Call, Refused, Reply, refuse
from wych_kit.mock.state.registration_rules import is_email
from wych_kit.mock.tokens import keys

if TYPE_CHECKING:
    from collections.abc import Callable

    from wych_kit.mock.api.connections import Connections
    from wych_kit.mock.api.customer_data import CustomerData
    from wych_kit.mock.state.ids import Ids
    from wych_kit.mock.state.store import Store
    from wych_kit.mock.tokens.issuer import Tokens

_APP = "/v3/partner/{partnerId}/app/{appId}"
_CONNECTION = _APP + "/connection/{connectionId}"
_ACCOUNT = _CONNECTION + "/account/{accountId}"


class Route(NamedTuple):
    """A call: its method and path, which kind of token it takes, and what the mock's knowledge of it rests on."""

    method: str
    path: str
    handler: str
    token: str
    basis: str
    takes_body: bool = False


ROUTES = (
    Route("GET", _APP + "/users", "users", "service", "documented"),
    Route("POST", _APP + "/user", "user", "service", "documented", takes_body=True),
    Route("POST", _APP + "/user/{userId}/token", "exchange", "service", "invented"),
    Route("GET", _APP + "/user/{userId}/connections", "connections", "service", "invented"),
    Route("GET", _CONNECTION, "connection", "service", "invented"),
    Route("DELETE", _CONNECTION, "revoke_connection", "service", "invented"),
    Route("GET", _CONNECTION + "/accounts", "accounts", "user-context", "invented"),
    Route("GET", _ACCOUNT + "/balances", "balances", "user-context", "invented"),
    Route("GET", _ACCOUNT + "/transactions", "transactions", "user-context", "invented"),
)
_PATTERNS = [
    (route, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", route.path))) for route in ROUTES
]


def match_route(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The route for a method and path, with the ids in the path."""
    for route, pattern in _PATTERNS:
        if route.method == method and (match := pattern.fullmatch(path)):
            return route, match.groupdict()
    return None


def parse_user_body(body: bytes) -> dict[str, Any] | None:
    """The gateway's request model for POST /user: a JSON object with a text `email`."""
    try:
        value = json.loads(body, parse_constant=_reject_constant)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and isinstance(value.get("email"), str) else None


def _reject_constant(name: str) -> None:
    raise ValueError(f"{name} is Python's, not JSON (RFC 8259 §6)")


class Api:
    """Answers calls that the gateway let through. With `find_only`, POST /user makes no user (API facts, section 8, row 10)."""

    def __init__(
        self,
        store: Store,
        tokens: Tokens,
        ids: Ids,
        connections: Connections,
        data: CustomerData,
        *,
        find_only: bool = False,
    ) -> None:
        self._store = store
        self._tokens = tokens
        self._ids = ids
        self._connections = connections
        self._find_only = find_only
        self._handlers: dict[str, Callable[[Call], Reply]] = {
            "users": self._users,
            "user": self._user,
            "exchange": self._exchange,
            "connections": self._of_user,
            "connection": self._connection,
            "revoke_connection": self._revoke,
            "accounts": data.accounts,
            "balances": data.balances,
            "transactions": data.transactions,
        }

    def reply(self, route: Route, call: Call) -> Reply:
        """Answers `route`."""
        if (call.where["partnerId"], call.where["appId"]) != (
            call.client.partner_id,
            call.client.app_id,
        ):
            return refuse(
                404, "app_not_found", "the partner or app id in the path is not the token's"
            )
        try:
            return self._handlers[route.handler](call)
        except Refused as refusal:
            return refusal.reply

    def _users(self, call: Call) -> Reply:
        return Reply(200, self._store.list_users(call.client.app_id))

    def _user(self, call: Call) -> Reply:
        email = call.body["email"]
        if not is_email(email):
            return refuse(422, "invalid_email", "the email is not an address")
        if self._find_only:
            known = next(
                (
                    user
                    for user in self._store.list_users(call.client.app_id)
                    if user["email"] == email
                ),
                None,
            )
            return (
                Reply(200, known)
                if known
                else refuse(404, "user_not_found", "the app has no user with this address")
            )
        return Reply(200, self._store.find_or_create_user(call.client.app_id, email))

    def _exchange(self, call: Call) -> Reply:
        user_id = call.where["userId"]
        if not self._store.find_user(call.client.app_id, user_id):
            return _NO_USER
        token = keys.sign(
            self._tokens.prepare_user_context_token(
                call.client, user_id, "email profile", self._ids
            )
        )
        return Reply(
            200,
            {
                "access_token": token.decode(),
                "expires_in": self._tokens.lifetime,
                "token_type": "Bearer",
            },
        )

    def _of_user(self, call: Call) -> Reply:
        app_id, user_id = call.client.app_id, call.where["userId"]
        if not self._store.find_user(app_id, user_id):
            return _NO_USER
        return Reply(
            200,
            [
                connection.to_json()
                for connection in self._connections.list_for_user(app_id, user_id)
            ],
        )

    def _connection(self, call: Call) -> Reply:
        connection = self._connections.get(call.client.app_id, call.where["connectionId"])
        return Reply(200, connection.to_json()) if connection else CONNECTION_NOT_FOUND

    def _revoke(self, call: Call) -> Reply:
        revoked = self._connections.revoke(call.client.app_id, call.where["connectionId"])
        if revoked is None:
            return CONNECTION_NOT_FOUND
        if revoked.state != "REVOKED":
            return refuse(
                409, "connection_ended", f"the connection is {revoked.state} and cannot be revoked"
            )
        return Reply(204, None)


_NO_USER = refuse(404, "user_not_found", "the app has no user of this id")
# What an application may say for other reasons than the request.
FAULT_REPLIES = {
    "unknown-user": refuse(404, "user_not_found", "no user has this id"),
    "consent-pending": CONSENT["PENDING"],
    "consent-rejected": CONSENT["REJECTED"],
}
