"""Take the secrets out of what went over the wire: by the name they stand under, by their value, by their shape.

What is taken out leaves a mark that says which variable would go there, such as `‹WYCH_API_KEY›`.
"""

from __future__ import annotations

import json
import re
import threading
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl, quote, quote_plus

from wych_kit.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    import httpx

CAPTURE_BYTES = 64 * 1024
"""How much of a body is looked at."""
KEEP_CHARACTERS = 16 * 1024
"""How much of it is kept."""

_NAMED = re.compile(
    r"(secret|token|passwo?r?d|assertion|api[_-]?key|cookie|credentials?|authori[sz]ation|(^|[_-])(pwd|session|session[_-]?state))\d?$",
    re.IGNORECASE,
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_QUERY_ONLY = ("code", "key", "sig", "signature")
_JWT = re.compile(r"eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)*")
_CUT_FIELD = re.compile(r'"([^"\\]{1,80})"(\s*:\s*)"((?:[^"\\]|\\.)*)(?:"|$)', re.DOTALL)
_MARKS = {
    "client_secret": "WYCH_CLIENT_SECRET",
    "x_api_key": "WYCH_API_KEY",
    "api_key": "WYCH_API_KEY",
    "access_token": "WYCH_ACCESS_TOKEN",
    "authorization": "WYCH_ACCESS_TOKEN",
    "authorisation": "WYCH_ACCESS_TOKEN",
}
_TOO_SHORT = 4
_MOST = 200
_MOST_COMPARED = 2048
"""Characters of a secret that are compared; the rest of a longer one is taken to go on to the next space, quote, bracket or &."""
_LONGEST_WAY = 12
"""Characters that one character of a secret takes at most: two escapes of JSON."""
_MARK = re.compile(r"‹([A-Z_]+)›")


def mark(name: str) -> str:
    """What stands where the secret called `name` was."""
    snake = _CAMEL.sub("_", name).lower().replace("-", "_")
    return f"‹{_MARKS.get(snake) or 'WYCH_' + re.sub('[^A-Z]+', '_', snake.upper()).strip('_')}›"


class _Known(NamedTuple):
    """A secret to be taken out. Its text is inside the pattern whose method this is, where no traceback shows it."""

    length: int
    mark: str
    replaced_by: Callable[[str, str], str]


def is_secret_name(name: str) -> bool:
    """Whether a header or field of that name holds something nobody should see."""
    return bool(_NAMED.search(_CAMEL.sub("_", name)))


class Redactor:
    """Redacts, and learns: a secret it has seen under its name is taken out wherever it turns up again."""

    def __init__(self, known: Iterable[tuple[str, Secret]] = ()) -> None:
        self._lock = threading.Lock()
        self._told: dict[Secret, _Known] = {}  # by whoever has it; never forgotten
        self._seen: dict[Secret, _Known] = {}  # on the wire, oldest first
        self._longest_first: list[_Known] = []
        for name, secret in known:
            self.learn(name, secret)

    def learn(self, name: str, secret: Secret) -> None:
        """Take `secret` out of everything from now on; very short ones only where their name stands."""
        self._learn(name, secret, self._told)

    def _learn(self, name: str, secret: Secret, where: dict[Secret, _Known]) -> None:
        if len(secret.reveal()) < _TOO_SHORT or secret in self._told or secret in where:
            return
        with self._lock:
            where[secret] = _Known(min(_MOST_COMPARED, len(secret.reveal())), mark(name), re.compile(_ways(secret.reveal())).sub)
            while len(self._seen) > _MOST:  # tokens of many hours ago are dead
                del self._seen[next(iter(self._seen))]
            self._longest_first = sorted([*self._told.values(), *self._seen.values()], key=lambda known: -known.length)

    def url(self, url: httpx.URL) -> str:
        """The address without user info and without secret query values."""
        text = str(url.copy_with(userinfo=b"", query=None, fragment=None))
        pairs = [
            f"{quote(name)}={self._hidden(name, value) if name in _QUERY_ONLY or is_secret_name(name) else quote(value)}"
            for name, value in url.params.multi_items()
        ]
        return self.text(text + ("?" + "&".join(pairs) if pairs else ""))

    def headers(self, pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Header lines; the scheme word of an authorization is kept."""
        # Two rounds, so that a secret is also taken out of the headers before its own.
        rows = [(name, self._header(name, value)) for name, value in pairs]
        return [(name, self.text(value)) for name, value in rows]

    def body(self, content: bytes, content_type: str = "") -> str:
        """A body as text. JSON and forms are redacted by field name, everything by value and by shape."""
        # Whoever parses JSON takes UTF-16 as well.
        text = content[:CAPTURE_BYTES].decode(json.detect_encoding(content[:4]), "replace")
        kind = content_type.partition(";")[0].strip().lower()
        if kind == "application/x-www-form-urlencoded":
            text = self._form(text)
        elif text.lstrip()[:1] in ("{", "["):
            text = self._json(text)
        text = self.text(text)
        cut = len(content) >= CAPTURE_BYTES
        if cut:  # perhaps in the middle of a secret; what is before a mark was whole
            longest = max((_LONGEST_WAY * known.length for known in self._longest_first), default=0)
            text = text[: max(text.rfind("›") + 1, len(text) - longest)]
        return text[:KEEP_CHARACTERS] + "…" if cut or len(text) > KEEP_CHARACTERS else text

    def text(self, text: str) -> str:
        """Any text: known secrets in every way they may be written, and everything shaped like a token."""
        for known in self._longest_first:
            text = known.replaced_by(known.mark, text)
        return _JWT.sub(mark("access_token"), text)

    def _hidden(self, name: str, value: str) -> str:
        self._learn(name, Secret(value), self._seen)
        return mark(name)

    def _header(self, name: str, value: str) -> str:
        if not is_secret_name(name):
            return value
        scheme, space, rest = value.partition(" ")
        if "authori" in name.lower() and space and scheme.isalpha():
            return f"{scheme} {self._hidden(name, rest)}"
        return self._hidden(name, value)

    def _form(self, text: str) -> str:
        pairs = parse_qsl(text, keep_blank_values=True)
        return "&".join(
            f"{quote_plus(name)}={self._hidden(name, value) if is_secret_name(name) else quote_plus(value)}"
            for name, value in pairs
        )

    def _json(self, text: str) -> str:
        try:
            document = json.loads(text)
            hidden = self._walk(document)
        except (ValueError, RecursionError):
            return _CUT_FIELD.sub(self._cut_field, text)
        return text if hidden == document else json.dumps(hidden, separators=(",", ":"), ensure_ascii=False)

    def _walk(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._leaf(key, item) if is_secret_name(key) else self._walk(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._walk(item) for item in value]
        return value

    def _leaf(self, name: str, value: Any) -> Any:
        if isinstance(value, dict | list):
            self._walk(value)  # to learn what is in it
            return mark(name)
        return self._hidden(name, str(value)) if value and not isinstance(value, bool) else value

    def _cut_field(self, match: re.Match[str]) -> str:
        return f'"{match[1]}"{match[2]}"{self._hidden(match[1], match[3])}"' if is_secret_name(match[1]) else match[0]


def _ways(text: str) -> str:
    """A pattern for every way the text is written: as it is, in an address or a form, in JSON, or half of it one way and half another."""
    begins = "".join(mark if mark.isalnum() and mark.isascii() else _ways_of(mark) for mark in text[:_MOST_COMPARED])
    return begins + (r"[^\s\"'<>&]*" if len(text) > _MOST_COMPARED else "")


def _ways_of(mark: str) -> str:
    percent = "".join(f"%{byte:02x}" for byte in mark.encode("utf-8", "surrogatepass"))
    units = mark.encode("utf-16-be", "surrogatepass").hex()
    escapes = "".join(rf"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
    short = json.dumps(mark)[1:-1]
    plain = {mark, short, "\\/" if mark == "/" else mark, "+" if mark == " " else mark}
    return f"(?:{'|'.join(sorted(map(re.escape, plain), key=len, reverse=True))}|(?i:{percent}|{escapes}))"


def split_marks(text: str) -> list[tuple[bool, str]]:
    """The text in pieces: `(True, variable)` for a mark, `(False, words)` for what stands between."""
    pieces = _MARK.split(text)
    return [(bool(number % 2), piece) for number, piece in enumerate(pieces) if piece]
