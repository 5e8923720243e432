"""Replace secrets in recorded texts by placeholders, by name, by value and by shape.

A placeholder such as `‹WYCH_API_KEY›` names the variable that would hold the secret.
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

# Bytes of a body that are read, and characters of it that are kept.
CAPTURE_BYTES = 64 * 1024
KEEP_CHARACTERS = 16 * 1024
# An account number as banks in New Zealand write it. It is no secret, but it is personal.
ACCOUNT_NUMBER = re.compile(r"(?<![\w-])(\d{2}-\d{4}-)(\d{6,8})(-\d{2,4})(?![\w-])", re.ASCII)

# The name of a header or a field, in snake case, whose value nobody should see.
_SECRET_NAME = re.compile(
    r"secret|token|passw|passphrase|(^|_)pwd|credential|assertion|cookie|session|signature"
    r"|authori[sz]ation|bearer|jwt|code_verifier|(api|private|subscription)_?key"
)
# Names of facts about secrets, in discovery documents and token responses. People need to read them.
_PUBLIC_NAME = re.compile(
    r"(^|_)(type(_hint)?|endpoint(_(auth|aliases)\w*)?|supported|iframe|services?|methods?"
    r"|not_before\w*|expir\w*|lifetime|lifespan|ttl|left|count)$|^access_control_"
)
_CAMEL_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
# Words that are too common to be a secret's name, except in a query or in a form.
_SECRET_IN_QUERY = ("code", "key", "sig")
# A name and its `=` in any text; also in a URL that is itself a value in a URL.
_PAIR = re.compile(
    r"(?:(?<![\w.%\[\]-])|(?<=%3f|%26|%23))"
    r"((?:[\w.\[\]-]|%(?!3f|26|23|3d)[0-9a-f]{2}){1,80})(=|%3d)",
    re.IGNORECASE,
)
_PARAMETER_STARTS = ("?", "&", "#", ";", "%3F", "%26", "%23")
_URL_VALUE = re.compile(r"[^&#]*")
_TEXT_VALUE = re.compile(r"[^&#\s\"<>]*")
_NESTED_VALUE = re.compile(r"(?:(?!%26|%23)[^&#\s\"<>])*", re.IGNORECASE)
_JWT = re.compile(r"eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)*")
_JSON_FIELD = re.compile(r'"([^"\\]{1,80})"(\s*:\s*)"((?:[^"\\]|\\.)*)(?:"|$)', re.DOTALL)
# Mistakes round a token that people need to see stay readable: a second Bearer, or quotes.
_QUOTES = ("'", '"')
_QUOTED_TOKEN = re.compile(r"((?:bearer +)*[\"']?)(.*?)([\"']?)", re.IGNORECASE | re.DOTALL)
_MULTIPART_FIELD = re.compile(
    r'(\bname="([^"\n]{1,80})"[^\n]*\n(?:[^\r\n][^\n]*\n){0,9}\r?\n)(.*?)(?=\r?\n--|\Z)', re.DOTALL
)
_VARIABLES = {
    "client_secret": "WYCH_CLIENT_SECRET",
    "x_api_key": "WYCH_API_KEY",
    "api_key": "WYCH_API_KEY",
    "access_token": "WYCH_ACCESS_TOKEN",
    "authorization": "WYCH_ACCESS_TOKEN",
    "authorisation": "WYCH_ACCESS_TOKEN",
}
# Shorter secrets are replaced under their name only: elsewhere they may be part of any word.
_MIN_KNOWN_LENGTH = 4
# A value that merely stood under a secret's name may be any word. Shorter values, and numbers, are
# replaced where they stood and nowhere else.
_MIN_SEEN_LENGTH = 8
_NUMBER = re.compile(r"[\d\s.,:+-]*")
_URL_UP_TO_HOST = re.compile(
    r"https?(?::|%3a)(?:\\?/|%2f){2}(?:[^\s/?#@]*@)?[a-z0-9.-]*\Z", re.IGNORECASE
)
_HOST = re.compile(r"[A-Za-z0-9.:-]{1,300}(?![^\s/?#\"'<>]{0,300}@)")
_MAX_HOST_LENGTH = 300
_USER_INFO = re.compile(r"(?<=://)[^\s/?#@]*@")
# Tokens last minutes, so the oldest of so many have expired.
_MAX_SEEN_SECRETS = 200
# Characters of a secret that are compared. A longer secret is assumed to go on to the next space,
# quote, bracket or &.
_MAX_COMPARED = 2048
# Characters that one character of a secret takes at most: two escapes of JSON.
_MAX_ENCODED_LENGTH = 12
_LETTERS_AND_DIGITS = re.compile(r"[A-Za-z0-9]+")
_PLACEHOLDER = re.compile(r"‹([A-Z_]+)›")


def to_snake_case(name: str) -> str:
    """Return a camel-case or hyphenated name in snake case: `clientSecret`, `X-API-Key`."""
    return _CAMEL_BOUNDARY.sub("_", name).lower().replace("-", "_")


def format_placeholder(name: str) -> str:
    """Return the placeholder for the secret of that name, as a variable that a shell can have."""
    snake = to_snake_case(name)
    variable = _VARIABLES.get(snake)
    return f"‹{variable or 'WYCH_' + re.sub('[^A-Z]+', '_', snake.upper()).strip('_')}›"


class _KnownSecret:
    """Holds a secret to be replaced.

    Its text is kept in a `Secret` and in a compiled pattern's method, because a traceback with
    local variables shows neither.
    """

    def __init__(self, name: str, secret: Secret) -> None:
        self.length = min(_MAX_COMPARED, len(secret.reveal()))
        self.placeholder = format_placeholder(name)
        self._secret = secret
        # Fast path: no encoding changes letters and digits, so without this run of them the secret
        # cannot be in a text.
        self._run = Secret(
            max(_LETTERS_AND_DIGITS.findall(secret.reveal(), 0, _MAX_COMPARED), key=len, default="")
        )
        self._sub: Callable[[Callable[[re.Match[str]], str], str], str] | None = None

    def may_be_in(self, text: str) -> bool:
        return self._run.reveal() in text

    def redact(self, text: str) -> str:
        if not self.may_be_in(text):
            return text
        # Compiled late, because it takes time and few secrets turn up again.
        self._sub = self._sub or re.compile(encoded_forms_pattern(self._secret.reveal())).sub
        return self._sub(lambda match: match[0] if _is_in_host(match) else self.placeholder, text)


def _is_in_host(match: re.Match[str]) -> bool:
    """Return True if the match is part of a URL's host.

    Hosts stay readable: a client secret such as "wych" would otherwise hide where a call went.
    """
    start = max(0, match.start() - _MAX_HOST_LENGTH)
    if not _URL_UP_TO_HOST.search(match.string, start, match.start()):
        return False
    host = _HOST.match(match.string, match.start())
    return bool(host and host.end() >= match.end())


def is_secret_name(name: str) -> bool:
    """Return True if a header or field of that name holds a secret, in any spelling."""
    snake = to_snake_case(name)
    return bool(_SECRET_NAME.search(snake)) and not _PUBLIC_NAME.search(snake)


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
_USUAL_PLACEHOLDERS = {
    name: format_placeholder(name) for name, is_secret in _USUAL_NAMES.items() if is_secret
}
# In lower case: a text without any of these has no field whose name `is_secret_name` accepts. That is
# the fast way past JSON with nothing to hide, which is most of it.
_MAY_NAME_A_SECRET = re.compile(
    r"secret|token|passw|passphrase|pwd|credential|assertion|cookie|session|signature"
    r"|authori[sz]ation|bearer|jwt|code[-_]?verifier|(api|private|subscription)[-_]?key"
)


class Redactor:
    """Redacts texts, and learns: a secret seen under its name is replaced wherever it returns."""

    def __init__(self, known: Iterable[tuple[str, Secret]] = (), *, strict: bool = False) -> None:
        """Replace `known` secrets, by name, from the start.

        `strict`: also learn short values, words and numbers that stood under a secret's name.
        """
        self._strict = strict
        self._lock = threading.Lock()
        # Secrets from the settings are never forgotten; of those from the wire, the oldest go.
        self._known: dict[Secret, _KnownSecret] = {}
        self._seen: dict[Secret, _KnownSecret] = {}
        # A short secret may be part of a longer one, so the longer is replaced first.
        self._longest_first: list[_KnownSecret] = []
        for name, secret in known:
            self.learn(name, secret)

    def learn(self, name: str, secret: Secret) -> None:
        """Replace `secret` in everything from now on, except in hosts.

        A secret of fewer than four characters is replaced only where its name stands.
        """
        self._learn(name, secret, self._known)

    def _learn(self, name: str, secret: Secret, secrets: dict[Secret, _KnownSecret]) -> None:
        if len(secret.reveal()) < _MIN_KNOWN_LENGTH or secret in self._known or secret in secrets:
            return
        with self._lock:
            secrets[secret] = _KnownSecret(name, secret)
            while len(self._seen) > _MAX_SEEN_SECRETS:
                del self._seen[next(iter(self._seen))]
            # A new list, because other threads may go through the old one without the lock.
            self._longest_first = sorted(
                [*self._known.values(), *self._seen.values()], key=lambda known: -known.length
            )

    def redact_url(self, url: httpx.URL) -> str:
        """Return the URL without user info, fragment and secret query values.

        The rest of the query stays as it was written.
        """
        path = url.raw_path.partition(b"?")[0]
        if url.scheme and url.netloc and path != b"/":
            bare = f"{url.scheme}://{url.netloc.decode('ascii')}{path.decode('ascii')}"
        else:  # only `copy_with` knows whether the slash was written; it parses the address again
            bare = str(url.copy_with(userinfo=b"", query=None, fragment=None))
        query = url.query.decode("ascii", "replace")
        return self.redact_text(
            bare + (self._redact_pairs("?" + query, _URL_VALUE) if query else "")
        )

    def redact_headers(self, pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return the header lines; the scheme of an Authorization header stays readable."""
        # Two rounds, so that a secret is also replaced in the headers before its own.
        rows = [(name, self._redact_header(name, value)) for name, value in pairs]
        # One look at all of them, since most lines of most calls have nothing to hide.
        if not self._may_hold_secret("\n".join([value for _, value in rows])):
            return rows
        return [
            (name, value if name.lower() == "host" else self.redact_text(value))
            for name, value in rows
        ]

    def redact_body(self, content: bytes, content_type: str = "") -> str:
        """Return the start of a body as text, redacted as JSON, as a form or as any text."""
        if not content:
            return ""
        # JSON parsers accept UTF-16 too, in which no name would be found otherwise.
        text = content[:CAPTURE_BYTES].decode(json.detect_encoding(content[:4]), "replace")
        media_type = content_type.partition(";")[0].strip().lower()
        # Even if the body is labelled as a form: parsed as one, JSON would be all name and no value.
        if text.lstrip()[:1] in ("{", "["):
            text = self._redact_json(text)
        elif media_type == "application/x-www-form-urlencoded":
            text = self._redact_form(text)
        else:
            if media_type.startswith("multipart/"):
                text = self._redact_multipart(text)
            text = self._redact_untyped_text(text)
        text = self.redact_text(text)
        is_cut = len(content) >= CAPTURE_BYTES
        if is_cut:
            # The cut may be inside a secret, so as much as the longest one could take is dropped.
            # What is before a placeholder was complete.
            longest = max(
                (_MAX_ENCODED_LENGTH * known.length for known in self._longest_first), default=0
            )
            text = text[: max(text.rfind("›") + 1, len(text) - longest)]
        return text[:KEEP_CHARACTERS] + "…" if is_cut or len(text) > KEEP_CHARACTERS else text

    def redact_text(self, text: str) -> str:
        """Return the text without known secrets in any encoding, tokens and account numbers."""
        for known in self._longest_first:
            text = known.redact(text)
        if "-" in text:
            text = ACCOUNT_NUMBER.sub(lambda match: match[1] + "*" * len(match[2]) + match[3], text)
        return _JWT.sub(format_placeholder("access_token"), text) if "eyJ" in text else text

    def _may_hold_secret(self, text: str) -> bool:
        """Return False only for a text that `redact_text` would leave as it is."""
        if "eyJ" in text or any(known.may_be_in(text) for known in self._longest_first):
            return True
        return "-" in text and ACCOUNT_NUMBER.search(text) is not None

    def _replace_and_learn(self, name: str, value: str) -> str:
        """Return the placeholder for a value under a secret's name, and learn the value."""
        secret = Secret(value)
        if self._strict or (len(value) >= _MIN_SEEN_LENGTH and not _NUMBER.fullmatch(value)):
            self._learn(name, secret, self._seen)
        # By value first: an API key in an Authorization header is still the API key.
        known = self._known.get(secret)
        if known:
            return known.placeholder
        return _USUAL_PLACEHOLDERS.get(name) or format_placeholder(name)

    def _redact_pairs(self, text: str, value: re.Pattern[str] = _TEXT_VALUE) -> str:
        """Replace the values of `secret=value` in any text.

        `code=value` and the like are replaced only in a query or a fragment.
        """
        if "=" not in text and "%3" not in text:
            return text
        pieces, at = [], 0
        for pair in _PAIR.finditer(text):
            name, begin = unquote_plus(pair[1]), pair.start()
            is_query_secret = name in _SECRET_IN_QUERY and text[
                max(0, begin - 3) : begin
            ].upper().endswith(_PARAMETER_STARTS)
            if begin >= at and (is_query_secret or is_secret_name(name)):
                match = (value if pair[2] == "=" else _NESTED_VALUE).match(text, pair.end())
                secret = unquote_plus(match[0] if match else "")
                pieces += [text[at : pair.end()], self._replace_and_learn(name, secret)]
                at = match.end() if match else pair.end()
        return "".join([*pieces, text[at:]])

    def _redact_header(self, name: str, value: str) -> str:
        is_secret = _USUAL_NAMES.get(name)
        if not (is_secret_name(name) if is_secret is None else is_secret):
            return self._redact_pairs(_USER_INFO.sub("", value) if "://" in value else value)
        scheme, space, rest = value.partition(" ")
        if "authori" in name.lower() and space and scheme.isalpha():
            # The pattern walks along the whole token, so it is asked only where it has something to find.
            may_be_quoted = (
                rest[:6].lower() == "bearer" or rest[:1] in _QUOTES or rest[-1:] in _QUOTES
            )
            is_bearer = scheme.lower() == "bearer"
            quoted = _QUOTED_TOKEN.fullmatch(rest) if is_bearer and may_be_quoted else None
            before, token, after = quoted.groups() if quoted else ("", rest, "")
            return f"{scheme} {before}{self._replace_and_learn(name, token)}{after}"
        if "cookie" in name.lower():
            # A Set-Cookie goes on with dates and paths, which are no secrets (RFC 6265 section 4.1).
            pairs = value.split(";")[: 1 if name.lower().startswith("set-") else None]
            for pair in pairs:
                self._replace_and_learn(name, pair.partition("=")[2].strip())
        return self._replace_and_learn(name, value)

    def _redact_form(self, text: str) -> str:
        fields = []
        for name, value in parse_qsl(text, keep_blank_values=True):
            is_secret = value and (name in _SECRET_IN_QUERY or is_secret_name(name))
            shown = self._replace_and_learn(name, value) if is_secret else quote_plus(value)
            fields.append(f"{quote_plus(name)}={shown}")
        return "&".join(fields)

    def _redact_json(self, text: str) -> str:
        # A backslash may hide a name or a quote, and = or %3 a pair inside a value.
        if not any(sign in text for sign in ("\\", "=", "%3")) and not _MAY_NAME_A_SECRET.search(
            text.lower()
        ):
            return text
        try:
            document = json.loads(text, object_pairs_hook=_Fields)
            redacted = self._redact_json_tree(document)
        except (ValueError, RecursionError):
            return self._redact_untyped_text(text)
        if redacted == document:
            return text  # with the white space and the escapes of the server
        return json.dumps(_to_plain(redacted), separators=(",", ":"), ensure_ascii=False)

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
        # A string may be a URL, or JSON again.
        return self._redact_untyped_text(value) if isinstance(value, str) else value

    def _redact_value(self, name: str, value: Any) -> Any:
        # The value is replaced as a whole; its parts are only learnt.
        if isinstance(value, _Fields):
            self._redact_json_tree(value)
        elif isinstance(value, list):
            for item in value:
                self._redact_value(name, item)
        if isinstance(value, str) and value:
            return self._replace_and_learn(name, value)
        return format_placeholder(name) if value and not isinstance(value, bool) else value

    def _redact_untyped_text(self, text: str) -> str:
        """Replace what is written in any text as a field of JSON or of a form."""
        if '"' in text:
            text = _JSON_FIELD.sub(self._redact_json_field, text)
        return self._redact_pairs(text)

    def _redact_json_field(self, field: re.Match[str]) -> str:
        if not is_secret_name(field[1]):
            return field[0]
        return f'"{field[1]}"{field[2]}"{self._replace_and_learn(field[1], field[3])}"'

    def _redact_multipart(self, text: str) -> str:
        return _MULTIPART_FIELD.sub(
            lambda field: (
                field[1] + self._replace_and_learn(field[2], field[3])
                if is_secret_name(field[2])
                else field[0]
            ),
            text,
        )


class _Fields(list[tuple[str, "Any"]]):
    """A JSON object as it was written. A dictionary would drop repeated names, and a secret."""


def _to_plain(value: Any) -> Any:
    if isinstance(value, _Fields):
        return {key: _to_plain(item) for key, item in value}
    return [_to_plain(item) for item in value] if isinstance(value, list) else value


def encoded_forms_pattern(text: str) -> str:
    """Return a regex for the text raw, percent-encoded, form-encoded or JSON-escaped, mixed too."""
    pattern = "".join(
        character
        if character.isalnum() and character.isascii()
        else _encoded_character_pattern(character)
        for character in text[:_MAX_COMPARED]
    )
    return pattern + (r"[^\s\"'<>&]*" if len(text) > _MAX_COMPARED else "")


def _encoded_character_pattern(character: str) -> str:
    percent = "".join(f"%{byte:02x}" for byte in character.encode("utf-8", "surrogatepass"))
    # JSON escapes a character beyond U+FFFF as two (RFC 8259 section 7).
    units = character.encode("utf-16-be", "surrogatepass").hex()
    escapes = "".join(rf"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
    raw = {character, json.dumps(character)[1:-1]}
    raw |= {"\\/"} if character == "/" else set()
    raw |= {"+"} if character == " " else set()
    # The longest first: an alternation takes the first that fits.
    alternatives = "|".join(sorted(map(re.escape, raw), key=len, reverse=True))
    return f"(?:{alternatives}|(?i:{percent}|{escapes}))"


def split_placeholders(text: str) -> list[tuple[bool, str]]:
    """Return the text in pieces: `(True, variable)` or `(False, text in between)`."""
    pieces = _PLACEHOLDER.split(text)
    return [(bool(number % 2), piece) for number, piece in enumerate(pieces) if piece]
