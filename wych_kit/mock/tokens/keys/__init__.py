"""Sign and verify JWTs with the mock's key, which is the same in every copy.

The key is shipped, so that yesterday's tokens still verify, starts are fast (creating a key takes
35 ms or more), and a seeded run gives the same bytes. `signing.pem` is public and therefore
protects nothing. `jwks.json` holds its certificate (self-signed, CN=partner, ten years) and a
second entry for RSA-OAEP, in Keycloak's field order (wire facts A5).
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
    """Return base64url without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def base64url_decode(text: str) -> bytes:
    """Return the decoded bytes. Raises `ValueError` for text that is not base64url."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _load_key() -> tuple[RSAPrivateKey, dict[str, Any]]:
    folder = files(__package__)
    # Checking a key takes 50 ms at each start. This one never changes, so a test checks it instead.
    key = load_pem_private_key(
        (folder / "signing.pem").read_bytes(), None, unsafe_skip_rsa_key_validation=True
    )
    if not isinstance(key, RSAPrivateKey):
        raise TypeError("signing.pem must hold an RSA key")
    return key, json.loads((folder / "jwks.json").read_text())


_KEY, _JWKS = _load_key()
_PUBLIC = _KEY.public_key()
KEY_ID: str = _JWKS["keys"][0]["kid"]
JWKS = compact_json(_JWKS)
# Keycloak writes its token header by hand, spaces and all (wire facts A5).
_HEADER = base64url_encode(f'{{"alg":"RS256","typ" : "JWT","kid" : "{KEY_ID}"}}'.encode())


def signing_input(claims: dict[str, Any]) -> bytes:
    """Return the JWS signing input (RFC 7515 §2): header and claims, joined by a dot."""
    return _HEADER + b"." + base64url_encode(compact_json(claims))


def compute_signature(content: bytes) -> bytes:
    """Return the raw signature of a signing input."""
    return _KEY.sign(content, _PADDING, _HASH)


def assemble(content: bytes, signature: bytes) -> bytes:
    """Return the JWT of a signing input and its raw signature."""
    return content + b"." + base64url_encode(signature)


def sign(content: bytes) -> bytes:
    """Return the JWT of a signing input."""
    return assemble(content, compute_signature(content))


def verify(token: str) -> dict[str, Any] | None:
    """Return the claims of a JWT that this key signed with RS256, else None.

    Does not check expiry.
    """
    try:
        header, claims, raw = token.split(".")
        fields = json.loads(base64url_decode(header))
        # The algorithm is never taken from the token (RFC 8725 §3.1), or "none" would pass.
        if fields["alg"] != "RS256" or fields["kid"] != KEY_ID:
            return None
        _PUBLIC.verify(base64url_decode(raw), f"{header}.{claims}".encode(), _PADDING, _HASH)
        value = json.loads(base64url_decode(claims))
    # RecursionError: JSON of many nested brackets.
    except (ValueError, TypeError, KeyError, RecursionError, InvalidSignature):
        return None
    return value if isinstance(value, dict) else None
