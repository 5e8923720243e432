"""A value that must never be shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable

MASK = "••••••"
_QUOTES = "\"'`"
_CURLY = "\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb"
_INVISIBLE = "\ufeff\u200b\u200c\u200d\u2060\u00ad"
_MASKS = "*\u2022\u25cf\u00b7\u2026"


class Secret:
    """Holds a text and gives it out through `reveal()` only.

    `str`, `repr`, f-strings, `vars`, `dataclasses.asdict` and tracebacks with locals show a mask; `pickle` and `json` refuse.
    The text lives in a closure, so that object browsers which list attributes and slots do not find it either.

    Comparing takes the same time wherever two secrets differ. A `Secret` of a `Secret` is the same secret.
    """

    __slots__ = ("_reveal",)
    _reveal: Callable[[], str]

    def __init__(self, value: str | Secret) -> None:
        if isinstance(value, Secret):
            self._reveal = value._reveal  # noqa: SLF001 - its own kind
            return
        kind = "" if isinstance(value, str) else type(value).__name__
        if kind:
            del value  # the traceback would show what was meant to be a secret
            self._reveal = str  # and asks for the repr of what was half made
            raise TypeError(f"a secret is a text, not {kind}")
        self._reveal = lambda: value

    def reveal(self) -> str:
        """The text itself. Pass the result straight on: a name bound to it shows in tracebacks."""
        return self._reveal()

    def fingerprint(self) -> str:
        """Eight hex digits that are equal for equal secrets, so that two people can compare without showing.

        For secrets nobody could guess, as Wych's are. Salted and slow (about 20 ms), which only makes guessing dearer:
        whoever has the fingerprint can try guesses, and with 32 bits a wrong one fits once in four thousand million times.
        """
        import hashlib  # only people comparing secrets pay for it

        return hashlib.pbkdf2_hmac(
            "sha256", self._bytes(), b"wych-kit fingerprint 1", 50_000, 4
        ).hex()

    def looks_odd(self) -> tuple[str, ...]:
        """What about the text suggests a copying mistake, in words, worst first; empty when nothing does.

        Never names a character of the secret other than the odd ones. Sources: wire facts D1, D2, D20, D25, D30;
        RFC 6749 App. A.2 (a client secret is made of the characters 0x20 to 0x7E).
        """
        return tuple(words for words, is_so in _ODDITIES if is_so(self._reveal()))

    def _bytes(self) -> bytes:
        return self._reveal().encode("utf-8", "surrogatepass")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        import hmac

        return hmac.compare_digest(self._bytes(), other._bytes())

    def __hash__(self) -> int:
        return hash((Secret, self._reveal()))

    def __bool__(self) -> bool:
        return bool(self._reveal())

    def __repr__(self) -> str:
        return f"Secret({MASK})" if self else "Secret(empty)"

    def __str__(self) -> str:
        return MASK if self else ""

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a Secret does not travel: reveal() it and write it where only you can read"
        )


def _placeholder(text: str) -> bool:
    """Matches what a template leaves behind: `$NAME`, `${NAME}`, `<your secret>`, `{{secret}}`, `changeme`, Wych's printed sample.

    Random secrets hold `$a`, `<` or `{{` by chance, so a mark counts only where it is the whole text or has words in it.
    """
    return bool(
        re.search(r"\$\{\w+\}|\$\(\w+\)|\{\{.*\}\}|<[A-Za-z][\w -]{2,}>|supx+ret", text)
        or re.fullmatch(r"\$[A-Za-z_]\w*|%[A-Za-z_]\w*%|<[^<>]*>", text)
        or re.fullmatch(
            r"(?i)(your|my|the)?[-_ ]?(client|api)?[-_ ]?(secret|key|password|token)([-_"
            r" ]?here)?|change[-_ ]?me|todo|xxx+",
            text,
        )
    )


def _masked(text: str) -> bool:
    return bool(text) and (
        any(mark in text for mark in _MASKS[1:])
        or "***" in text
        or bool(re.search(r"(?i)x{6,}", text))
    )


_ODDITIES: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("it is empty", lambda text: not text),
    ("a line break at the end", lambda text: text.endswith(("\n", "\r"))),
    (
        "a line break inside",
        lambda text: "\n" in text.rstrip("\r\n") or "\r" in text.rstrip("\r\n"),
    ),
    (
        "a byte order mark or an invisible character",
        lambda text: any(mark in text for mark in _INVISIBLE),
    ),
    ("curly quotes", lambda text: any(mark in text for mark in _CURLY)),
    ("quotes around it", lambda text: len(text) > 1 and text[0] in _QUOTES and text[-1] in _QUOTES),
    (
        "a quote at one end only",
        lambda text: bool(text) and (text[0] in _QUOTES) != (text[-1] in _QUOTES),
    ),
    ("a space at the start or end", lambda text: text.strip("\r\n") != text.strip("\r\n").strip()),
    ("a space inside", lambda text: bool(re.search(r"\s", text.strip()))),
    ("it still looks like a placeholder", _placeholder),
    ("it looks like a masked value, copied from a screen that hides it", _masked),
    (
        "characters no client secret has (RFC 6749 App. A.2: 0x20 to 0x7E)",
        lambda text: any(not " " <= mark <= "~" for mark in text.rstrip("\r\n")),
    ),
)
