"""Two answers side by side: what of them may differ, why, and what is compared in its place."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from tests.contract.servers import Got

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_KID = re.compile(r'(?<="kid" : ")[\w-]{43}(?=")')
_FROM_MAPPERS = (
    "clientAddress",
    "clientHost",
    "client_id",
    "email_verified",
    "groups",
    "preferred_username",
    "upn",
)


class Volatile(NamedTuple):
    """A header, or a field of JSON, that no two servers have in common: why, and what is compared in its place."""

    why: str
    compared: Callable[[Any], Any]


def _decoded(token: Any) -> Any:
    header, claims, signature = (
        base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in token.split(".")
    )
    return {
        "header": _KID.sub("<kid>", header.decode()),
        "claims": _claims(json.loads(claims)),
        "signature": len(signature),
    }


def _claims(claims: dict[str, Any]) -> dict[str, Any]:
    if "iat" in claims and "exp" in claims:
        claims = {**claims, "exp": f"{_whole(claims['exp'] - claims['iat'])} s after iat"}
    return claims


def _whole(seconds: Any) -> Any:
    return 900 if seconds == 899 else seconds


def _in_order(text: Any) -> Any:
    words = re.split(r",? ", text)
    return [
        *(word for word in words[:1] if word == "openid"),
        *sorted(word for word in words if word != "openid"),
    ]


def _of_length(text: Any) -> Any:
    return f"<{len(text if isinstance(text, str) else text[0])} characters>"


VOLATILE = {
    "content-length": Volatile(
        "follows from the body, which holds tokens and the port; it is held to be the body's",
        lambda _: "<the body's>",
    ),
    "access-control-allow-headers": Volatile(
        "Keycloak keeps the names in a set, whose order changes with each start", _in_order
    ),
    "access_token": Volatile(
        "signed anew each time; header and claims are compared instead", _decoded
    ),
    "id_token": Volatile("as access_token", _decoded),
    "jti": Volatile("random; its form is compared", lambda text: _UUID.sub("<uuid>", text)),
    "iat": Volatile(
        "the moment; `exp` is compared as seconds after it, of which one may have passed between"
        " Keycloak's two looks at its clock",
        lambda _: "<now>",
    ),
    "expires_in": Volatile("Keycloak counts after signing, so a second may be gone", _whole),
    "scope": Volatile("the words' order changes with each start; `openid` leads", _in_order),
    **dict.fromkeys(
        ("kid", "n", "x5t", "x5t#S256"),
        Volatile("each server has keys of its own; the length is compared", _of_length),
    ),
    "x5c": Volatile(
        "as the keys; a certificate's length differs with its serial number",
        lambda found: f"<{len(found)} certificate>",
    ),
}
ORDERS = {
    "claims of mappers": (
        "which of them comes first follows from random ids that a realm gets when it is made"
    ),
    "keys": "the order of a realm's keys follows from random ids too",
    "what discovery lists": (
        "Keycloak keeps algorithms and scopes in sets, whose order changes with each start"
    ),
}


def likeness(got: Got, port: int) -> dict[str, Any]:
    """An answer with all that may differ taken out: equal for two servers that answer alike."""
    headers = [(name.lower(), value) for name, value in got.headers]
    told = [value for name, value in headers if name == "content-length"]
    found = {
        "status": got.status,
        # The order of different headers and the case of their names mean nothing (RFC 9110 §5.1, §5.3).
        "headers": sorted(
            [name, VOLATILE[name].compared(value) if name in VOLATILE else value]
            for name, value in headers
        ),
        "length": "not told" if not told else "right" if told == [str(len(got.body))] else told,
        "body": _body(got.body.decode()),
    }
    same_host: dict[str, Any] = json.loads(json.dumps(found).replace(f"127.0.0.1:{port}", "<host>"))
    return same_host


def _body(text: str) -> Any:
    if not text.startswith("{"):
        return text
    value = json.loads(text)
    spaced = (
        ""
        if text == json.dumps(value, separators=(",", ":"), ensure_ascii=False)
        else "with white space"
    )
    if "at_hash" in text or "id_token" in value:
        value = _with_hash_checked(value)
    return [spaced, _plain(_claims(value))]


def _with_hash_checked(value: dict[str, Any]) -> dict[str, Any]:
    half = hashlib.sha256(value["access_token"].encode()).digest()[:16]
    right = base64.urlsafe_b64encode(half).decode().rstrip("=")
    decoded = _decoded(value["id_token"])
    if decoded["claims"].get("at_hash") == right:
        decoded["claims"]["at_hash"] = "<of this access_token>"
    return {**value, "id_token": decoded}


def _plain(value: Any) -> Any:
    """With orders kept, as pairs, and what is volatile put aside."""
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if not isinstance(value, dict):
        return value
    return [[name, _field(name, value[name])] for name in _in_plain_order(list(value))]


def _field(name: str, found: Any) -> Any:
    if name == "keys":
        return sorted((_plain(key) for key in found), key=json.dumps)
    if name.endswith("_supported") and isinstance(found, list):
        return sorted(found)
    if isinstance(found, str | int | list) and not isinstance(found, bool) and name in VOLATILE:
        return _plain(VOLATILE[name].compared(found))
    return _plain(found)


def _in_plain_order(names: list[str]) -> list[str]:
    mapped = iter(sorted(name for name in names if name in _FROM_MAPPERS))
    return [next(mapped) if name in _FROM_MAPPERS else name for name in names]
