"""What registering asks: a person's answers on the mock, what the portal's page shows on Wych."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from functools import partial
from importlib.resources import files
from typing import TYPE_CHECKING

from wych_kit.errors import SettingInvalid
from wych_kit.journey.step import Field, Wording
from wych_kit.settings import validation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wych_kit.journey.step import Answer
    from wych_kit.settings.loading import Settings

_SHORTEST_PASSWORD = 8
_LONGEST = 200


def _text(text: str) -> str | None:
    return f"is longer than {_LONGEST} characters" if len(text.strip()) > _LONGEST else None


def check_email(text: str) -> str | None:
    """Why this is no mail address; `None` when it looks like one."""
    return (
        None
        if re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s.]+", text.strip())
        else "must be an address such as kim@example.com"
    )


def _password(text: str) -> str | None:
    return (
        None
        if len(text) >= _SHORTEST_PASSWORD
        else f"must have {_SHORTEST_PASSWORD} characters or more"
    )


def check_nzbn(text: str) -> str | None:
    """Why this is no New Zealand Business Number; `None` when it is one: 13 digits, the last a GS1 check digit, beginning 94."""
    digits = text.strip().replace(" ", "")
    if not re.fullmatch("94[0-9]{11}", digits):
        return "must be 13 digits that begin with 94"
    weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return None if weighted % 10 == 0 else "has a digit wrong: the last one does not fit the others"


# The mock's registration, in its order. The fields' names are the portal's.
ACCOUNT_FIELDS = (
    Field("first_name", "First name", suggestion="Kim", check=_text),
    Field("last_name", "Last name", suggestion="Tester", check=_text),
    Field(
        "email",
        "Email",
        "you sign in with it",
        suggestion="kim.tester@example.com",
        check=check_email,
    ),
    Field(
        "password",
        "Password",
        "hidden as you type",
        secret=True,
        suggestion="mock-only-password",
        check=_password,
    ),
    Field("business_name", "Business name", suggestion="Kowhai Budgeting Limited", check=_text),
    Field("nzbn", "NZBN", "13 digits", suggestion="9429000000109", check=check_nzbn),
    Field(
        "app_name", "App name", "your customers see it", suggestion="Kowhai Budgeting", check=_text
    ),
)


def setting_name(name: str) -> str:
    """The setting that keeps this answer."""
    return f"WYCH_{name.upper()}"


def _brought(name: str, label: str, words: str, *, secret: bool = False) -> Field:
    return Field(
        name,
        label,
        words,
        secret=secret,
        check=partial(validation.explain_problem, setting_name(name)),
    )


# What a person brings from Wych's own portal (API facts, section 1).
CREDENTIAL_FIELDS = (
    _brought("issuer_url", "Issuer", "from Wych, like https://…/realms/partner"),
    _brought("api_url", "API address", "from Wych, like https://…/v3"),
    _brought("client_id", "Client id", "from the app's page"),
    _brought("client_secret", "Client secret", "hidden as you paste", secret=True),
    _brought("api_key", "API key", "hidden as you paste", secret=True),
    _brought("partner_id", "Partner id", "your organisation's"),
    _brought("app_id", "App id", "your app's"),
)


_LABELS = {setting_name(each.name): each for each in CREDENTIAL_FIELDS}


def credential_fields(settings: Settings, *, register_again: bool = False) -> list[Field]:
    """What is still to be brought: what is not set, and on Wych what cannot be right. `afresh`: everything.

    A value that cannot be right is asked for with the reason and without suggesting it, since an id may be the secret. What is wrong in
    the shell is not: what is saved would not count.
    """
    origins = {
        _LABELS[value.name].name: value.origin for value in settings.values if value.name in _LABELS
    }
    doubtful = {} if settings.environment.name == "mock" else _faults(settings)
    asked = []
    for each in CREDENTIAL_FIELDS:
        held = getattr(settings, each.name)
        if each.name in doubtful and origins[each.name] != "shell":
            asked.append(replace(each, help=f"{origins[each.name]}: {doubtful[each.name]}"))
        elif register_again or not held:
            asked.append(each if each.secret else replace(each, suggestion=held or ""))
    return asked


def find_conflicts(settings: Settings, answers: Mapping[str, Answer]) -> dict[str, str]:
    """What is wrong with answers that were brought when they are seen side by side and beside the settings, by field."""
    if not answers.keys() <= {each.name for each in CREDENTIAL_FIELDS}:
        return {}
    found, known = _faults(settings.with_(**answers)), _faults(settings)
    if named := {name: words for name, words in found.items() if name in answers}:
        return named
    labels = {each.name: each.label for each in CREDENTIAL_FIELDS}
    others = [
        f"with it, {labels[name]} {words}"
        for name, words in found.items()
        if known.get(name) != words
    ]
    return dict.fromkeys(answers, others[0]) if others else {}


def _faults(settings: Settings) -> dict[str, str]:
    """What cannot be right, by field, and the fields that a reason names: either of the two may be the wrong one."""
    problems = [
        each
        for each in settings.problems(*_LABELS)
        if isinstance(each, SettingInvalid) and each.name in _LABELS
    ]
    found = {}
    for problem in problems:
        for other in (other for other in _LABELS if other in problem.reason):
            found[_LABELS[other].name] = f"compare it with {_LABELS[problem.name].label}"
    found |= {_LABELS[problem.name].name: _in_labels(problem.reason) for problem in problems}
    return {each.name: found[each.name] for each in CREDENTIAL_FIELDS if each.name in found}


def _in_labels(reason: str) -> str:
    return re.sub(
        r"WYCH_\w+",
        lambda match: _LABELS[match[0]].label if match[0] in _LABELS else match[0],
        reason,
    )


_ENTER_ANEW = "Enter anew"


def paste_wording(settings: Settings, *, asks: bool = True) -> Wording:
    """How registering is put to a person whose account is at Wych itself; `asks`: something is still to be brought."""
    url, environment = settings.portal_url, settings.environment
    portal = (
        f"the portal ({url})"
        if url and not validation.explain_problem("WYCH_PORTAL_URL", url)
        else "Wych's portal"
    )  # one may hold a password
    if not asks:
        return Wording(
            "Your app's credentials",
            f"They are those that your app's page in {portal} shows.",
            "Check",
            _ENTER_ANEW,
        )
    first = (
        f"Register in {portal} first: your app's page there shows three credentials and two ids."
    )
    addresses = (
        ""
        if environment.issuer_url
        else f" Wych tells its customers the {environment.name}'s addresses: ask Wych."
    )
    return Wording("Enter your app's credentials", first + addresses, "Check and save", _ENTER_ANEW)


def demonstration_answers(*steps: str) -> dict[str, str]:
    """The answers shipped with the kit, for the mock only, to what these steps ask; without any, to what registering asks."""
    document = tomllib.loads(
        files("wych_kit.journey").joinpath("demonstration.toml").read_text("utf-8")
    )
    return {
        name: text
        for step in steps or ("register",)
        for name, text in document.get(step, {}).items()
    }
