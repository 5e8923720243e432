"""Searches every text of a bundle for secrets, by value and by shape, before anything is written."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, NamedTuple

from wych_kit.client.token_cache import TokenFile
from wych_kit.secret import Secret
from wych_kit.support import text_sources
from wych_kit.support.secret_scan import SecretFinder, list_secrets_in_use

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from wych_kit.settings.loading import Settings
    from wych_kit.support.bundle.parts import Part

_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))")
# Shorter pieces of base64 stand in any text by chance. `wych-kit scan` has the same limit.
_MIN_LENGTH = 8


class Finding(NamedTuple):
    """A secret in a part. It contains no part of the secret.

    `kind` says what it is; `digits` are the first eight of its fingerprint.
    """

    part: str
    line: int
    kind: str
    digits: str


def list_secrets(settings: Settings) -> list[tuple[str, Secret]]:
    """Return the secrets of all profiles in the folder and the saved access token, by name."""
    secrets = list(
        list_secrets_in_use(settings, text_sources.find_settings_files(settings.file.path))
    )
    if settings.issuer_url and settings.client_id and settings.client_secret:
        token = TokenFile(
            settings.home, settings.issuer_url, settings.client_id, settings.client_secret
        ).read()
        if token is not None:
            secrets.append(("the access token", token.value))
    return secrets


def find_secrets(
    parts: Iterable[Part], secrets: Iterable[tuple[str, Secret]]
) -> tuple[Finding, ...]:
    """Return every secret in the parts, in any way in which it may be written, base64 included."""
    plain = list(secrets)
    in_base64 = [piece for name, secret in plain for piece in _encode_base64(name, secret)]
    finder = SecretFinder([*plain, *in_base64])
    # The same secret at the same place is found in several levels of escaping.
    return tuple(
        dict.fromkeys(
            Finding(part.name, line, kind, secret.fingerprint())
            for part in parts
            for text in _unescape_json(part.text)
            for line, kind, secret in finder.find(text)
        )
    )


def _unescape_json(text: str) -> Iterator[str]:
    """Yield the text, then with JSON strings unescaped, then with the JSON in these unescaped.

    The line numbers stay the same.
    """
    yield text
    for _ in range(2):
        before, text = text, _ESCAPE.sub(_unescape_character, text)
        if text == before:
            return
        yield text


def _unescape_character(escape: re.Match[str]) -> str:
    if escape[1]:
        return chr(int(escape[1], 16))
    # A line break would change the line numbers.
    return " " if escape[2] in "bfnrt" else escape[2]


def _encode_base64(name: str, secret: Secret) -> Iterator[tuple[str, Secret]]:
    """Yield the secret in both alphabets of base64 (RFC 4648 sections 4 and 5).

    Base64 encodes three bytes at a time. So a secret inside a longer text has three forms, by the
    number of bytes before it. The characters that it shares with its neighbours are cut off.
    """
    # No name is bound to the secret's text: it would show in a traceback.
    for before, shared_before in ((0, 0), (1, 2), (2, 3)):
        after = -(before + len(_to_bytes(secret))) % 3
        shared_after = (0, 2, 3)[after]
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            encoded = Secret(encode(bytes(before) + _to_bytes(secret) + bytes(after)).decode())
            core = Secret(encoded.reveal()[shared_before : len(encoded.reveal()) - shared_after])
            if len(core.reveal()) >= _MIN_LENGTH:
                yield f"{name}, in base64", core


def _to_bytes(secret: Secret) -> bytes:
    return secret.reveal().encode("utf-8", "surrogatepass")
