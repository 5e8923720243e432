"""Lists the environments of Wych with their addresses: mock, sandbox and production."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Environment:
    """One environment of Wych. An address is None where none is public.

    `note` says where to get what is missing; `words` describes the environment in a few words.
    """

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
    "The mock is a local simulation of Wych. `wych-kit mock` starts it. It needs no account and no"
    " internet.",
    "a local simulation of Wych; nothing here is real",
)
SANDBOX = Environment(
    "sandbox",
    note=(
        "Wych does not publish the addresses of its sandbox. Ask Wych for them, then set"
        " WYCH_ISSUER_URL, WYCH_API_URL, WYCH_PORTAL_URL and WYCH_CONNECT_URL."
    ),
    words="Wych's test environment",
)
# API facts section 2. The addresses are documented; that they are production is inferred, as no page
# says so.
PRODUCTION = Environment(
    "production",
    "https://login.wych.app/realms/partner",
    "https://api.wych.io/v3",
    None,
    "https://connect.wych.app/app",
    None,
    "These are the published addresses. The portal's differs between customers. Ask Wych for it,"
    " then set WYCH_PORTAL_URL.",
    "the real Wych",
)
ENVIRONMENTS: Mapping[str, Environment] = MappingProxyType(
    {environment.name: environment for environment in (MOCK, SANDBOX, PRODUCTION)}
)
