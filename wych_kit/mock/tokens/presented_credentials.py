"""Read the credentials that a request presents: form, Basic header, bearer token or API key."""

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
# In bytes. Keycloak refuses more with 413.
MAX_FIELD_LENGTH = 131_072


def is_form(request: Request) -> bool:
    """Return True if the body is labelled as a form.

    Keycloak compares the label's case, too (wire facts A3-20).
    """
    return request.headers.get(b"content-type", b"").partition(b";")[0].strip() == _FORM


def parse_form(request: Request) -> list[tuple[str, str]]:
    """Return the pairs of a form (wire facts A3-1, A3-20).

    A body that is not labelled as a form has none.
    """
    if not is_form(request):
        return []
    return parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)


def first_values(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Return the form as Keycloak reads it: of a repeated parameter the first value."""
    # `dict` keeps the last of equal names.
    return dict(reversed(pairs))


def has_long_field(request: Request) -> bool:
    """Return True if a form has a name or value that is too long for Keycloak (wire facts A3-32).

    The length is measured as sent, before decoding.
    """
    # Almost every body ends here, unread.
    if len(request.body) <= MAX_FIELD_LENGTH or not is_form(request):
        return False
    return any(
        len(part) > MAX_FIELD_LENGTH
        for field in request.body.split(b"&")
        for part in field.split(b"=", 1)
    )


def has_stray_percent(request: Request) -> bool:
    """Return True if a form has a '%' without two hex digits after it.

    Keycloak fails on it (wire facts A3-36).
    """
    if b"%" not in request.body or not is_form(request):
        return False
    return _BAD_PERCENT.search(request.body.decode("latin-1")) is not None


def parse_basic(header: bytes) -> tuple[str, ...]:
    """Return id and secret of a Basic header, not yet form-decoded.

    Empty if there is no valid pair.
    """
    scheme, _, encoded = header.partition(b" ")
    if scheme.lower() != b"basic":
        return ()
    try:
        pair = base64.b64decode(encoded.strip(), validate=True).decode()
    except ValueError:
        return ()
    # A secret may hold a colon, an id may not (RFC 7617 §2): the first one divides them.
    client_id, colon, secret = pair.partition(":")
    return (client_id, secret) if colon else ()


def decode_form_text(text: str) -> str:
    """Decode a part of a Basic header (RFC 6749 §2.3.1) as Java does. Raises `ValueError`.

    '+' is a space, and a '%' without two hex digits is an error (wire facts A3-16, A3-17).
    """
    if _BAD_PERCENT.search(text):
        raise ValueError("a raw % in a Basic credential")
    return unquote_plus(text)


def identify_client(request: Request, store: Store, tokens: Tokens) -> str | None:
    """Return the client id that a request claims, or None. Nothing is authenticated here.

    The first of these decides: token, API key, form, Basic header.
    """
    authorization = request.headers.get(b"authorization", b"")
    if bearer := BEARER.fullmatch(authorization):
        return tokens.read_azp(bearer[1].decode("latin-1"))
    if key := request.headers.get(b"x-api-key"):
        owner = store.find_client_by_key(key.decode("latin-1"))
        return owner.client_id if owner else None
    if client_id := first_values(parse_form(request)).get("client_id"):
        return client_id
    # Leniently decoded: only a log and a fault's filter need this id.
    pair = parse_basic(authorization)
    return unquote_plus(pair[0]) if pair else None
