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


# By the words of `Secret.looks_odd`: what the text is or has, and what to do. An oddity without an entry is for showing only:
# a real secret may have a space inside or a quote at one end, and nobody could get past a refusal.
_CERTAIN = {
    "it is empty": ("is empty", "fill it in, or take the line away"),
    "a line break at the end": ("ends in a line break", "copy it without; in a shell, `printf %s` instead of `echo`"),
    "a line break inside": ("has a line break inside", "copy it again, as one line"),
    "a byte order mark or an invisible character": ("has an invisible character in it", "copy it again from the portal"),
    "curly quotes": ("has curly quotes", "a chat or an editor changed it: copy it again from the portal"),
    "quotes around it": ("has quotes around it", "take them away (`docker --env-file` keeps what .env files may have)"),
    "a space at the start or end": ("has a space at the start or end", "take it away"),
    "it still looks like a placeholder": ("is still a placeholder", "put your own value there"),
    "it looks like a masked value, copied from a screen that hides it": (
        "is a masked value",
        "show it in the portal, then copy it",
    ),
    "characters no client secret has (RFC 6749 App. A.2: 0x20 to 0x7E)": ("has a character outside plain ASCII", "copy it again"),
}
_ALL = _CERTAIN | {
    "a quote at one end only": ("has a quote at one end", "take it away"),
    "a space inside": ("has a space inside", "take it away"),
}


def in_secret(text: Secret) -> Finding | None:
    """The worst mark that no real secret bears. Reference `odd-secret` or `placeholder-left`."""
    return _worst(text, _CERTAIN, "odd-secret")


def in_plain_text(text: Secret) -> Finding | None:
    """The worst mark in an id or an address, spaces, stray quotes and `{names}` included. Reference `odd-value` or `placeholder-left`."""
    if found := _worst(text, _ALL, "odd-value"):
        return found
    return left_open() if re.search(r"\{\w+\}", text.reveal()) else None


def left_open() -> Finding:
    """A template's place that nobody filled in."""
    return Finding("is still a placeholder: put your own value there", "placeholder-left")


def _worst(text: Secret, marks: Mapping[str, tuple[str, str]], reference: str) -> Finding | None:
    what, remedy = next((marks[oddity] for oddity in text.looks_odd() if oddity in marks), ("", ""))
    if not what:
        return None
    return Finding(f"{what}: {remedy}", "placeholder-left" if "placeholder" in what else reference)
