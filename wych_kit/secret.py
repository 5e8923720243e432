"""Holds a value that must never be shown, such as a client secret or a token."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable

MASK = "••••••"
# Marks that copying leaves in a text, by kind.
_QUOTES = "\"'`"
_CURLY = "\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb"
_INVISIBLE = "\ufeff\u200b\u200c\u200d\u2060\u00ad"
_MASKS = "*\u2022\u25cf\u00b7\u2026"


class Secret:
    """A text that only `reveal()` returns.

    `str`, `repr`, f-strings, `vars`, `dataclasses.asdict` and tracebacks with locals show a mask;
    `pickle` and `json` refuse. Comparing takes the same time wherever two secrets differ. A `Secret`
    of a `Secret` is the same secret.
    """

    # The text is in a closure: object browsers, which list attributes and slots, do not find it.

    __slots__ = ("_reveal",)
    _reveal: Callable[[], str]

    def __init__(self, value: str | Secret) -> None:
        if isinstance(value, Secret):
            self._reveal = value._reveal  # noqa: SLF001 - its own kind
            return
        kind = "" if isinstance(value, str) else type(value).__name__
        if kind:
            # A traceback with locals would show what was meant to be a secret, and asks for the
            # repr of this unfinished object.
            del value
            self._reveal = str
            raise TypeError(f"a secret is a text, not {kind}")
        self._reveal = lambda: value

    def reveal(self) -> str:
        """Return the text. Pass it straight on: a variable that holds it shows in tracebacks."""
        return self._reveal()

    def fingerprint(self) -> str:
        """Return eight hex digits that are equal for equal secrets, for comparing without showing.

        Only for secrets that nobody can guess, as Wych's are: who has the fingerprint can try
        guesses. It takes about 20 ms, which makes that slower; one wrong guess in 2**32 fits.
        """
        import hashlib  # not at the top: only people who compare secrets need it

        return hashlib.pbkdf2_hmac(
            "sha256", self._bytes(), b"wych-kit fingerprint 1", 50_000, 4
        ).hex()

    def looks_odd(self) -> tuple[str, ...]:
        """Return what suggests a copying mistake, in a few words each, worst first.

        Names no character of the secret but the suspicious ones. Sources: wire facts D1, D2, D20,
        D25, D30; RFC 6749 appendix A.2 (a client secret consists of the characters 0x20 to 0x7E).
        """
        return tuple(oddity for oddity, applies in _ODDITIES if applies(self._reveal()))

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
            "a Secret cannot be pickled: reveal() it and write it where only you can read it"
        )


def _is_placeholder(text: str) -> bool:
    """Return True for what templates contain: `$NAME`, `<your secret>`, `{{secret}}`, `changeme`."""
    # Random secrets contain `$a`, `<` or `{{` by chance, so a mark counts only if it is the whole
    # text or has words in it. "supx…ret" is the sample in Wych's own documentation.
    return bool(
        re.search(r"\$\{\w+\}|\$\(\w+\)|\{\{.*\}\}|<[A-Za-z][\w -]{2,}>|supx+ret", text)
        or re.fullmatch(r"\$[A-Za-z_]\w*|%[A-Za-z_]\w*%|<[^<>]*>", text)
        or re.fullmatch(
            r"(?i)(your|my|the)?[-_ ]?(client|api)?[-_ ]?(secret|key|password|token)([-_ ]?here)?"
            r"|change[-_ ]?me|todo|xxx+",
            text,
        )
    )


def _is_masked(text: str) -> bool:
    # One * may be in a real secret; three in a row are a mask, as is any other of these marks.
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
    ("it still looks like a placeholder", _is_placeholder),
    ("it looks like a masked value, copied from a screen that hides it", _is_masked),
    (
        "characters no client secret has (RFC 6749 App. A.2: 0x20 to 0x7E)",
        lambda text: any(not " " <= mark <= "~" for mark in text.rstrip("\r\n")),
    ),
)
