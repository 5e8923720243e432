"""Who a request says it comes from: the form, the Basic header, the bearer token, the API key."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote_plus

if TYPE_CHECKING:
    from wych_kit.mock.store import Store
    from wych_kit.mock.tokens import Tokens
    from wych_kit.mock.wire import Request

BEARER = re.compile(rb"bearer +([^\s]+)", re.IGNORECASE)
_FORM = b"application/x-www-form-urlencoded"
_BAD_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")


def form(request: Request) -> list[tuple[str, str]] | None:
    """The form's pairs; none of a body without a content type; None for a body of another type."""
    kind = request.headers.get(b"content-type")
    if kind is None:
        return []
    if kind.partition(b";")[0].strip().lower() != _FORM:
        return None
    return parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)


def basic(header: bytes) -> tuple[str, ...]:
    """Id and secret of a Basic header, not form-decoded yet; empty when there is none that can be read."""
    scheme, _, encoded = header.partition(b" ")
    if scheme.lower() != b"basic":
        return ()
    try:
        client_id, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except ValueError:
        return ()
    return (client_id, secret) if colon else ()


def form_decoded(text: str) -> str:
    """RFC 6749 §2.3.1 as Java does it: '+' is a space, and a '%' without two hex digits is an error (wire facts A3-16, A3-17)."""
    if _BAD_PERCENT.search(text):
        raise ValueError("a raw % in a Basic credential")
    return unquote_plus(text)


def client_id(request: Request, store: Store, tokens: Tokens) -> str | None:
    """The client that a request speaks for, whether or not it may: by its token, its API key, its form, its Basic header."""
    authorization = request.headers.get(b"authorization", b"")
    if bearer := BEARER.fullmatch(authorization):
        return tokens.azp(bearer[1].decode("latin-1"))
    if key := request.headers.get(b"x-api-key"):
        owner = store.client_of_key(key.decode("latin-1"))
        return owner.client_id if owner else None
    if named := dict(reversed(form(request) or [])).get("client_id"):
        return named
    pair = basic(authorization)
    return unquote_plus(pair[0]) if pair else None
