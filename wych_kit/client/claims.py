"""Reads the claims of a token, and verifies its signature. No API call depends on it.

A client must treat an access token as opaque (RFC 9068 section 6): what is read here may change or
be absent tomorrow.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx

from wych_kit.client.http_request import build_plain_request
from wych_kit.client.http_response import require_json_object
from wych_kit.client.transport import send_request
from wych_kit.errors import Refused, Unexpected

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from wych_kit.secret import Secret

# RFC 7519 section 4.1, RFC 9068 section 2.2; Keycloak's own as in wire facts A5.
MEANINGS = {
    "exp": "when it expires",
    "iat": "when it was issued",
    "nbf": "not accepted before this time",
    "auth_time": "when a person signed in",
    "jti": "its serial number; trrtcc means a client_credentials token without a session",
    "iss": "the issuer",
    "aud": "the audience: the services that should accept it",
    "sub": "the subject: your app's service account",
    "typ": "the kind of token",
    "azp": "the client that it was issued to",
    "acr": "how strong the sign-in was; 1 is the usual level",
    "scope": "the scope: what it may be used for",
    "client_id": "the client that it was issued to",
    "clientHost": "the address of the client that requested it",
    "clientAddress": "the address of the client that requested it",
    "email_verified": "has no meaning here: a service account has no mailbox",
    "preferred_username": "the service account's name",
    "realm_access": "roles in the whole realm",
    "resource_access": "roles in single applications",
    "allowed-origins": "web origins that may use it from a browser",
    "sid": "the session it belongs to",
}
_TIMES = ("exp", "iat", "nbf", "auth_time")


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim: its name, its value for people, and its meaning ("" if no standard defines it)."""

    name: str
    value: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Signature:
    """The result of a verification. `verified` is None if it could not be done; `words` say why."""

    verified: bool | None
    words: str


def read_claims(token: Secret) -> tuple[dict[str, Any], tuple[Claim, ...]] | None:
    """Return header and claims of a JWT, unverified, or None for an opaque token, which is allowed."""
    try:
        header, payload = (_decode_part(token, number) for number in (0, 1))
    except (ValueError, IndexError, RecursionError):
        return None
    return header, tuple(
        Claim(name, _format_value(name, value), MEANINGS.get(name, ""))
        for name, value in payload.items()
    )


def fetch_keys(client: httpx.Client, jwks_uri: str) -> list[Mapping[str, Any]]:
    """Return the issuer's public keys (RFC 7517 section 5).

    Raises `Unreachable`, `Refused` or `Unexpected` (stage "token").
    """
    response = send_request(client, build_plain_request("GET", jwks_uri, basis="inferred"))
    if response.status_code != httpx.codes.OK:
        raise Refused(
            f"the key set was refused with {response.status_code}",
            stage="token",
            status=response.status_code,
        )
    keys = require_json_object(response, "token").get("keys")
    if not isinstance(keys, list):
        raise Unexpected("the key set has no keys", stage="token", reference="unknown-answer")
    return [key for key in keys if isinstance(key, dict)]


def verify(token: Secret, key_set: list[Mapping[str, Any]], issuer: str) -> Signature:
    """Verify signature and issuer with the issuer's key that has the token's `kid` (wire facts A5).

    Times are not checked: this machine's clock may be wrong.
    """
    # Its cryptography takes 50 to 100 ms to import, and only this function needs it.
    import jwt

    content = read_claims(token)
    if content is None:
        return Signature(
            verified=None, words="the token is opaque, so nothing in it can be verified"
        )
    header = content[0]
    candidates = [
        key
        for key in key_set
        if key.get("kid") == header.get("kid") and key.get("use", "sig") == "sig"
    ]
    if not candidates:
        return Signature(verified=False, words="the issuer has no key with the id in the token")
    algorithm = str(header.get("alg", ""))
    if not algorithm.startswith(("RS", "PS", "ES", "Ed")):
        return Signature(
            verified=False,
            words=(f"no public key can verify the algorithm of the token ({algorithm or 'none'})"),
        )
    skipped = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False}
    try:
        jwt.decode(
            token.reveal(),
            jwt.PyJWK(dict(candidates[0])),
            algorithms=[algorithm],
            issuer=issuer,
            options=skipped,  # type: ignore[arg-type]  # a plain dict is a fine Options
        )
    except jwt.InvalidIssuerError:
        return Signature(
            verified=False, words="signed by the issuer's key, but it names a different issuer"
        )
    except jwt.PyJWTError as error:
        return Signature(
            verified=False, words=f"the issuer's key does not verify it ({type(error).__name__})"
        )
    return Signature(
        verified=True, words=f"verified with the issuer's key {header.get('kid')} ({algorithm})"
    )


def _decode_part(token: Secret, number: int) -> dict[str, Any]:
    document = json.loads(base64.urlsafe_b64decode(token.reveal().split(".")[number] + "=="))
    if not isinstance(document, dict):
        raise ValueError("not an object")  # noqa: TRY004 - what cannot be read is a value here
    return document


def _format_value(name: str, value: Any) -> str:
    if name in _TIMES and isinstance(value, int | float):
        try:
            return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        except (ValueError, OverflowError, OSError):
            return str(value)
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return json.dumps(value, ensure_ascii=False)
