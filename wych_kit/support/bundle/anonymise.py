"""Customers' data taken out of exchanges, which were redacted before: who somebody is helps nobody who looks for a mistake.

Wych's documentation names two fields of a user, `id` and `email`, and no field of accounts or transactions (API facts, section 5).
So what goes to the API and what it answers with success keeps its shape and loses its values; everywhere else fields that are known to be
about people lose theirs. Ids that are UUIDs stay: Wych finds the call by them, and nobody else finds a person.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from wych_kit.client.journal.recorder import Exchange, Headers

EMAIL, ACCOUNT, PERSON, TEXT, NUMBER = (
    "‹e-mail›",
    "‹account number›",
    "‹personal›",
    "‹text›",
    "‹number›",
)

_EMAIL = re.compile(
    r"(?:[\w.+-]|%(?!40)[0-9A-Fa-f]{2}){1,128}(?:@|%40|\\u0040)(?:[\w-]++\.)+[\w-]++"
)
# As banks in New Zealand write it.
_ACCOUNT = re.compile(r"(?<![\w-])\d{2}-\d{4}-\d{7}-\d{2,3}(?![\w-])")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_WORD = re.compile(r"[A-Za-z_-]{1,32}")
# OpenID Connect Core section 5.1, the portal's form, and what bank data is called where its fields
# are public.
_ABOUT_PEOPLE = re.compile(
    r"e_?mail|((first|last|given|family|middle|full|legal|trading|business|display|payee|payer|account_?holder)_?)?names?|nickname"
    r"|(preferred_)?username|login_hint|(mobile|phone|tele?phone)(_?number)?|mobile|(street_|postal_)?address|birth_?date|date_of_birth|nzbn"
    r"|account_?number|bsb"
)
_STATES = ("state", "status", "type", "token_type", "error", "code")
_PAIR = re.compile(r"(^|[?&;])([^=&?#;]{1,80})=([^&#]*)")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_CUT = "…"


def text(words: str) -> str:
    """Any text without e-mail addresses and account numbers."""
    return _ACCOUNT.sub(ACCOUNT, _EMAIL.sub(EMAIL, _whole(words)))


def _whole(words: str) -> str:
    """Half characters, which JSON can bring and no file can hold, as question marks."""
    return words.encode("utf-8", "replace").decode()


def impersonal(exchange: Exchange, issuer: str | None) -> Exchange:
    """The exchange without customers' data. What lies below `issuer` is about apps and servers, anything else may be about people."""
    trusted = bool(issuer) and exchange.url.startswith(f"{(issuer or '').rstrip('/')}/")
    good = exchange.status is not None and exchange.status < 300  # noqa: PLR2004 - RFC 9110 section 15.3
    return replace(
        exchange,
        url=_pairs(text(exchange.url)),
        request_headers=_headers(exchange.request_headers),
        request_body=_body(exchange.request_body, exchange.request_headers, shape_only=not trusted),
        response_headers=_headers(exchange.response_headers),
        response_body=_body(
            exchange.response_body, exchange.response_headers, shape_only=good and not trusted
        ),
        reason=text(exchange.reason),
        error=text(exchange.error),
        request_lacks=text(exchange.request_lacks),
    )


def _headers(rows: Headers) -> Headers:
    return [
        (name, _pairs(text(value)) if name.lower() in ("location", "referer") else text(value))
        for name, value in rows
    ]


def _body(body: str, headers: Iterable[tuple[str, str]], *, shape_only: bool) -> str:
    if not body:
        return body
    kind = (
        next((value for name, value in headers if name.lower() == "content-type"), "")
        .partition(";")[0]
        .strip()
        .lower()
    )
    try:
        document = json.loads(body)
        bare = _walk(document, _shape if shape_only else _known, "")
    except (ValueError, RecursionError):
        if shape_only:
            return (
                f"({len(body)} characters{f' of {text(kind)}' if kind else ''}, left out: they may"
                " be about a customer)"
            )
        return text(
            _pairs(body) if kind == "application/x-www-form-urlencoded" else _cut_fields(body)
        )
    return _whole(
        body if bare == document else json.dumps(bare, separators=(",", ":"), ensure_ascii=False)
    )


def _walk(value: Any, leaf: Callable[[str, Any], Any], name: str) -> Any:
    if isinstance(value, dict):
        return {text(key): _walk(item, leaf, key) for key, item in value.items()}
    if isinstance(value, list):
        return [_walk(item, leaf, name) for item in value]
    return (
        value
        if value is None or isinstance(value, bool) or value == ""
        else leaf(_snake(name), value)
    )


def _known(name: str, value: Any) -> Any:
    """A value that goes unless nothing says it is about somebody."""
    if _ABOUT_PEOPLE.fullmatch(name):
        return EMAIL if name in ("email", "e_mail") else PERSON
    return text(value) if isinstance(value, str) else value


def _shape(name: str, value: Any) -> Any:
    """A value that stays only where it cannot be about anybody: ids as Wych makes them, states, and our own marks."""
    if not isinstance(value, str):
        return NUMBER
    if re.fullmatch("‹[A-Z_]+›", value) or (
        _UUID.fullmatch(value) and (name == "id" or name.endswith("_id"))
    ):
        return value
    if _EMAIL.fullmatch(value):
        return EMAIL
    return value if name in _STATES and _WORD.fullmatch(value) else TEXT


def _pairs(words: str) -> str:
    """A form or an address, the values of fields about people masked."""

    def masked(pair: re.Match[str]) -> str:
        value = (
            PERSON
            if pair[3]
            and _ABOUT_PEOPLE.fullmatch(_snake(unquote_plus(pair[2])))
            and "‹" not in pair[3]
            else pair[3]
        )
        return f"{pair[1]}{pair[2]}={value}"

    return _PAIR.sub(masked, words)


def _cut_fields(body: str) -> str:
    """JSON that was cut off, or a page: what is written as a field about people in it."""

    def masked(field: re.Match[str]) -> str:
        return (
            f'"{field[1]}"{field[2]}"{PERSON}"'
            if _ABOUT_PEOPLE.fullmatch(_snake(field[1]))
            else field[0]
        )

    return re.sub(r'"([^"\\]{1,80})"(\s*:\s*)"((?:[^"\\]|\\.)*+)(?:"|$)', masked, body)


def _snake(name: str) -> str:
    return _CAMEL.sub("_", name).lower().replace("-", "_")
