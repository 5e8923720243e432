"""Rules for a call of the API (API facts section 1 and API facts section 5; wire facts, section B3)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from wych_kit.client import claims
from wych_kit.diagnosis.lint.remark import Remark, is_variable, odd
from wych_kit.diagnosis.lint.request_view import UNKNOWN_HOST, is_key_name
from wych_kit.secret import MASK, Secret

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wych_kit.diagnosis.lint.request_view import Sent

BEARER = f"Authorization: Bearer {MASK}"
KEY = f"x-api-key: {MASK}"
# The gateway's limit for a body (wire facts B3-16).
MOST_BYTES = 10_485_760
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # RFC 6750 section 2.1
_METHODS = {"users": "GET", "user": "POST"}


def call(sent: Sent) -> Iterator[Remark]:
    """All that is wrong with path, credentials and body."""
    yield from _path(sent)
    yield from _bearer(sent)
    yield from _key(sent)
    yield from _body(sent)


def _path(sent: Sent) -> Iterator[Remark]:
    path = sent.url.path
    if path.endswith("/") and path.strip("/"):
        why = "A slash at the end makes it another path, which the gateway does not have."
        yield Remark("trailing-slash", "address", why, sent.address(path.rstrip("/")))
    base = sent.api.path.rstrip("/") if sent.api else ""
    if (
        base
        and sent.url.host != UNKNOWN_HOST
        and sent.at(sent.api)
        and not f"{path}/".startswith(f"{base}/")
    ):
        rest = re.sub(r"^/+v\d+(?=/|$)", "", path)
        why = f"WYCH_API_URL has {base} here, another version or path."
        yield Remark("wrong-base-path", "address", why, sent.address(base + rest))
    elif not sent.api and path.startswith("/partner/") and sent.url.host != UNKNOWN_HOST:
        yield Remark(
            "wrong-base-path",
            "address",
            "The version, such as /v3, is missing before the path.",
            sent.address(f"/v3{path}"),
        )
    known = re.search(r"/partner/[^/]+/app/[^/]+/(users?)$", path)
    if known and sent.request.method != _METHODS[known[1]]:
        why = (
            f"The API documents {_METHODS[known[1]]} for this path, not {sent.request.method}; the"
            " gateway answers 403 for others."
        )
        yield Remark("wrong-path", "method", why, _METHODS[known[1]], certain=False)


def _bearer(sent: Sent) -> Iterator[Remark]:
    for name, _ in sent.headers("authorisation"):
        why = (
            "The header is spelt Authorization; this one is ignored, although a page of Wych's"
            " writes it so."
        )
        yield Remark("authorisation-header", f"header {name}", why, BEARER)
    held = sent.headers("authorization")
    if len(held) > 1:
        yield Remark(
            "bearer-malformed",
            "header Authorization",
            "The header is there twice.",
            BEARER,
            certain=False,
        )
    elif held:
        yield from _judged(sent, held[0][1])
    elif any(name == "access_token" for name, _ in sent.query):
        why = "The token is in the address, where it is logged on the way; it belongs in a header."
        yield Remark("bearer-malformed", "address", why, sent.address(query=False))
    elif not sent.headers("authorisation"):
        yield Remark(
            "bearer-malformed", "header Authorization", "There is no bearer token.", BEARER
        )


def _judged(sent: Sent, value: str) -> Iterator[Remark]:
    if re.fullmatch("‹[A-Z_]+›", value):
        return
    scheme, _, rest = value.partition(" ")
    text = rest.lstrip(" ")
    variable = is_variable(text)
    found = odd(text) if scheme.lower() == "bearer" and text else None
    if scheme.lower() == "basic":
        why = "The API takes a bearer token; id and secret are for the token endpoint only."
    elif scheme.lower() != "bearer" or not text:
        why = "The value is the word Bearer, a space and the token."
    elif re.match(r"(?i)bearer\b", text):
        why = "The word Bearer is there twice."
    elif found and found[0] in ("placeholder-left", "masked-secret"):
        yield Remark(
            found[0], "header Authorization", f"The token cannot be right: {found[1]}.", BEARER
        )
        return
    elif not _TOKEN.fullmatch(re.sub("‹[A-Z_]+›", "x", text)):
        why = "The token has something in it that no token has: quotes, a space or a line break."
    else:
        if not variable:
            yield from _claimed(sent, Secret(text))
        return
    yield Remark("bearer-malformed", "header Authorization", why, BEARER)


def _claimed(sent: Sent, token: Secret) -> Iterator[Remark]:
    inside = claims.read_claims(token)
    held = {claim.name: claim.value for claim in inside[1]} if inside else {}
    ends = _moment(held.get("exp", ""))
    if sent.now is not None and ends is not None and ends <= sent.now:
        why = f"The token stopped being accepted at {held['exp']}: ask for a new one."
        yield Remark("stale-token", "header Authorization", why, BEARER)
    if (
        sent.settings
        and sent.settings.issuer_url
        and held.get("iss", sent.settings.issuer_url) != sent.settings.issuer_url
    ):
        why = "The token is of another issuer than WYCH_ISSUER_URL."
        yield Remark("bearer-refused", "header Authorization", why, BEARER, certain=False)


def _moment(words: str) -> float | None:
    try:
        return datetime.strptime(words, "%Y-%m-%d %H:%M:%S UTC").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


def _key(sent: Sent) -> Iterator[Remark]:
    held = sent.headers("x-api-key")
    for name in sent.misspelt_keys:
        yield Remark(
            "api-key-missing",
            f"header {name}",
            "The header is spelt x-api-key; this one is not read.",
            KEY,
        )
    if any(is_key_name(name) for name, _ in sent.query):
        why = "The key is in the address, where it is logged on the way; it belongs in a header."
        yield Remark("api-key-missing", "address", why, sent.address(query=False))
    elif not held and not sent.misspelt_keys:
        yield Remark(
            "api-key-missing", "header x-api-key", "Every call needs the API key too.", KEY
        )
    if len(held) > 1:
        yield Remark(
            "api-key-refused", "header x-api-key", "The header is there twice.", KEY, certain=False
        )
    elif held:
        yield from _key_judged(sent, held[0][1])


def _key_judged(sent: Sent, value: str) -> Iterator[Remark]:
    settings = sent.settings
    if not value:
        yield Remark("api-key-missing", "header x-api-key", "The header is empty.", KEY)
    elif found := odd(value):
        yield Remark(found[0], "header x-api-key", f"The key cannot be right: {found[1]}.", KEY)
    elif settings and not is_variable(value):
        if settings.client_secret == Secret(value):
            yield Remark(
                "swapped-credentials",
                "header x-api-key",
                "This is the client secret; the API key is another value.",
                KEY,
            )
        elif settings.api_key and settings.api_key != Secret(value):
            yield Remark(
                "api-key-refused",
                "header x-api-key",
                "The key is another one than WYCH_API_KEY.",
                KEY,
                certain=False,
            )


def _body(sent: Sent) -> Iterator[Remark]:
    if len(sent.content) > MOST_BYTES:
        yield Remark(
            "request-too-large",
            "body",
            f"The body has more than {MOST_BYTES} bytes, the most that the gateway takes.",
            "",
        )
    if sent.content.lstrip()[:1] in (b"{", b"[") and "json" not in sent.content_type:
        why = (
            "The body is JSON and its type says otherwise; what the API makes of that is not known."
        )
        yield Remark(
            "unknown-answer",
            "header Content-Type",
            why,
            "Content-Type: application/json",
            certain=False,
        )
