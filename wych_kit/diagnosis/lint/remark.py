"""A remark on a text before it is used, and what it may show of a secret."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wych_kit.secret import MASK, Secret

if TYPE_CHECKING:
    from wych_kit.client.journal.redaction import Redactor

_MARK = re.compile("‹[A-Z_]+›")
# Keyed by the descriptions of `Secret.looks_odd`, worst first. A real secret may have any other oddity.
_ODD = (
    ("empty", "missing-secret"),
    ("line break", "stray-whitespace"),
    ("invisible", "odd-characters"),
    ("curly", "odd-characters"),
    ("quotes around", "quotes-kept"),
    ("a space at", "stray-whitespace"),
    ("placeholder", "placeholder-left"),
    ("masked", "masked-secret"),
    ("characters no", "odd-characters"),
)


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that is wrong, or may be.

    `reference` is the scenario's, `where` the place, `why` a sentence, `instead` the corrected
    line, header, URL or body; empty means: remove it. `wych_kit.secret.MASK` in it stands for a
    value that is secret or that only you know. `certain`: it is surely rejected or misread;
    otherwise it may be.
    """

    reference: str
    where: str
    why: str
    instead: str
    certain: bool = True

    def __str__(self) -> str:
        return (
            f"{self.where}: {self.why}"
            f" {f'Use: {self.instead}' if self.instead else 'Remove it.'} [{self.reference}]"
        )


def mask_secrets(text: str, redactor: Redactor) -> str:
    """Return the text with every known secret and every variable masked."""
    return _MARK.sub(MASK, redactor.redact_text(text))


def is_variable(text: str) -> bool:
    """Return True if the value is known only when it is sent: a shell variable, or a redacted secret."""
    return bool(_MARK.search(text))


def copy_mistake(text: str) -> tuple[str, str] | None:
    """Return the reference and description of the worst copying mistake in a secret, or None.

    None also means that nobody can know, because the value is a variable.
    """
    if is_variable(text):
        return None
    for words in Secret(text).looks_odd():
        for mark, reference in _ODD:
            if mark in words:
                return reference, words.removeprefix("it ").removeprefix("still ")
    return None
