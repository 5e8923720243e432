"""The realm: discovery, keys and the token endpoint, checked in Keycloak's order (wire facts A2).

Discovery names all of Keycloak's endpoints, as the real document does; those that the mock does not have (all that a browser would use)
answer as an unknown path, row A3-24. Of the grants it has client_credentials only; any other is unknown to it, row A3-2.
"""

from __future__ import annotations

import ipaddress
import json
import re
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from wych_kit.mock.faults import altered_answers, intercepting_pages
from wych_kit.mock.http.messages import Answer, Request, answer, compact_json
from wych_kit.mock.realm import cors, keycloak_errors
from wych_kit.mock.realm.client_authentication import Authentication
from wych_kit.mock.realm.discovery_document import REALM_SCOPES, document
from wych_kit.mock.realm.introspection import Inspection
from wych_kit.mock.realm.keycloak_errors import JSON, SECURITY, TOKEN_HEADERS
from wych_kit.mock.state.clients import DISABLED_REALM, Client
from wych_kit.mock.tokens import keys, presented_credentials
from wych_kit.mock.tokens.issuer import service_account_name

if TYPE_CHECKING:
    from wych_kit.mock.faults.active import Faults
    from wych_kit.mock.state.ids import Ids
    from wych_kit.mock.state.store import Store
    from wych_kit.mock.tokens.issuer import Tokens
    from wych_kit.mock.tokens.signing import Signer

REALM = "partner"
TOKEN_PATH = f"/realms/{REALM}/protocol/openid-connect/token"
KEYS_PATH = f"/realms/{REALM}/protocol/openid-connect/certs"
DISCOVERY_PATH = f"/realms/{REALM}/.well-known/openid-configuration"
_DOCUMENTS = ("openid-configuration", "oauth-authorization-server")

# What a client may ask for: the default scopes, of which only these two show, and the optional ones, which show when asked for.
_SHOWN = ("email", "profile")
_HIDDEN = {"acr", "basic", "roles", "service_account", "web-origins"}
_OPTIONAL = ("address", "phone", "microprofile-jwt", "offline_access")
_LONGEST_SCOPE = 4000  # a longer one is as none at all (wire facts A3-33)

# '//', '/./', '/../', and escapes of what needs none (wire facts A3-26).
_NOT_NORMAL = re.compile(
    r"//|/\.\.?(?:/|$)|%(?:2[dDeE]|3[0-9]|[46][1-9a-fA-F]|[57][0-9aA]|5[fF]|7[eE])"
)
_ORGANIZATION = re.compile("organization(:[^:]*)?")  # any may be named, and none shows
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Identity:
    """Answers what lies outside the gateway and the portal, as the identity provider would."""

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
        self._authentication = Authentication(store, ids, faults)
        self._inspection = Inspection(self._authentication, tokens)
        self._default_scope = _SHOWN if stable else ids.shuffle(_SHOWN)
        scopes = REALM_SCOPES if stable else ids.shuffle(REALM_SCOPES)
        self._discovery, self._discovery_off = (
            _described(issuer, scopes) for issuer in (tokens.issuer, _switched_off(tokens.issuer))
        )
        self._keys = answer(
            200, keys.JWKS, JSON, (b"cache-control", b"no-cache"), *SECURITY, row="A5"
        )

    def too_large(self, _request: Request) -> Answer:
        """Row A3-31."""
        return keycloak_errors.TOO_LARGE

    def headers_too_large(self, _request: Request) -> Answer:
        """Row A3-32."""
        return keycloak_errors.HEADERS_TOO_LARGE

    def broken(self, _request: Request) -> Answer:
        """Row A3-36."""
        return keycloak_errors.SERVER_ERROR

    async def answer(self, request: Request) -> Answer:
        """Finds the endpoint: path first, then realm, then method, as Keycloak's router does."""
        given = await self._found(request)
        if request.method == "HEAD":
            return replace(
                given,
                headers=tuple(header for header in given.headers if header[0] != b"content-length"),
            )
        return given

    async def _found(self, request: Request) -> Answer:
        if ";" in request.path:
            return keycloak_errors.ODD_CHARACTER
        if _NOT_NORMAL.search(request.path):
            return keycloak_errors.NOT_NORMAL
        match request.path.removesuffix("/").split("/"):
            case ["", "realms", realm, *rest] if realm:
                if realm not in (REALM, DISABLED_REALM):
                    return keycloak_errors.NO_REALM
                if self._faults.on and (
                    refused := self._faults.refusal(
                        request, {"wrong-realm": keycloak_errors.NO_REALM}
                    )
                ):
                    return refused
                return await self._endpoint(request, realm, rest)
            case _:
                shown = self._faults.login_shown and request.path == intercepting_pages.SIGN_IN
                return intercepting_pages.SIGN_IN_PAGE if shown else keycloak_errors.NO_ROOT

    async def _endpoint(self, request: Request, realm: str, rest: list[str]) -> Answer:
        match rest:
            case ["protocol", "openid-connect", *below]:
                return await self._protocol(request, realm, "/".join(below))
            case ["protocol", _, *_]:
                return keycloak_errors.NO_PROTOCOL
            case [".well-known", name]:
                return self._well_known(request, realm, name)
            case _:
                return keycloak_errors.NOT_FOUND

    async def _protocol(self, request: Request, realm: str, below: str) -> Answer:
        """The endpoint `below` the protocol's path, where methods are asked about before the path is (wire facts A3-24)."""
        methods, preflight = _METHODS.get(below) or _METHODS.get(below.partition("/")[0], _UNKNOWN)
        if below not in _METHODS:
            return (
                keycloak_errors.NOT_FOUND
                if request.method in methods and request.method != "HEAD"
                else keycloak_errors.NOT_FOUND_LATE
            )
        if request.method not in methods:
            return keycloak_errors.WRONG_METHOD
        if request.method == "OPTIONS":
            return cors.preflight(request, preflight) if preflight else _INTROSPECTION_OPTIONS
        if below == "certs":
            return cors.open_to_all(self._keys, request)
        if request.method == "POST" and (misread := _misread(request)):
            return misread
        if below == "userinfo":
            return self._inspection.userinfo(
                request,
                presented_credentials.parse_form(request) if request.method == "POST" else [],
                realm,
            )
        if not _may_speak_plainly(request.address):
            return keycloak_errors.HTTPS_REQUIRED
        return await self._trusted(request, realm, below)

    async def _trusted(self, request: Request, realm: str, below: str) -> Answer:
        """What a client authenticates at."""
        pairs = presented_credentials.parse_form(request)
        if refused := self._realm_off(request, realm):
            if below == "token/introspect":
                return keycloak_errors.cacheable(refused)
            return cors.legible(
                refused if below == "token" else keycloak_errors.cacheable(refused), request
            )
        match below:
            case "token":
                return await self._exchanged(request, pairs)
            case "revoke":
                return self._inspection.revoked(request, pairs)
            case _:
                return self._inspection.introspected(request, pairs)

    def _well_known(self, request: Request, realm: str, name: str) -> Answer:
        if request.method == "OPTIONS":
            return cors.preflight(request, b"GET")
        if request.method not in ("GET", "HEAD") or name not in _DOCUMENTS:
            return keycloak_errors.NOT_FOUND
        found = self._discovery if realm == REALM else self._discovery_off
        if self._faults.on and (fault := self._faults.first(altered_answers.DOCUMENTS, request)):
            found = altered_answers.altered(fault, found)
        return cors.open_to_all(found, request)

    def _realm_off(self, request: Request, realm: str) -> Answer | None:
        if realm == DISABLED_REALM:
            return keycloak_errors.REALM_OFF
        return (
            self._faults.refusal(request, {"realm-disabled": keycloak_errors.REALM_OFF})
            if self._faults.on
            else None
        )

    async def _exchanged(self, request: Request, pairs: list[tuple[str, str]]) -> Answer:
        form = presented_credentials.first_values(pairs)
        grant = form.get("grant_type")
        if grant is None:
            return (
                keycloak_errors.NO_GRANT
                if presented_credentials.is_form(request)
                or not request.headers.get(b"content-type")
                else keycloak_errors.NOT_A_FORM
            )
        if _CONTROL.sub("", grant) != "client_credentials":
            return keycloak_errors.UNKNOWN_GRANT
        client = self._authentication.client(request, form)
        if isinstance(client, Answer):
            return cors.legible(client, request)
        if cors.is_foreign(request):
            return keycloak_errors.WRONG_ORIGIN
        if client.kind == "bearer-only":
            return keycloak_errors.BEARER_ONLY
        if len(form) != len(pairs):
            return keycloak_errors.DUPLICATE
        if refused := _wrong_kind(client):
            return refused
        if self._faults.on:
            return await self._faulty(client, form.get("scope"), request)
        return await self._granted(client, form.get("scope"), request.address)

    async def _faulty(self, client: Client, asked: str | None, request: Request) -> Answer:
        if refused := self._faults.refusal(
            request, {"client-not-allowed": keycloak_errors.NO_SERVICE_ACCOUNT}
        ):
            return refused
        given = await self._granted(client, asked, request.address)
        fault = self._faults.first(altered_answers.TOKENS, request) if given.status == 200 else None  # noqa: PLR2004 - a token
        return altered_answers.altered(fault, given) if fault else given

    async def _granted(self, client: Client, asked: str | None, address: str) -> Answer:
        wanted = _words(asked)
        if not {"openid", *_SHOWN, *_HIDDEN, *_OPTIONAL}.issuperset(wanted):
            return keycloak_errors.invalid_scope(_CONTROL.sub("", asked or ""))
        with_identity = "openid" in wanted
        words = (
            *(("openid",) if with_identity else ()),
            *self._default_scope,
            *(word for word in _OPTIONAL if word in wanted),
        )
        scope = " ".join(words)
        token = await self._signer.sign(
            self._tokens.prepare_service_token(client, address, scope, self._ids)
        )
        body = (
            b'{"access_token":"%b","expires_in":%d,"refresh_expires_in":0,"token_type":"Bearer"'
            % (token, self._tokens.lifetime)
        )
        if with_identity:
            body += b',"id_token":"%b"' % await self._signer.sign(
                self._tokens.prepare_id_token(client, address, scope, token, self._ids)
            )
        return answer(
            200,
            body + b',"not-before-policy":0,"scope":%b}' % json.dumps(scope).encode(),
            *TOKEN_HEADERS,
            row="A1",
        )


# Below the protocol's path: which methods there are, and which of them a preflight names. There is no preflight for introspection.
_METHODS = {
    "token": (("POST", "OPTIONS"), b"POST, OPTIONS"),
    "token/introspect": (("POST", "OPTIONS"), b""),
    "revoke": (("POST", "OPTIONS"), b"POST, OPTIONS"),
    "userinfo": (("GET", "HEAD", "POST", "OPTIONS"), b"GET, HEAD, OPTIONS"),
    "certs": (("GET", "HEAD", "OPTIONS"), b"GET"),
}
_UNKNOWN = (("GET", "OPTIONS"), b"")
_INTROSPECTION_OPTIONS = answer(
    200, b"", *keycloak_errors.BARE_SECURITY, (b"allow", b"HEAD, POST, OPTIONS"), row="A3-34"
)


def _switched_off(issuer: str) -> str:
    return issuer.removesuffix(REALM) + DISABLED_REALM


def _described(issuer: str, scopes: tuple[str, ...]) -> Answer:
    fresh = (b"cache-control", b"no-cache, must-revalidate, no-transform, no-store")
    return answer(200, compact_json(document(issuer, scopes)), JSON, fresh, *SECURITY, row="A4")


def _misread(request: Request) -> Answer | None:
    if presented_credentials.has_long_field(request):
        return keycloak_errors.FIELD_TOO_LARGE
    return (
        keycloak_errors.STRAY_PERCENT if presented_credentials.has_stray_percent(request) else None
    )


def _words(scope: str | None) -> list[str]:
    """A scope's words, as Java splits them: what is empty at the end does not count (wire facts A3-13)."""
    if scope is None or len(scope) > _LONGEST_SCOPE:
        return []
    text = _CONTROL.sub("", scope)
    words = text.rstrip(" ").split(" ") if text.strip(" ") or not text else []
    return [word for word in words if not _ORGANIZATION.fullmatch(word)]


def _wrong_kind(client: Client) -> Answer | None:
    if client.kind == "public":
        return keycloak_errors.PUBLIC_CLIENT
    if client.kind == "no-service-account":
        return keycloak_errors.NO_SERVICE_ACCOUNT
    return (
        None
        if client.account_enabled
        else keycloak_errors.account_disabled(service_account_name(client))
    )


@lru_cache(maxsize=256)
def _may_speak_plainly(address: str) -> bool:
    """Whether Keycloak's `sslRequired=external` lets this caller use plain http (wire facts A3-28)."""
    try:
        return not ipaddress.ip_address(address).is_global
    except ValueError:
        return True  # no address at all: a caller in this process
