"""Take the secrets out of what went over the wire: by the name they stand under, by their value, by their shape.

What is taken out leaves a mark that says which variable would go there, such as `‹WYCH_API_KEY›`.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, quote_plus

from wych_kit.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    import httpx

CAPTURE_BYTES = 64 * 1024
"""How much of a body is looked at."""
KEEP_CHARACTERS = 16 * 1024
"""How much of it is kept. So far below the other that a secret cut in half by the first limit is cut off by the second."""

_NAMED = re.compile(
    r"(^|[_-])(secret|token|password|passwd|pwd|assertion|session|session[_-]?state|api[_-]?key|cookie|credentials?|authori[sz]ation)\d?$",
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
_MOST = 500
_MARK = re.compile(r"‹([A-Z_]+)›")


def mark(name: str) -> str:
    """What stands where the secret called `name` was."""
    snake = _CAMEL.sub("_", name).lower().replace("-", "_")
    return f"‹{_MARKS.get(snake) or 'WYCH_' + re.sub('[^A-Z]+', '_', snake.upper()).strip('_')}›"


def is_secret_name(name: str) -> bool:
    """Whether a header or field of that name holds something nobody should see."""
    return bool(_NAMED.search(_CAMEL.sub("_", name)))


class Redactor:
    """Redacts, and learns: a secret it has seen under its name is taken out wherever it turns up again."""

    def __init__(self, known: Iterable[tuple[str, Secret]] = ()) -> None:
        self._known: dict[Secret, str] = {}  # every way a secret may be written, oldest first, and its mark
        self._longest_first: list[tuple[Secret, str]] = []
        for name, secret in known:
            self.learn(name, secret)

    def learn(self, name: str, secret: Secret) -> None:
        """Take `secret` out of everything from now on; very short ones only where their name stands."""
        if len(secret.reveal()) < _TOO_SHORT or secret in self._known:
            return
        written = {Secret(how(secret.reveal())): mark(name) for how in (str, quote, quote_plus, _in_json)}
        # The oldest go first when there are very many: tokens of many hours ago are dead.
        self._known = dict(list((self._known | written).items())[-_MOST:])
        self._longest_first = sorted(self._known.items(), key=lambda item: -len(item[0].reveal()))

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
        text = content[:CAPTURE_BYTES].decode("utf-8", "replace")
        kind = content_type.partition(";")[0].strip().lower()
        if kind == "application/x-www-form-urlencoded":
            text = self._form(text)
        elif text.lstrip()[:1] in ("{", "["):
            text = self._json(text)
        text = self.text(text)
        return text if len(text) <= KEEP_CHARACTERS else text[:KEEP_CHARACTERS] + "…"

    def text(self, text: str) -> str:
        """Any text: known secrets in every way they may be written, and everything shaped like a token."""
        for secret, name in self._longest_first:
            if secret.reveal() in text:
                text = text.replace(secret.reveal(), name)
        return _JWT.sub(mark("access_token"), text)

    def _hidden(self, name: str, value: str) -> str:
        self.learn(name, Secret(value))
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
            return mark(name)
        return self._hidden(name, value) if isinstance(value, str) and value else value

    def _cut_field(self, match: re.Match[str]) -> str:
        return f'"{match[1]}"{match[2]}"{self._hidden(match[1], match[3])}"' if is_secret_name(match[1]) else match[0]


def _in_json(text: str) -> str:
    return json.dumps(text)[1:-1]


def split_marks(text: str) -> list[tuple[bool, str]]:
    """The text in pieces: `(True, variable)` for a mark, `(False, words)` for what stands between."""
    pieces = _MARK.split(text)
    return [(bool(number % 2), piece) for number, piece in enumerate(pieces) if piece]
