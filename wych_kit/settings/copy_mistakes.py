"""Finds the marks that a copying mistake leaves in a text, and says how to correct each.

They cause the commonest failures on the wire, where they look like a wrong password (wire facts D1,
D2, D20, D25, D30).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wych_kit.secret import Secret


class Finding(NamedTuple):
    """A reason against a text, and the reference of its scenario.

    The reason continues a sentence that begins with the setting's name, and has no period at its
    end: "contains a space. Remove it". `correction` is the text to use instead, where it follows
    from the wrong one; else "".
    """

    reason: str
    reference: str
    correction: str = ""


# By the words of `Secret.looks_odd`. What has no entry here is for showing only: a real secret may
# have a space inside or a quote at one end, and nobody could get past a refusal.
_CERTAIN = {
    "it is empty": Finding("is empty. Enter a value, or remove the line", "odd-characters"),
    "a line break at the end": Finding(
        "ends in a line break. Copy it again without one."
        " In a shell, use `printf %s` instead of `echo`",
        "stray-whitespace",
    ),
    "a line break inside": Finding(
        "contains a line break. Copy it again, as one line", "stray-whitespace"
    ),
    "a byte order mark or an invisible character": Finding(
        "contains an invisible character. Copy it again from the portal", "odd-characters"
    ),
    "curly quotes": Finding(
        "contains curly quotes, which chat programs and editors insert."
        " Copy it again from the portal",
        "odd-characters",
    ),
    "quotes around it": Finding(
        "has quotes around it. Remove them, because `docker --env-file` sends them too",
        "quotes-kept",
    ),
    "a space at the start or end": Finding(
        "has a space at the start or end. Remove it", "stray-whitespace"
    ),
    "it still looks like a placeholder": Finding(
        "is still a placeholder. Replace it with your own value", "placeholder-left"
    ),
    "it looks like a masked value, copied from a screen that hides it": Finding(
        "is a masked value. Reveal it in the portal, then copy it", "masked-secret"
    ),
    "characters no client secret has (RFC 6749 App. A.2: 0x20 to 0x7E)": Finding(
        "contains a character outside of ASCII. Copy it again from the portal", "odd-characters"
    ),
}
_ALL = _CERTAIN | {
    "a quote at one end only": Finding("has a quote at one end. Remove it", "quotes-kept"),
    "a space inside": Finding("contains a space. Remove it", "stray-whitespace"),
}
# RFC 9110 section 5.5: a field value has no space at either end. Within it, only what RFC 6749
# appendix A.2 allows in a client secret.
_SENDABLE = re.compile("[!-~]([ -~]*[!-~])?")


def find_unsendable(text: Secret) -> Finding | None:
    """Return why no header and no form can carry this secret, or None; an empty one is no mistake.

    Much cheaper than `find_in_secret`, and lets pass what can be sent though it cannot be right.
    """
    if not text or _SENDABLE.fullmatch(text.reveal()):
        return None
    return find_in_secret(text)


def find_in_secret(text: Secret) -> Finding | None:
    """Return the worst mistake that no real secret has, or None."""
    return _find_worst(text, _CERTAIN)


def find_in_text(text: Secret) -> Finding | None:
    """Return the worst mistake in an id or an address, or None.

    Other than in a secret, spaces, single quotes and `{names}` are mistakes there.
    """
    if finding := _find_worst(text, _ALL):
        return finding
    return placeholder_finding() if re.search(r"\{\w+\}", text.reveal()) else None


def placeholder_finding() -> Finding:
    """Return the finding for a template whose place nobody filled in."""
    return _CERTAIN["it still looks like a placeholder"]


def _find_worst(text: Secret, marks: Mapping[str, Finding]) -> Finding | None:
    # Placeholders first: "<your id>" contains a space too, and removing that would not help.
    oddities = sorted(text.looks_odd(), key=lambda oddity: "placeholder" not in oddity)
    return next((marks[oddity] for oddity in oddities if oddity in marks), None)
