"""How the realm says no: each answer with the row of the wire facts (A3) that records it, byte for byte."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from wych_kit.mock.http.messages import Answer, answer, compact_json

if TYPE_CHECKING:
    from wych_kit.mock.http.messages import Headers

JSON = (b"content-type", b"application/json")
# Keycloak's TOK and SEC header sets, as recorded from 26.7.
NO_STORE: Headers = ((b"cache-control", b"no-store"), (b"pragma", b"no-cache"))
SECURITY: Headers = (
    (b"referrer-policy", b"no-referrer"),
    (b"strict-transport-security", b"max-age=31536000; includeSubDomains"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"SAMEORIGIN"),
    (b"x-robots-tag", b"none"),
)
TOKEN_HEADERS: Headers = (JSON, *NO_STORE, *SECURITY)
# An answer without a body has no frame to guard, but when a form was sent, as if it might be shown.
BARE_SECURITY: Headers = tuple(header for header in SECURITY if header[0] != b"x-frame-options")
EMPTY_SECURITY: Headers = (
    *SECURITY,
    (b"content-security-policy", b"frame-src 'self'; frame-ancestors 'self'; object-src 'none';"),
)

_BAD_CLIENT = "Invalid client or Invalid client credentials"
_ASK_SERVER_LOG = "For more on this error consult the server log."


def oauth(row: str, status: int, error: str, description: str, reason: str) -> Answer:
    """A refusal by the token endpoint itself."""
    body = compact_json({"error": error, "error_description": description})
    return answer(status, body, *TOKEN_HEADERS, row=row, reason=reason)


def _framework(row: str, status: int, error: str, reason: str) -> Answer:
    """A refusal before any endpoint was reached."""
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
    "the client signs its requests; a secret is no use",
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
    "the Basic secret holds '+' that was not percent-encoded", "A3-16"
)
PERCENT_IN_BASIC = oauth(
    "A3-17",
    400,
    "unauthorized_client",
    "Unexpected error when authenticating client",
    "the Basic secret holds a raw '%'",
)
WRONG_METHOD = _framework(
    "A3-19", 405, "HTTP 405 Method Not Allowed", "the path knows no such method"
)
NOT_A_FORM = NO_GRANT.with_reason("the body is not labelled as a form, so it was not read", "A3-20")
NO_REALM = _framework(
    "A3-22", 404, "Realm does not exist", "no such realm; its name is case-sensitive"
)
REALM_OFF = oauth("A3-23", 403, "access_denied", "Realm not enabled", "the realm is switched off")
NOT_FOUND = _framework("A3-24", 404, "HTTP 404 Not Found", "the realm has no such path")
NOT_FOUND_LATE = WRONG_METHOD.with_reason(
    "the realm has no such path; Keycloak minds the method first", "A3-24"
)
NO_PROTOCOL = _framework("A3-24", 404, "Protocol not found", "the realm has no such protocol")
NO_ROOT = answer(
    404,
    compact_json({"error": "Unable to find matching target resource method"}),
    JSON,
    row="A3-25",
    reason="no such path; today's Keycloak has no /auth in front",
)
NOT_NORMAL = answer(
    400,
    compact_json(
        {"error": "missingNormalization", "error_description": "Request path not normalized"}
    ),
    (b"content-type", b"application/json; charset=UTF-8"),
    row="A3-26",
    reason="'//', '/./' or a needless %-escape in the path",
)
ODD_CHARACTER = answer(
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
    compact_json({"error": "unknown_error", "error_description": _ASK_SERVER_LOG}),
    JSON,
    *SECURITY,
    row="A3-36",
    reason="a bug in the mock; see its log",
)
STRAY_PERCENT = SERVER_ERROR.with_reason("the form has a '%' without two hex digits after it")


def cacheable(refused: Answer) -> Answer:
    """The same as introspection and revocation say it: without TOK."""
    return replace(
        refused, headers=tuple(header for header in refused.headers if header not in NO_STORE)
    )


def _about_token(status: int, error: str, description: str, reason: str) -> Answer:
    return cacheable(oauth("A6", status, error, description, reason))


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
    "token_type_hint is none that the realm knows",
)
NOTHING_TO_REVOKE = _about_token(
    400, "invalid_request", "Token not provided", "no token in the form"
)
NO_TOKEN_TO_REVOKE = _about_token(
    200, "invalid_token", "Invalid token", "not a token that counts; RFC 7009 wants a 200"
)
NOT_REVOCABLE = _about_token(
    400, "unsupported_token_type", "Unsupported token type", "an id_token cannot be revoked"
)
ANOTHER_CLIENTS = _about_token(
    400, "invalid_request", "Unmatching clients", "the token is another client's"
)


def to_introspector(refused: Answer) -> Answer:
    """How introspection says what the token endpoint says so: a wrong secret has words of its own."""
    return _NO_INTROSPECTOR if refused.body == WRONG_SECRET.body else cacheable(refused)


def account_disabled(user_name: str) -> Answer:
    """Row A3-12."""
    return oauth(
        "A3-12",
        401,
        "invalid_request",
        f"User '{user_name}' disabled",
        "the client's service account is switched off",
    )


def invalid_scope(scope: str) -> Answer:
    """Row A3-13."""
    return oauth(
        "A3-13",
        400,
        "invalid_scope",
        f"Invalid scopes: {scope}",
        "the scope is empty, or not one of the client's",
    )
