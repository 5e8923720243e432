"""Defines what the first step asks: an account on the mock, or credentials from Wych's portal."""

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
_NZBN_DIGITS = 13


def _check_text(text: str) -> str | None:
    if len(text.strip()) <= _LONGEST:
        return None
    return f"Shorten this to {_LONGEST} characters or fewer."


def check_email(text: str) -> str | None:
    """Return what to do if this does not look like an email address, else None."""
    if re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s.]+", text.strip()):
        return None
    return "Enter an email address, such as kim@example.com."


def _check_password(text: str) -> str | None:
    return (
        None if len(text) >= _SHORTEST_PASSWORD else f"Use {_SHORTEST_PASSWORD} characters or more."
    )


def check_nzbn(text: str) -> str | None:
    """Return what is wrong with a New Zealand Business Number, or None."""
    digits = text.strip().replace(" ", "")
    rule = f"An NZBN has {_NZBN_DIGITS} digits and starts with 94."
    # Not isdigit(), which is true for the digits of every script.
    if not re.fullmatch("[0-9]*", digits):
        return f"{rule} You entered other characters too."
    if len(digits) != _NZBN_DIGITS:
        return f"{rule} You entered {len(digits)}."
    if not digits.startswith("94"):
        return f"{rule} Yours starts with {digits[:2]}."
    # The last digit is a GS1 check digit: weighted 1 and 3 by turns, the sum is a multiple of ten.
    weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    if weighted % 10:
        return "The last digit does not match the others. Check the NZBN for a typing error."
    return None


# The mock's registration, in its order. The fields' names are the portal's.
ACCOUNT_FIELDS = (
    Field("first_name", "First name", suggestion="Kim", check=_check_text),
    Field("last_name", "Last name", suggestion="Tester", check=_check_text),
    Field(
        "email",
        "Email",
        "you sign in to the portal with it",
        suggestion="kim.tester@example.com",
        check=check_email,
    ),
    Field(
        "password",
        "Password",
        f"{_SHORTEST_PASSWORD} characters or more, hidden as you type",
        secret=True,
        suggestion="mock-only-password",
        check=_check_password,
    ),
    Field(
        "business_name", "Business name", suggestion="Kowhai Budgeting Limited", check=_check_text
    ),
    Field(
        "nzbn",
        "NZBN",
        "New Zealand Business Number, 13 digits",
        suggestion="9429000000109",
        check=check_nzbn,
    ),
    Field(
        "app_name",
        "App name",
        "your customers see it",
        suggestion="Kowhai Budgeting",
        check=_check_text,
    ),
)


def setting_name(field_name: str) -> str:
    """Return the name of the setting that stores this answer."""
    return f"WYCH_{field_name.upper()}"


def check_setting(name: str, text: str) -> str | None:
    """Return what is wrong with this text for the setting, as sentences for a form, or None."""
    reason = validation.explain_problem(name, text)
    return f"It {reason}." if reason else None


def _credential_field(name: str, label: str, help_: str, *, secret: bool = False) -> Field:
    check = partial(check_setting, setting_name(name))
    return Field(name, label, help_, secret=secret, check=check)


# What people paste from Wych's own portal (API facts, section 1).
CREDENTIAL_FIELDS = (
    _credential_field("issuer_url", "Issuer", "from Wych, such as https://…/realms/partner"),
    _credential_field("api_url", "API URL", "from Wych, such as https://…/v3"),
    _credential_field("client_id", "Client id", "on your app's page"),
    _credential_field(
        "client_secret", "Client secret", "on your app's page, hidden as you paste", secret=True
    ),
    _credential_field("api_key", "API key", "on your app's page, hidden as you paste", secret=True),
    _credential_field("partner_id", "Partner id", "your organisation's id, on your app's page"),
    _credential_field("app_id", "App id", "your app's id, on its page"),
)
_BY_SETTING = {setting_name(field.name): field for field in CREDENTIAL_FIELDS}


def credential_fields(settings: Settings, *, register_again: bool = False) -> list[Field]:
    """Return the fields to paste: what has no value and, on Wych, what is invalid.

    With `register_again` all are returned. An invalid value of the shell is left out, since the
    shell would override what is saved.
    """
    origins = {
        _BY_SETTING[value.name].name: value.origin
        for value in settings.values
        if value.name in _BY_SETTING
    }
    invalid = {} if settings.environment.name == "mock" else _find_invalid(settings)
    fields = []
    for field in CREDENTIAL_FIELDS:
        text = getattr(settings, field.name)
        if field.name in invalid and origins[field.name] != "shell":
            # Without a suggestion: what is in the place of an id may be the secret.
            why = f"The value in {origins[field.name]} {invalid[field.name]}."
            fields.append(replace(field, help=why))
        elif register_again or not text:
            fields.append(field if field.secret else replace(field, suggestion=text or ""))
    return fields


def find_conflicts(settings: Settings, answers: Mapping[str, Answer]) -> dict[str, str]:
    """Return what is wrong with pasted answers beside each other and the settings, by field."""
    if not answers.keys() <= {field.name for field in CREDENTIAL_FIELDS}:
        return {}
    invalid, earlier = _find_invalid(settings.with_(**answers)), _find_invalid(settings)
    if among_answers := {
        name: f"It {reason}." for name, reason in invalid.items() if name in answers
    }:
        return among_answers
    # An answer may be right by itself and wrong beside a setting that nobody asked for.
    labels = {field.name: field.label for field in CREDENTIAL_FIELDS}
    others = [
        f"With this value, {labels[name]} {reason}."
        for name, reason in invalid.items()
        if earlier.get(name) != reason
    ]
    return dict.fromkeys(answers, others[0]) if others else {}


def _find_invalid(settings: Settings) -> dict[str, str]:
    """Return the reasons against credentials, by field.

    A field that another's reason mentions is included: either of the two may be the wrong one.
    """
    problems = [
        problem
        for problem in settings.problems(*_BY_SETTING)
        if isinstance(problem, SettingInvalid) and problem.name in _BY_SETTING
    ]
    reasons = {}
    for problem in problems:
        for name, field in _BY_SETTING.items():
            if name in problem.reason:
                label = _BY_SETTING[problem.name].label
                reasons[field.name] = f"may be mixed up with {label}. Compare the two"
    reasons |= {
        _BY_SETTING[problem.name].name: _replace_names(problem.reason) for problem in problems
    }
    return {field.name: reasons[field.name] for field in CREDENTIAL_FIELDS if field.name in reasons}


def _replace_names(reason: str) -> str:
    """Return the reason with fields' labels in place of settings' names."""
    return re.sub(
        r"WYCH_\w+",
        lambda match: _BY_SETTING[match[0]].label if match[0] in _BY_SETTING else match[0],
        reason,
    )


def paste_wording(settings: Settings, *, has_fields: bool = True) -> Wording:
    """Return the wording of the first step for people whose account is at Wych itself."""
    url, environment = settings.portal_url, settings.environment
    # An invalid URL is not shown: it may contain a password.
    portal = (
        f"the portal ({url})"
        if url and not validation.explain_problem("WYCH_PORTAL_URL", url)
        else "Wych's portal"
    )
    again = "Paste the credentials again"
    if not has_fields:
        return Wording(
            "Your app's credentials",
            f"Your settings have what your app's page in {portal} shows.",
            "Check the credentials",
            again,
        )
    register = (
        f"Register in {portal} first. Your app's page there shows three credentials and two ids."
    )
    addresses = (
        ""
        if environment.issuer_url
        else f" The addresses of the {environment.name} are not public. Ask Wych for them."
    )
    return Wording("Paste your app's credentials", register + addresses, "Check and save", again)


def demonstration_answers(*steps: str) -> dict[str, str]:
    """Return the answers shipped with the kit for these steps (default: "register").

    They are for the mock only.
    """
    document = tomllib.loads(
        files("wych_kit.journey").joinpath("demonstration.toml").read_text("utf-8")
    )
    return {
        name: text
        for step in steps or ("register",)
        for name, text in document.get(step, {}).items()
    }
