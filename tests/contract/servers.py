"""Either server and a way to ask it, and the requests that most exchanges change a little."""

from __future__ import annotations

import base64
import http.client
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import urlencode

CLIENT, SECRET = "mock-recipient", "mock-only-not-a-real-secret-0001"
REALM = "/realms/partner"
OIDC = f"{REALM}/protocol/openid-connect"
TOKEN, CERTS, INTROSPECT, USERINFO, REVOKE = (
    f"{OIDC}/{name}" for name in ("token", "certs", "token/introspect", "userinfo", "revoke")
)
DISCOVERY, METADATA = (
    f"{REALM}/.well-known/{name}" for name in ("openid-configuration", "oauth-authorization-server")
)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
ORIGIN = {"Origin": "https://app.example"}
GOOD = {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": SECRET}
CLIENTS = (
    "disabled",
    "signed-jwt",
    "public",
    "no-service-account",
    "bearer-only",
    "account-disabled",
    "percent-in-secret",
)


class Got(NamedTuple):
    """An answer as it came."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class Server(NamedTuple):
    """Either of the two."""

    port: int

    def ask(
        self,
        method: str,
        path: str,
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
        announced: int | None = None,
    ) -> Got:
        """One request on a connection of its own, with nothing added but Host and Content-Length; `announced` is for a body that does not come."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in (headers or {}).items():
                connection.putheader(name, value.replace("<own>", f"http://127.0.0.1:{self.port}"))
            if body is not None or announced:
                connection.putheader("Content-Length", str(announced or len(body or b"")))
            with suppress(
                BrokenPipeError, ConnectionResetError
            ):  # it answers before it has read all
                connection.endheaders(body)
            response = connection.getresponse()
            return Got(response.status, response.getheaders(), response.read())
        finally:
            connection.close()

    def post(
        self, path: str, fields: dict[str, str | None], headers: dict[str, str] | None = None
    ) -> Got:
        """A form; what is None is left out."""
        return self.ask("POST", path, FORM | (headers or {}), form(fields))

    def tokens(self, **changes: str | None) -> dict[str, Any]:
        """A token's answer."""
        found: dict[str, Any] = json.loads(self.post(TOKEN, GOOD | changes).body)
        return found


class Exchange(NamedTuple):
    """A request, and the row it tries with a word on how."""

    name: str
    ask: Callable[[Server], Got]


def form(fields: dict[str, str | None]) -> bytes:
    """The body of a form."""
    return urlencode({name: value for name, value in fields.items() if value is not None}).encode()


def basic(client_id: str, secret: str) -> dict[str, str]:
    """The header, nothing encoded that RFC 6749 would have encoded."""
    return {"Authorization": "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()}


def bearer(token: str) -> dict[str, str]:
    """The header."""
    return {"Authorization": f"Bearer {token}"}


def token(
    name: str, headers: dict[str, str] | None = None, path: str = TOKEN, **changes: str | None
) -> Exchange:
    """The token request with its good form changed."""
    return Exchange(name, lambda server: server.post(path, GOOD | changes, headers))


def header_only(name: str, headers: dict[str, str]) -> Exchange:
    """The token request with nothing of the client in its form."""
    return token(name, headers, client_id=None, client_secret=None)


def raw(
    name: str,
    method: str,
    path: str,
    headers: dict[str, str] | None = None,
    body: bytes | None = None,
    *,
    announced: int | None = None,
) -> Exchange:
    """A request as it is."""
    return Exchange(
        name, lambda server: server.ask(method, path, headers, body, announced=announced)
    )


def more(name: str, addition: bytes, path: str = TOKEN, **changes: str | None) -> Exchange:
    """The good form with something added to its end."""
    return raw(name, "POST", path, FORM, form(GOOD | changes) + addition)


def shown(
    name: str,
    path: str,
    of: Callable[[dict[str, Any]], str | None],
    headers: dict[str, str] | None = None,
    addition: bytes = b"",
    **changes: str | None,
) -> Exchange:
    """A new token shown to introspection or revocation; `of` takes what is shown from a token's answer."""

    def ask(server: Server) -> Got:
        fields = {
            "client_id": CLIENT,
            "client_secret": SECRET,
            "token": of(server.tokens(scope="openid")),
            **changes,
        }
        return server.ask("POST", path, FORM | (headers or {}), form(fields) + addition)

    return Exchange(name, ask)


def access(given: dict[str, Any]) -> str:
    """The access token."""
    found: str = given["access_token"]
    return found


def identity(given: dict[str, Any]) -> str:
    """The id_token."""
    found: str = given["id_token"]
    return found


def after_revoking(server: Server, path: str, of: Callable[[dict[str, Any]], str]) -> Got:
    """Shows a token, or its id_token, once the access token is revoked."""
    given = server.tokens(scope="openid")
    client = {"client_id": CLIENT, "client_secret": SECRET}
    server.post(REVOKE, {**client, "token": access(given)})
    return server.post(path, {**client, "token": of(given)})


def person(
    name: str,
    headers: Callable[[str], dict[str, str]],
    method: str = "GET",
    fields: Callable[[str], bytes] | None = None,
    *,
    scope: str = "openid",
    path: str = USERINFO,
) -> Exchange:
    """A new token shown to userinfo; `headers` and `fields` put it where it belongs."""

    def ask(server: Server) -> Got:
        new = access(server.tokens(scope=scope))
        return server.ask(
            method, path, headers(new) | (FORM if fields else {}), fields(new) if fields else None
        )

    return Exchange(name, ask)


def revoked_person(server: Server, scope: str) -> Got:
    """Userinfo with a token that was revoked."""
    new = access(server.tokens(scope=scope))
    server.post(REVOKE, {"client_id": CLIENT, "client_secret": SECRET, "token": new})
    return server.ask("GET", USERINFO, bearer(new))
