"""The realm's refusals, byte for byte, each with the row of the wire facts (A3) that records it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from wych_kit.mock.http.messages import Answer, answer, compact_json

if TYPE_CHECKING:
    from wych_kit.mock.http.messages import Headers

JSON = (b"content-type", b"application/json")
# Keycloak's header sets TOK and SEC, as recorded from 26.7.
NO_STORE: Headers = ((b"cache-control", b"no-store"), (b"pragma", b"no-cache"))
SECURITY: Headers = (
    (b"referrer-policy", b"no-referrer"),
    (b"strict-transport-security", b"max-age=31536000; includeSubDomains"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"SAMEORIGIN"),
    (b"x-robots-tag", b"none"),
)
TOKEN_HEADERS: Headers = (JSON, *NO_STORE, *SECURITY)
# Keycloak leaves the header out of an answer without a body, unless a form was sent.
BARE_SECURITY: Headers = tuple(header for header in SECURITY if header[0] != b"x-frame-options")
EMPTY_SECURITY: Headers = (
    *SECURITY,
    (b"content-security-policy", b"frame-src 'self'; frame-ancestors 'self'; object-src 'none';"),
)

_BAD_CLIENT = "Invalid client or Invalid client credentials"
_SEE_SERVER_LOG = "For more on this error consult the server log."


def oauth(row: str, status: int, error: str, description: str, reason: str) -> Answer:
    """Return a refusal by the token endpoint itself (RFC 6749 section 5.2)."""
    body = compact_json({"error": error, "error_description": description})
    return answer(status, body, *TOKEN_HEADERS, row=row, reason=reason)


def _framework(row: str, status: int, error: str, reason: str) -> Answer:
    """Return a refusal by the framework, before any endpoint was reached."""
    return answer(status, compact_json({"error": error}), JSON, *SECURITY, row=row, reason=reason)


NO_GRANT = oauth(
    "A3-1",
    400,
    "invalid_request",
    "Missing form parameter: grant_type",
    "no grant_type in the form",
)
UNKNOWN_GRANT = oauth(
    "A3-2",
    400,
    "unsupported_grant_type",
    "Unsupported grant_type",
    "grant_type is not client_credentials",
)
UNKNOWN_CLIENT = oauth("A3-3", 401, "invalid_client", _BAD_CLIENT, "no client has this client_id")
WRONG_SECRET = oauth("A3-4", 401, "unauthorized_client", _BAD_CLIENT, "the client_secret is wrong")
NO_CLIENT_ID = UNKNOWN_CLIENT.with_reason(
    "no client_id in the form, and no Basic header that can be read", "A3-5"
)
NO_SECRET = WRONG_SECRET.with_reason("no client_secret, or an empty one", "A3-6")
DISABLED_CLIENT = UNKNOWN_CLIENT.with_reason("the client is switched off", "A3-7")
OTHER_METHOD = oauth(
    "A3-8",
    400,
    "invalid_client",
    "Parameter client_assertion_type is missing",
    "the client signs its requests and has no secret",
)
PUBLIC_CLIENT = oauth(
    "A3-9",
    401,
    "unauthorized_client",
    "Public client not allowed to retrieve service account",
    "the client is public",
)
NO_SERVICE_ACCOUNT = oauth(
    "A3-10",
    401,
    "unauthorized_client",
    "Client not enabled to retrieve service account",
    "the client has no service account",
)
BEARER_ONLY = oauth(
    "A3-11", 400, "invalid_client", "Bearer-only not allowed", "the client is bearer-only"
)
DUPLICATE = oauth(
    "A3-14", 400, "invalid_request", "duplicated parameter", "a form parameter came twice"
)
PLUS_IN_BASIC = WRONG_SECRET.with_reason(
    "the Basic secret contains a '+' that was not percent-encoded", "A3-16"
)
PERCENT_IN_BASIC = oauth(
    "A3-17",
    400,
    "unauthorized_client",
    "Unexpected error when authenticating client",
    "the Basic secret contains a '%' that was not percent-encoded",
)
WRONG_METHOD = _framework(
    "A3-19", 405, "HTTP 405 Method Not Allowed", "the path does not have this method"
)
NOT_A_FORM = NO_GRANT.with_reason(
    "the Content-Type is not that of a form, so the body was not read", "A3-20"
)
NO_REALM = _framework(
    "A3-22", 404, "Realm does not exist", "no such realm; its name is case-sensitive"
)
REALM_OFF = oauth("A3-23", 403, "access_denied", "Realm not enabled", "the realm is switched off")
NOT_FOUND = _framework("A3-24", 404, "HTTP 404 Not Found", "the realm has no such path")
NOT_FOUND_LATE = WRONG_METHOD.with_reason(
    "the realm has no such path; Keycloak checks the method first", "A3-24"
)
NO_PROTOCOL = _framework("A3-24", 404, "Protocol not found", "the realm has no such protocol")
NO_ROOT = answer(
    404,
    compact_json({"error": "Unable to find matching target resource method"}),
    JSON,
    row="A3-25",
    reason="no such path; Keycloak has no /auth since version 17",
)
NOT_NORMALIZED = answer(
    400,
    compact_json(
        {"error": "missingNormalization", "error_description": "Request path not normalized"}
    ),
    (b"content-type", b"application/json; charset=UTF-8"),
    row="A3-26",
    reason="the path has '//', '/./' or a %-escape that it does not need",
)
INVALID_CHARACTER = answer(
    400,
    compact_json(
        {
            "error": "invalidCharacter",
            "error_description": "Request path contains invalid character ';'",
        }
    ),
    (b"content-type", b"application/json; charset=UTF-8"),
    row="A3-26",
    reason="';' in the path",
)
HTTPS_REQUIRED = oauth(
    "A3-28", 403, "invalid_request", "HTTPS required", "plain http from a public address"
)
TOO_LARGE = answer(
    413, b"", (b"connection", b"close"), row="A3-31", reason="the body is over 10 MB"
)
FIELD_TOO_LARGE = _framework(
    "A3-32", 413, "HTTP 413 Request Entity Too Large", "a form field is over 131,072 bytes"
)
HEADERS_TOO_LARGE = answer(431, b"", row="A3-32", reason="the headers are over 65,535 bytes")
WRONG_ORIGIN = answer(
    403,
    compact_json({"error": "Invalid origin"}),
    *TOKEN_HEADERS,
    row="A3-35",
    reason="an Origin header, and the client has no web origins",
)
SERVER_ERROR = answer(
    500,
    compact_json({"error": "unknown_error", "error_description": _SEE_SERVER_LOG}),
    JSON,
    *SECURITY,
    row="A3-36",
    reason="a bug in the mock; see its log",
)
STRAY_PERCENT = SERVER_ERROR.with_reason("the form has a '%' without two hex digits after it")


def make_cacheable(refusal: Answer) -> Answer:
    """Return the refusal as introspection and revocation send it: without TOK."""
    headers = (header for header in refusal.headers if header not in NO_STORE)
    return replace(refusal, headers=tuple(headers))


def _about_token(status: int, error: str, description: str, reason: str) -> Answer:
    return make_cacheable(oauth("A6", status, error, description, reason))


_NO_INTROSPECTOR = _about_token(
    401, "invalid_client", "Client authentication failed.", "the client_secret is wrong, or missing"
)
MAY_NOT_INTROSPECT = _about_token(
    403, "invalid_request", "Client not allowed.", "a public client may not introspect"
)
NOTHING_TO_INTROSPECT = _about_token(
    400, "invalid_request", "Token not provided.", "no token in the form"
)
UNKNOWN_HINT = _about_token(
    400,
    "invalid_request",
    "Unsupported token type.",
    "the realm does not know this token_type_hint",
)
NOTHING_TO_REVOKE = _about_token(
    400, "invalid_request", "Token not provided", "no token in the form"
)
NO_TOKEN_TO_REVOKE = _about_token(
    200,
    "invalid_token",
    "Invalid token",
    "the token is not valid; RFC 7009 section 2.2 asks for 200",
)
NOT_REVOCABLE = _about_token(
    400, "unsupported_token_type", "Unsupported token type", "an id_token cannot be revoked"
)
DIFFERENT_CLIENT = _about_token(
    400, "invalid_request", "Unmatching clients", "the token belongs to a different client"
)


def make_for_introspection(refusal: Answer) -> Answer:
    """Return a refusal of the token endpoint as introspection sends it.

    It has an error of its own for a wrong secret.
    """
    is_wrong_secret = refusal.body == WRONG_SECRET.body
    return _NO_INTROSPECTOR if is_wrong_secret else make_cacheable(refusal)


def refuse_disabled_account(user_name: str) -> Answer:
    """Return the refusal for a disabled service account (wire facts A3-12)."""
    return oauth(
        "A3-12",
        401,
        "invalid_request",
        f"User '{user_name}' disabled",
        "the client's service account is switched off",
    )


def refuse_scope(scope: str) -> Answer:
    """Return the refusal for a scope (wire facts A3-13)."""
    return oauth(
        "A3-13",
        400,
        "invalid_scope",
        f"Invalid scopes: {scope}",
        "the scope is empty, or not one of the client's",
    )
