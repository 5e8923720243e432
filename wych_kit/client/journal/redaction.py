"""Take the secrets out of what went over the wire: by the name they stand under, by their value, by their shape.

What is taken out leaves a mark that says which variable would go there, such as `‹WYCH_API_KEY›`.
"""

from __future__ import annotations

import json
import re
import threading
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote_plus, unquote_plus

from wych_kit.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    import httpx

# How much of a body is looked at.
CAPTURE_BYTES = 64 * 1024
# How much of it is kept.
KEEP_CHARACTERS = 16 * 1024

_NAMED = re.compile(
    r"secret|token|passw|passphrase|(^|_)pwd|credential|assertion|cookie|session|signature|authori[sz]ation|bearer|jwt|code_verifier"
    r"|(api|private|subscription)_?key"
)
# What is said *about* secrets, in discovery documents and token responses, and people need to read.
_OPEN = re.compile(
    r"(^|_)(type(_hint)?|endpoint(_(auth|aliases)\w*)?|supported|iframe|services?|methods?|not_before\w*"
    r"|expir\w*|lifetime|lifespan|ttl|left|count)$|^access_control_"
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_QUERY_ONLY = ("code", "key", "sig")
# A name and its `=`, in any text; also inside an address that is itself a value in an address.
_PAIR = re.compile(
    r"(?:(?<![\w.%\[\]-])|(?<=%3f|%26|%23))((?:[\w.\[\]-]|%(?!3f|26|23|3d)[0-9a-f]{2}){1,80})(=|%3d)",
    re.IGNORECASE,
)
_IN_QUERY = ("?", "&", "#", ";", "%3F", "%26", "%23")
_IN_ADDRESS = re.compile(r"[^&#]*")
_IN_TEXT = re.compile(r"[^&#\s\"<>]*")
_NESTED = re.compile(r"(?:(?!%26|%23)[^&#\s\"<>])*", re.IGNORECASE)
_JWT = re.compile(r"eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)*")
_CUT_FIELD = re.compile(r'"([^"\\]{1,80})"(\s*:\s*)"((?:[^"\\]|\\.)*)(?:"|$)', re.DOTALL)
# A mistake round a token that people need to see: a second Bearer, or quotes.
_QUOTES = ("'", '"')
_WRAPPED = re.compile(r"((?:bearer +)*[\"']?)(.*?)([\"']?)", re.IGNORECASE | re.DOTALL)
_PART = re.compile(
    r'(\bname="([^"\n]{1,80})"[^\n]*\n(?:[^\r\n][^\n]*\n){0,9}\r?\n)(.*?)(?=\r?\n--|\Z)', re.DOTALL
)
_MARKS = {
    "client_secret": "WYCH_CLIENT_SECRET",
    "x_api_key": "WYCH_API_KEY",
    "api_key": "WYCH_API_KEY",
    "access_token": "WYCH_ACCESS_TOKEN",
    "authorization": "WYCH_ACCESS_TOKEN",
    "authorisation": "WYCH_ACCESS_TOKEN",
}
_TOO_SHORT = 4
# What merely stood under a secret's name may be any word: shorter ones, and numbers, are taken out
# where they stood and nowhere else.
_SEEN_TOO_SHORT = 8
_NUMBER = re.compile(r"[\d\s.,:+-]*")
_TO_A_HOST = re.compile(
    r"https?(?::|%3a)(?:\\?/|%2f){2}(?:[^\s/?#@]*@)?[a-z0-9.-]*\Z", re.IGNORECASE
)
_HOST = re.compile(r"[A-Za-z0-9.:-]{1,300}(?![^\s/?#\"'<>]{0,300}@)")
_USER_INFO = re.compile(r"(?<=://)[^\s/?#@]*@")
_HOST_NAME = 300
_MOST = 200
# Characters of a secret that are compared; the rest of a longer one is taken to go on to the next
# space, quote, bracket or &.
_MOST_COMPARED = 2048
# Characters that one character of a secret takes at most: two escapes of JSON.
_LONGEST_WAY = 12
# An account number as banks in New Zealand write it: no secret, and personal all the same.
_ACCOUNT = re.compile(r"(?<![\w-])(\d{2}-\d{4}-)(\d{6,8})(-\d{2,4})(?![\w-])", re.ASCII)
_RUN = re.compile(r"[A-Za-z0-9]+")
_MARK = re.compile(r"‹([A-Z_]+)›")


def to_snake_case(name: str) -> str:
    return _CAMEL.sub("_", name).lower().replace("-", "_")


def mark(name: str) -> str:
    """What stands where the secret called `name` was."""
    snake = to_snake_case(name)
    return f"‹{_MARKS.get(snake) or 'WYCH_' + re.sub('[^A-Z]+', '_', snake.upper()).strip('_')}›"


class _KnownSecret:
    """A secret to be taken out. Its text is in a `Secret` and in a pattern whose method is kept, where no traceback shows it."""

    def __init__(self, name: str, secret: Secret) -> None:
        self.length = min(_MOST_COMPARED, len(secret.reveal()))
        self.mark = mark(name)
        self._secret = secret
        # Letters and digits are written one way only: a text without this run of them need not be searched.
        self._run = Secret(
            max(_RUN.findall(secret.reveal(), 0, _MOST_COMPARED), key=len, default="")
        )
        self._sub: Callable[[Callable[[re.Match[str]], str], str], str] | None = None

    def may_be_in(self, text: str) -> bool:
        return self._run.reveal() in text

    def redact(self, text: str) -> str:
        if not self.may_be_in(text):
            return text
        self._sub = (
            self._sub or re.compile(encoded_forms_pattern(self._secret.reveal())).sub
        )  # which takes time, and few secrets turn up again
        return self._sub(lambda found: found[0] if _in_host(found) else self.mark, text)


def _in_host(found: re.Match[str]) -> bool:
    """Whether it is part of the host of an address; nobody can see what happened when that is taken out."""
    if not _TO_A_HOST.search(found.string, max(0, found.start() - _HOST_NAME), found.start()):
        return False
    host = _HOST.match(found.string, found.start())
    return bool(host and host.end() >= found.end())


def is_secret_name(name: str) -> bool:
    """Whether a header or field of that name holds something nobody should see."""
    snake = to_snake_case(name)
    return bool(_NAMED.search(snake)) and not _OPEN.search(snake)


# The usual header lines, judged once. Other names are not cached: a name from the wire may hold a
# secret that somebody put into the wrong place.
_USUAL_NAMES = {
    name: is_secret_name(name)
    for name in (
        *("accept", "accept-encoding", "authorization", "cache-control", "connection"),
        *("content-encoding", "content-length", "content-type", "cookie", "date", "host", "server"),
        *("set-cookie", "transfer-encoding", "user-agent", "vary", "via", "x-api-key"),
        *("x-amz-apigw-id", "x-amzn-errortype", "x-amzn-requestid", "x-amzn-trace-id"),
    )
}
_USUAL_MARKS = {name: mark(name) for name, is_secret in _USUAL_NAMES.items() if is_secret}
# In lower case: a text without any of these has no field whose name `is_secret_name` accepts. That is
# the fast way past JSON with nothing to hide, which is most of it.
_MAY_NAME_A_SECRET = re.compile(
    r"secret|token|passw|passphrase|pwd|credential|assertion|cookie|session|signature"
    r"|authori[sz]ation|bearer|jwt|code[-_]?verifier|(api|private|subscription)[-_]?key"
)


class Redactor:
    """Redacts, and learns: a secret it has seen under its name is taken out wherever it turns up again."""

    def __init__(self, known: Iterable[tuple[str, Secret]] = (), *, wary: bool = False) -> None:
        """`known` secrets are taken out from the start. `wary`: what is seen counts as much, however much like a word it is."""
        self._wary = wary
        self._lock = threading.Lock()
        self._told: dict[Secret, _KnownSecret] = {}  # by whoever has it; never forgotten
        self._seen: dict[Secret, _KnownSecret] = {}  # on the wire, oldest first
        self._longest_first: list[_KnownSecret] = []
        for name, secret in known:
            self.learn(name, secret)

    def learn(self, name: str, secret: Secret) -> None:
        """Take `secret` out of everything from now on, but for hosts; very short ones only where their name stands."""
        self._learn(name, secret, self._told)

    def _learn(self, name: str, secret: Secret, where: dict[Secret, _KnownSecret]) -> None:
        if len(secret.reveal()) < _TOO_SHORT or secret in self._told or secret in where:
            return
        with self._lock:
            where[secret] = _KnownSecret(name, secret)
            while len(self._seen) > _MOST:  # tokens of many hours ago are dead
                del self._seen[next(iter(self._seen))]
            self._longest_first = sorted(
                [*self._told.values(), *self._seen.values()], key=lambda known: -known.length
            )

    def redact_url(self, url: httpx.URL) -> str:
        """The address without user info, without fragment, and without secret query values; the rest of the query as it was."""
        path = url.raw_path.partition(b"?")[0]
        if url.scheme and url.netloc and path != b"/":
            bare = f"{url.scheme}://{url.netloc.decode('ascii')}{path.decode('ascii')}"
        else:  # only `copy_with` knows whether the slash was written; it parses the address again
            bare = str(url.copy_with(userinfo=b"", query=None, fragment=None))
        query = url.query.decode("ascii", "replace")
        return self.redact_text(
            bare + (self._redact_pairs("?" + query, _IN_ADDRESS) if query else "")
        )

    def redact_headers(self, pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Header lines; the scheme word of an authorization is kept."""
        # Two rounds, so that a secret is also taken out of the headers before its own.
        rows = [(name, self._redact_header(name, value)) for name, value in pairs]
        # One look at all of them, since most lines of most calls have nothing to hide.
        if not self._may_hold_secret("\n".join([value for _, value in rows])):
            return rows
        return [
            (name, value if name.lower() == "host" else self.redact_text(value))
            for name, value in rows
        ]

    def redact_body(self, content: bytes, content_type: str = "") -> str:
        """A body as text. Redacted by field name, whether it is JSON, a form or looks like one; by value and by shape."""
        if not content:
            return ""
        # Whoever parses JSON takes UTF-16 as well.
        text = content[:CAPTURE_BYTES].decode(json.detect_encoding(content[:4]), "replace")
        kind = content_type.partition(";")[0].strip().lower()
        if text.lstrip()[:1] in (
            "{",
            "[",
        ):  # labelled as a form or not: a form's names would hold the secrets then
            text = self._redact_json(text)
        elif kind == "application/x-www-form-urlencoded":
            text = self._redact_form(text)
        else:
            text = self._redact_untyped_text(
                self._redact_multipart(text) if kind.startswith("multipart/") else text
            )
        text = self.redact_text(text)
        cut = len(content) >= CAPTURE_BYTES
        if cut:  # perhaps in the middle of a secret; what is before a mark was whole
            longest = max((_LONGEST_WAY * known.length for known in self._longest_first), default=0)
            text = text[: max(text.rfind("›") + 1, len(text) - longest)]
        return text[:KEEP_CHARACTERS] + "…" if cut or len(text) > KEEP_CHARACTERS else text

    def redact_text(self, text: str) -> str:
        """Any text: known secrets in every way they may be written, everything shaped like a token, the middle of account numbers."""
        for known in self._longest_first:
            text = known.redact(text)
        if "-" in text:
            text = _ACCOUNT.sub(lambda found: found[1] + "*" * len(found[2]) + found[3], text)
        return _JWT.sub(mark("access_token"), text) if "eyJ" in text else text

    def _may_hold_secret(self, text: str) -> bool:
        """Return False only for a text that `redact_text` would leave as it is."""
        if "eyJ" in text or any(known.may_be_in(text) for known in self._longest_first):
            return True
        return "-" in text and _ACCOUNT.search(text) is not None

    def _replace_and_learn(self, name: str, value: str) -> str:
        secret = Secret(value)
        if self._wary or (len(value) >= _SEEN_TOO_SHORT and not _NUMBER.fullmatch(value)):
            self._learn(name, secret, self._seen)
        # An API key is one in an Authorization header too.
        told = self._told.get(secret)
        return told.mark if told else _USUAL_MARKS.get(name) or mark(name)

    def _redact_pairs(self, text: str, value: re.Pattern[str] = _IN_TEXT) -> str:
        """Any text with the values of `secret=value` hidden; `code=value` and the like only where it stands in a query or fragment."""
        if "=" not in text and "%3" not in text:
            return text
        pieces, at = [], 0
        for pair in _PAIR.finditer(text):
            name, begin = unquote_plus(pair[1]), pair.start()
            asked = name in _QUERY_ONLY and text[max(0, begin - 3) : begin].upper().endswith(
                _IN_QUERY
            )
            if begin >= at and (asked or is_secret_name(name)):
                found = (value if pair[2] == "=" else _NESTED).match(text, pair.end())
                pieces += [
                    text[at : pair.end()],
                    self._replace_and_learn(name, unquote_plus(found[0] if found else "")),
                ]
                at = found.end() if found else pair.end()
        return "".join([*pieces, text[at:]])

    def _redact_header(self, name: str, value: str) -> str:
        is_secret = _USUAL_NAMES.get(name)
        if not (is_secret_name(name) if is_secret is None else is_secret):
            return self._redact_pairs(_USER_INFO.sub("", value) if "://" in value else value)
        scheme, space, rest = value.partition(" ")
        if "authori" in name.lower() and space and scheme.isalpha():
            # The pattern walks along the whole token, so it is asked only where it has something to find.
            may_be_wrapped = (
                rest[:6].lower() == "bearer" or rest[:1] in _QUOTES or rest[-1:] in _QUOTES
            )
            is_bearer = scheme.lower() == "bearer"
            wrapped = _WRAPPED.fullmatch(rest) if is_bearer and may_be_wrapped else None
            before, inner, after = wrapped.groups() if wrapped else ("", rest, "")
            return f"{scheme} {before}{self._replace_and_learn(name, inner)}{after}"
        if "cookie" in name.lower():
            pairs = value.split(";")[
                : 1 if name.lower().startswith("set-") else None
            ]  # a Set-Cookie goes on with dates and paths
            for pair in pairs:
                self._replace_and_learn(name, pair.partition("=")[2].strip())
        return self._replace_and_learn(name, value)

    def _redact_form(self, text: str) -> str:
        pairs = parse_qsl(text, keep_blank_values=True)
        return "&".join(
            f"{quote_plus(name)}={self._replace_and_learn(name, value) if value and (name in _QUERY_ONLY or is_secret_name(name)) else quote_plus(value)}"
            for name, value in pairs
        )

    def _redact_json(self, text: str) -> str:
        # A backslash may hide a name or a quote, and = or %3 a pair inside a value.
        if not any(sign in text for sign in ("\\", "=", "%3")) and not _MAY_NAME_A_SECRET.search(
            text.lower()
        ):
            return text
        try:
            document = json.loads(text, object_pairs_hook=_Fields)
            hidden = self._redact_json_tree(document)
        except (ValueError, RecursionError):
            return self._redact_untyped_text(text)
        return (
            text
            if hidden == document
            else json.dumps(_plain(hidden), separators=(",", ":"), ensure_ascii=False)
        )

    def _redact_json_tree(self, value: Any) -> Any:
        if isinstance(value, _Fields):
            return _Fields(
                (
                    key,
                    self._redact_value(key, item)
                    if is_secret_name(key)
                    else self._redact_json_tree(item),
                )
                for key, item in value
            )
        if isinstance(value, list):
            return [self._redact_json_tree(item) for item in value]
        return (
            self._redact_untyped_text(value) if isinstance(value, str) else value
        )  # which may be an address, or JSON once more

    def _redact_value(self, name: str, value: Any) -> Any:
        if isinstance(value, _Fields):
            self._redact_json_tree(value)  # to learn what is in it
        elif isinstance(value, list):
            for item in value:
                self._redact_value(name, item)
        if isinstance(value, str) and value:
            return self._replace_and_learn(name, value)
        return mark(name) if value and not isinstance(value, bool) else value

    def _redact_untyped_text(self, text: str) -> str:
        """Any text: what is written as a field of JSON or of a form."""
        if '"' in text:
            text = _CUT_FIELD.sub(self._redact_cut_field, text)
        return self._redact_pairs(text)

    def _redact_multipart(self, text: str) -> str:
        return _PART.sub(
            lambda part: (
                part[1] + self._replace_and_learn(part[2], part[3])
                if is_secret_name(part[2])
                else part[0]
            ),
            text,
        )

    def _redact_cut_field(self, match: re.Match[str]) -> str:
        return (
            f'"{match[1]}"{match[2]}"{self._replace_and_learn(match[1], match[3])}"'
            if is_secret_name(match[1])
            else match[0]
        )


class _Fields(list[tuple[str, "Any"]]):
    """A JSON object as it was written, repeated names included."""


def _plain(value: Any) -> Any:
    if isinstance(value, _Fields):
        return {key: _plain(item) for key, item in value}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def encoded_forms_pattern(text: str) -> str:
    """A pattern for every way the text is written: as it is, in an address or a form, in JSON, or half of it one way and half another."""
    begins = "".join(
        mark if mark.isalnum() and mark.isascii() else _encoded_character_pattern(mark)
        for mark in text[:_MOST_COMPARED]
    )
    return begins + (r"[^\s\"'<>&]*" if len(text) > _MOST_COMPARED else "")


def _encoded_character_pattern(mark: str) -> str:
    percent = "".join(f"%{byte:02x}" for byte in mark.encode("utf-8", "surrogatepass"))
    units = mark.encode("utf-16-be", "surrogatepass").hex()
    escapes = "".join(rf"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
    short = json.dumps(mark)[1:-1]
    plain = {mark, short, "\\/" if mark == "/" else mark, "+" if mark == " " else mark}
    return f"(?:{'|'.join(sorted(map(re.escape, plain), key=len, reverse=True))}|(?i:{percent}|{escapes}))"


def split_placeholders(text: str) -> list[tuple[bool, str]]:
    """The text in pieces: `(True, variable)` for a mark, `(False, words)` for what stands between."""
    pieces = _MARK.split(text)
    return [(bool(number % 2), piece) for number, piece in enumerate(pieces) if piece]
