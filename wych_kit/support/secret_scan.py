"""Finds secrets in texts, by value and by shape. Says where, and never what."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, NamedTuple

from wych_kit.client.journal.redaction import encoded_forms_pattern
from wych_kit.client.journal.transcript import escape_control_characters
from wych_kit.secret import Secret
from wych_kit.settings.loading import load_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from wych_kit.settings.loading import Settings

# Shorter values would be found in every other line.
_MIN_LENGTH = 8
# The secrets of the mock's ready-made app begin with this. They are public, and only a mock accepts
# them.
_MOCK_PREFIX = "mock-only-not-a-real-"
# The first digits of the fingerprint of the key that the mock signs with. The key is public, and only
# a client of a mock trusts its signatures.
MOCK_KEY = "944a5c4e"
# A signed token, also straight after `\n` or `%3D`. The atomic group reads each run of letters once,
# however often eyJ is in it. The shortest signature has 43 characters (HS256, RFC 7518 section 3.2);
# a shorter one is an example, or was cut off.
_TOKEN = re.compile(r"(?<![\w-])(?>[\w-]*?(?=eyJ))(eyJ[\w-]{8,}+\.eyJ[\w-]{8,}+\.[\w-]{43,})")
# A private key, and not only its first line. The whole key is matched, because the beginnings of two
# keys are the same.
_KEY = re.compile(
    r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"
    r"(?:\\[nr]|[\s\"',+])*[A-Za-z0-9+/=]{40}(?:\\[nr]|[A-Za-z0-9+/=\s\"',])*"
)
# The characters between a key's lines differ in a file, in JSON and in a diff. Without them the same
# key has the same fingerprint in each.
_LAYOUT = re.compile(r"(?:\\[nr]|[\s\"',])+\+*")
# A value after the name of a secret, as long as those that Keycloak and AWS make. Inferred: Wych
# does not document the form of its own.
_NAMED = re.compile(
    r"(?i:client[_-]?secret|api[_-]?key)(?:\\?[\"'])?\s{0,4}[=:\s]\s{0,4}(?:\\?[\"'])?"
    r"([A-Za-z0-9]{40}|[A-Za-z0-9]{32})(?![\w+/=-])"
)


class Finding(NamedTuple):
    """A secret in a text. It contains no part of the secret.

    `where` is for people: `notebook.ipynb: cell 3, output, line 2`. `digits` are the first eight of
    the secret's fingerprint, by which it may be allowed.
    """

    where: str
    kind: str
    digits: str


class SecretFinder:
    """Finds the known secrets, in every way in which they may be written, and three shapes."""

    def __init__(self, known: Iterable[tuple[str, Secret]]) -> None:
        self.names: list[str] = []
        self._patterns: list[tuple[str, Callable[[str], Iterator[re.Match[str]]]]] = []
        for name, secret in known:
            self.names.append(name)
            # The text goes straight into the pattern, where no traceback shows it.
            pattern = re.compile(encoded_forms_pattern(secret.reveal()))
            self._patterns.append((f"{name}, as it is in force", pattern.finditer))
        self._patterns += [
            ("a signed token (JWT)", _TOKEN.finditer),
            ("a private key", _KEY.finditer),
            ("something as long as a secret after the name of one", _NAMED.finditer),
        ]

    def find(self, text: str) -> Iterator[tuple[int, str, Secret]]:
        """Yield the line (from 1), the kind and the secret of each place in a text.

        A place is reported once: by value, or else by shape.
        """
        reported: list[tuple[int, int]] = []
        for kind, finditer in self._patterns:
            for match in finditer(text):
                group = match.lastindex or 0
                start, end = match.span(group)
                if any(start < other_end and other < end for other, other_end in reported):
                    continue
                reported.append((start, end))
                secret = Secret(_LAYOUT.sub("", match[0]) if match.re is _KEY else match[group])
                yield text.count("\n", 0, start) + 1, kind, secret


def list_secrets_in_use(
    settings: Settings, env_files: Iterable[Path]
) -> Iterator[tuple[str, Secret]]:
    """Yield each secret of the settings and of the files once, by name.

    A client secret is also yielded as a Basic header contains it (RFC 7617 section 2).
    """
    listed: set[Secret] = set()
    for source in (settings, *(load_settings(path=path, environ={}) for path in env_files)):
        secrets = [
            (value.name, value.text) for value in source.values if isinstance(value.text, Secret)
        ]
        if source.client_id and source.client_secret:
            pair = base64.b64encode(
                f"{source.client_id}:{source.client_secret.reveal()}".encode(
                    "utf-8", "surrogatepass"
                )
            )
            secrets.append(("WYCH_CLIENT_SECRET in a Basic header", Secret(pair.decode())))
        for name, secret in secrets:
            is_public = secret.reveal().startswith(_MOCK_PREFIX)
            if secret not in listed and len(secret.reveal()) >= _MIN_LENGTH and not is_public:
                listed.add(secret)
                yield name, secret


def escape_to_one_line(text: str) -> str:
    """Return a text, such as a file's name, that cannot clear the screen or fake a line of output."""
    return escape_control_characters(text).replace("\n", "\\n")
