"""What registering asks: a person's answers on the mock, what the portal's page shows on Wych."""

from __future__ import annotations

import re
import tomllib
from functools import partial
from importlib.resources import files

from wych_kit import checks
from wych_kit.steps import Field

_SHORTEST_PASSWORD = 8
_LONGEST = 200


def _text(text: str) -> str | None:
    return f"is longer than {_LONGEST} characters" if len(text.strip()) > _LONGEST else None


def _email(text: str) -> str | None:
    return None if re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s.]+", text.strip()) else "must be an address such as kim@example.com"


def _password(text: str) -> str | None:
    return None if len(text) >= _SHORTEST_PASSWORD else f"must have {_SHORTEST_PASSWORD} characters or more"


def nzbn_fault(text: str) -> str | None:
    """Why this is no New Zealand Business Number; `None` when it is one: 13 digits, the last a GS1 check digit, beginning 94."""
    digits = text.strip().replace(" ", "")
    if not re.fullmatch("94[0-9]{11}", digits):
        return "must be 13 digits that begin with 94"
    weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return None if weighted % 10 == 0 else "has a digit wrong: the last one does not fit the others"


ACCOUNT = (
    Field("first_name", "First name", suggestion="Kim", check=_text),
    Field("last_name", "Last name", suggestion="Tester", check=_text),
    Field("email", "Email", "you sign in with it", suggestion="kim.tester@example.com", check=_email),
    Field(
        "password",
        "Password",
        "hidden as you type",
        secret=True,
        suggestion="mock-only-password",
        check=_password,
    ),
    Field("business_name", "Business name", suggestion="Kowhai Budgeting Limited", check=_text),
    Field("nzbn", "NZBN", "13 digits", suggestion="9429000000109", check=nzbn_fault),
    Field("app_name", "App name", "your customers see it", suggestion="Kowhai Budgeting", check=_text),
)
"""The mock's registration, in its order. The fields' names are the portal's."""


def _brought(name: str, label: str, words: str, *, secret: bool = False) -> Field:
    return Field(name, label, words, secret=secret, check=partial(checks.check, f"WYCH_{name.upper()}"))


BROUGHT = (
    _brought("issuer_url", "Issuer", "from Wych, like https://…/realms/partner"),
    _brought("api_url", "API address", "from Wych, like https://…/v3"),
    _brought("client_id", "Client id", "from the app's page"),
    _brought("client_secret", "Client secret", "hidden as you paste", secret=True),
    _brought("api_key", "API key", "hidden as you paste", secret=True),
    _brought("partner_id", "Partner id", "your organisation's"),
    _brought("app_id", "App id", "your app's"),
)
"""What a person brings from Wych's own portal (API facts, section 1)."""


def demonstration() -> dict[str, str]:
    """The answers shipped with the kit, for the mock only."""
    answers: dict[str, str] = tomllib.loads(files("wych_kit").joinpath("demonstration.toml").read_text("utf-8"))["register"]
    return answers
