"""Looks for secrets where none should be: `wych-kit scan`. Says where, and never what."""

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

# Shorter ones would be found in every other line.
_TOO_SHORT = 8
# What the secrets of the mock's ready-made app begin with. They are printed in its source, and open
# nothing but a mock.
_WORTHLESS = "mock-only-not-a-real-"
# The mark of the key that the mock signs with. It comes with the kit, and nobody but a mock's
# client believes what it signed.
MOCK_KEY = "944a5c4e"
# A signed token, also straight after `\n` or `%3D`. Each run of letters is gone through once,
# however often eyJ is in it. 43 characters are the shortest signature there is (HS256, RFC 7518
# section 3.2); with less it is an example or cut off.
_TOKEN = re.compile(r"(?<![\w-])(?>[\w-]*?(?=eyJ))(eyJ[\w-]{8,}+\.eyJ[\w-]{8,}+\.[\w-]{43,})")
# A private key, and not only the words that one begins with. All of it, since the beginnings of two
# keys are the same.
_KEY = re.compile(
    r"-----BEGIN (?:[A-Z]+ )*PRIVATE"
    r" KEY-----(?:\\[nr]|[\s\"',+])*[A-Za-z0-9+/=]{40}(?:\\[nr]|[A-Za-z0-9+/=\s\"',])*"
)
# What lies between a key's lines, in a file, in JSON or in a diff: the same key has the same mark
# in each.
_LAYOUT = re.compile(r"(?:\\[nr]|[\s\"',])+\+*")
# A value after our name for it, as long as those that Keycloak and AWS make; inferred, as Wych does
# not say how its own look.
_NAMED = re.compile(
    r"(?i:client[_-]?secret|api[_-]?key)(?:\\?[\"'])?\s{0,4}[=:\s]\s{0,4}(?:\\?[\"'])?([A-Za-z0-9]{40}|[A-Za-z0-9]{32})(?![\w+/=-])"
)


class Found(NamedTuple):
    """A finding: where (`notebook.ipynb: cell 3, output, line 2`), what in words, and the digits by which it may be allowed."""

    where: str
    what: str
    mark: str


class Look:
    """What is looked for: the secrets in force by value, in each way that they may be written, and three shapes."""

    def __init__(self, known: Iterable[tuple[str, Secret]]) -> None:
        self.names: list[str] = []
        self._patterns: list[tuple[str, Callable[[str], Iterator[re.Match[str]]]]] = []
        for name, secret in known:
            self.names.append(name)
            # The text goes straight into the pattern, where no traceback shows it.
            self._patterns.append(
                (
                    f"{name}, as it is in force",
                    re.compile(encoded_forms_pattern(secret.reveal())).finditer,
                )
            )
        self._patterns += [
            ("a signed token (JWT)", _TOKEN.finditer),
            ("a private key", _KEY.finditer),
            ("something as long as a secret after the name of one", _NAMED.finditer),
        ]

    def in_text(self, text: str) -> Iterator[tuple[int, str, Secret]]:
        """Line (from 1), what it is and the secret itself, once for each place: what is known by value is not also named by shape."""
        taken: list[tuple[int, int]] = []
        for what, find in self._patterns:
            for match in find(text):
                start, end = match.span(match.lastindex or 0)
                if any(start < other_end and other < end for other, other_end in taken):
                    continue
                taken.append((start, end))
                secret = Secret(
                    _LAYOUT.sub("", match[0]) if match.re is _KEY else match[match.lastindex or 0]
                )
                yield text.count("\n", 0, start) + 1, what, secret


def in_force(settings: Settings, homes: Iterable[Path]) -> Iterator[tuple[str, Secret]]:
    """Every secret that is set, by name, once; and the client's as a Basic header has it."""
    told: set[Secret] = set()
    for each in (settings, *(load_settings(path=path, environ={}) for path in homes)):
        secrets = [
            (value.name, value.text) for value in each.values if isinstance(value.text, Secret)
        ]
        if each.client_id and each.client_secret:
            pair = base64.b64encode(
                f"{each.client_id}:{each.client_secret.reveal()}".encode("utf-8", "surrogatepass")
            )
            secrets.append(("WYCH_CLIENT_SECRET in a Basic header", Secret(pair.decode())))
        for name, secret in secrets:
            if (
                secret not in told
                and len(secret.reveal()) >= _TOO_SHORT
                and not secret.reveal().startswith(_WORTHLESS)
            ):
                told.add(secret)
                yield name, secret


def in_one_line(words: str) -> str:
    """A file's name may hold anything: it must not clear the screen, nor look like a line of ours."""
    return escape_control_characters(words).replace("\n", "\\n")
