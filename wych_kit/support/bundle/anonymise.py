"""Removes customers' data from exchanges. Secrets were removed when they were recorded.

Wych's documentation names two fields of a user, `id` and `email`, and no field of accounts or
transactions (API facts, section 5). So a request to the API, and a successful response of it, keeps
its shape and loses its values. Elsewhere only fields that are known to be about people lose theirs.
Ids that are UUIDs stay: Wych finds the call by them, and nobody else finds a person.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from wych_kit.client.journal.redaction import ACCOUNT_NUMBER, to_snake_case

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from wych_kit.client.journal.recorder import Exchange, Headers

EMAIL = "‹e-mail›"
ACCOUNT = "‹account number›"
PERSON = "‹personal›"
TEXT = "‹text›"
NUMBER = "‹number›"

# Also percent-encoded in a URL, and escaped in JSON.
_EMAIL = re.compile(
    r"(?:[\w.+-]|%(?!40)[0-9A-Fa-f]{2}){1,128}(?:@|%40|\\u0040)(?:[\w-]++\.)+[\w-]++"
)
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_WORD = re.compile(r"[A-Za-z_-]{1,32}")
# OpenID Connect Core section 5.1, the portal's form, and what bank data is called where its fields
# are public.
_ABOUT_PEOPLE = re.compile(
    r"e_?mail|nickname|(preferred_)?username|login_hint|nzbn|account_?number|bsb"
    r"|((first|last|given|family|middle|full|legal|trading|business|display|payee|payer"
    r"|account_?holder)_?)?names?"
    r"|(mobile|phone|tele?phone)(_?number)?|(street_|postal_)?address|birth_?date|date_of_birth"
)
# Fields whose value is one word of a fixed list, which the other side needs.
_STATES = ("state", "status", "type", "token_type", "error", "code")
_PAIR = re.compile(r"(^|[?&;])([^=&?#;]{1,80})=([^&#]*)")


def mask_text(text: str) -> str:
    """Return a text without email addresses and account numbers."""
    return ACCOUNT_NUMBER.sub(ACCOUNT, _EMAIL.sub(EMAIL, _replace_surrogates(text)))


def _replace_surrogates(text: str) -> str:
    # JSON can contain half a surrogate pair, which no UTF-8 file can store.
    return text.encode("utf-8", "replace").decode()


def remove_personal_data(exchange: Exchange, issuer: str | None) -> Exchange:
    """Return the exchange without customers' data.

    `issuer`: the URL of the identity provider. What lies below it is about apps and servers;
    anything else may be about people.
    """
    is_issuer = bool(issuer) and exchange.url.startswith(f"{(issuer or '').rstrip('/')}/")
    # RFC 9110 section 15.3: below 300 the request succeeded, so the body may be customer data.
    is_success = exchange.status is not None and exchange.status < HTTPStatus.MULTIPLE_CHOICES
    return replace(
        exchange,
        url=_mask_pairs(mask_text(exchange.url)),
        request_headers=_mask_headers(exchange.request_headers),
        request_body=_mask_body(
            exchange.request_body, exchange.request_headers, shape_only=not is_issuer
        ),
        response_headers=_mask_headers(exchange.response_headers),
        response_body=_mask_body(
            exchange.response_body,
            exchange.response_headers,
            shape_only=is_success and not is_issuer,
        ),
        reason=mask_text(exchange.reason),
        error=mask_text(exchange.error),
        request_lacks=mask_text(exchange.request_lacks),
    )


def _mask_headers(headers: Headers) -> Headers:
    # These two contain a URL, whose query may name a person.
    with_url = ("location", "referer")
    return [
        (name, _mask_pairs(mask_text(value)) if name.lower() in with_url else mask_text(value))
        for name, value in headers
    ]


def _mask_body(body: str, headers: Iterable[tuple[str, str]], *, shape_only: bool) -> str:
    if not body:
        return body
    content_type = next((value for name, value in headers if name.lower() == "content-type"), "")
    media_type = content_type.partition(";")[0].strip().lower()
    try:
        document = json.loads(body)
        masked = _mask_json(document, _keep_shape if shape_only else _mask_known_field, "")
    except (ValueError, RecursionError):
        if shape_only:
            kind = f" of {mask_text(media_type)}" if media_type else ""
            return f"({len(body)} characters{kind}, left out: they may be about a customer)"
        if media_type == "application/x-www-form-urlencoded":
            return mask_text(_mask_pairs(body))
        return mask_text(_mask_cut_json(body))
    # An unchanged body stays byte for byte, spaces included: they may be the mistake.
    if masked != document:
        body = json.dumps(masked, separators=(",", ":"), ensure_ascii=False)
    return _replace_surrogates(body)


def _mask_json(value: Any, mask_value: Callable[[str, Any], Any], name: str) -> Any:
    if isinstance(value, dict):
        # A key may be an email address too.
        return {mask_text(key): _mask_json(item, mask_value, key) for key, item in value.items()}
    if isinstance(value, list):
        return [_mask_json(item, mask_value, name) for item in value]
    if value is None or isinstance(value, bool) or value == "":
        return value
    return mask_value(to_snake_case(name), value)


def _mask_known_field(name: str, value: Any) -> Any:
    """Return the value, masked if its name says that it is about a person."""
    if _ABOUT_PEOPLE.fullmatch(name):
        return EMAIL if name in ("email", "e_mail") else PERSON
    return mask_text(value) if isinstance(value, str) else value


def _keep_shape(name: str, value: Any) -> Any:
    """Return the value only if it cannot be about a person: a UUID, a state or the kit's own mask."""
    if not isinstance(value, str):
        return NUMBER
    if re.fullmatch("‹[A-Z_]+›", value):
        return value
    if _UUID.fullmatch(value) and (name == "id" or name.endswith("_id")):
        return value
    if _EMAIL.fullmatch(value):
        return EMAIL
    return value if name in _STATES and _WORD.fullmatch(value) else TEXT


def _mask_pairs(text: str) -> str:
    """Return a form or a URL in which fields about people have no value."""

    def replace_pair(pair: re.Match[str]) -> str:
        before, name, value = pair[1], pair[2], pair[3]
        # A value with this bracket is masked already, as a secret.
        is_personal = _ABOUT_PEOPLE.fullmatch(to_snake_case(unquote_plus(name)))
        if value and is_personal and "‹" not in value:
            value = PERSON
        return f"{before}{name}={value}"

    return _PAIR.sub(replace_pair, text)


def _mask_cut_json(body: str) -> str:
    """Return a text that is not JSON as a whole, with its JSON-like fields about people masked."""

    def replace_field(field: re.Match[str]) -> str:
        if _ABOUT_PEOPLE.fullmatch(to_snake_case(field[1])):
            return f'"{field[1]}"{field[2]}"{PERSON}"'
        return field[0]

    # The end of the text may stand in for the closing quote: long bodies are recorded in part.
    return re.sub(r'"([^"\\]{1,80})"(\s*:\s*)"((?:[^"\\]|\\.)*+)(?:"|$)', replace_field, body)
