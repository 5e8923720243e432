"""Classifies a refused response as a scenario, by its bytes: Keycloak's and AWS's (wire facts A3, B3).

Each function returns None for a response in neither. Any proxy answers 403 and any web server 404,
so a guess would mislead people.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_BAD_CLIENT = "Invalid client or Invalid client credentials"
_NO_ROOT = "Unable to find matching target resource method"
_LOGIN = re.compile(
    r"(?:^|[/._-])"
    r"(?:log-?in|log-?on|sign-?in|sign-?on|sso|saml2?|hotspot|captive(?:-?portal)?)"
    r"(?:$|[/._-])",
    re.IGNORECASE,
)
# Keycloak's error and error_description. Where one error means several things, the description
# decides.
_BY_DESCRIPTION = {
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
    # The error tells a wrong id from a wrong secret at Keycloak. A later version may change that.
    ("invalid_client", _BAD_CLIENT): "unknown-client",
    ("unauthorized_client", _BAD_CLIENT): "wrong-client-secret",
    ("access_denied", "Realm not enabled"): "realm-disabled",
}
_BY_CODE = {
    "unsupported_grant_type": "wrong-grant-type",
    "invalid_scope": "wrong-scope",
    "HTTP 404 Not Found": "wrong-token-endpoint",
    # The response to a POST where there is no endpoint (wire facts A3-24).
    "HTTP 405 Method Not Allowed": "wrong-token-endpoint",
    _NO_ROOT: "wrong-token-endpoint",
    "The content-type header value did not match the value in @Consumes": "json-body",
    "RESTEASY003065: Cannot consume content type": "json-body",
    "Invalid origin": "origin-header",
    "Realm does not exist": "wrong-realm",
    "missingNormalization": "double-slash",
}
_GATEWAY: dict[tuple[int, str], str] = {
    (HTTPStatus.UNAUTHORIZED, "Unauthorized"): "bearer-refused",
    (HTTPStatus.FORBIDDEN, "Forbidden"): "api-key-refused",
    (HTTPStatus.FORBIDDEN, "Missing Authentication Token"): "wrong-path",
    (HTTPStatus.TOO_MANY_REQUESTS, "Too Many Requests"): "throttled",
    (HTTPStatus.TOO_MANY_REQUESTS, "Limit Exceeded"): "quota-spent",
    (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Request Too Long"): "request-too-large",
    (HTTPStatus.INTERNAL_SERVER_ERROR, "Internal server error"): "gateway-error",
    (HTTPStatus.BAD_GATEWAY, "Internal server error"): "gateway-error",
    (HTTPStatus.SERVICE_UNAVAILABLE, "Service Unavailable"): "gateway-error",
    (HTTPStatus.GATEWAY_TIMEOUT, "Network error communicating with endpoint"): "gateway-error",
    (HTTPStatus.GATEWAY_TIMEOUT, "Endpoint request timed out"): "gateway-timeout",
}
# These messages end in the caller's own text or in the name of Wych's resource.
_GATEWAY_STARTS = (
    (HTTPStatus.FORBIDDEN, "Invalid key=value pair", "wrong-path"),
    (
        HTTPStatus.FORBIDDEN,
        "User is not authorized to access this resource",
        "service-token-refused",
    ),
    (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "HTTP content length exceeded", "request-too-large"),
)
# Where AWS sends {"message":null}, only its error type says more (wire facts B3-6, B3-15).
_GATEWAY_TYPES: dict[tuple[int, str], str] = {
    (HTTPStatus.INTERNAL_SERVER_ERROR, "AuthorizerConfigurationException"): "gateway-error",
    (HTTPStatus.TOO_MANY_REQUESTS, "TooManyRequestsException"): "throttled",
}
# Invented: the application's own refusals are not public (API facts section 9 row 6). They count in
# this form only: {"error", "message"}.
_BY_APPLICATION: dict[tuple[int, str], str] = {
    (HTTPStatus.NOT_FOUND, "user_not_found"): "unknown-user",
    (HTTPStatus.NOT_FOUND, "connection_not_found"): "unknown-connection",
    (HTTPStatus.NOT_FOUND, "account_not_found"): "unknown-connection",
    (HTTPStatus.CONFLICT, "consent_pending"): "consent-pending",
    (HTTPStatus.FORBIDDEN, "consent_rejected"): "consent-rejected",
    (HTTPStatus.FORBIDDEN, "consent_revoked"): "consent-ended",
    (HTTPStatus.FORBIDDEN, "consent_expired"): "consent-ended",
    (HTTPStatus.CONFLICT, "connection_ended"): "connection-ended",
    (HTTPStatus.FORBIDDEN, "permission_missing"): "permission-missing",
    (HTTPStatus.BAD_REQUEST, "invalid_page"): "invalid-query",
    (HTTPStatus.BAD_REQUEST, "invalid_date"): "invalid-query",
}
_REDIRECTS = {
    HTTPStatus.MOVED_PERMANENTLY,
    HTTPStatus.FOUND,
    HTTPStatus.SEE_OTHER,
    HTTPStatus.TEMPORARY_REDIRECT,
    HTTPStatus.PERMANENT_REDIRECT,
}
# RFC 6585 section 6 gives this status to captive portals alone.
_CAPTIVE_PORTAL = HTTPStatus.NETWORK_AUTHENTICATION_REQUIRED
# Web servers that are no proxies answer CONNECT so; 0 stands for a response that is not HTTP.
_NO_PROXY = {
    0,
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.NOT_IMPLEMENTED,
}


@dataclass(frozen=True, slots=True)
class ResponseFacts:
    """A response as it is classified.

    `path` is the request's; the names in `headers` are in lower case; `json` is the parsed body, or
    None if it is not JSON.
    """

    path: str
    status: int
    headers: Mapping[str, str]
    text: str
    json: Any

    def first_field(self, *names: str) -> str:
        """Return the first of these fields that the body has, as text, or ""."""
        if not isinstance(self.json, dict):
            return ""
        return next((str(self.json[name]) for name in names if self.json.get(name)), "")


def classify_foreign_answer(response: ResponseFacts) -> str | None:
    """Return the scenario of a response that somebody else sent: a proxy, a login or web page."""
    if response.status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return "proxy-password"
    if response.status == _CAPTIVE_PORTAL:
        return "captive-portal"
    if response.status in _REDIRECTS and "location" in response.headers:
        return classify_redirect(response.headers["location"])
    return classify_page(response.status, response.text) if response.json is None else None


def classify_redirect(location: str) -> str:
    """Return "login-page" for a redirect whose path looks like one, else "redirected".

    Only the path counts, because Wych's own host is called login.
    """
    try:
        path = urlsplit(location).path
    except ValueError:
        path = ""
    return "login-page" if _LOGIN.search(path) else "redirected"


def classify_page(status: int, text: str) -> str | None:
    """Return the scenario of a web page in place of JSON, or None if the text is not one.

    With 200 it comes from a captive portal (wire facts D23).
    """
    if not re.search(r"<html|<!doctype html", text[:2000], re.IGNORECASE):
        return None
    return "captive-portal" if status in (HTTPStatus.OK, _CAPTIVE_PORTAL) else "not-json"


def is_cut_off(message: str) -> bool:
    """Return True if an HTTP library's message says that a response ended too early."""
    return (
        re.search("disconnected|closed connection|incomplete", message, re.IGNORECASE) is not None
    )


def classify_tunnel_refusal(status: int) -> str:
    """Return the scenario of a proxy's response to CONNECT that is no success; 0 for no HTTP.

    A proxy that answers 5xx tried to reach the host and failed.
    """
    # tinyproxy answers 401 to a wrong password.
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.PROXY_AUTHENTICATION_REQUIRED):
        return "proxy-password"
    if status == _CAPTIVE_PORTAL:
        return "captive-portal"
    if status in _NO_PROXY:
        return "proxy-unreachable"
    return "unreachable" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "proxy-refused"


def classify_discovery_refusal(response: ResponseFacts) -> str | None:
    """Return the scenario of a refused discovery request, or None if unknown."""
    code = response.first_field("error")
    if code in ("Realm does not exist", "missingNormalization"):
        return _BY_CODE[code]
    if reference := _BY_DESCRIPTION.get((code, response.first_field("error_description"))):
        return reference
    if response.status == HTTPStatus.NOT_FOUND:
        is_old_path = code == _NO_ROOT and response.path.startswith("/auth/realms/")
        return "auth-prefix" if is_old_path else "no-issuer-there"
    return classify_foreign_answer(response) or _classify_server_error(response)


def classify_token_refusal(response: ResponseFacts) -> str | None:
    """Return the scenario of a refused token request, or None if unknown."""
    code, description = response.first_field("error"), response.first_field("error_description")
    if code == _NO_ROOT and response.path.startswith("/auth/realms/"):
        return "auth-prefix"
    if reference := _BY_DESCRIPTION.get((code, description)) or _BY_CODE.get(code):
        return reference
    if code == "invalid_request" and re.fullmatch("User '.*' disabled", description):
        return "client-not-allowed"
    # A 503 with a text may come from any load balancer whose servers are down.
    is_busy = response.status == HTTPStatus.SERVICE_UNAVAILABLE and not response.text.strip()
    if response.status == HTTPStatus.TOO_MANY_REQUESTS or is_busy:
        return "too-many-token-requests"
    return classify_foreign_answer(response) or _classify_server_error(response)


def _classify_server_error(response: ResponseFacts) -> str | None:
    is_error = response.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return "identity-provider-error" if is_error else None


def is_bearer_refused(response: ResponseFacts) -> bool:
    """Return True for a 401 that is about the token.

    It has the gateway's message, or a Bearer challenge (RFC 6750 section 3). Web servers ask for
    Basic.
    """
    challenge = response.headers.get("www-authenticate", "").lower()
    return response.status == HTTPStatus.UNAUTHORIZED and (
        challenge.startswith("bearer") or classify_gateway_refusal(response) == "bearer-refused"
    )


def _get_gateway_message(response: ResponseFacts) -> str:
    """Return the message of a body that AWS may have written, or "".

    That is a message alone (wire facts B3), or the plain text of B3-16. Web frameworks say
    Forbidden too, as text or beside a status code of their own.
    """
    if not isinstance(response.json, dict):
        is_too_large = response.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        return response.text if is_too_large else ""
    if response.json.keys() <= {"message", "Message"}:
        return response.first_field("message", "Message")
    return ""


def classify_gateway_refusal(response: ResponseFacts) -> str | None:
    """Return the scenario of a refused API call, or None if unknown.

    An assumption until Wych says which gateway it runs (wire facts, section 0).
    """
    message = _get_gateway_message(response)
    if reference := _GATEWAY.get((response.status, message)):
        return reference
    for status, start, reference in _GATEWAY_STARTS:
        if response.status == status and message.startswith(start):
            return reference
    if not message and isinstance(response.json, dict):
        error_type = response.headers.get("x-amzn-errortype", "").partition(":")[0]
        if reference := _GATEWAY_TYPES.get((response.status, error_type)):
            return reference
    code = (response.status, application_code(response))
    return _BY_APPLICATION.get(code) or classify_foreign_answer(response)


def application_code(response: ResponseFacts) -> str:
    """Return the code with which the application itself refuses, or ""."""
    if not isinstance(response.json, dict) or response.json.keys() != {"error", "message"}:
        return ""
    code = response.first_field("error")
    return code if re.fullmatch("[a-z]+(_[a-z]+){0,4}", code) else ""
