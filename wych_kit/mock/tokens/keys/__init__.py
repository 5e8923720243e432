"""The mock's signing key and its public half, the same in every copy.

Shipped rather than made at the start, so that yesterday's tokens still verify, starts are fast (making a key takes 35 ms and up)
and a seeded run is the same to the byte. `signing.pem` is public and therefore worthless; `jwks.json` holds its certificate
(self-signed, CN=partner, ten years) and a second, RSA-OAEP entry, in Keycloak's field order (wire facts A5).
"""

from __future__ import annotations

import base64
import json
from importlib.resources import files
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from wych_kit.mock.http.messages import compact_json

_PADDING, _HASH = PKCS1v15(), SHA256()


def base64url_encode(raw: bytes) -> bytes:
    """Base64url without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def base64url_decode(text: str) -> bytes:
    """The bytes of `encode`'s text. Raises `ValueError` when it is none."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _read() -> tuple[RSAPrivateKey, dict[str, Any]]:
    folder = files(__package__)
    # Checking a key takes 50 ms, and this one never changes; a test checks it instead.
    key = load_pem_private_key(
        (folder / "signing.pem").read_bytes(), None, unsafe_skip_rsa_key_validation=True
    )
    if not isinstance(key, RSAPrivateKey):
        raise TypeError("signing.pem must hold an RSA key")
    return key, json.loads((folder / "jwks.json").read_text())


_KEY, _JWKS = _read()
_PUBLIC = _KEY.public_key()
KEY_ID: str = _JWKS["keys"][0]["kid"]
JWKS = compact_json(_JWKS)
# Keycloak writes its token header by hand, spaces and all (wire facts A5).
_HEADER = base64url_encode(f'{{"alg":"RS256","typ" : "JWT","kid" : "{KEY_ID}"}}'.encode())


def signing_input(claims: dict[str, Any]) -> bytes:
    """The first two parts of a JWT."""
    return _HEADER + b"." + base64url_encode(compact_json(claims))


def compute_signature(content: bytes) -> bytes:
    """The raw signature over the first two parts."""
    return _KEY.sign(content, _PADDING, _HASH)


def assemble(content: bytes, signature: bytes) -> bytes:
    """All three parts."""
    return content + b"." + base64url_encode(signature)


def sign(content: bytes) -> bytes:
    """The JWT over the first two parts."""
    return assemble(content, compute_signature(content))


def verify(token: str) -> dict[str, Any] | None:
    """The claims of a JWT that this key signed with RS256, else None. Says nothing about expiry."""
    try:
        header, claims, raw = token.split(".")
        stated = json.loads(base64url_decode(header))
        if stated["alg"] != "RS256" or stated["kid"] != KEY_ID:
            return None
        _PUBLIC.verify(base64url_decode(raw), f"{header}.{claims}".encode(), _PADDING, _HASH)
        found = json.loads(base64url_decode(claims))
    except (ValueError, TypeError, KeyError, RecursionError, InvalidSignature):
        return None
    return found if isinstance(found, dict) else None
