"""Who may ask for a token: the ready-made app, the odd clients for exercises, and what is known of any of them."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["confidential", "public", "bearer-only", "signed-jwt", "no-service-account"]


def hash_secret(secret: str) -> bytes:
    """What is kept of a client secret or API key. Both are 32 or more random characters, so a fast hash is enough."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a recipient reads off the portal, as plain strings; `repr` hides the secret ones."""

    client_id: str
    client_secret: str = field(repr=False)
    api_key: str = field(repr=False)
    partner_id: str
    app_id: str


@dataclass(frozen=True, slots=True)
class Client:
    """A Keycloak client; with an `app_id` it belongs to an app and has an API key. `subject` is its service account's user id."""

    client_id: str
    subject: str
    secret: bytes
    kind: Kind = "confidential"
    enabled: bool = True
    account_enabled: bool = True
    app_id: str = ""
    partner_id: str = ""
    api_key: bytes = b""

    def has_secret(self, secret: str) -> bool:
        """Compares in constant time."""
        return hmac.compare_digest(self.secret, hash_secret(secret))


# Plausible to a client's own checks, and plainly worth nothing.
READY_MADE = Credentials(
    client_id="mock-recipient",
    client_secret="mock-only-not-a-real-secret-0001",  # noqa: S106 - public on purpose
    api_key="mock-only-not-a-real-key-0001",
    partner_id="0d9f4c51-6f0e-4c52-9a57-2c1f3f1b7a01",
    app_id="5b1c9a34-27e8-4c0f-8d3e-9f64d2a6e702",
)
READY_MADE_CALLBACK = "http://127.0.0.1:9925/callback"
READY_MADE_SUBJECT = "9c7b1f60-3a7d-4f0b-9a39-61a1f0f5d003"
READY_MADE_USERS = (
    ("3f2f7c1e-58a4-4a3e-9d0b-0c5b6ef1a101", "aroha.ngata@example.com"),
    ("7a8e0d42-1b6f-4e57-8c2a-5d9f4e60b202", "bill.tanner@example.com"),
    ("c4d96b13-e0f5-4c88-b7a1-2f3e8d71c303", "mei.chen@example.com"),
)

DISABLED_REALM = "switched-off"


def _odd(
    client_id: str,
    kind: Kind = "confidential",
    *,
    enabled: bool = True,
    account_enabled: bool = True,
    secret: str = READY_MADE.client_secret,
) -> Client:
    subject = f"00000000-0000-4000-8000-{hashlib.sha256(client_id.encode()).hexdigest()[:12]}"
    return Client(client_id, subject, hash_secret(secret), kind, enabled, account_enabled)


# Clients that a provider has set up wrongly (wire facts A3-7 to A3-12), with the ready-made app's secret. And two that are right, with
# secrets that a Basic header cannot hold as they are (A3-16, A3-17).
EXERCISE_CLIENTS = {
    client.client_id: client
    for client in (
        _odd("mock-disabled", enabled=False),
        _odd("mock-signed-jwt", "signed-jwt"),
        _odd("mock-public", "public"),
        _odd("mock-no-service-account", "no-service-account"),
        _odd("mock-bearer-only", "bearer-only"),
        _odd("mock-account-disabled", account_enabled=False),
        _odd("mock-plus-in-secret", secret="mock-only-a+b"),  # noqa: S106 - public on purpose
        _odd("mock-percent-in-secret", secret="mock-only-50%-off"),  # noqa: S106 - public on purpose
    )
}
