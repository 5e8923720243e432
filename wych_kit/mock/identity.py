"""The realm: discovery, keys and the token endpoint, checked in Keycloak's order (wire facts A2).

Discovery names all of Keycloak's endpoints, as the real document does; those that the mock does not have yet (introspection, userinfo,
revocation, and all that a browser would use) answer as an unknown path, row A3-24. Of the grants it has client_credentials only;
any other is unknown to it, row A3-2.
"""

from __future__ import annotations

import ipaddress
import json
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from wych_kit.mock import keys, presented, refusals
from wych_kit.mock.clients import DISABLED_REALM, ODD_CLIENTS, Client, digest
from wych_kit.mock.faults import alterations, interception
from wych_kit.mock.refusals import JSON, SECURITY, TOKEN_HEADERS
from wych_kit.mock.tokens import service_account
from wych_kit.mock.wellknown import REALM_SCOPES, document
from wych_kit.mock.wire import Answer, Request, answer, compact

if TYPE_CHECKING:
    from wych_kit.mock.faults.switchboard import Faults
    from wych_kit.mock.ids import Ids
    from wych_kit.mock.signing import Signer
    from wych_kit.mock.store import Store
    from wych_kit.mock.tokens import Tokens

REALM = "partner"
TOKEN_PATH = f"/realms/{REALM}/protocol/openid-connect/token"
KEYS_PATH = f"/realms/{REALM}/protocol/openid-connect/certs"
DISCOVERY_PATH = f"/realms/{REALM}/.well-known/openid-configuration"

# What a client may ask for: the default scopes, of which only these two show, and the optional ones, which show when asked for.
_SHOWN = ("email", "profile")
_HIDDEN = {"acr", "basic", "roles", "service_account", "web-origins"}
_OPTIONAL = ("address", "phone", "microprofile-jwt")
_PREFLIGHT = (
    (b"access-control-allow-methods", b"POST, OPTIONS"),
    (
        b"access-control-allow-headers",
        b"Origin, Accept, X-Requested-With, Content-Type, Access-Control-Request-Method, Access-Control-Request-Headers, DPoP, Authorization",
    ),
    (b"access-control-allow-credentials", b"true"),
    (b"access-control-max-age", b"3600"),
)


class Identity:
    """Answers what lies outside the gateway and the portal, as the identity provider would."""

    body_limit = 10 * 1024 * 1024
    header_limit = 65_535

    def __init__(self, store: Store, tokens: Tokens, signer: Signer, ids: Ids, faults: Faults, *, stable: bool) -> None:
        self._store = store
        self._tokens = tokens
        self._signer = signer
        self._ids = ids
        self._faults = faults
        self._default_scope = _SHOWN if stable else ids.shuffled(_SHOWN)
        scopes = REALM_SCOPES if stable else ids.shuffled(REALM_SCOPES)
        self._discovery = answer(
            200,
            compact(document(tokens.issuer, scopes)),
            JSON,
            (b"cache-control", b"no-cache, must-revalidate, no-transform, no-store"),
            *SECURITY,
            row="A4",
        )
        self._keys = answer(200, keys.JWKS, JSON, (b"cache-control", b"no-cache"), *SECURITY, row="A5")

    def too_large(self, _request: Request) -> Answer:
        """Row A3-31."""
        return refusals.TOO_LARGE

    def headers_too_large(self, _request: Request) -> Answer:
        """Row A3-32."""
        return refusals.HEADERS_TOO_LARGE

    def broken(self, _request: Request) -> Answer:
        """Row A3-36."""
        return refusals.SERVER_ERROR

    async def answer(self, request: Request) -> Answer:
        """Finds the endpoint: path first, then realm, then method, as Keycloak's router does."""
        if "//" in request.path:
            return refusals.NOT_NORMAL
        match request.path.removesuffix("/").split("/"):
            case ["", "realms", realm, *rest] if realm:
                if realm not in (REALM, DISABLED_REALM):
                    return refusals.NO_REALM
                if self._faults.on and (refused := self._faults.refusal(request, {"wrong-realm": refusals.NO_REALM})):
                    return refused
                return await self._endpoint(request, realm, rest)
            case _:
                shown = self._faults.login_shown and request.path == interception.SIGN_IN
                return interception.SIGN_IN_PAGE if shown else refusals.NO_ROOT

    async def _endpoint(self, request: Request, realm: str, rest: list[str]) -> Answer:
        match rest:
            case ["protocol", "openid-connect", "token"]:
                return await self._token(request, realm)
            case ["protocol", "openid-connect", "certs"]:
                return self._document(request, realm, self._keys, refusals.WRONG_METHOD)
            case [".well-known", "openid-configuration"]:
                return self._document(request, realm, self._discovery, refusals.NOT_FOUND)
            case _:
                return refusals.NOT_FOUND

    def _document(self, request: Request, realm: str, found: Answer, otherwise: Answer) -> Answer:
        if request.method not in ("GET", "HEAD"):
            return otherwise
        if refused := self._realm_off(request, realm):
            return refused
        if self._faults.on and found is self._discovery and (fault := self._faults.first(alterations.DOCUMENTS, request)):
            found = alterations.altered(fault, found)
        return _open_to_all(found, request)

    def _realm_off(self, request: Request, realm: str) -> Answer | None:
        if realm == DISABLED_REALM:
            return refusals.REALM_OFF
        return self._faults.refusal(request, {"realm-disabled": refusals.REALM_OFF}) if self._faults.on else None

    async def _token(self, request: Request, realm: str) -> Answer:
        if request.method == "OPTIONS":
            return _preflight(request)
        if request.method != "POST":
            return refusals.WRONG_METHOD
        pairs = presented.form(request)
        if pairs is None:
            return refusals.WRONG_TYPE
        if not _may_speak_plainly(request.address):
            return refusals.HTTPS_REQUIRED
        return self._realm_off(request, realm) or await self._exchanged(request, pairs)

    async def _exchanged(self, request: Request, pairs: list[tuple[str, str]]) -> Answer:
        form = dict(reversed(pairs))  # of a repeated parameter Keycloak reads the first
        grant = form.get("grant_type")
        if grant is None:
            return refusals.NO_GRANT
        if grant != "client_credentials":
            return refusals.UNKNOWN_GRANT
        client = self._authenticated(request, form)
        if isinstance(client, Answer):
            return client
        if b"origin" in request.headers:
            return refusals.WRONG_ORIGIN
        if len(form) != len(pairs):
            return refusals.DUPLICATE
        if refused := _wrong_kind(client):
            return refused
        if self._faults.on:
            return await self._faulty(client, form.get("scope"), request)
        return await self._granted(client, form.get("scope"), request.address)

    async def _faulty(self, client: Client, asked: str | None, request: Request) -> Answer:
        if refused := self._faults.refusal(request, {"client-not-allowed": refusals.NO_SERVICE_ACCOUNT}):
            return refused
        given = await self._granted(client, asked, request.address)
        fault = self._faults.first(alterations.TOKENS, request) if given.status == 200 else None  # noqa: PLR2004 - a token
        return alterations.altered(fault, given) if fault else given

    def _authenticated(self, request: Request, form: dict[str, str]) -> Client | Answer:
        basic = presented.basic(request.headers.get(b"authorization", b""))
        try:
            from_header = [presented.form_decoded(part) for part in basic]
        except ValueError:
            return refusals.PERCENT_IN_BASIC
        client_id, secret = from_header or (None, None)
        client_id, secret = form.get("client_id", client_id), form.get("client_secret", secret)
        if client_id is None:
            return refusals.NO_CLIENT_ID
        if self._faults.on and (refused := self._faults.refusal(request, {"unknown-client": refusals.UNKNOWN_CLIENT})):
            return refused
        client = self._store.client(client_id) or ODD_CLIENTS.get(client_id)
        if client is None:
            return refusals.UNKNOWN_CLIENT
        if not client.enabled:
            return refusals.DISABLED_CLIENT
        if client.kind == "public":
            return client
        if client.kind == "signed-jwt":
            return refusals.OTHER_METHOD
        return self._confirmed(request, client, secret, basic) if secret else refusals.NO_SECRET

    def _confirmed(self, request: Request, client: Client, secret: str, basic: tuple[str, ...]) -> Client | Answer:
        if self._faults.on and (fault := self._faults.due("wrong-client-secret", request)):
            return fault.told(_wrong_secret(replace(client, secret=digest(self._ids.text(32))), secret, basic))
        if not client.has_secret(secret):
            client = self._store.afresh(client)
        return client if client.has_secret(secret) else _wrong_secret(client, secret, basic)

    async def _granted(self, client: Client, asked: str | None, address: str) -> Answer:
        wanted = [] if asked is None else asked.split(" ")
        if not {"openid", *_SHOWN, *_HIDDEN, *_OPTIONAL}.issuperset(wanted):
            return refusals.invalid_scope(asked or "")
        with_identity = "openid" in wanted
        words = (*(("openid",) if with_identity else ()), *self._default_scope, *(word for word in _OPTIONAL if word in wanted))
        scope = " ".join(words)
        token = await self._signer.signed(self._tokens.service(client, address, scope, self._ids))
        body = b'{"access_token":"%b","expires_in":%d,"refresh_expires_in":0,"token_type":"Bearer"' % (token, self._tokens.lifetime)
        if with_identity:
            body += b',"id_token":"%b"' % await self._signer.signed(self._tokens.identity(client, self._ids))
        return answer(200, body + b',"not-before-policy":0,"scope":%b}' % json.dumps(scope).encode(), *TOKEN_HEADERS, row="A1")


def _wrong_kind(client: Client) -> Answer | None:
    if client.kind == "bearer-only":
        return refusals.BEARER_ONLY
    if client.kind == "public":
        return refusals.PUBLIC_CLIENT
    if client.kind == "no-service-account":
        return refusals.NO_SERVICE_ACCOUNT
    return None if client.account_enabled else refusals.account_disabled(service_account(client))


def _wrong_secret(client: Client, secret: str, basic: tuple[str, ...]) -> Answer:
    """The same bytes whatever is wrong; the mock's own record may know more."""
    if client.has_secret(secret.strip()):
        return refusals.WRONG_SECRET.because("the client_secret would be right without the white space around it")
    if basic and "+" in basic[1] and client.has_secret(basic[1]):
        return refusals.PLUS_IN_BASIC
    return refusals.WRONG_SECRET


@lru_cache(maxsize=256)
def _may_speak_plainly(address: str) -> bool:
    """Whether Keycloak's `sslRequired=external` lets this caller use plain http (wire facts A3-28)."""
    try:
        return not ipaddress.ip_address(address).is_global
    except ValueError:
        return True  # no address at all: a caller in this process


def _open_to_all(found: Answer, request: Request) -> Answer:
    origin = request.headers.get(b"origin")
    if origin is None:
        return found
    return replace(found, headers=(*found.headers, (b"access-control-allow-origin", origin)))


def _preflight(request: Request) -> Answer:
    origin = request.headers.get(b"origin")
    allowed = () if origin is None else ((b"access-control-allow-origin", origin), *_PREFLIGHT)
    return answer(200, b"", *SECURITY, *allowed, row="A3-34")
