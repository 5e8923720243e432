"""The last look for secrets: in every text of a bundle, by value and by shape, before anything is written."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, NamedTuple

from wych_kit.client.token_cache import TokenFile
from wych_kit.secret import Secret
from wych_kit.support import text_sources
from wych_kit.support.secret_scan import Look, in_force

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from wych_kit.settings.loading import Settings
    from wych_kit.support.bundle.parts import Part

_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))")
# As for `wych-kit scan`: in base64, shorter ones are in any text by chance.
_TOO_SHORT = 8


class Found(NamedTuple):
    """A secret in a part: where, what in words, and eight digits by which it may be told from others. Never the secret."""

    part: str
    line: int
    what: str
    mark: str


def known(settings: Settings) -> list[tuple[str, Secret]]:
    """Every secret of the settings and of the profiles beside them, and the token that is kept, by name."""
    found = list(in_force(settings, text_sources.homes(settings.file.path)))
    if settings.issuer_url and settings.client_id and settings.client_secret:
        kept = TokenFile(
            settings.home, settings.issuer_url, settings.client_id, settings.client_secret
        ).read()
        if kept is not None:
            found.append(("the access token", kept.value))
    return found


def search(parts: Iterable[Part], secrets: Iterable[tuple[str, Secret]]) -> tuple[Found, ...]:
    """What must not be there, in any of the ways in which it may be written, base64 included."""
    given = list(secrets)
    look = Look([*given, *(each for name, secret in given for each in _in_base64(name, secret))])
    rows = [
        (part.name, *each)
        for part in parts
        for text in _unescaped(part.text)
        for each in look.in_text(text)
    ]
    return tuple(
        dict.fromkeys(
            Found(name, line, what, secret.fingerprint()) for name, line, what, secret in rows
        )
    )


def _unescaped(text: str) -> Iterator[str]:
    """The text, and what is in its JSON strings, and in the JSON inside those: line by line the same."""
    yield text
    for _ in range(2):
        before, text = text, _ESCAPE.sub(_character, text)
        if text == before:
            return
        yield text


def _character(escape: re.Match[str]) -> str:
    if escape[1]:
        return chr(int(escape[1], 16))
    return " " if escape[2] in "bfnrt" else escape[2]  # a line break would shift the numbers


def _in_base64(name: str, secret: Secret) -> Iterator[tuple[str, Secret]]:
    """As it stands in base64, or in the alphabet for addresses, wherever in a longer text it begins: without the letters it shares."""
    for before in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            after = -(before + len(secret.reveal().encode("utf-8", "surrogatepass"))) % 3
            core = Secret(
                encode(
                    bytes(before) + secret.reveal().encode("utf-8", "surrogatepass") + bytes(after)
                ).decode()
            )
            core = Secret(core.reveal()[(0, 2, 3)[before] : len(core.reveal()) - (0, 2, 3)[after]])
            if len(core.reveal()) >= _TOO_SHORT:
                yield f"{name}, in base64", core
