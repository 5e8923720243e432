"""What the realm says of a token that it is shown (wire facts A6), over real sockets."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

REALM = "/realms/partner/protocol/openid-connect"
INTROSPECT, USERINFO, REVOKE = (
    f"{REALM}/{name}" for name in ("token/introspect", "userinfo", "revoke")
)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
ORIGIN = {"Origin": "https://app.example"}
BAD = "Invalid client or Invalid client credentials"
OTHER = {"client_id": "mock-percent-in-secret", "client_secret": "mock-only-50%-off"}
INACTIVE = {"active": False}


@pytest.fixture
def tokens(caller):
    """A new access token and id_token."""
    return caller.token_request(scope="openid").json


@pytest.fixture
def show(caller):
    """Shows a token to introspection or revocation, as the ready-made client unless told otherwise."""

    def ask(path, token, headers=None, **changes):
        fields = {**caller.form, "grant_type": None, "token": token} | changes
        return caller.ask(
            "POST",
            path,
            FORM | (headers or {}),
            urlencode({k: v for k, v in fields.items() if v is not None}).encode(),
        )

    return ask


@pytest.fixture
def person(caller):
    """Shows a token to userinfo."""
    return lambda token, method="GET", **headers: caller.ask(
        method, USERINFO, {"Authorization": f"Bearer {token}"} | headers
    )


def test_ones_own_service_token_is_not_active(show, tokens):
    """A6: a service token is for `account`, so even its own client is told that it is not active; no TOK, but no-cache."""
    got = show(INTROSPECT, tokens["access_token"])
    assert (got.status, got.json, got.headers["cache-control"]) == (200, INACTIVE, "no-cache")
    assert "pragma" not in got.headers


def test_ones_own_id_token_is_active(show, tokens):
    """A6: an id_token is for its client, who is told its claims but not where it was asked for."""
    got = show(INTROSPECT, tokens["id_token"]).json
    assert (got["active"], got["token_type"], got["aud"]) == (
        True,
        "ID",
        ["mock-recipient", "account"],
    )
    assert got["username"] == "service-account-mock-recipient"
    assert {"clientHost", "clientAddress", "at_hash"} & set(got) == set()
    assert show(INTROSPECT, tokens["id_token"], **OTHER).json == INACTIVE
    assert show(INTROSPECT, tokens["id_token"], token_type_hint="refresh_token").json == INACTIVE
    brief = show(INTROSPECT, tokens["id_token"], token_type_hint="requesting_party_token").json
    assert list(brief) == ["exp", "iat", "jti", "aud", "typ", "acr", "active"]


@pytest.mark.parametrize(
    ("path", "changes", "says"),
    [
        (
            INTROSPECT,
            {"client_secret": "wrong"},
            (401, "invalid_client", "Client authentication failed."),
        ),
        (
            INTROSPECT,
            {"client_secret": None},
            (401, "invalid_client", "Client authentication failed."),
        ),
        (INTROSPECT, {"client_id": "nobody"}, (401, "invalid_client", BAD)),
        (INTROSPECT, {"client_id": "mock-public"}, (403, "invalid_request", "Client not allowed.")),
        (INTROSPECT, {"token": None}, (400, "invalid_request", "Token not provided.")),
        (
            INTROSPECT,
            {"token_type_hint": "id_token"},
            (400, "invalid_request", "Unsupported token type."),
        ),
        (REVOKE, {"client_secret": "wrong"}, (401, "unauthorized_client", BAD)),
        (REVOKE, {"client_id": "nobody"}, (401, "invalid_client", BAD)),
        (
            REVOKE,
            {"client_id": "mock-bearer-only"},
            (400, "invalid_client", "Bearer-only not allowed"),
        ),
        (REVOKE, {"token": None}, (400, "invalid_request", "Token not provided")),
        (REVOKE, {"token": "nonsense"}, (200, "invalid_token", "Invalid token")),
        (REVOKE, OTHER, (400, "invalid_request", "Unmatching clients")),
    ],
)
def test_refusals(show, tokens, path, changes, says):
    """A6: what is refused, in Keycloak's words, without TOK."""
    got = show(path, **({"token": tokens["access_token"]} | changes))
    status, error, description = says
    assert (got.status, got.json) == (status, {"error": error, "error_description": description})
    assert "cache-control" not in got.headers


def test_an_id_token_cannot_be_revoked(show, tokens):
    """A6: 400, whoever asks."""
    for client in ({}, OTHER):
        got = show(REVOKE, tokens["id_token"], **client)
        assert (got.status, got.json["error"]) == (400, "unsupported_token_type")


def test_a_revoked_token_counts_nowhere(caller, show, person, tokens):
    """A6: revoking answers with nothing, twice as well; then userinfo refuses the token and so does the gateway, and no other one."""
    token = tokens["access_token"]
    call = caller.base + "/users"
    assert caller.ask("GET", call, caller.headers(Authorization=f"Bearer {token}")).status == 200
    for _ in range(2):
        got = show(REVOKE, token)
        assert (got.status, got.body) == (200, b"")
        assert (
            got.headers["content-security-policy"]
            == "frame-src 'self'; frame-ancestors 'self'; object-src 'none';"
        )
    assert person(token).status == 401
    assert caller.ask("GET", call, caller.headers(Authorization=f"Bearer {token}")).status == 401
    assert caller.call("/users").status == 200
    assert show(INTROSPECT, tokens["id_token"]).json["active"] is True


def test_reset_takes_a_revocation_back(wych, show, person, tokens):
    """After a reset of the mock a revoked token counts again."""
    show(REVOKE, tokens["access_token"])
    wych.reset()
    assert person(tokens["access_token"]).status == 200


def test_revocations_are_forgotten_when_the_token_has_expired(caller, wych, show, tokens):
    """What is kept of revoked tokens does not grow for ever."""
    show(REVOKE, tokens["access_token"])
    wych.clock.advance(901)
    later = show(REVOKE, tokens["access_token"])
    assert later.json["error"] == "invalid_token"
    show(REVOKE, caller.token())
    assert len(wych._app.tokens._revoked_tokens) == 1


def test_userinfo(person, tokens, caller):
    """A6: whose token it is, to GET and POST, with two Cache-Control fields."""
    for method in ("GET", "POST"):
        got = person(tokens["access_token"], method)
        assert list(got.json) == ["sub", "email_verified", "preferred_username"]
    form = caller.ask(
        "POST", USERINFO, FORM, urlencode({"access_token": tokens["access_token"]}).encode()
    )
    assert form.json == got.json
    assert got.headers["content-type"] == "application/json"
    assert (
        got.headers["cache-control"] == "no-cache"
    )  # the second of them; both are compared with the real one by the contract


@pytest.mark.parametrize(
    ("headers", "body", "status", "challenge"),
    [
        ({}, None, 401, ""),
        (
            {"Authorization": "Bearer x.y.z"},
            None,
            401,
            ', error="invalid_token", error_description="Token verification failed"',
        ),
        ({"Authorization": "Bearer  x.y.z"}, None, 401, ""),
        (
            {},
            b"access_token=x&access_token=y",
            400,
            ', error="invalid_request", error_description="Duplicate parameter"',
        ),
        (
            {"Authorization": "Bearer x"},
            b"access_token=x",
            400,
            (
                ', error="invalid_request", error_description="More than one method used for'
                ' including an access token"'
            ),
        ),
    ],
)
def test_userinfo_refuses(caller, headers, body, status, challenge):
    """A6: no body, but a challenge that names the realm; a form's answer has a Content-Security-Policy, another no X-Frame-Options."""
    got = caller.ask("POST", USERINFO, headers | (FORM if body else {}), body)
    assert (got.status, got.body, got.headers["www-authenticate"]) == (
        status,
        b"",
        f'Bearer realm="partner"{challenge}',
    )
    assert (
        ("content-security-policy" in got.headers)
        is ("x-frame-options" in got.headers)
        is bool(body)
    )


def test_userinfo_wants_openid(caller, person, show, tokens):
    """A6: a token without scope `openid` may not, revoked or not; an id_token is no access token; another origin's page may not read it."""
    service = caller.token()
    for _ in range(2):
        got = person(service)
        assert (got.status, "Missing openid scope" in got.headers["www-authenticate"]) == (
            403,
            True,
        )
        show(REVOKE, service)
    assert person(tokens["id_token"]).status == 401
    assert person(tokens["access_token"], **ORIGIN).json == {"error": "Invalid origin"}


def test_a_realm_that_is_off(show, caller):
    """A3-23, A6: introspection and revocation are off with the realm, userinfo is not and knows no token of another."""
    for path in (INTROSPECT, REVOKE):
        got = show(path.replace("partner", "switched-off"), "x")
        assert (got.status, got.json["error_description"]) == (403, "Realm not enabled")
    got = caller.ask(
        "GET",
        USERINFO.replace("partner", "switched-off"),
        {"Authorization": f"Bearer {caller.token(scope='openid')}"},
    )
    assert got.headers["www-authenticate"].startswith(
        'Bearer realm="switched-off", error="invalid_token"'
    )


def test_faults_of_the_client_act_here_too(wych, show, tokens):
    """The fault `wrong-client-secret` makes introspection refuse as a rotated secret would."""
    wych.fault("wrong-client-secret", times=1)
    assert (
        show(INTROSPECT, tokens["access_token"]).json["error_description"]
        == "Client authentication failed."
    )
    assert show(INTROSPECT, tokens["access_token"]).json == INACTIVE
