"""Rules for an API call: path, bearer token, API key, body.

Sources: API facts section 1, API facts section 5, wire facts B3.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from wych_kit.client import claims
from wych_kit.diagnosis.lint.remark import Remark, copy_mistake, is_variable
from wych_kit.diagnosis.lint.request_view import UNKNOWN_HOST, is_key_name
from wych_kit.secret import MASK, Secret

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wych_kit.diagnosis.lint.request_view import RequestView

BEARER = f"Authorization: Bearer {MASK}"
KEY = f"x-api-key: {MASK}"
# The gateway's limit for a body (wire facts B3-16).
MAX_BYTES = 10_485_760
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # RFC 6750 section 2.1
_METHODS = {"users": "GET", "user": "POST"}


def check_api_call(sent: RequestView) -> Iterator[Remark]:
    """Yield all that is wrong with path, credentials and body."""
    yield from _path(sent)
    yield from _bearer(sent)
    yield from _key(sent)
    yield from _body(sent)


def _path(sent: RequestView) -> Iterator[Remark]:
    path = sent.url.path
    if path.endswith("/") and path.strip("/"):
        why = (
            "A slash at the end makes it a different path, and the gateway does not have that path."
        )
        yield Remark("trailing-slash", "address", why, sent.address(path.rstrip("/")))
    base = sent.api.path.rstrip("/") if sent.api else ""
    if (
        base
        and sent.url.host != UNKNOWN_HOST
        and sent.is_at(sent.api)
        and not f"{path}/".startswith(f"{base}/")
    ):
        rest = re.sub(r"^/+v\d+(?=/|$)", "", path)
        why = f"The version or path differs from WYCH_API_URL, which has {base} here."
        yield Remark("wrong-base-path", "address", why, sent.address(base + rest))
    elif not sent.api and path.startswith("/partner/") and sent.url.host != UNKNOWN_HOST:
        yield Remark(
            "wrong-base-path",
            "address",
            "The version is missing before the path, for example /v3.",
            sent.address(f"/v3{path}"),
        )
    known = re.search(r"/partner/[^/]+/app/[^/]+/(users?)$", path)
    if known and sent.request.method != _METHODS[known[1]]:
        why = (
            f"Wych documents {_METHODS[known[1]]} for this path, not {sent.request.method}. For other"
            " methods the gateway answers 403."
        )
        yield Remark("wrong-path", "method", why, _METHODS[known[1]], certain=False)


def _bearer(sent: RequestView) -> Iterator[Remark]:
    for name, _ in sent.headers("authorisation"):
        why = (
            "The header must be spelt Authorization. This one is ignored, although a page of Wych's"
            " documentation spells it so."
        )
        yield Remark("authorisation-header", f"header {name}", why, BEARER)
    headers = sent.headers("authorization")
    if len(headers) > 1:
        yield Remark(
            "bearer-malformed",
            "header Authorization",
            "The request contains the header twice.",
            BEARER,
            certain=False,
        )
    elif headers:
        yield from _check_authorization(sent, headers[0][1])
    elif any(name == "access_token" for name, _ in sent.query):
        why = "The token is in the URL, and servers log URLs. Send it in a header."
        yield Remark("bearer-malformed", "address", why, sent.address(query=False))
    elif not sent.headers("authorisation"):
        yield Remark(
            "bearer-malformed", "header Authorization", "The request has no bearer token.", BEARER
        )


def _check_authorization(sent: RequestView, value: str) -> Iterator[Remark]:
    if re.fullmatch("‹[A-Z_]+›", value):
        return
    scheme, _, rest = value.partition(" ")
    text = rest.lstrip(" ")
    variable = is_variable(text)
    mistake = copy_mistake(text) if scheme.lower() == "bearer" and text else None
    if scheme.lower() == "basic":
        why = "The API needs a bearer token. Client id and secret are for the token endpoint only."
    elif scheme.lower() != "bearer" or not text:
        why = "The value must be the word Bearer, a space and the token."
    elif re.match(r"(?i)bearer\b", text):
        why = "The value contains the word Bearer twice."
    elif mistake and mistake[0] in ("placeholder-left", "masked-secret"):
        yield Remark(
            mistake[0], "header Authorization", f"The token is invalid: {mistake[1]}.", BEARER
        )
        return
    elif not _TOKEN.fullmatch(re.sub("‹[A-Z_]+›", "x", text)):
        why = "The token contains a character that no token has: a quote, a space or a line break."
    else:
        if not variable:
            yield from _check_claims(sent, Secret(text))
        return
    yield Remark("bearer-malformed", "header Authorization", why, BEARER)


def _check_claims(sent: RequestView, token: Secret) -> Iterator[Remark]:
    inside = claims.read_claims(token)
    values = {claim.name: claim.value for claim in inside[1]} if inside else {}
    ends = _timestamp(values.get("exp", ""))
    if sent.now is not None and ends is not None and ends <= sent.now:
        why = f"The token expired at {values['exp']}. Get a new one."
        yield Remark("stale-token", "header Authorization", why, BEARER)
    if (
        sent.settings
        and sent.settings.issuer_url
        and values.get("iss", sent.settings.issuer_url) != sent.settings.issuer_url
    ):
        why = "The token comes from a different issuer than WYCH_ISSUER_URL."
        yield Remark("bearer-refused", "header Authorization", why, BEARER, certain=False)


def _timestamp(text: str) -> float | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S UTC").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


def _key(sent: RequestView) -> Iterator[Remark]:
    headers = sent.headers("x-api-key")
    for name in sent.misspelt_keys:
        yield Remark(
            "api-key-missing",
            f"header {name}",
            "The header must be spelt x-api-key. This one is ignored.",
            KEY,
        )
    if any(is_key_name(name) for name, _ in sent.query):
        why = "The API key is in the URL, and servers log URLs. Send it in a header."
        yield Remark("api-key-missing", "address", why, sent.address(query=False))
    elif not headers and not sent.misspelt_keys:
        yield Remark(
            "api-key-missing",
            "header x-api-key",
            "The request has no API key. Every call needs one.",
            KEY,
        )
    if len(headers) > 1:
        yield Remark(
            "api-key-refused",
            "header x-api-key",
            "The request contains the header twice.",
            KEY,
            certain=False,
        )
    elif headers:
        yield from _check_key_value(sent, headers[0][1])


def _check_key_value(sent: RequestView, value: str) -> Iterator[Remark]:
    settings = sent.settings
    if not value:
        yield Remark("api-key-missing", "header x-api-key", "The header is empty.", KEY)
    elif mistake := copy_mistake(value):
        yield Remark(mistake[0], "header x-api-key", f"The API key is invalid: {mistake[1]}.", KEY)
    elif settings and not is_variable(value):
        if settings.client_secret == Secret(value):
            yield Remark(
                "swapped-credentials",
                "header x-api-key",
                "This is the client secret. The API key is a different value.",
                KEY,
            )
        elif settings.api_key and settings.api_key != Secret(value):
            yield Remark(
                "api-key-refused",
                "header x-api-key",
                "The API key differs from WYCH_API_KEY.",
                KEY,
                certain=False,
            )


def _body(sent: RequestView) -> Iterator[Remark]:
    if len(sent.content) > MAX_BYTES:
        yield Remark(
            "request-too-large",
            "body",
            f"The body is larger than the gateway's limit of {MAX_BYTES} bytes.",
            "",
        )
    if sent.content.lstrip()[:1] in (b"{", b"[") and "json" not in sent.content_type:
        why = "The body is JSON, but Content-Type says something else. It is not known how the API reads it."
        yield Remark(
            "unknown-answer",
            "header Content-Type",
            why,
            "Content-Type: application/json",
            certain=False,
        )
