"""What a browser's page of another origin may do at the realm: Keycloak's answers to an `Origin` (wire facts A3-34, A3-35, A4)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from wych_kit.mock.http.messages import answer
from wych_kit.mock.realm.keycloak_errors import BARE_SECURITY

if TYPE_CHECKING:
    from wych_kit.mock.http.messages import Answer, Request

_CREDENTIALS = (b"access-control-allow-credentials", b"true")
_HEADERS = (
    b"access-control-allow-headers",
    (
        b"Origin, Accept, X-Requested-With, Access-Control-Request-Method,"
        b" Access-Control-Request-Headers, DPoP, Content-Type, Authorization"
    ),
)
_ALLOW_METHODS = b"Access-Control-Allow-Methods"


def is_foreign(request: Request) -> bool:
    """Whether a page of another origin asks: no client here lists one, so it may not."""
    origin = request.headers.get(b"origin")
    if origin is None:
        return False
    return origin != str(
        request.scope.get("scheme", "http")
    ).encode() + b"://" + request.headers.get(b"host", b"")


def open_to_all(found: Answer, request: Request) -> Answer:
    """The answer, readable from any origin."""
    origin = request.headers.get(b"origin")
    return (
        found
        if origin is None
        else replace(
            found, headers=(*found.headers, (b"access-control-allow-origin", origin), _CREDENTIALS)
        )
    )


def legible(refused: Answer, request: Request, *exposed: bytes) -> Answer:
    """A refusal that a page may read, since nobody knows yet whose page it is; `exposed` are further headers it may see."""
    if b"origin" not in request.headers:
        return refused
    names = (b"access-control-expose-headers", b", ".join((_ALLOW_METHODS, *exposed)))
    opened = open_to_all(refused, request)
    return replace(opened, headers=(*opened.headers, names))


def preflight(request: Request, methods: bytes) -> Answer:
    """The answer to OPTIONS where these methods are allowed."""
    empty = answer(200, b"", *BARE_SECURITY, row="A3-34")
    if b"origin" not in request.headers:
        return empty
    opened = open_to_all(empty, request)
    allowed = (
        (b"access-control-allow-methods", methods),
        _HEADERS,
        (b"access-control-max-age", b"3600"),
    )
    return replace(opened, headers=(*opened.headers, *allowed))
