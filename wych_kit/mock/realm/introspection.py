"""What the realm does with a token that it is shown: introspection, userinfo and revocation (wire facts A6), in Keycloak's order of checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wych_kit.mock.http.messages import Answer, answer, compact_json
from wych_kit.mock.realm import cors, keycloak_errors
from wych_kit.mock.realm.keycloak_errors import JSON, NO_STORE, SECURITY
from wych_kit.mock.tokens import presented_credentials

if TYPE_CHECKING:
    from wych_kit.mock.http.messages import Request
    from wych_kit.mock.realm.client_authentication import Authentication
    from wych_kit.mock.tokens.issuer import Tokens

_NO_CACHE = (b"cache-control", b"no-cache")
_PARTY = "requesting_party_token"
_HINTS = ("access_token", "refresh_token", _PARTY)
_BAD_TOKEN = ("invalid_token", "Token verification failed")
_PERSON = ("sub", "upn", "email_verified", "groups", "preferred_username")


class Inspection:
    """Answers about the tokens of one issuer."""

    def __init__(self, authentication: Authentication, tokens: Tokens) -> None:
        self._authentication = authentication
        self._tokens = tokens

    def introspected(self, request: Request, pairs: list[tuple[str, str]]) -> Answer:
        """Whether a token counts (RFC 7662). One's own service token does not: it is for `account` alone; one's own id_token does."""
        form = presented_credentials.first_values(pairs)
        client = self._authentication.client(request, form)
        if isinstance(client, Answer):
            return keycloak_errors.to_introspector(client)
        if client.kind == "public":
            return keycloak_errors.MAY_NOT_INTROSPECT
        if len(form) != len(pairs):
            return keycloak_errors.cacheable(keycloak_errors.DUPLICATE)
        token = form.get("token")
        if token is None:
            return keycloak_errors.NOTHING_TO_INTROSPECT
        hint = form.get("token_type_hint", "access_token")
        if hint not in _HINTS:
            return keycloak_errors.UNKNOWN_HINT
        found = (
            None
            if hint == "refresh_token"
            else self._tokens.introspect(token, client, briefly=hint == _PARTY)
        )
        return answer(
            200, compact_json(found or {"active": False}), JSON, _NO_CACHE, *SECURITY, row="A6"
        )

    def userinfo(self, request: Request, pairs: list[tuple[str, str]], realm: str) -> Answer:
        """Whose token it is (OpenID Connect Core 1.0 §5.3). That it was revoked is noticed after its scope."""
        scheme, _, bearer = request.headers.get(b"authorization", b"").partition(b" ")
        in_header = (
            [bearer.decode("latin-1")]
            if scheme.lower() == b"bearer" and bearer and b" " not in bearer
            else []
        )
        in_form = [value for name, value in pairs if name == "access_token"]
        if len(in_form) > 1:
            return _challenge(
                request, realm, 400, "invalid_request", "Duplicate parameter", legible=False
            )
        if in_header and in_form:
            return _challenge(
                request,
                realm,
                400,
                "invalid_request",
                "More than one method used for including an access token",
            )
        if not in_header and not in_form:
            return _challenge(request, realm, 401)
        claims = (
            self._tokens.read_claims((in_header or in_form)[0])
            if self._tokens.issuer.endswith(f"/{realm}")
            else None
        )
        if claims is None:
            return _challenge(request, realm, 401, *_BAD_TOKEN)
        if "openid" not in str(claims.get("scope")).split(" "):
            return _challenge(request, realm, 403, "insufficient_scope", "Missing openid scope")
        if self._tokens.is_revoked(claims):
            return _challenge(request, realm, 401, *_BAD_TOKEN)
        if cors.is_foreign(request):
            return keycloak_errors.WRONG_ORIGIN
        person = {name: claims[name] for name in _PERSON if name in claims}
        return answer(200, compact_json(person), *NO_STORE, _NO_CACHE, JSON, *SECURITY, row="A6")

    def revoked(self, request: Request, pairs: list[tuple[str, str]]) -> Answer:
        """Takes an access token back (RFC 7009). Whether the gateway hears of it is not known; here it does."""
        form = presented_credentials.first_values(pairs)
        client = self._authentication.client(request, form)
        if isinstance(client, Answer):
            return cors.legible(keycloak_errors.cacheable(client), request)
        if cors.is_foreign(request):
            return keycloak_errors.cacheable(keycloak_errors.WRONG_ORIGIN)
        if client.kind == "bearer-only":
            return keycloak_errors.cacheable(keycloak_errors.BEARER_ONLY)
        if len(form) != len(pairs):
            return keycloak_errors.cacheable(keycloak_errors.DUPLICATE)
        token = form.get("token")
        if token is None:
            return keycloak_errors.NOTHING_TO_REVOKE
        claims = self._tokens.read_claims(token, "Bearer", "ID")
        if claims is None:
            return keycloak_errors.NO_TOKEN_TO_REVOKE
        if claims["typ"] == "ID":
            return keycloak_errors.NOT_REVOCABLE
        if claims["azp"] != client.client_id:
            return keycloak_errors.ANOTHER_CLIENTS
        self._tokens.revoke(claims)
        return answer(200, b"", *keycloak_errors.EMPTY_SECURITY, row="A6")


def _challenge(
    request: Request,
    realm: str,
    status: int,
    error: str = "",
    description: str = "",
    *,
    legible: bool = True,
) -> Answer:
    named = f', error="{error}", error_description="{description}"' if error else ""
    refused = answer(
        status,
        b"",
        *NO_STORE,
        (b"content-type", b"text/plain;charset=utf-8"),
        (b"www-authenticate", f'Bearer realm="{realm}"{named}'.encode()),
        *(
            keycloak_errors.EMPTY_SECURITY
            if presented_credentials.is_form(request)
            else keycloak_errors.BARE_SECURITY
        ),
        row="A6",
        reason=description or "no bearer token",
    )
    return cors.legible(refused, request, b"WWW-Authenticate") if legible else refused
