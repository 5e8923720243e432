"""A remark on a text before it is used, and what may be shown in one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wych_kit.secret import MASK, Secret

if TYPE_CHECKING:
    from wych_kit.client.journal.redaction import Redactor

_MARK = re.compile("‹[A-Z_]+›")
# By the words of `Secret.looks_odd`, worst first; what is not named here a real secret may have too.
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
    """One thing that is wrong, or may be: the scenario's `reference`, `where` it stands, `why` in a sentence, what to write `instead`.

    `instead` is the corrected line, header, address or body; empty when that is to be taken away. In it `wych_kit.secret.MASK`
    stands for a value that is not shown, or that only you know. `certain`: it is surely refused or misread; otherwise it may be.
    """

    reference: str
    where: str
    why: str
    instead: str
    certain: bool = True

    def __str__(self) -> str:
        return (
            f"{self.where}: {self.why}"
            f" {f'Write: {self.instead}' if self.instead else 'Take it away.'} [{self.reference}]"
        )


def masked(text: str, redactor: Redactor) -> str:
    """The text with what the redactor knows, and every variable, as the mask."""
    return _MARK.sub(MASK, redactor.redact_text(text))


def is_variable(text: str) -> bool:
    """Whether the value is known only when it is sent: a shell's variable, or a secret that a journal left out."""
    return bool(_MARK.search(text))


def odd(text: str) -> tuple[str, str] | None:
    """The reference and the words for the worst copying mistake in a secret; `None` when there is none, or nobody can know."""
    if is_variable(text):
        return None
    for words in Secret(text).looks_odd():
        for mark, reference in _ODD:
            if mark in words:
                return reference, words.removeprefix("it ").removeprefix("still ")
    return None
