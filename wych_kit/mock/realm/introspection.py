"""Answers about tokens: introspection, userinfo and revocation, in Keycloak's order of checks.

Wire facts A6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wych_kit.mock.http.messages import Answer, answer, compact_json
from wych_kit.mock.realm import cors, keycloak_errors
from wych_kit.mock.realm.keycloak_errors import JSON, NO_STORE, SECURITY
from wych_kit.mock.tokens import presented_credentials

if TYPE_CHECKING:
    from wych_kit.mock.http.messages import Request
    from wych_kit.mock.realm.client_authentication import ClientAuthentication
    from wych_kit.mock.tokens.issuer import Tokens

_NO_CACHE = (b"cache-control", b"no-cache")
_PARTY_TOKEN = "requesting_party_token"
_HINTS = ("access_token", "refresh_token", _PARTY_TOKEN)
_INVALID_TOKEN = ("invalid_token", "Token verification failed")
_USER_CLAIMS = ("sub", "upn", "email_verified", "groups", "preferred_username")


class TokenEndpoints:
    """The endpoints that receive a token of the realm."""

    def __init__(self, authentication: ClientAuthentication, tokens: Tokens) -> None:
        self._authentication = authentication
        self._tokens = tokens

    def introspect(self, request: Request, pairs: list[tuple[str, str]]) -> Answer:
        """Say if a token is active (RFC 7662).

        A client's own service token is not, because its audience is `account`. Its id token is.
        """
        form = presented_credentials.first_values(pairs)
        client = self._authentication.authenticate(request, form)
        if isinstance(client, Answer):
            return keycloak_errors.make_for_introspection(client)
        if client.is_public:
            return keycloak_errors.MAY_NOT_INTROSPECT
        if len(form) != len(pairs):
            return keycloak_errors.make_cacheable(keycloak_errors.DUPLICATE)
        token = form.get("token")
        if token is None:
            return keycloak_errors.NOTHING_TO_INTROSPECT
        hint = form.get("token_type_hint", "access_token")
        if hint not in _HINTS:
            return keycloak_errors.UNKNOWN_HINT
        claims = None
        if hint != "refresh_token":
            claims = self._tokens.introspect(token, client, briefly=hint == _PARTY_TOKEN)
        body = compact_json(claims or {"active": False})
        return answer(200, body, JSON, _NO_CACHE, *SECURITY, row="A6")

    def answer_userinfo(self, request: Request, pairs: list[tuple[str, str]], realm: str) -> Answer:
        """Say whose token it is (OpenID Connect Core 1.0 section 5.3)."""
        scheme, _, bearer = request.headers.get(b"authorization", b"").partition(b" ")
        is_bearer = scheme.lower() == b"bearer" and bearer and b" " not in bearer
        in_header = [bearer.decode("latin-1")] if is_bearer else []
        in_form = [value for name, value in pairs if name == "access_token"]
        if len(in_form) > 1:
            error = ("invalid_request", "Duplicate parameter")
            return _challenge(request, realm, 400, *error, is_readable=False)
        if in_header and in_form:
            description = "More than one method used for including an access token"
            return _challenge(request, realm, 400, "invalid_request", description)
        if not in_header and not in_form:
            return _challenge(request, realm, 401)
        claims = None
        if self._tokens.issuer.endswith(f"/{realm}"):
            claims = self._tokens.read_claims((in_header or in_form)[0])
        if claims is None:
            return _challenge(request, realm, 401, *_INVALID_TOKEN)
        if "openid" not in str(claims.get("scope")).split(" "):
            return _challenge(request, realm, 403, "insufficient_scope", "Missing openid scope")
        # Keycloak looks for a revocation only after the scope.
        if self._tokens.is_revoked(claims):
            return _challenge(request, realm, 401, *_INVALID_TOKEN)
        if cors.is_foreign(request):
            return keycloak_errors.WRONG_ORIGIN
        user = {name: claims[name] for name in _USER_CLAIMS if name in claims}
        return answer(200, compact_json(user), *NO_STORE, _NO_CACHE, JSON, *SECURITY, row="A6")

    def revoke(self, request: Request, pairs: list[tuple[str, str]]) -> Answer:
        """Revoke an access token (RFC 7009).

        It is not known if the real gateway notices. The mock's gateway does.
        """
        form = presented_credentials.first_values(pairs)
        client = self._authentication.authenticate(request, form)
        if isinstance(client, Answer):
            return cors.allow_reading(keycloak_errors.make_cacheable(client), request)
        if cors.is_foreign(request):
            return keycloak_errors.make_cacheable(keycloak_errors.WRONG_ORIGIN)
        if client.kind == "bearer-only":
            return keycloak_errors.make_cacheable(keycloak_errors.BEARER_ONLY)
        if len(form) != len(pairs):
            return keycloak_errors.make_cacheable(keycloak_errors.DUPLICATE)
        token = form.get("token")
        if token is None:
            return keycloak_errors.NOTHING_TO_REVOKE
        claims = self._tokens.read_claims(token, "Bearer", "ID")
        if claims is None:
            return keycloak_errors.NO_TOKEN_TO_REVOKE
        if claims["typ"] == "ID":
            return keycloak_errors.NOT_REVOCABLE
        if claims["azp"] != client.client_id:
            return keycloak_errors.DIFFERENT_CLIENT
        self._tokens.revoke(claims)
        return answer(200, b"", *keycloak_errors.EMPTY_SECURITY, row="A6")


def _challenge(
    request: Request,
    realm: str,
    status: int,
    error: str = "",
    description: str = "",
    *,
    is_readable: bool = True,
) -> Answer:
    """Return a refusal with a Bearer challenge (RFC 6750 section 3).

    `is_readable`: a page of a different origin may read it.
    """
    details = f', error="{error}", error_description="{description}"' if error else ""
    security = (
        keycloak_errors.EMPTY_SECURITY
        if presented_credentials.is_form(request)
        else keycloak_errors.BARE_SECURITY
    )
    refusal = answer(
        status,
        b"",
        *NO_STORE,
        (b"content-type", b"text/plain;charset=utf-8"),
        (b"www-authenticate", f'Bearer realm="{realm}"{details}'.encode()),
        *security,
        row="A6",
        reason=description or "no bearer token",
    )
    return cors.allow_reading(refusal, request, b"WWW-Authenticate") if is_readable else refusal
