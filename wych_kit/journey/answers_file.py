"""Answers to the journey's questions, written down beforehand in a file."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from wych_kit.errors import SettingInvalid
from wych_kit.journey.onboarding import ALL_STEPS, CUSTOMER_FIELDS
from wych_kit.journey.registration import ACCOUNT_FIELDS, CREDENTIAL_FIELDS
from wych_kit.secret import Secret
from wych_kit.settings import validation

if TYPE_CHECKING:
    from pathlib import Path


def read_answers(path: Path) -> dict[str, Secret]:
    """The answers in a TOML file: names and texts, in tables called like the steps or without.

    All are secrets, whether asked hidden or not; who takes them opens those that are not. Raises `SettingInvalid`.
    """

    def invalid(reason: str) -> SettingInvalid:
        return SettingInvalid(str(path), reason, reference="answers-file")

    try:
        document = _sealed(tomllib.loads(path.read_text("utf-8-sig")))
    except OSError as error:
        raise invalid(f"cannot be read: {error.strerror}") from None
    except ValueError as error:  # also tomllib's, and bytes that are no UTF-8
        raise invalid(f"is not TOML: {error}") from None
    tables = {step.name for step in ALL_STEPS}
    flat: dict[str, Any] = {}
    for name, value in document.items():
        flat.update(value if isinstance(value, dict) and name in tables else {name: value})
    known = [*(field.name for field in (*ACCOUNT_FIELDS, *CREDENTIAL_FIELDS)), *CUSTOMER_FIELDS]
    for name, value in flat.items():
        if name not in known:
            raise invalid(
                f"has {name!r}, which no step asks{validation.suggest_nearest(name, known)}"
            )
        if not isinstance(value, Secret):
            raise invalid(f"has {name} without quotes: write it as a text")
    return flat


def _sealed(value: Any) -> Any:
    """The same with every text a `Secret`: no traceback from here shows one."""
    if isinstance(value, dict):
        return {name: _sealed(item) for name, item in value.items()}
    return Secret(value) if isinstance(value, str) else value
