"""What both servers are asked, each request named by the row of the wire facts that it tries."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

from tests.contract.servers import (
    CERTS,
    CLIENT,
    CLIENTS,
    DISCOVERY,
    FORM,
    GOOD,
    INTROSPECT,
    METADATA,
    OIDC,
    ORIGIN,
    REALM,
    REVOKE,
    SECRET,
    TOKEN,
    USERINFO,
    Exchange,
    Got,
    Server,
    access,
    after_revoking,
    basic,
    bearer,
    form,
    header_only,
    identity,
    more,
    person,
    raw,
    revoked_person,
    shown,
    token,
)

# Rows that nothing from this machine can bring about, and why.
NOT_PROVOKED = {
    "A3-28": "needs a caller with a public address",
    "A3-30": "Keycloak has no such answer; it would be that of something in front of it",
}
# What Keycloak answers and the mock does not imitate, so it is not asked: the pages and grants that a browser would use, the realm's
# own page, UMA, DPoP, TLS; a media type that cannot be read, and multipart, of which Keycloak reads the grant and not the client.


def granted() -> Iterator[Exchange]:
    """A1, A5: tokens given, their claims, and how a client may say who it is."""
    yield token("A1 form")
    yield header_only("A1 Basic", basic(CLIENT, SECRET))
    yield header_only("A1 Basic, form-encoded", basic("mock%2Drecipient", SECRET))
    yield header_only(
        "A1 basic in lower case",
        {"Authorization": basic(CLIENT, SECRET)["Authorization"].replace("Basic", "basic")},
    )
    yield token(
        "A1 another client", client_id="mock-percent-in-secret", client_secret="mock-only-50%-off"
    )
    scopes = (
        "openid",
        "email",
        "profile",
        "email profile",
        "address",
        "phone",
        "microprofile-jwt",
        "offline_access",
    )
    hidden = (
        "organization",
        "organization:x",
        "organization:",
        "organization:*",
        "acr",
        "basic",
        "roles",
        "service_account",
        "web-origins",
    )
    several = (
        "openid address phone microprofile-jwt offline_access",
        "openid microprofile-jwt",
        "email openid",
        "email email",
        "openid openid",
    )
    for scope in (
        *scopes,
        *hidden,
        *several,
        "email ",
        "email  ",
        " ",
        "  ",
        "email\n",
        "em\x00ail",
    ):
        yield token(f"A1 scope {scope!r}", scope=scope)
    yield more("A1 a field nobody knows", b"&foo=1")
    yield token("A3-27", path=TOKEN + "/")
    for path in (CERTS, DISCOVERY, METADATA, INTROSPECT, USERINFO, REVOKE):
        yield raw(f"A3-27 {path.removeprefix(REALM)}", "GET", path + "/")


def refused() -> Iterator[Exchange]:
    """A3-1 to A3-6: what the form says."""
    yield token("A3-1 no grant_type", grant_type=None)
    yield raw("A3-1 no body", "POST", TOKEN, FORM)
    yield raw("A3-1 empty body", "POST", TOKEN, FORM, b"")
    yield raw("A3-1 no Content-Type", "POST", TOKEN, None, form(GOOD))
    yield raw("A3-1 nothing at all", "POST", TOKEN)
    yield raw("A3-1 byte order mark", "POST", TOKEN, FORM, b"\xff\xfe" + form(GOOD))
    for grant in (
        "client-credentials",
        "Client_Credentials",
        "",
        " client_credentials",
        "client_credentials ",
        "client_credentials\x85",
        "implicit",
        "x" * 5000,
    ):
        yield token(f"A3-2 {grant[:30]!r}", grant_type=grant)
    for grant in (
        "client_credentials\n",
        "client_credentials\t",
        "client_cred\x00entials",
        "\x7fclient_credentials",
    ):
        yield token(f"A3-2 control character {grant!r}", grant_type=grant)
    yield raw("A3-2 no equals sign", "POST", TOKEN, FORM, b"grant_type")
    yield raw("A3-2 semicolons", "POST", TOKEN, FORM, form(GOOD).replace(b"&", b";"))
    yield raw("A3-2 stray ampersands", "POST", TOKEN, FORM, b"&&grant_type=x&&")
    yield raw("A3-2 plus", "POST", TOKEN, FORM, b"grant_type=client+credentials")
    for client_id in ("nobody", CLIENT.upper(), CLIENT + "\n", CLIENT + " ", "x" * 300, "x" * 5000):
        yield token(f"A3-3 {client_id[:20]!r} of {len(client_id)}", client_id=client_id)
    for secret in (
        "wrong",
        SECRET + " ",
        SECRET + "\n",
        " " + SECRET,
        SECRET + "\r\n",
        SECRET + "\t",
        SECRET + "\x00",
        SECRET.upper(),
        "é",
        "x" * 5000,
        " ",
    ):
        yield token(f"A3-4 {secret.replace(SECRET, '…')[:20]!r}", client_secret=secret)
    yield header_only("A3-4 in Basic", basic(CLIENT, "wrong"))
    yield header_only("A3-4 newline in Basic", basic(CLIENT, SECRET + "\n"))
    yield header_only("A3-4 colon in Basic", basic(CLIENT, SECRET + ":x"))
    yield header_only("A3-5 nothing", {})
    yield token("A3-5 secret alone", client_id=None)
    yield token("A3-5 empty id", client_id="")
    encoded = basic(CLIENT, SECRET)["Authorization"]
    no_colon = base64.b64encode(b"nocolon").decode()
    for header in (
        "Basic ???",
        "Basic",
        "Basic " + no_colon,
        encoded + " x",
        "Bearer x",
        "Basic //46eA==",
    ):
        yield header_only(f"A3-5 {header.replace(encoded, '…')}", {"Authorization": header})
    yield header_only("A3-5 empty id in Basic", basic("", SECRET))
    yield token("A3-6 none", client_secret=None)
    yield token("A3-6 empty", client_secret="")
    yield header_only("A3-6 empty in Basic", basic(CLIENT, ""))


def authenticated() -> Iterator[Exchange]:
    """A3-7 to A3-18: what the client is, how it says so, and what it asks for."""
    for row, name in zip(
        ("A3-7", "A3-8", "A3-9", "A3-10", "A3-11", "A3-12", "A3-4"), CLIENTS, strict=True
    ):
        for how, secret in (("", SECRET), (", wrong secret", "wrong"), (", no secret", None)):
            yield token(f"{row} {name}{how}", client_id=f"mock-{name}", client_secret=secret)
        yield header_only(f"{row} {name}, Basic", basic(f"mock-{name}", SECRET))
        yield token(f"{row} {name}, unknown scope too", client_id=f"mock-{name}", scope="nonsense")
        yield more(f"{row} {name}, a field twice", b"&foo=1&foo=2", client_id=f"mock-{name}")
    wrong = (
        "nonsense",
        "email nonsense",
        "",
        " email",
        "email  profile",
        "nonsense ",
        "EMAIL",
        "email,profile",
        "email\tprofile",
        '"é" \\',
        "x" * 4000,
    )
    for scope in (*wrong, "organization:a:b", "organization:x y", "phone:x", "openid nonsense"):
        yield token(f"A3-13 {scope[:30]!r}", scope=scope)
    yield more("A3-13 no UTF-8", b"&scope=%ff")
    for addition in (
        b"&foo=1&foo=2",
        b"&grant_type=client_credentials",
        b"&grant_type=x",
        b"&client_id=nobody",
        b"&client_secret=x",
        b"&scope=x&scope=x",
    ):
        yield more(f"A3-14 {addition.decode()}", addition)
    yield more("A3-14 and a wrong secret", b"&foo=1&foo=2", client_secret="wrong")
    yield raw("A3-14 wrong secret first", "POST", TOKEN, FORM, b"client_secret=x&" + form(GOOD))
    yield token("A3-15 both good", basic(CLIENT, SECRET))
    yield token("A3-15 wrong in the header", basic("nobody", "wrong"))
    yield token("A3-15 wrong secret in the form", basic(CLIENT, SECRET), client_secret="wrong")
    yield token(
        "A3-15 unknown id in the form",
        basic(CLIENT, SECRET),
        client_id="nobody",
        client_secret=None,
    )
    yield token(
        "A3-15 empty id in the form", basic(CLIENT, SECRET), client_id="", client_secret=None
    )
    yield token("A3-15 empty secret in the form", basic(CLIENT, SECRET), client_secret="")
    yield token("A3-15 id from the header", basic(CLIENT, "wrong"), client_id=None)
    yield token("A3-15 secret from the header", basic("nobody", SECRET), client_secret=None)
    yield header_only("A3-16", basic("mock-plus-in-secret", "mock-only-a+b"))
    yield header_only("A3-16 encoded", basic("mock-plus-in-secret", "mock-only-a%2Bb"))
    yield token("A3-16 in the form", client_id="mock-plus-in-secret", client_secret="mock-only-a+b")
    yield header_only("A3-17", basic("mock-percent-in-secret", "mock-only-50%-off"))
    yield header_only("A3-17 encoded", basic("mock-percent-in-secret", "mock-only-50%25-off"))
    yield token("A3-17 and a good form", basic(CLIENT, "50%off"))
    query = "?" + form(GOOD).decode()
    yield raw("A3-18 all in the query", "POST", TOKEN + query, FORM, b"")
    yield raw(
        "A3-18 client in the query", "POST", TOKEN + query, FORM, b"grant_type=client_credentials"
    )
    yield raw("A3-18 scope in the query", "POST", TOKEN + "?scope=nonsense", FORM, form(GOOD))


def labelled() -> Iterator[Exchange]:
    """A3-19 to A3-21: methods and labels."""
    for method in ("GET", "PUT", "DELETE", "PATCH", "HEAD", "TRACE"):
        for path in (TOKEN, INTROSPECT, REVOKE):
            yield raw(f"A3-19 {method} {path.removeprefix(OIDC)}", method, path)
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        yield raw(f"A3-19 {method} /certs", method, CERTS)
    for method in ("PUT", "DELETE", "PATCH"):
        yield raw(f"A3-19 {method} /userinfo", method, USERINFO)
    for kind in (
        "application/json",
        "text/plain",
        "text/html",
        "application/xml",
        "*/*",
        "multipart/form-data",
        "APPLICATION/X-WWW-FORM-URLENCODED",
    ):
        yield raw(f"A3-20 {kind}", "POST", TOKEN, {"Content-Type": kind}, form(GOOD))
    for charset in ("utf-8", "iso-8859-1"):
        yield raw(
            f"A3-20 {charset}",
            "POST",
            TOKEN,
            {"Content-Type": f"{FORM['Content-Type']}; charset={charset}"},
            form(GOOD),
        )
    yield raw(
        "A3-20 JSON", "POST", TOKEN, {"Content-Type": "application/json"}, json.dumps(GOOD).encode()
    )
    yield raw("A3-21", "POST", TOKEN, FORM, json.dumps(GOOD).encode())


def realms() -> Iterator[Exchange]:
    """A3-22, A3-23: a realm that is not there, or is off."""
    for realm in ("partners", "Partner"):
        yield token(f"A3-22 {realm}", path=TOKEN.replace("partner", realm))
        yield raw(f"A3-22 GET {realm}", "GET", DISCOVERY.replace("partner", realm), ORIGIN)
        yield raw(f"A3-22 OPTIONS {realm}", "OPTIONS", TOKEN.replace("partner", realm), ORIGIN)
        yield raw(f"A3-22 GET below {realm}", "GET", f"/realms/{realm}/nonsense")
        yield raw(
            f"A3-22 long field, {realm}",
            "POST",
            TOKEN.replace("partner", realm),
            FORM,
            b"x=" + b"y" * 131_073,
        )
    for path in (TOKEN, INTROSPECT, REVOKE, USERINFO):
        off = path.replace("partner", "switched-off")
        for headers, how in ((None, ""), (ORIGIN, ", of another origin")):
            yield token(f"A3-23 {path.removeprefix(OIDC)}{how}", headers, path=off)
        yield raw(f"A3-23 GET {path.removeprefix(OIDC)}", "GET", off)
        yield raw(f"A3-23 OPTIONS {path.removeprefix(OIDC)}", "OPTIONS", off, ORIGIN)
    yield token(
        "A3-23 without a grant", path=TOKEN.replace("partner", "switched-off"), grant_type=None
    )
    for path in (DISCOVERY, METADATA, CERTS, OIDC + "/nonsense"):
        yield raw(
            f"A3-23 {path.removeprefix(REALM)}", "GET", path.replace("partner", "switched-off")
        )


def paths() -> Iterator[Exchange]:
    """A3-24 to A3-26: addresses."""
    for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        below = (
            "nonsense",
            "a/b",
            "Token",
            "token/nonsense",
            "token/x/y",
            "revoke/x",
            "userinfo/x",
            "certs/x",
        )
        for path in (
            OIDC,
            *(f"{OIDC}/{name}" for name in below),
            f"{REALM}/nonsense",
            f"{REALM}/protocol",
            f"{REALM}/protocol/saml2",
            f"{REALM}/.well-known",
        ):
            yield raw(f"A3-24 {method} {path.removeprefix(REALM)}", method, path)
    for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"):
        yield raw(
            f"A3-24 {method} /.well-known/nonsense", method, f"{REALM}/.well-known/nonsense", ORIGIN
        )
        for path in ("/nonsense", f"/auth{TOKEN}", "/realms", "/realms/"):
            yield raw(f"A3-25 {method} {path}", method, path)
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        yield raw(f"A3-24 {method} discovery", method, DISCOVERY)
    yield raw("A3-25 of another origin", "GET", "/nonsense", ORIGIN)
    yield token("A3-26", path="/" + TOKEN)
    for path in (
        "//.well-known/openid-configuration",
        "/./x",
        "/../partner",
        "/..",
        "/.",
        "/%2e%2e/x",
        "/.well-known/openid%2Dconfiguration",
        "/x//",
        "/%41",
        "/a%7Eb",
        "/a%5fb",
    ):
        yield raw(f"A3-26 {path}", "GET", REALM + path, ORIGIN)
    for path in ("/...", "/a~b", "/%20", "/%C3%A9", "/a%2fb", "/a%3Bb", "/a:b", "/a+b", "/a%25b"):
        yield raw(f"A3-26 is none: {path}", "GET", REALM + path)
    yield raw("A3-26 ;", "GET", DISCOVERY + ";x=1")
    yield raw("A3-26 in the query", "GET", DISCOVERY + "?x=//;")


def limits() -> Iterator[Exchange]:
    """A3-29, A3-31 to A3-33, A3-36: too often, too much, too odd."""

    def thirty(server: Server) -> Got:
        for _ in range(30):
            server.post(TOKEN, GOOD | {"client_secret": "wrong"})
        return server.post(TOKEN, GOOD)

    yield Exchange("A3-29 right after thirty wrong", thirty)
    yield raw("A3-31", "POST", TOKEN, FORM, announced=10 * 1024 * 1024 + 1)
    yield raw("A3-31 elsewhere", "POST", REALM + "/nonsense", FORM, announced=10 * 1024 * 1024 + 1)
    yield more("A3-32 the longest field", b"&x=" + b"y" * 131_072)
    yield more("A3-32 a field", b"&x=" + b"y" * 131_073)
    yield more("A3-32 a field's name", b"&" + b"y" * 131_073 + b"=1")
    yield more("A3-32 a field as sent", b"&x=" + b"%41" * 60_000)
    yield raw("A3-32 as long as a body may be", "POST", TOKEN, FORM, b"y" * 10 * 1024 * 1024)
    for path in (INTROSPECT, USERINFO, REVOKE, CERTS, OIDC + "/x", "/nonsense"):
        yield raw(
            f"A3-32 {path.removeprefix(OIDC)}", "POST", path, FORM | ORIGIN, b"x=" + b"y" * 131_073
        )
    for size in (64_000, 70_000, 100_000):
        yield raw(f"A3-32 headers of {size}", "GET", CERTS, {"X-Padding": "x" * size})
    for scope in ("x" * 4001, "email " * 700, "x" * 100_000):
        yield token(f"A3-33 scope of {len(scope)}", scope=scope)
    for size in (4001, 100_000):
        yield token(f"A3-33 a field of {size}", foo="x" * size)
    for body in (
        b"grant_type=%zz",
        form(GOOD) + b"%",
        form(GOOD) + b"&x=%4",
        form(GOOD).replace(SECRET.encode(), b"50%off"),
    ):
        yield raw(f"A3-36 {body[-12:].decode()}", "POST", TOKEN, FORM, body)
    for path in (INTROSPECT, USERINFO, REVOKE):
        yield raw(f"A3-36 {path.removeprefix(OIDC)}", "POST", path, FORM, b"token=%zz")


def origins() -> Iterator[Exchange]:
    """A3-34, A3-35, A4: what a page of another origin may do."""
    for origin in (None, "https://app.example", "null", "<own>"):
        headers = {"Origin": origin} if origin else None
        for path in (
            TOKEN,
            CERTS,
            INTROSPECT,
            USERINFO,
            REVOKE,
            DISCOVERY,
            METADATA,
            f"{REALM}/.well-known/nonsense",
            OIDC + "/nonsense",
        ):
            yield raw(f"A3-34 {path.removeprefix(REALM)} from {origin}", "OPTIONS", path, headers)
        for path in (CERTS, DISCOVERY, METADATA):
            for method in ("GET", "HEAD"):
                yield raw(
                    f"A4 {method} {path.removeprefix(REALM)} from {origin}", method, path, headers
                )
    for origin in ("https://app.example", "null", "", "nonsense", "<own>"):
        yield token(f"A3-35 {origin!r}", {"Origin": origin})
    changes: tuple[dict[str, str | None], ...] = (
        *({"grant_type": grant} for grant in (None, "x")),
        *(
            {"client_id": client_id}
            for client_id in (None, "nobody", *(f"mock-{name}" for name in CLIENTS))
        ),
        *({"client_secret": secret} for secret in (None, "wrong")),
        {"scope": "nonsense"},
    )
    for change in changes:
        yield token(f"A3-35 {change}", ORIGIN, **change)
    yield token("A3-35 own origin, wrong secret", {"Origin": "<own>"}, client_secret="wrong")
    yield header_only("A3-35 A3-17", ORIGIN | basic(CLIENT, "50%off"))
    yield raw("A3-35 a field twice", "POST", TOKEN, FORM | ORIGIN, form(GOOD) + b"&foo=1&foo=2")
    yield raw("A3-35 JSON", "POST", TOKEN, ORIGIN | {"Content-Type": "application/json"}, b"{}")
    yield raw("A3-35 GET", "GET", TOKEN, ORIGIN)


def about_tokens() -> Iterator[Exchange]:
    """A6: introspection and revocation."""
    strange = {"none": None, "empty": "", "nonsense": "nonsense", "x.y.z": "x.y.z"}
    for what, path in (("introspect", INTROSPECT), ("revoke", REVOKE)):
        name = f"A6 {what}"
        yield shown(f"{name} own access token", path, access)
        yield shown(f"{name} own id_token", path, identity)
        yield shown(
            f"{name} changed signature", path, lambda given: access(given)[:-8] + "AAAAAAAA"
        )
        yield shown(f"{name} line break", path, lambda given: access(given) + "\n")
        for word, value in strange.items():
            yield shown(f"{name} {word}", path, lambda _, value=value: value)  # type: ignore[misc]  # mypy has no type for a default in a lambda
        for hint in (
            "access_token",
            "refresh_token",
            "requesting_party_token",
            "id_token",
            "nonsense",
            "",
        ):
            yield shown(f"{name} access token as {hint!r}", path, access, token_type_hint=hint)
            yield shown(f"{name} id_token as {hint!r}", path, identity, token_type_hint=hint)
        yield shown(f"{name} no token, hint", path, lambda _: None, token_type_hint="nonsense")
        yield shown(
            f"{name} Basic", path, access, basic(CLIENT, SECRET), client_id=None, client_secret=None
        )
        yield shown(f"{name} Bearer", path, access, bearer("x"), client_id=None, client_secret=None)
        yield shown(f"{name} nobody", path, access, client_id="nobody")
        yield shown(f"{name} no client", path, access, client_id=None, client_secret=None)
        yield shown(
            f"{name} A3-17",
            path,
            access,
            basic(CLIENT, "50%off"),
            client_id=None,
            client_secret=None,
        )
        for client in CLIENTS:
            yield shown(f"{name} {client}", path, access, client_id=f"mock-{client}")
            yield shown(f"{name} id_token, {client}", path, identity, client_id=f"mock-{client}")
        yield shown(
            f"{name} another client's",
            path,
            access,
            client_id="mock-percent-in-secret",
            client_secret="mock-only-50%-off",
        )
        yield shown(
            f"{name} another client's id_token",
            path,
            identity,
            client_id="mock-percent-in-secret",
            client_secret="mock-only-50%-off",
        )
        for secret in ("wrong", "", None):
            yield shown(f"{name} secret {secret!r}", path, access, client_secret=secret)
            yield shown(
                f"{name} secret {secret!r}, of another origin",
                path,
                access,
                ORIGIN,
                client_secret=secret,
            )
        yield shown(f"{name} of another origin", path, access, ORIGIN)
        yield shown(f"{name} of another origin, nonsense", path, lambda _: "nonsense", ORIGIN)
        yield shown(f"{name} own origin", path, access, {"Origin": "<own>"})
        yield shown(f"{name} a field twice", path, access, addition=b"&foo=1&foo=2")
        yield shown(f"{name} two tokens", path, access, addition=b"&token=x")
        yield shown(
            f"{name} a field twice, public",
            path,
            access,
            addition=b"&foo=1&foo=2",
            client_id="mock-public",
        )
        yield shown(
            f"{name} a field twice, bearer-only",
            path,
            access,
            addition=b"&foo=1&foo=2",
            client_id="mock-bearer-only",
        )
        yield raw(f"{name} nothing", "POST", path)
        yield raw(f"{name} JSON", "POST", path, {"Content-Type": "application/json"}, b"{}")
        yield raw(f"{name} no Content-Type", "POST", path, None, b"token=x")
        yield raw(
            f"{name} in the query",
            "POST",
            f"{path}?{form(GOOD | {'token': 'x'}).decode()}",
            FORM,
            b"",
        )
    yield Exchange("A6 revoke twice", lambda server: after_revoking(server, REVOKE, access))
    yield Exchange(
        "A6 introspect what was revoked", lambda server: after_revoking(server, INTROSPECT, access)
    )
    yield Exchange(
        "A6 introspect the id_token of what was revoked",
        lambda server: after_revoking(server, INTROSPECT, identity),
    )


def userinfo() -> Iterator[Exchange]:
    """A6: userinfo."""
    for method in ("GET", "HEAD", "POST"):
        yield person(f"A6 userinfo {method}", bearer, method)
        yield raw(f"A6 userinfo {method}, none", method, USERINFO)
        yield raw(f"A6 userinfo {method}, bad", method, USERINFO, bearer("x.y.z"))
        yield raw(
            f"A6 userinfo {method}, bad, of another origin",
            method,
            USERINFO,
            bearer("x.y.z") | ORIGIN,
        )
        yield person(f"A6 userinfo {method}, service token", bearer, method, scope="email")
        yield person(
            f"A6 userinfo {method}, of another origin", lambda new: bearer(new) | ORIGIN, method
        )
    yield person(
        "A6 userinfo all scopes",
        bearer,
        scope="openid address phone microprofile-jwt offline_access",
    )
    yield person("A6 userinfo own origin", lambda new: bearer(new) | {"Origin": "<own>"})
    yield person(
        "A6 userinfo service token, of another origin",
        lambda new: bearer(new) | ORIGIN,
        scope="email",
    )
    yield person("A6 userinfo changed signature", lambda new: bearer(new[:-8] + "AAAAAAAA"))
    yield Exchange(
        "A6 userinfo id_token",
        lambda server: server.ask("GET", USERINFO, bearer(identity(server.tokens(scope="openid")))),
    )
    for header in (
        "<new>",
        "bearer <new>",
        "Bearer  <new>",
        "Bearer <new> x",
        "Bearer",
        "Basic <new>",
    ):
        yield person(
            f"A6 userinfo {header}",
            lambda new, header=header: {"Authorization": header.replace("<new>", new)},
        )  # type: ignore[misc]  # as above
    yield person("A6 userinfo form", lambda _: {}, "POST", lambda new: form({"access_token": new}))
    yield person(
        "A6 userinfo form, service token",
        lambda _: {},
        "POST",
        lambda new: form({"access_token": new}),
        scope="email",
    )
    yield person(
        "A6 userinfo form and header", bearer, "POST", lambda new: form({"access_token": new})
    )
    yield person(
        "A6 userinfo form and header, of another origin",
        lambda new: bearer(new) | ORIGIN,
        "POST",
        lambda new: form({"access_token": new}),
    )
    yield person("A6 userinfo other form and header", bearer, "POST", lambda _: b"a=1&a=2")
    for body in (
        b"",
        b"x=1",
        b"access_token=",
        b"access_token=x",
        b"access_token=x&access_token=y",
    ):
        yield raw(f"A6 userinfo form {body.decode()!r}", "POST", USERINFO, FORM, body)
        yield raw(
            f"A6 userinfo form {body.decode()!r}, of another origin",
            "POST",
            USERINFO,
            FORM | ORIGIN,
            body,
        )
    yield person(
        "A6 userinfo JSON", lambda new: bearer(new) | {"Content-Type": "application/json"}, "POST"
    )
    yield Exchange(
        "A6 userinfo query",
        lambda server: server.ask(
            "GET", f"{USERINFO}?access_token={access(server.tokens(scope='openid'))}"
        ),
    )
    yield person(
        "A6 userinfo realm that is off", bearer, path=USERINFO.replace("partner", "switched-off")
    )
    for scope in ("openid", "email"):
        yield Exchange(
            f"A6 userinfo of what was revoked, {scope}",
            lambda server, scope=scope: revoked_person(server, scope),
        )  # type: ignore[misc]  # as above


EXCHANGES = [
    exchange
    for part in (
        granted,
        refused,
        authenticated,
        labelled,
        realms,
        paths,
        limits,
        origins,
        about_tokens,
        userinfo,
    )
    for exchange in part()
]
