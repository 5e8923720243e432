"""The marks a copying mistake leaves in a text, and what to do about each.

They cause the commonest failures on the wire, where they look like a wrong password (wire facts D1, D2, D20, D25, D30).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wych_kit.secret import Secret


class Finding(NamedTuple):
    """Why a text is refused: a sentence that goes after the setting's name, and the scenario's reference."""

    reason: str
    reference: str


class _Mark(NamedTuple):
    what: str
    remedy: str
    reference: str


# By the words of `Secret.looks_odd`: what the text is or has, what to do, and the scenario. An oddity without an entry is for showing
# only: a real secret may have a space inside or a quote at one end, and nobody could get past a refusal.
_CERTAIN = {
    "it is empty": _Mark("is empty", "fill it in, or take the line away", "odd-characters"),
    "a line break at the end": _Mark(
        "ends in a line break",
        "copy it without; in a shell, `printf %s` instead of `echo`",
        "stray-whitespace",
    ),
    "a line break inside": _Mark(
        "has a line break inside", "copy it again, as one line", "stray-whitespace"
    ),
    "a byte order mark or an invisible character": _Mark(
        "has an invisible character in it", "copy it again from the portal", "odd-characters"
    ),
    "curly quotes": _Mark(
        "has curly quotes, which chats and editors make",
        "copy it again from the portal",
        "odd-characters",
    ),
    "quotes around it": _Mark(
        "has quotes around it",
        "take them away (`docker --env-file` keeps what .env files may have)",
        "quotes-kept",
    ),
    "a space at the start or end": _Mark(
        "has a space at the start or end", "take it away", "stray-whitespace"
    ),
    "it still looks like a placeholder": _Mark(
        "is still a placeholder", "put your own value there", "placeholder-left"
    ),
    "it looks like a masked value, copied from a screen that hides it": _Mark(
        "is a masked value", "show it in the portal, then copy it", "masked-secret"
    ),
    "characters no client secret has (RFC 6749 App. A.2: 0x20 to 0x7E)": _Mark(
        "has a character outside plain ASCII", "copy it again", "odd-characters"
    ),
}
_ALL = _CERTAIN | {
    "a quote at one end only": _Mark("has a quote at one end", "take it away", "quotes-kept"),
    "a space inside": _Mark("has a space inside", "take it away", "stray-whitespace"),
}


def in_secret(text: Secret) -> Finding | None:
    """The worst mark that no real secret bears, with the reference that is this mark's."""
    return _worst(text, _CERTAIN)


def in_plain_text(text: Secret) -> Finding | None:
    """The worst mark in an id or an address, spaces, stray quotes and `{names}` included, with the reference that is this mark's."""
    if found := _worst(text, _ALL):
        return found
    return left_open() if re.search(r"\{\w+\}", text.reveal()) else None


def left_open() -> Finding:
    """A template's place that nobody filled in."""
    return Finding("is still a placeholder: put your own value there", "placeholder-left")


def _worst(text: Secret, marks: Mapping[str, _Mark]) -> Finding | None:
    odd = sorted(
        text.looks_odd(), key=lambda oddity: "placeholder" not in oddity
    )  # "<your id>" has a space in it too
    mark = next((marks[oddity] for oddity in odd if oddity in marks), None)
    return Finding(f"{mark.what}: {mark.remedy}", mark.reference) if mark else None
