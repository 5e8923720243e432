"""Who a request says it comes from: the form, the Basic header, the bearer token, the API key."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote_plus

if TYPE_CHECKING:
    from wych_kit.mock.http.messages import Request
    from wych_kit.mock.state.store import Store
    from wych_kit.mock.tokens.issuer import Tokens

BEARER = re.compile(rb"bearer +([^\s]+)", re.IGNORECASE)
_FORM = b"application/x-www-form-urlencoded"
_BAD_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
LONGEST_FIELD = 131_072


def is_form(request: Request) -> bool:
    """Whether the body is labelled as a form; Keycloak minds the label's case (wire facts A3-20)."""
    return request.headers.get(b"content-type", b"").partition(b";")[0].strip() == _FORM


def parse_form(request: Request) -> list[tuple[str, str]]:
    """The form's pairs; none of a body that is not labelled as one (wire facts A3-1, A3-20)."""
    return (
        parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
        if is_form(request)
        else []
    )


def first_values(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """The form as Keycloak reads it: of a repeated parameter the first."""
    return dict(reversed(pairs))


def has_long_field(request: Request) -> bool:
    """Whether a form has a name or a value, as sent, that is longer than Keycloak reads (wire facts A3-32)."""
    if len(request.body) <= LONGEST_FIELD or not is_form(request):
        return False
    return any(
        len(part) > LONGEST_FIELD
        for field in request.body.split(b"&")
        for part in field.split(b"=", 1)
    )


def has_stray_percent(request: Request) -> bool:
    """Whether a form has a '%' without two hex digits after it, at which Keycloak fails (wire facts A3-36)."""
    return (
        b"%" in request.body
        and is_form(request)
        and bool(_BAD_PERCENT.search(request.body.decode("latin-1")))
    )


def parse_basic(header: bytes) -> tuple[str, ...]:
    """Id and secret of a Basic header, not form-decoded yet; empty when there is none that can be read."""
    scheme, _, encoded = header.partition(b" ")
    if scheme.lower() != b"basic":
        return ()
    try:
        client_id, colon, secret = (
            base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
        )
    except ValueError:
        return ()
    return (client_id, secret) if colon else ()


def decode_form_text(text: str) -> str:
    """RFC 6749 §2.3.1 as Java does it: '+' is a space, and a '%' without two hex digits is an error (wire facts A3-16, A3-17)."""
    if _BAD_PERCENT.search(text):
        raise ValueError("a raw % in a Basic credential")
    return unquote_plus(text)


def identify_client(request: Request, store: Store, tokens: Tokens) -> str | None:
    """The client that a request speaks for, whether or not it may: by its token, its API key, its form, its Basic header."""
    authorization = request.headers.get(b"authorization", b"")
    if bearer := BEARER.fullmatch(authorization):
        return tokens.read_azp(bearer[1].decode("latin-1"))
    if key := request.headers.get(b"x-api-key"):
        owner = store.find_client_by_key(key.decode("latin-1"))
        return owner.client_id if owner else None
    if named := first_values(parse_form(request)).get("client_id"):
        return named
    pair = parse_basic(authorization)
    return unquote_plus(pair[0]) if pair else None
