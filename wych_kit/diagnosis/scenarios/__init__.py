"""List what can go wrong: symptom, cause, fix, who can fix it, and how we know. Data only.

An error carries the `reference` of its scenario; `wych_kit.diagnosis.diagnose` looks it up here.
`python -m wych_kit.diagnosis.scenarios` prints the list as a page.

    settings            the values and their file
    network             nothing answers, or something else does
    identity_provider   discovery and the token request
    gateway             the API calls
    application         users, consent and data behind the gateway
    documentation       the scenarios as docs/troubleshooting.md and in a terminal
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from wych_kit.diagnosis.scenarios.application import CONNECTIONS_OF_USERS, USERS
from wych_kit.diagnosis.scenarios.gateway import BEARER, KEY_AND_ADDRESS, LIMITS
from wych_kit.diagnosis.scenarios.identity_provider import (
    CREDENTIALS,
    DISCOVERY,
    TOKEN_REQUESTS,
    TOKENS,
)
from wych_kit.diagnosis.scenarios.network import CERTIFICATES, CONNECTIONS, STRANGERS
from wych_kit.diagnosis.scenarios.scenario import WHO_CAN_FIX, MadeBy, Scenario, Side
from wych_kit.diagnosis.scenarios.settings import FILES, VALUES

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["SCENARIOS", "WHO_CAN_FIX", "MadeBy", "Scenario", "Side"]

_ALL = (
    *VALUES,
    *FILES,
    *CONNECTIONS,
    *CERTIFICATES,
    *STRANGERS,
    *DISCOVERY,
    *CREDENTIALS,
    *TOKEN_REQUESTS,
    *TOKENS,
    *BEARER,
    *KEY_AND_ADDRESS,
    *LIMITS,
    *USERS,
    *CONNECTIONS_OF_USERS,
)

SCENARIOS: Mapping[str, Scenario] = MappingProxyType(
    {scenario.reference: scenario for scenario in _ALL}
)
