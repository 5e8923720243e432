"""List the API's calls and answer those for users and connections.

`ROUTES` is the only place that says which paths the mock has and on what each rests. These are not
public and therefore invented: the bodies and statuses of errors, the method and answer of the
token exchange, the status of a found or created user, connections and customer data.
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
    """A call: method, path, the kind of token it needs, and its basis."""

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
    """Return the route for a method and path, with the ids in the path; None if there is none."""
    for route, pattern in _PATTERNS:
        if route.method == method and (match := pattern.fullmatch(path)):
            return route, match.groupdict()
    return None


def parse_user_body(body: bytes) -> dict[str, Any] | None:
    """Return the body of POST /user, or None unless it is a JSON object with a text `email`.

    This is the gateway's request model; the application checks the address itself.
    """
    try:
        # RecursionError: JSON of many nested brackets.
        value = json.loads(body, parse_constant=_reject_constant)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and isinstance(value.get("email"), str) else None


def _reject_constant(name: str) -> None:
    raise ValueError(f"{name} is Python's, not JSON (RFC 8259 §6)")


class Api:
    """Answers calls that passed the gateway. With `find_only`, POST /user creates no user.

    API facts, section 8, row 10: Wych's pages contradict one another about it.
    """

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
            "users": self._list_users,
            "user": self._find_or_create_user,
            "exchange": self._exchange_token,
            "connections": self._list_connections,
            "connection": self._show_connection,
            "revoke_connection": self._revoke_connection,
            "accounts": data.accounts,
            "balances": data.balances,
            "transactions": data.transactions,
        }

    def reply(self, route: Route, call: Call) -> Reply:
        """Return the reply to a call of `route`."""
        ids = (call.where["partnerId"], call.where["appId"])
        if ids != (call.client.partner_id, call.client.app_id):
            # 404, not 403: an app must not learn which other ids exist.
            reason = "the partner or app id in the path is not the token's"
            return refuse(404, "app_not_found", reason)
        try:
            return self._handlers[route.handler](call)
        except Refused as refusal:
            return refusal.reply

    def _list_users(self, call: Call) -> Reply:
        return Reply(200, self._store.list_users(call.client.app_id))

    def _find_or_create_user(self, call: Call) -> Reply:
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

    def _exchange_token(self, call: Call) -> Reply:
        user_id = call.where["userId"]
        if not self._store.find_user(call.client.app_id, user_id):
            return _NO_USER
        # Signed here and now: calls of the API are few, and only the token endpoint is worth a
        # thread.
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

    def _list_connections(self, call: Call) -> Reply:
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

    def _show_connection(self, call: Call) -> Reply:
        connection = self._connections.get(call.client.app_id, call.where["connectionId"])
        return Reply(200, connection.to_json()) if connection else CONNECTION_NOT_FOUND

    def _revoke_connection(self, call: Call) -> Reply:
        connection = self._connections.revoke(call.client.app_id, call.where["connectionId"])
        if connection is None:
            return CONNECTION_NOT_FOUND
        if connection.state != "REVOKED":
            return refuse(
                409,
                "connection_ended",
                f"the connection is {connection.state} and cannot be revoked",
            )
        return Reply(204, None)


_NO_USER = refuse(404, "user_not_found", "the app has no user of this id")
# Replies that a fault asks for: they depend on Wych's state, not on the request.
FAULT_REPLIES = {
    "unknown-user": refuse(404, "user_not_found", "no user has this id"),
    "consent-pending": CONSENT["PENDING"],
    "consent-rejected": CONSENT["REJECTED"],
}
