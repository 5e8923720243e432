"""The realm: discovery, keys and the token endpoint, checked in Keycloak's order (wire facts A2).

Discovery names all of Keycloak's endpoints, as the real document does; those that the mock does not have yet (introspection, userinfo,
revocation, and all that a browser would use) answer as an unknown path, row A3-24. Of the grants it has client_credentials only;
any other is unknown to it, row A3-2.
"""

from __future__ import annotations

import base64
import ipaddress
import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote_plus

from wych_kit.mock import keys, refusals
from wych_kit.mock.clients import DISABLED_REALM, ODD_CLIENTS, Client
from wych_kit.mock.refusals import JSON, SECURITY, TOKEN_HEADERS
from wych_kit.mock.tokens import service_account
from wych_kit.mock.wellknown import REALM_SCOPES, document
from wych_kit.mock.wire import Answer, Request, answer, compact

if TYPE_CHECKING:
    from wych_kit.mock.ids import Ids
    from wych_kit.mock.signing import Signer
    from wych_kit.mock.store import Store
    from wych_kit.mock.tokens import Tokens

REALM = "partner"
TOKEN_PATH = f"/realms/{REALM}/protocol/openid-connect/token"
KEYS_PATH = f"/realms/{REALM}/protocol/openid-connect/certs"
DISCOVERY_PATH = f"/realms/{REALM}/.well-known/openid-configuration"

_FORM = b"application/x-www-form-urlencoded"
# What a client may ask for: the default scopes, of which only these two show, and the optional ones, which show when asked for.
_SHOWN = ("email", "profile")
_HIDDEN = {"acr", "basic", "roles", "service_account", "web-origins"}
_OPTIONAL = ("address", "phone", "microprofile-jwt")
_BAD_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
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

    def __init__(self, store: Store, tokens: Tokens, signer: Signer, ids: Ids, *, stable: bool) -> None:
        self._store = store
        self._tokens = tokens
        self._signer = signer
        self._ids = ids
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
                return await self._endpoint(request, realm, rest)
            case _:
                return refusals.NO_ROOT

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
        if realm == DISABLED_REALM:
            return refusals.REALM_OFF
        return _open_to_all(found, request)

    async def _token(self, request: Request, realm: str) -> Answer:
        if request.method == "OPTIONS":
            return _preflight(request)
        if request.method != "POST":
            return refusals.WRONG_METHOD
        pairs = _form(request)
        if pairs is None:
            return refusals.WRONG_TYPE
        if not _may_speak_plainly(request.address):
            return refusals.HTTPS_REQUIRED
        if realm == DISABLED_REALM:
            return refusals.REALM_OFF
        return await self._exchanged(request, pairs)

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
        return _wrong_kind(client) or await self._granted(client, form.get("scope"), request.address)

    def _authenticated(self, request: Request, form: dict[str, str]) -> Client | Answer:
        basic = _basic(request.headers.get(b"authorization", b""))
        try:
            from_header = [_form_decoded(part) for part in basic]
        except ValueError:
            return refusals.PERCENT_IN_BASIC
        client_id, secret = from_header or (None, None)
        client_id, secret = form.get("client_id", client_id), form.get("client_secret", secret)
        if client_id is None:
            return refusals.NO_CLIENT_ID
        client = self._store.client(client_id) or ODD_CLIENTS.get(client_id)
        if client is None:
            return refusals.UNKNOWN_CLIENT
        if not client.enabled:
            return refusals.DISABLED_CLIENT
        if client.kind == "public":
            return client
        if client.kind == "signed-jwt":
            return refusals.OTHER_METHOD
        if not secret:
            return refusals.NO_SECRET
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


def _form(request: Request) -> list[tuple[str, str]] | None:
    """The form's pairs; none of a body without a content type; None for a body of another type."""
    kind = request.headers.get(b"content-type")
    if kind is None:
        return []
    if kind.partition(b";")[0].strip().lower() != _FORM:
        return None
    return parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)


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


def _basic(header: bytes) -> tuple[str, ...]:
    """Id and secret of a Basic header, not form-decoded yet; empty when there is none that can be read."""
    scheme, _, encoded = header.partition(b" ")
    if scheme.lower() != b"basic":
        return ()
    try:
        client_id, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except ValueError:
        return ()
    return (client_id, secret) if colon else ()


def _form_decoded(text: str) -> str:
    """RFC 6749 §2.3.1 as Java does it: '+' is a space, and a '%' without two hex digits is an error (wire facts A3-16, A3-17)."""
    if _BAD_PERCENT.search(text):
        raise ValueError("a raw % in a Basic credential")
    return unquote_plus(text)


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
    return Answer(found.status, (*found.headers, (b"access-control-allow-origin", origin)), found.body, found.row)


def _preflight(request: Request) -> Answer:
    origin = request.headers.get(b"origin")
    allowed = () if origin is None else ((b"access-control-allow-origin", origin), *_PREFLIGHT)
    return answer(200, b"", *SECURITY, *allowed, row="A3-34")
