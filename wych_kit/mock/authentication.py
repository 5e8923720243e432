"""Which client a request to the realm comes from, and whether its secret is right (wire facts A3-3 to A3-8, A3-15 to A3-17)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from wych_kit.mock import presented, refusals
from wych_kit.mock.clients import ODD_CLIENTS, Client, digest

if TYPE_CHECKING:
    from wych_kit.mock.faults.switchboard import Faults
    from wych_kit.mock.ids import Ids
    from wych_kit.mock.store import Store
    from wych_kit.mock.wire import Answer, Request


class Authentication:
    """Knows the clients of a store, and the odd ones."""

    def __init__(self, store: Store, ids: Ids, faults: Faults) -> None:
        self._store = store
        self._ids = ids
        self._faults = faults

    def client(self, request: Request, form: dict[str, str]) -> Client | Answer:
        """The client, its secret confirmed unless it is public; or why not, as the token endpoint says it."""
        basic = presented.basic(request.headers.get(b"authorization", b""))
        try:
            from_header = [presented.form_decoded(part) for part in basic]
        except ValueError:
            return refusals.PERCENT_IN_BASIC
        client_id, secret = from_header or (None, None)
        client_id, secret = form.get("client_id", client_id), form.get("client_secret", secret)
        if client_id is None:
            return refusals.NO_CLIENT_ID
        if self._faults.on and (refused := self._faults.refusal(request, {"unknown-client": refusals.UNKNOWN_CLIENT})):
            return refused
        client = self._store.client(client_id) or ODD_CLIENTS.get(client_id)
        if client is None:
            return refusals.UNKNOWN_CLIENT
        if not client.enabled:
            return refusals.DISABLED_CLIENT
        if client.kind == "public":
            return client
        if client.kind == "signed-jwt":
            return refusals.OTHER_METHOD
        return self._confirmed(request, client, secret, basic) if secret else refusals.NO_SECRET

    def _confirmed(self, request: Request, client: Client, secret: str, basic: tuple[str, ...]) -> Client | Answer:
        if self._faults.on and (fault := self._faults.due("wrong-client-secret", request)):
            return fault.told(_wrong_secret(replace(client, secret=digest(self._ids.text(32))), secret, basic))
        if not client.has_secret(secret):
            client = self._store.afresh(client)
        return client if client.has_secret(secret) else _wrong_secret(client, secret, basic)


def _wrong_secret(client: Client, secret: str, basic: tuple[str, ...]) -> Answer:
    """The same bytes whatever is wrong; the mock's own record may know more."""
    if client.has_secret(secret.strip()):
        return refusals.WRONG_SECRET.because("the client_secret would be right without the white space around it")
    if basic and "+" in basic[1] and client.has_secret(basic[1]):
        return refusals.PLUS_IN_BASIC
    return refusals.WRONG_SECRET
