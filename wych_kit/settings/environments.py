"""The Wyches there are: a pretend one, the sandbox, and the real one. Frozen facts, no behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Environment:
    """One Wych, real or pretend: its addresses (`None` where none is public), a sentence on where to get the rest, and what it is in `words`."""

    name: str
    issuer_url: str | None = None
    api_url: str | None = None
    portal_url: str | None = None
    connect_url: str | None = None
    callback_url: str | None = None
    note: str = ""
    words: str = ""


MOCK = Environment(
    "mock",
    "http://127.0.0.1:9924/realms/partner",
    "http://127.0.0.1:9924/v3",
    "http://127.0.0.1:9924/portal",
    "http://127.0.0.1:9924/app",
    "http://127.0.0.1:9925/callback",
    "A pretend Wych on this machine: `wych-kit mock` starts it, no account and no internet needed.",
    "a pretend Wych on this machine; nothing here is real",
)
SANDBOX = Environment(
    "sandbox",
    note=(
        "Wych publishes no address of its sandbox: ask Wych, then set WYCH_ISSUER_URL,"
        " WYCH_API_URL, WYCH_PORTAL_URL and WYCH_CONNECT_URL."
    ),
    words="Wych's test environment",
)
# API facts section 2. The only public addresses, and no page labels them production: documented addresses, inferred label.
PRODUCTION = Environment(
    "production",
    "https://login.wych.app/realms/partner",
    "https://api.wych.io/v3",
    None,
    "https://connect.wych.app/app",
    None,
    "The published addresses. The portal's differs from customer to customer: ask Wych, then set"
    " WYCH_PORTAL_URL.",
    "the real Wych",
)
ENVIRONMENTS: Mapping[str, Environment] = MappingProxyType(
    {each.name: each for each in (MOCK, SANDBOX, PRODUCTION)}
)
