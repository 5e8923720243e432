"""Which client a request to the realm comes from, and whether its secret is right (wire facts A3-3 to A3-8, A3-15 to A3-17)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from wych_kit.mock.realm import keycloak_errors
from wych_kit.mock.state.clients import EXERCISE_CLIENTS, Client, hash_secret
from wych_kit.mock.tokens import presented_credentials

if TYPE_CHECKING:
    from wych_kit.mock.faults.active import Faults
    from wych_kit.mock.http.messages import Answer, Request
    from wych_kit.mock.state.ids import Ids
    from wych_kit.mock.state.store import Store


class Authentication:
    """Knows the clients of a store, and the odd ones."""

    def __init__(self, store: Store, ids: Ids, faults: Faults) -> None:
        self._store = store
        self._ids = ids
        self._faults = faults

    def client(self, request: Request, form: dict[str, str]) -> Client | Answer:
        """The client, its secret confirmed unless it is public; or why not, as the token endpoint says it."""
        basic = presented_credentials.parse_basic(request.headers.get(b"authorization", b""))
        try:
            from_header = [presented_credentials.decode_form_text(part) for part in basic]
        except ValueError:
            return keycloak_errors.PERCENT_IN_BASIC
        client_id, secret = from_header or (None, None)
        client_id, secret = form.get("client_id", client_id), form.get("client_secret", secret)
        if client_id is None:
            return keycloak_errors.NO_CLIENT_ID
        if self._faults.on and (
            refused := self._faults.refusal(
                request, {"unknown-client": keycloak_errors.UNKNOWN_CLIENT}
            )
        ):
            return refused
        client = self._store.find_client(client_id) or EXERCISE_CLIENTS.get(client_id)
        if client is None:
            return keycloak_errors.UNKNOWN_CLIENT
        if not client.enabled:
            return keycloak_errors.DISABLED_CLIENT
        if client.kind == "public":
            return client
        if client.kind == "signed-jwt":
            return keycloak_errors.OTHER_METHOD
        return (
            self._confirmed(request, client, secret, basic) if secret else keycloak_errors.NO_SECRET
        )

    def _confirmed(
        self, request: Request, client: Client, secret: str, basic: tuple[str, ...]
    ) -> Client | Answer:
        if self._faults.on and (fault := self._faults.due("wrong-client-secret", request)):
            return fault.told(
                _wrong_secret(
                    replace(client, secret=hash_secret(self._ids.text(32))), secret, basic
                )
            )
        if not client.has_secret(secret):
            client = self._store.reload_client(client)
        return client if client.has_secret(secret) else _wrong_secret(client, secret, basic)


def _wrong_secret(client: Client, secret: str, basic: tuple[str, ...]) -> Answer:
    """The same bytes whatever is wrong; the mock's own record may know more."""
    if client.has_secret(secret.strip()):
        return keycloak_errors.WRONG_SECRET.with_reason(
            "the client_secret would be right without the white space around it"
        )
    if basic and "+" in basic[1] and client.has_secret(basic[1]):
        return keycloak_errors.PLUS_IN_BASIC
    return keycloak_errors.WRONG_SECRET
