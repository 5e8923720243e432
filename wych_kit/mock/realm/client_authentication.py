"""Identifies the client of a request to the realm and checks its secret, in Keycloak's order.

Wire facts A3-3 to A3-8 and A3-15 to A3-17.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from wych_kit.mock.faults.checks import Check, run_checks
from wych_kit.mock.realm import keycloak_errors
from wych_kit.mock.state.clients import EXERCISE_CLIENTS, Client, hash_secret
from wych_kit.mock.tokens import presented_credentials

if TYPE_CHECKING:
    from wych_kit.mock.faults.switch import Faults
    from wych_kit.mock.http.messages import Answer, Request
    from wych_kit.mock.state.ids import Ids
    from wych_kit.mock.state.store import Store


@dataclass(slots=True)
class _Attempt:
    """A request, with what earlier checks found out about its client."""

    request: Request
    form: dict[str, str]
    basic: tuple[str, ...] = ()
    client_id: str | None = None
    secret: str | None = None
    client: Client | None = None

    @property
    def known_client(self) -> Client:
        """The client, for checks that run after `_check_client`."""
        assert self.client is not None  # noqa: S101 - an earlier check found it
        return self.client


class ClientAuthentication:
    """Authenticates the clients of a store, and those of the exercises."""

    def __init__(self, store: Store, ids: Ids, faults: Faults) -> None:
        self._store = store
        self._ids = ids
        self._faults = faults
        # The order of Keycloak.
        self._checks = (
            Check("Basic header and client id", _read_credentials),
            Check("client", self._check_client, {"unknown-client": keycloak_errors.UNKNOWN_CLIENT}),
            Check("secret sent", _check_secret_sent),
            Check(
                "secret correct",
                self._check_secret,
                {"wrong-client-secret": self._refuse_as_if_replaced},
                applies=lambda attempt, _: not attempt.known_client.is_public,
            ),
        )

    def authenticate(self, request: Request, form: dict[str, str]) -> Client | Answer:
        """Return the client, or the refusal as the token endpoint sends it.

        A public client is returned without a check of its secret.
        """
        attempt = _Attempt(request, form)
        return run_checks(self._checks, attempt, self._faults) or attempt.known_client

    def _check_client(self, attempt: _Attempt) -> Answer | None:
        client_id = attempt.client_id or ""
        client = self._store.find_client(client_id) or EXERCISE_CLIENTS.get(client_id)
        if client is None:
            return keycloak_errors.UNKNOWN_CLIENT
        if not client.enabled:
            return keycloak_errors.DISABLED_CLIENT
        attempt.client = client
        return keycloak_errors.OTHER_METHOD if client.kind == "signed-jwt" else None

    def _check_secret(self, attempt: _Attempt) -> Answer | None:
        client, secret = attempt.known_client, attempt.secret or ""
        if client.is_public:
            return None
        if not client.has_secret(secret):
            # A different process of the mock may have replaced it.
            client = attempt.client = self._store.reload_client(client)
        return None if client.has_secret(secret) else _refuse_secret(client, attempt)

    def _refuse_as_if_replaced(self, attempt: _Attempt) -> Answer:
        """Return the refusal as if the client had a new secret."""
        new_secret = hash_secret(self._ids.text(32))
        return _refuse_secret(replace(attempt.known_client, secret=new_secret), attempt)


def _read_credentials(attempt: _Attempt) -> Answer | None:
    attempt.basic = presented_credentials.parse_basic(
        attempt.request.headers.get(b"authorization", b"")
    )
    try:
        pair = [presented_credentials.decode_form_text(part) for part in attempt.basic]
    except ValueError:
        return keycloak_errors.PERCENT_IN_BASIC
    client_id, secret = pair or (None, None)
    # The form takes precedence over the header.
    attempt.client_id = attempt.form.get("client_id", client_id)
    attempt.secret = attempt.form.get("client_secret", secret)
    return keycloak_errors.NO_CLIENT_ID if attempt.client_id is None else None


def _check_secret_sent(attempt: _Attempt) -> Answer | None:
    if attempt.secret or attempt.known_client.is_public:
        return None
    return keycloak_errors.NO_SECRET


def _refuse_secret(client: Client, attempt: _Attempt) -> Answer:
    """Return the same bytes for every wrong secret. The reason in the request log may say more."""
    secret, basic = attempt.secret or "", attempt.basic
    if client.has_secret(secret.strip()):
        return keycloak_errors.WRONG_SECRET.with_reason(
            "the client_secret would be correct without the white space around it"
        )
    if basic and "+" in basic[1] and client.has_secret(basic[1]):
        return keycloak_errors.PLUS_IN_BASIC
    return keycloak_errors.WRONG_SECRET
