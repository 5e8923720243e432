"""Reads answers to the journey's questions from a TOML file."""

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
    """Return the answers by field name; they may be in tables with the steps' names, or in none.

    Every answer is a `Secret`, whatever its field. Raises `SettingInvalid` if the file cannot be
    read, is not TOML, or has a name that no step asks for.
    """

    def invalid(reason: str) -> SettingInvalid:
        return SettingInvalid(str(path), reason, reference="answers-file")

    try:
        document = _seal(tomllib.loads(path.read_text("utf-8-sig")))
    except OSError as error:
        raise invalid(f"cannot be read: {error.strerror}") from None
    except ValueError as error:  # from tomllib, or for bytes that are not UTF-8
        raise invalid(f"is not valid TOML: {error}") from None
    tables = {step.name for step in ALL_STEPS}
    flat: dict[str, Any] = {}
    for name, value in document.items():
        flat.update(value if isinstance(value, dict) and name in tables else {name: value})
    known = [*(field.name for field in (*ACCOUNT_FIELDS, *CREDENTIAL_FIELDS)), *CUSTOMER_FIELDS]
    for name, value in flat.items():
        if name not in known:
            raise invalid(
                f"has the name {name!r}, which no step asks for{validation.suggest_nearest(name, known)}"
            )
        if not isinstance(value, Secret):
            raise invalid(f"has {name} without quotes. Put the value in quotes")
    return flat


def _seal(value: Any) -> Any:
    # A traceback of a later error would show texts that are not sealed.
    if isinstance(value, dict):
        return {name: _seal(item) for name, item in value.items()}
    return Secret(value) if isinstance(value, str) else value
