"""Define the ready-made app and the clients for exercises."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["confidential", "public", "bearer-only", "signed-jwt", "no-service-account"]


def hash_secret(secret: str) -> bytes:
    """Return the hash under which a client secret or API key is stored.

    Both are 32 or more random characters, so a fast hash is enough: there is no dictionary to try.
    """
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


@dataclass(frozen=True, slots=True)
class Credentials:
    """Credentials of an app as the portal shows them, in plain text.

    `repr` hides the secret ones.
    """

    client_id: str
    client_secret: str = field(repr=False)
    api_key: str = field(repr=False)
    partner_id: str
    app_id: str


@dataclass(frozen=True, slots=True)
class Client:
    """A Keycloak client. With an `app_id` it belongs to an app and has an API key.

    `subject` is the user id of its service account. `secret` and `api_key` are hashes.
    """

    client_id: str
    subject: str
    secret: bytes
    kind: Kind = "confidential"
    enabled: bool = True
    account_enabled: bool = True
    app_id: str = ""
    partner_id: str = ""
    api_key: bytes = b""

    @property
    def is_public(self) -> bool:
        """True for a client without a secret (RFC 6749 section 2.1)."""
        return self.kind == "public"

    def has_secret(self, secret: str) -> bool:
        """Return True if this is the client's secret, in constant time."""
        return hmac.compare_digest(self.secret, hash_secret(secret))


# They pass a client's own checks of shape, and their text says that they protect nothing.
READY_MADE = Credentials(
    client_id="mock-recipient",
    client_secret="mock-only-not-a-real-secret-0001",  # noqa: S106 - public on purpose
    api_key="mock-only-not-a-real-key-0001",
    partner_id="0d9f4c51-6f0e-4c52-9a57-2c1f3f1b7a01",
    app_id="5b1c9a34-27e8-4c0f-8d3e-9f64d2a6e702",
)
# The kit's own callback listener uses this port, so the first consent needs no registration.
READY_MADE_CALLBACK = "http://127.0.0.1:9925/callback"
READY_MADE_SUBJECT = "9c7b1f60-3a7d-4f0b-9a39-61a1f0f5d003"
# example.com is reserved (RFC 2606): no mail to these addresses can reach a person.
READY_MADE_USERS = (
    ("3f2f7c1e-58a4-4a3e-9d0b-0c5b6ef1a101", "aroha.ngata@example.com"),
    ("7a8e0d42-1b6f-4e57-8c2a-5d9f4e60b202", "bill.tanner@example.com"),
    ("c4d96b13-e0f5-4c88-b7a1-2f3e8d71c303", "mei.chen@example.com"),
)

# A realm with this name exists in every mock, so that the answer of a disabled realm can be shown.
DISABLED_REALM = "switched-off"


def _exercise_client(
    client_id: str,
    kind: Kind = "confidential",
    *,
    enabled: bool = True,
    account_enabled: bool = True,
    secret: str = READY_MADE.client_secret,
) -> Client:
    # Derived from the name, so that it is the same in every mock.
    subject = f"00000000-0000-4000-8000-{hashlib.sha256(client_id.encode()).hexdigest()[:12]}"
    return Client(client_id, subject, hash_secret(secret), kind, enabled, account_enabled)


# Six clients that a provider has set up wrongly (wire facts A3-7 to A3-12), with the secret of the
# ready-made app. The last two are set up correctly, but a Basic header cannot hold their secrets
# without form-encoding (A3-16, A3-17).
EXERCISE_CLIENTS = {
    client.client_id: client
    for client in (
        _exercise_client("mock-disabled", enabled=False),
        _exercise_client("mock-signed-jwt", "signed-jwt"),
        _exercise_client("mock-public", "public"),
        _exercise_client("mock-no-service-account", "no-service-account"),
        _exercise_client("mock-bearer-only", "bearer-only"),
        _exercise_client("mock-account-disabled", account_enabled=False),
        _exercise_client("mock-plus-in-secret", secret="mock-only-a+b"),  # noqa: S106 - public
        _exercise_client("mock-percent-in-secret", secret="mock-only-50%-off"),  # noqa: S106 - public
    )
}
