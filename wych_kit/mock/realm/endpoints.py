"""Answers as Keycloak's realm: discovery, keys and the token endpoint, checked in its order.

Wire facts A2. Discovery names all of Keycloak's endpoints, as the real document does. Those that the
mock does not have, which only a browser needs, answer as an unknown path (A3-24). Of the grants it
has client_credentials; any other is unknown to it (A3-2).
"""

from __future__ import annotations

import ipaddress
import json
import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from wych_kit.mock.faults import altered_answers, intercepting_pages
from wych_kit.mock.faults.checks import Check, pass_always, run_checks
from wych_kit.mock.http.messages import Answer, Request, answer, compact_json
from wych_kit.mock.realm import cors, keycloak_errors
from wych_kit.mock.realm.client_authentication import ClientAuthentication
from wych_kit.mock.realm.discovery_document import REALM_SCOPES, document
from wych_kit.mock.realm.introspection import TokenEndpoints
from wych_kit.mock.realm.keycloak_errors import JSON, SECURITY, TOKEN_HEADERS
from wych_kit.mock.state.clients import DISABLED_REALM, Client
from wych_kit.mock.tokens import keys, presented_credentials
from wych_kit.mock.tokens.issuer import service_account_name

if TYPE_CHECKING:
    from wych_kit.mock.faults.switch import Faults
    from wych_kit.mock.state.ids import Ids
    from wych_kit.mock.state.store import Store
    from wych_kit.mock.tokens.issuer import Tokens
    from wych_kit.mock.tokens.signing import Signer

REALM = "partner"
TOKEN_PATH = f"/realms/{REALM}/protocol/openid-connect/token"
KEYS_PATH = f"/realms/{REALM}/protocol/openid-connect/certs"
DISCOVERY_PATH = f"/realms/{REALM}/.well-known/openid-configuration"
_DOCUMENTS = ("openid-configuration", "oauth-authorization-server")

# The default scopes, of which a token shows two only, and the optional scopes, which it shows if they
# are requested.
_DEFAULT_SCOPES = ("email", "profile")
_HIDDEN_SCOPES = {"acr", "basic", "roles", "service_account", "web-origins"}
_OPTIONAL_SCOPES = ("address", "phone", "microprofile-jwt", "offline_access")
# A longer scope counts as none at all (wire facts A3-33).
_MAX_SCOPE_LENGTH = 4000

# '//', '/./', '/../', and escapes of characters that need none (wire facts A3-26).
_NOT_NORMALIZED = re.compile(
    r"//|/\.\.?(?:/|$)|%(?:2[dDeE]|3[0-9]|[46][1-9a-fA-F]|[57][0-9aA]|5[fF]|7[eE])"
)
# Any may be requested, and a token shows none.
_ORGANIZATION = re.compile("organization(:[^:]*)?")
_CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(slots=True)
class _RealmRequest:
    """A request to a realm."""

    request: Request
    realm: str


@dataclass(slots=True)
class _TokenRequest:
    """A token request, with what earlier checks found out about it."""

    request: Request
    pairs: list[tuple[str, str]]
    form: dict[str, str] = field(default_factory=dict)
    client: Client | None = None

    @property
    def known_client(self) -> Client:
        """The client, for checks that run after the authentication."""
        assert self.client is not None  # noqa: S101 - an earlier check found it
        return self.client


def _check_realm(subject: _RealmRequest) -> Answer | None:
    known = subject.realm in (REALM, DISABLED_REALM)
    return None if known else keycloak_errors.NO_REALM


def _check_realm_enabled(subject: _RealmRequest) -> Answer | None:
    return keycloak_errors.REALM_OFF if subject.realm == DISABLED_REALM else None


_REALM_CHECKS = (Check("realm", _check_realm, {"wrong-realm": keycloak_errors.NO_REALM}),)
# Only endpoints at which a client authenticates refuse a disabled realm (wire facts A3-23).
_ENABLED_CHECKS = (
    Check("realm enabled", _check_realm_enabled, {"realm-disabled": keycloak_errors.REALM_OFF}),
)


class IdentityProvider:
    """Answers everything outside the gateway and the portal, as the identity provider would."""

    body_limit = 10 * 1024 * 1024
    header_limit = 65_535

    def __init__(
        self,
        store: Store,
        tokens: Tokens,
        signer: Signer,
        ids: Ids,
        faults: Faults,
        *,
        stable: bool,
    ) -> None:
        self._tokens = tokens
        self._signer = signer
        self._ids = ids
        self._faults = faults
        self._authentication = ClientAuthentication(store, ids, faults)
        self._token_endpoints = TokenEndpoints(self._authentication, tokens)
        # Keycloak sends sets in an order of its own, which changes at each start.
        self._default_scopes = _DEFAULT_SCOPES if stable else ids.shuffle(_DEFAULT_SCOPES)
        scopes = REALM_SCOPES if stable else ids.shuffle(REALM_SCOPES)
        disabled_issuer = tokens.issuer.removesuffix(REALM) + DISABLED_REALM
        self._documents = {
            REALM: _render_document(tokens.issuer, scopes),
            DISABLED_REALM: _render_document(disabled_issuer, scopes),
        }
        self._keys = answer(
            200, keys.JWKS, JSON, (b"cache-control", b"no-cache"), *SECURITY, row="A5"
        )
        # The order of Keycloak.
        self._token_checks: tuple[Check[_TokenRequest], ...] = (
            Check("grant type", _check_grant_type),
            Check("client", self._check_client),
            Check("Origin header", _check_origin),
            Check("bearer-only client", _check_bearer_only),
            Check("duplicate parameters", _check_duplicates),
            Check("service account", _check_service_account),
            Check(
                "permission",
                pass_always,
                {"client-not-allowed": keycloak_errors.NO_SERVICE_ACCOUNT},
            ),
        )

    def too_large(self, _request: Request) -> Answer:
        """Return the answer to a body over the limit (wire facts A3-31)."""
        return keycloak_errors.TOO_LARGE

    def headers_too_large(self, _request: Request) -> Answer:
        """Return the answer to headers over the limit (wire facts A3-32)."""
        return keycloak_errors.HEADERS_TOO_LARGE

    def server_error(self, _request: Request) -> Answer:
        """Return the answer after a failure of the mock itself (wire facts A3-36)."""
        return keycloak_errors.SERVER_ERROR

    async def answer(self, request: Request) -> Answer:
        """Find the endpoint as Keycloak's router does: path first, then realm, then method."""
        found = await self._route(request)
        if request.method == "HEAD":
            headers = (header for header in found.headers if header[0] != b"content-length")
            return replace(found, headers=tuple(headers))
        return found

    async def _route(self, request: Request) -> Answer:
        if ";" in request.path:
            return keycloak_errors.INVALID_CHARACTER
        if _NOT_NORMALIZED.search(request.path):
            return keycloak_errors.NOT_NORMALIZED
        match request.path.removesuffix("/").split("/"):
            case ["", "realms", realm, *rest] if realm:
                subject = _RealmRequest(request, realm)
                refusal = run_checks(_REALM_CHECKS, subject, self._faults)
                return refusal or await self._route_in_realm(subject, rest)
        # The login page exists once a fault redirected somebody to it.
        if self._faults.login_shown and request.path == intercepting_pages.SIGN_IN:
            return intercepting_pages.SIGN_IN_PAGE
        return keycloak_errors.NO_ROOT

    async def _route_in_realm(self, subject: _RealmRequest, rest: list[str]) -> Answer:
        match rest:
            case ["protocol", "openid-connect", *below]:
                return await self._answer_protocol(subject, "/".join(below))
            case ["protocol", _, *_]:
                return keycloak_errors.NO_PROTOCOL
            case [".well-known", name]:
                return self._answer_well_known(subject, name)
            case _:
                return keycloak_errors.NOT_FOUND

    def _answer_well_known(self, subject: _RealmRequest, name: str) -> Answer:
        request = subject.request
        if request.method == "OPTIONS":
            return cors.answer_preflight(request, b"GET")
        if request.method not in ("GET", "HEAD") or name not in _DOCUMENTS:
            return keycloak_errors.NOT_FOUND
        found = altered_answers.apply_fault(
            altered_answers.DOCUMENT_FAULTS,
            self._documents[subject.realm],
            request,
            self._faults,
        )
        return cors.allow_any_origin(found, request)

    async def _answer_protocol(self, subject: _RealmRequest, path: str) -> Answer:
        """Answer at the endpoint `path`. The method is checked before the path (wire facts A3-24)."""
        request = subject.request
        method = request.method
        methods, allowed = _METHODS.get(path) or _METHODS.get(path.partition("/")[0], _OTHER_PATH)
        if path not in _METHODS:
            is_path_checked = method in methods and method != "HEAD"
            return keycloak_errors.NOT_FOUND if is_path_checked else keycloak_errors.NOT_FOUND_LATE
        if method not in methods:
            return keycloak_errors.WRONG_METHOD
        if method == "OPTIONS":
            if not allowed:
                return _INTROSPECTION_OPTIONS
            return cors.answer_preflight(request, allowed)
        if path == "certs":
            return cors.allow_any_origin(self._keys, request)
        if method == "POST" and (refusal := _check_form(request)):
            return refusal
        if path == "userinfo":
            pairs = presented_credentials.parse_form(request) if method == "POST" else []
            return self._token_endpoints.answer_userinfo(request, pairs, subject.realm)
        if not _may_use_http(request.address):
            return keycloak_errors.HTTPS_REQUIRED
        return await self._answer_client(subject, path)

    async def _answer_client(self, subject: _RealmRequest, path: str) -> Answer:
        """Answer at an endpoint at which a client authenticates."""
        request = subject.request
        if refusal := run_checks(_ENABLED_CHECKS, subject, self._faults):
            if path == "token":
                return cors.allow_reading(refusal, request)
            cacheable = keycloak_errors.make_cacheable(refusal)
            is_revocation = path == "revoke"
            return cors.allow_reading(cacheable, request) if is_revocation else cacheable
        pairs = presented_credentials.parse_form(request)
        match path:
            case "token":
                return await self._issue_token(request, pairs)
            case "revoke":
                return self._token_endpoints.revoke(request, pairs)
            case _:
                return self._token_endpoints.introspect(request, pairs)

    async def _issue_token(self, request: Request, pairs: list[tuple[str, str]]) -> Answer:
        form = presented_credentials.first_values(pairs)
        subject = _TokenRequest(request, pairs, form)
        if refusal := run_checks(self._token_checks, subject, self._faults):
            return refusal
        requested = form.get("scope")
        scopes = _split_scope(requested)
        if not _KNOWN_SCOPES.issuperset(scopes):
            return keycloak_errors.refuse_scope(_CONTROL_CHARACTER.sub("", requested or ""))
        issued = await self._grant(subject.known_client, scopes, request.address)
        return altered_answers.apply_fault(
            altered_answers.TOKEN_FAULTS, issued, request, self._faults
        )

    def _check_client(self, subject: _TokenRequest) -> Answer | None:
        client = self._authentication.authenticate(subject.request, subject.form)
        if isinstance(client, Answer):
            # Nobody knows yet whose page sent the request, so any may read the refusal.
            return cors.allow_reading(client, subject.request)
        subject.client = client
        return None

    async def _grant(self, client: Client, requested: list[str], address: str) -> Answer:
        with_id_token = "openid" in requested
        scopes = (
            *(("openid",) if with_id_token else ()),
            *self._default_scopes,
            *(name for name in _OPTIONAL_SCOPES if name in requested),
        )
        scope = " ".join(scopes)
        token = await self._signer.sign(
            self._tokens.prepare_service_token(client, address, scope, self._ids)
        )
        body = (
            b'{"access_token":"%b","expires_in":%d,"refresh_expires_in":0,"token_type":"Bearer"'
            % (token, self._tokens.lifetime)
        )
        if with_id_token:
            body += b',"id_token":"%b"' % await self._signer.sign(
                self._tokens.prepare_id_token(client, address, scope, token, self._ids)
            )
        body += b',"not-before-policy":0,"scope":%b}' % json.dumps(scope).encode()
        return answer(200, body, *TOKEN_HEADERS, row="A1")


# Below the protocol's path: the methods of each endpoint, and those that a preflight names. There is
# no preflight for introspection.
_METHODS = {
    "token": (("POST", "OPTIONS"), b"POST, OPTIONS"),
    "token/introspect": (("POST", "OPTIONS"), b""),
    "revoke": (("POST", "OPTIONS"), b"POST, OPTIONS"),
    "userinfo": (("GET", "HEAD", "POST", "OPTIONS"), b"GET, HEAD, OPTIONS"),
    "certs": (("GET", "HEAD", "OPTIONS"), b"GET"),
}
_OTHER_PATH = (("GET", "OPTIONS"), b"")
_INTROSPECTION_OPTIONS = answer(
    200, b"", *keycloak_errors.BARE_SECURITY, (b"allow", b"HEAD, POST, OPTIONS"), row="A3-34"
)
_KNOWN_SCOPES = {"openid", *_DEFAULT_SCOPES, *_HIDDEN_SCOPES, *_OPTIONAL_SCOPES}


def _render_document(issuer: str, scopes: tuple[str, ...]) -> Answer:
    no_cache = (b"cache-control", b"no-cache, must-revalidate, no-transform, no-store")
    return answer(200, compact_json(document(issuer, scopes)), JSON, no_cache, *SECURITY, row="A4")


def _check_form(request: Request) -> Answer | None:
    if presented_credentials.has_long_field(request):
        return keycloak_errors.FIELD_TOO_LARGE
    if presented_credentials.has_stray_percent(request):
        return keycloak_errors.STRAY_PERCENT
    return None


def _check_grant_type(subject: _TokenRequest) -> Answer | None:
    grant = subject.form.get("grant_type")
    if grant is None:
        request = subject.request
        is_read = presented_credentials.is_form(request)
        if is_read or not request.headers.get(b"content-type"):
            return keycloak_errors.NO_GRANT
        return keycloak_errors.NOT_A_FORM
    is_known = _CONTROL_CHARACTER.sub("", grant) == "client_credentials"
    return None if is_known else keycloak_errors.UNKNOWN_GRANT


def _check_origin(subject: _TokenRequest) -> Answer | None:
    return keycloak_errors.WRONG_ORIGIN if cors.is_foreign(subject.request) else None


def _check_bearer_only(subject: _TokenRequest) -> Answer | None:
    is_bearer_only = subject.known_client.kind == "bearer-only"
    return keycloak_errors.BEARER_ONLY if is_bearer_only else None


def _check_duplicates(subject: _TokenRequest) -> Answer | None:
    return None if len(subject.form) == len(subject.pairs) else keycloak_errors.DUPLICATE


def _check_service_account(subject: _TokenRequest) -> Answer | None:
    client = subject.known_client
    if client.is_public:
        return keycloak_errors.PUBLIC_CLIENT
    if client.kind == "no-service-account":
        return keycloak_errors.NO_SERVICE_ACCOUNT
    if client.account_enabled:
        return None
    return keycloak_errors.refuse_disabled_account(service_account_name(client))


def _split_scope(scope: str | None) -> list[str]:
    """Return the scopes in a text as Java splits it: empty ones at the end do not count (A3-13)."""
    if scope is None or len(scope) > _MAX_SCOPE_LENGTH:
        return []
    text = _CONTROL_CHARACTER.sub("", scope)
    names = text.rstrip(" ").split(" ") if text.strip(" ") or not text else []
    return [name for name in names if not _ORGANIZATION.fullmatch(name)]


@lru_cache(maxsize=256)
def _may_use_http(address: str) -> bool:
    """Return True if Keycloak's `sslRequired=external` lets this caller use http (A3-28)."""
    try:
        return not ipaddress.ip_address(address).is_global
    except ValueError:
        # Without an address the caller is in this process.
        return True
