"""Answers requests from pages of other origins as Keycloak does (wire facts A3-34, A3-35, A4)."""

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
    """Return True for a page of a different origin, which no client of the mock allows."""
    origin = request.headers.get(b"origin")
    if origin is None:
        return False
    scheme = str(request.scope.get("scheme", "http")).encode()
    return origin != scheme + b"://" + request.headers.get(b"host", b"")


def allow_any_origin(answer: Answer, request: Request) -> Answer:
    """Return the answer with headers that let a page of any origin read it."""
    origin = request.headers.get(b"origin")
    if origin is None:
        return answer
    allowed = (b"access-control-allow-origin", origin)
    return replace(answer, headers=(*answer.headers, allowed, _CREDENTIALS))


def allow_reading(refusal: Answer, request: Request, *exposed: bytes) -> Answer:
    """Return the refusal so that a page may read it, with further headers that it may see.

    Keycloak does so before it knows the client, and so whose page it is.
    """
    if b"origin" not in request.headers:
        return refusal
    names = (b"access-control-expose-headers", b", ".join((_ALLOW_METHODS, *exposed)))
    allowed = allow_any_origin(refusal, request)
    return replace(allowed, headers=(*allowed.headers, names))


def answer_preflight(request: Request, methods: bytes) -> Answer:
    """Return the answer to OPTIONS where these methods are allowed."""
    empty = answer(200, b"", *BARE_SECURITY, row="A3-34")
    if b"origin" not in request.headers:
        return empty
    answered = allow_any_origin(empty, request)
    headers = (
        (b"access-control-allow-methods", methods),
        _HEADERS,
        (b"access-control-max-age", b"3600"),
    )
    return replace(answered, headers=(*answered.headers, *headers))
