"""What the bytes of an answer say, as references of the catalogue: of Keycloak's own words, and of AWS's (wire facts A3 and B3).

Each gives `None` for what is in neither, because any proxy answers 403 and any web server 404: a guess would send people astray.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_BAD_REQUEST, _UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _PROXY, _CONFLICT, _TOO_LARGE = (
    400,
    401,
    403,
    404,
    407,
    409,
    413,
)
_TOO_MANY, _BROKEN, _UNAVAILABLE, _PORTAL = 429, 500, 503, 511
_BAD = "Invalid client or Invalid client credentials"
_NO_ROOT = "Unable to find matching target resource method"
_LOGIN = re.compile(
    r"(?:^|[/._-])(?:log-?in|log-?on|sign-?in|sign-?on|sso|saml2?|hotspot|captive(?:-?portal)?)(?:$|[/._-])",
    re.IGNORECASE,
)
_BY_DESCRIPTION = {
    # (error, error_description): the same code means several things there.
    ("invalid_request", "Missing form parameter: grant_type"): "missing-grant-type",
    ("invalid_request", "duplicated parameter"): "duplicate-parameter",
    ("invalid_request", "HTTPS required"): "not-https",
    ("invalid_client", "Parameter client_assertion_type is missing"): "client-not-allowed",
    ("invalid_client", "Bearer-only not allowed"): "client-not-allowed",
    (
        "unauthorized_client",
        "Public client not allowed to retrieve service account",
    ): "client-not-allowed",
    ("unauthorized_client", "Client not enabled to retrieve service account"): "client-not-allowed",
    ("unauthorized_client", "Unexpected error when authenticating client"): "basic-not-encoded",
    # The word of the code tells the id from the secret at Keycloak, and may not for ever.
    ("invalid_client", _BAD): "unknown-client",
    ("unauthorized_client", _BAD): "wrong-client-secret",
    ("access_denied", "Realm not enabled"): "realm-disabled",
}
_BY_CODE = {
    "unsupported_grant_type": "wrong-grant-type",
    "invalid_scope": "wrong-scope",
    "HTTP 404 Not Found": "wrong-token-endpoint",
    "HTTP 405 Method Not Allowed": (
        "wrong-token-endpoint"
    ),  # so a POST is answered where nothing is (wire facts A3-24)
    _NO_ROOT: "wrong-token-endpoint",
    "The content-type header value did not match the value in @Consumes": "json-body",
    "RESTEASY003065: Cannot consume content type": "json-body",
    "Invalid origin": "origin-header",
    "Realm does not exist": "wrong-realm",
    "missingNormalization": "double-slash",
}
_GATEWAY = {
    (_UNAUTHORIZED, "Unauthorized"): "bearer-refused",
    (_FORBIDDEN, "Forbidden"): "api-key-refused",
    (_FORBIDDEN, "Missing Authentication Token"): "wrong-path",
    (_TOO_MANY, "Too Many Requests"): "throttled",
    (_TOO_MANY, "Limit Exceeded"): "quota-spent",
    (_TOO_LARGE, "Request Too Long"): "request-too-large",
    (500, "Internal server error"): "gateway-error",
    (502, "Internal server error"): "gateway-error",
    (503, "Service Unavailable"): "gateway-error",
    (504, "Network error communicating with endpoint"): "gateway-error",
    (504, "Endpoint request timed out"): "gateway-timeout",
}
_GATEWAY_STARTS = (
    # A message that ends in the caller's own words or in Wych's resource.
    (_FORBIDDEN, "Invalid key=value pair", "wrong-path"),
    (_FORBIDDEN, "User is not authorized to access this resource", "service-token-refused"),
    (_TOO_LARGE, "HTTP content length exceeded", "request-too-large"),
)
_GATEWAY_TYPES = {
    # Where AWS sends {"message":null}, wire facts B3-6 and B3-15, its error type has to do.
    (_BROKEN, "AuthorizerConfigurationException"): "gateway-error",
    (_TOO_MANY, "TooManyRequestsException"): "throttled",
}
_BY_APPLICATION = {
    # Invented: what the application itself says is not public (API facts section 9, row 6). Only in this form, {"error", "message"}.
    (_NOT_FOUND, "user_not_found"): "unknown-user",
    (_NOT_FOUND, "connection_not_found"): "unknown-connection",
    (_NOT_FOUND, "account_not_found"): "unknown-connection",
    (_CONFLICT, "consent_pending"): "consent-pending",
    (_FORBIDDEN, "consent_rejected"): "consent-rejected",
    (_FORBIDDEN, "consent_revoked"): "consent-ended",
    (_FORBIDDEN, "consent_expired"): "consent-ended",
    (_CONFLICT, "connection_ended"): "connection-ended",
    (_FORBIDDEN, "permission_missing"): "permission-missing",
    (_BAD_REQUEST, "invalid_page"): "invalid-query",
    (_BAD_REQUEST, "invalid_date"): "invalid-query",
}


@dataclass(frozen=True, slots=True)
class ResponseFacts:
    """An answer as it is judged: the path that was asked for, the status, the headers by small name, and the body as text and as JSON."""

    path: str
    status: int
    headers: Mapping[str, str]
    text: str
    json: Any

    def first_field(self, *names: str) -> str:
        """The first of these fields that the body has, as text."""
        return (
            next((str(self.json[name]) for name in names if self.json.get(name)), "")
            if isinstance(self.json, dict)
            else ""
        )


def foreign_answer(answered: ResponseFacts) -> str | None:
    """Somebody else than the service: a proxy that wants a password, a redirect, a web page."""
    if answered.status == _PROXY:
        return "proxy-password"
    if answered.status == _PORTAL:
        return (  # whatever the body is: RFC 6585 section 6 gives the status to portals alone
            "captive-portal"
        )
    if answered.status in (301, 302, 303, 307, 308) and "location" in answered.headers:
        return classify_redirect(answered.headers["location"])
    return classify_page(answered.status, answered.text) if answered.json is None else None


def classify_redirect(location: str) -> str:
    """A redirect to what looks like a login page, by its path alone (Wych's own host is called login), or another one."""
    try:
        path = urlsplit(location).path
    except ValueError:
        path = ""
    return "login-page" if _LOGIN.search(path) else "redirected"


def classify_page(status: int, text: str) -> str | None:
    """A web page where JSON was due: with 200 it pretends to be the service's, as wifi portals do (wire facts D23)."""
    if not re.search(r"<html|<!doctype html", text[:2000], re.IGNORECASE):
        return None
    return "captive-portal" if status in (200, _PORTAL) else "not-json"


def is_cut_off(words: str) -> bool:
    """Whether an HTTP library's words on a broken answer say that it ended too early, and not that it cannot be read."""
    return re.search("disconnected|closed connection|incomplete", words, re.IGNORECASE) is not None


def classify_tunnel_refusal(status: int) -> str:
    """What a proxy's answer to CONNECT means, where that is no success; 0 for one that is no HTTP.

    A proxy that was asked for a way and says 5xx tried and failed. Web servers that are none answer 400, 404, 405 or 501.
    """
    if status in (_UNAUTHORIZED, _PROXY):
        return "proxy-password"  # tinyproxy says 401 to a wrong password
    if status == _PORTAL:
        return "captive-portal"
    if status in (0, _BAD_REQUEST, _NOT_FOUND, 405, 501):
        return "proxy-unreachable"
    return "unreachable" if status >= _BROKEN else "proxy-refused"


def classify_discovery_refusal(answered: ResponseFacts) -> str | None:
    """A refusal of the discovery request."""
    code = answered.first_field("error")
    known = {"Realm does not exist": "wrong-realm", "missingNormalization": "double-slash"}.get(
        code
    )
    known = known or _BY_DESCRIPTION.get((code, answered.first_field("error_description")))
    if known is None and answered.status == _NOT_FOUND:
        return (
            "auth-prefix"
            if code == _NO_ROOT and answered.path.startswith("/auth/realms/")
            else "no-issuer-there"
        )
    return (
        known
        or foreign_answer(answered)
        or ("identity-provider-error" if answered.status >= _BROKEN else None)
    )


def classify_token_refusal(answered: ResponseFacts) -> str | None:
    """A refusal of a token request."""
    code, description = answered.first_field("error"), answered.first_field("error_description")
    if code == _NO_ROOT and answered.path.startswith("/auth/realms/"):
        return "auth-prefix"
    if known := _BY_DESCRIPTION.get((code, description)) or _BY_CODE.get(code):
        return known
    if code == "invalid_request" and re.fullmatch("User '.*' disabled", description):
        return "client-not-allowed"
    if answered.status == _TOO_MANY or (
        answered.status == _UNAVAILABLE and not answered.text.strip()
    ):
        return (  # a 503 with words is any balancer's whose servers are down
            "too-many-token-requests"
        )
    return foreign_answer(answered) or (
        "identity-provider-error" if answered.status >= _BROKEN else None
    )


def is_bearer_refused(answered: ResponseFacts) -> bool:
    """Whether a 401 is about the token: in the gateway's words, or by the challenge of RFC 6750 section 3. Web servers ask for Basic."""
    challenge = answered.headers.get("www-authenticate", "").lower()
    return answered.status == _UNAUTHORIZED and (
        challenge.startswith("bearer") or classify_gateway_refusal(answered) == "bearer-refused"
    )


def _gateways_message(answered: ResponseFacts) -> str:
    """The message where the body is one that AWS writes: a message alone (wire facts B3), or the plain text of B3-16.

    Web frameworks say Forbidden too, as text or beside a status code of their own.
    """
    if not isinstance(answered.json, dict):
        return answered.text if answered.status == _TOO_LARGE else ""
    return (
        answered.first_field("message", "Message")
        if answered.json.keys() <= {"message", "Message"}
        else ""
    )


def classify_gateway_refusal(answered: ResponseFacts) -> str | None:
    """A refusal of a call. An assumption until Wych says which gateway it runs (wire facts, section 0)."""
    message = _gateways_message(answered)
    if known := _GATEWAY.get((answered.status, message)):
        return known
    for status, start, reference in _GATEWAY_STARTS:
        if answered.status == status and message.startswith(start):
            return reference
    if not message and isinstance(answered.json, dict):
        kind = answered.headers.get("x-amzn-errortype", "").partition(":")[0]
        if known := _GATEWAY_TYPES.get((answered.status, kind)):
            return known
    return _BY_APPLICATION.get((answered.status, application_code(answered))) or foreign_answer(
        answered
    )


def application_code(answered: ResponseFacts) -> str:
    """The word by which the application itself refuses; "" where the body is not of its form."""
    own = isinstance(answered.json, dict) and answered.json.keys() == {"error", "message"}
    word = answered.first_field("error") if own else ""
    return word if re.fullmatch("[a-z]+(_[a-z]+){0,4}", word) else ""
