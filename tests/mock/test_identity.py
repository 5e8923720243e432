"""The realm beyond its single rows: what a success looks like, the order of checks, discovery, keys."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import time
import urllib.parse
from datetime import timedelta

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from wych_kit import mock
from wych_kit.mock.state.store import Store

TOKEN = "/realms/partner/protocol/openid-connect/token"
CERTS = "/realms/partner/protocol/openid-connect/certs"
DISCOVERY = "/realms/partner/.well-known/openid-configuration"
CLAIMS = [
    *(
        "exp",
        "iat",
        "jti",
        "iss",
        "aud",
        "sub",
        "typ",
        "azp",
        "acr",
        "realm_access",
        "resource_access",
        "scope",
    ),
    *("clientHost", "email_verified", "preferred_username", "clientAddress", "client_id"),
]
KEYS = [
    "issuer",
    "authorization_endpoint",
    "token_endpoint",
    "introspection_endpoint",
    "userinfo_endpoint",
    "end_session_endpoint",
    "frontchannel_logout_session_supported",
    "frontchannel_logout_supported",
    "jwks_uri",
    "check_session_iframe",
    "grant_types_supported",
    "acr_values_supported",
    "response_types_supported",
    "subject_types_supported",
    "prompt_values_supported",
    "id_token_signing_alg_values_supported",
    "id_token_encryption_alg_values_supported",
    "id_token_encryption_enc_values_supported",
    "userinfo_signing_alg_values_supported",
    "userinfo_encryption_alg_values_supported",
    "userinfo_encryption_enc_values_supported",
    "request_object_signing_alg_values_supported",
    "request_object_encryption_alg_values_supported",
    "request_object_encryption_enc_values_supported",
    "response_modes_supported",
    "registration_endpoint",
    "token_endpoint_auth_methods_supported",
    "token_endpoint_auth_signing_alg_values_supported",
    "introspection_endpoint_auth_methods_supported",
    "introspection_endpoint_auth_signing_alg_values_supported",
    "authorization_signing_alg_values_supported",
    "authorization_encryption_alg_values_supported",
    "authorization_encryption_enc_values_supported",
    "claims_supported",
    "claim_types_supported",
    "claims_parameter_supported",
    "scopes_supported",
    "request_parameter_supported",
    "request_uri_parameter_supported",
    "require_request_uri_registration",
    "code_challenge_methods_supported",
    "tls_client_certificate_bound_access_tokens",
    "dpop_signing_alg_values_supported",
    "revocation_endpoint",
    "revocation_endpoint_auth_methods_supported",
    "revocation_endpoint_auth_signing_alg_values_supported",
    "backchannel_logout_supported",
    "backchannel_logout_session_supported",
    "device_authorization_endpoint",
    "backchannel_token_delivery_modes_supported",
    "backchannel_authentication_endpoint",
    "backchannel_authentication_request_signing_alg_values_supported",
    "require_pushed_authorization_requests",
    "pushed_authorization_request_endpoint",
    "mtls_endpoint_aliases",
    "authorization_response_iss_parameter_supported",
]


def basic(client_id, secret):
    return {"Authorization": "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()}


def claims(token):
    return jwt.decode(token, options={"verify_signature": False})


def test_a1_success(caller):
    """A1: status, all headers, and the body's keys, values and order."""
    got = caller.token_request()
    token = got.json["access_token"]
    body = (
        f'{{"access_token":"{token}","expires_in":900,"refresh_expires_in":0,"token_type":"Bearer","not-before-policy":0,"scope":"email'
        ' profile"}'
    )
    assert (got.status, got.body) == (200, body.encode())
    assert got.headers == {
        "content-type": "application/json",
        "content-length": str(len(body)),
        "cache-control": "no-store",
        "pragma": "no-cache",
        "referrer-policy": "no-referrer",
        "strict-transport-security": "max-age=31536000; includeSubDomains",
        "x-content-type-options": "nosniff",
        "x-frame-options": "SAMEORIGIN",
        "x-robots-tag": "none",
    }


def test_a1_openid_adds_an_id_token(caller):
    """A1: scope `openid` adds an id_token for the client, in Keycloak's place, and leads the scope."""
    got = caller.token_request(scope="openid")
    assert list(got.json) == [
        *(
            "access_token",
            "expires_in",
            "refresh_expires_in",
            "token_type",
            "id_token",
            "not-before-policy",
            "scope",
        )
    ]
    assert got.json["scope"] == "openid email profile"
    found = claims(got.json["id_token"])
    first = ["exp", "iat", "jti", "iss", "aud", "sub", "typ", "azp", "at_hash", "acr"]
    assert list(found) == [*first, *CLAIMS[CLAIMS.index("clientHost") :]]
    assert (found["aud"], found["typ"]) == ("mock-recipient", "ID")
    half = hashlib.sha256(got.json["access_token"].encode()).digest()[:16]
    assert found["at_hash"] == base64.urlsafe_b64encode(half).decode().rstrip("=")


def test_a1_microprofile_adds_two_claims(caller):
    """A1: scope `microprofile-jwt` adds `upn` and `groups` to both tokens."""
    got = caller.token_request(scope="openid microprofile-jwt").json
    for token in (got["access_token"], got["id_token"]):
        found = claims(token)
        assert found["upn"] == found["preferred_username"]
        assert found["groups"] == ["default-roles-partner", "offline_access", "uma_authorization"]


@pytest.mark.parametrize(
    ("scope", "shown"),
    [
        ("offline_access", "email profile offline_access"),
        ("organization", "email profile"),
        ("organization:acme", "email profile"),
        ("email ", "email profile"),
        (" ", "email profile"),
        ("email\n", "email profile"),
        ("x" * 4001, "email profile"),
    ],
)
def test_scopes_that_are_granted(caller, scope, shown):
    """A1, A3-13, A3-33: offline_access is given; spaces at the end, control characters and a scope over 4000 characters do no harm."""
    got = caller.token_request(scope=scope)
    assert (got.status, got.json["scope"]) == (200, shown)
    assert "refresh_token" not in got.json


@pytest.mark.parametrize(
    "grant", ["client_credentials\n", "client_cred\x00entials", "client_credentials\x7f"]
)
def test_a3_2_control_characters_do_not_count(caller, grant):
    """A3-2: control characters in the grant are taken out before it is looked at."""
    assert caller.token_request(grant_type=grant).status == 200


def test_a3_32_the_longest_field(caller):
    """A3-32: a field of 131,072 bytes is read."""
    assert caller.token_request(x="x" * 131_072).status == 200


def test_a3_35_the_own_origin(caller, wych):
    """A3-35: a page of the realm's own origin may ask."""
    assert caller.token_request(headers={"Origin": wych.url}).status == 200


@pytest.mark.parametrize("path", [TOKEN, CERTS, DISCOVERY, "/nonsense"])
def test_head_has_no_length(caller, path):
    """A3-35, A4: an answer to HEAD says no Content-Length."""
    got = caller.ask("HEAD", path)
    assert (got.body, "content-length" in got.headers) == (b"", False)


def test_a1_scope_order_differs_between_starts_unless_seeded(caller_for):
    """A1: the order of the scope's words is a start's own, and stays the same while it runs."""
    seen = set()
    for _ in range(40):
        with mock.running(ephemeral=True) as wych:
            first, second = (caller_for(wych).token_request().json["scope"] for _ in range(2))
        assert first == second
        seen.add(first)
        if len(seen) == 2:
            break
    assert seen == {"email profile", "profile email"}


def test_optional_scope_shows_when_asked_for(caller):
    """An optional client scope is granted when named; a default one that Keycloak keeps out of `scope` does not show."""
    assert caller.token_request(scope="phone roles").json["scope"] == "email profile phone"


def test_a5_token_header_is_keycloaks_literally(caller):
    """A5: the header's odd spaces are real, and begin every token alike."""
    token = caller.token()
    assert token.startswith("eyJhbGciOiJSUzI1NiIsInR5cCIgOiAiSldUIiwia2lkIiA6ICI")
    header = base64.urlsafe_b64decode(token.split(".")[0] + "==")
    kid = jwt.get_unverified_header(token)["kid"]
    assert header == f'{{"alg":"RS256","typ" : "JWT","kid" : "{kid}"}}'.encode()


def test_a5_claims(caller, wych):
    """A5: a service token's claims, their order and their values."""
    before = int(time.time())
    found = claims(caller.token())
    assert list(found) == CLAIMS
    assert before <= found["iat"] <= time.time()
    assert found["exp"] - found["iat"] == 900
    assert found.pop("jti").startswith("trrtcc:")
    assert len(found.pop("sub")) == 36
    del found["exp"], found["iat"]
    assert found == {
        "iss": wych.issuer_url,
        "aud": "account",
        "typ": "Bearer",
        "azp": "mock-recipient",
        "acr": "1",
        "realm_access": {"roles": ["default-roles-partner", "offline_access", "uma_authorization"]},
        "resource_access": {
            "account": {"roles": ["manage-account", "manage-account-links", "view-profile"]}
        },
        "scope": "email profile",
        "clientHost": "127.0.0.1",
        "email_verified": False,
        "preferred_username": "service-account-mock-recipient",
        "clientAddress": "127.0.0.1",
        "client_id": "mock-recipient",
    }


def test_a5_keys_verify_the_token(caller, wych):
    """A5: the published signing key verifies the token with a library that is not the mock's."""
    keys = jwt.PyJWKSet.from_dict(caller.ask("GET", CERTS).json)
    token = caller.token()
    key = keys[jwt.get_unverified_header(token)["kid"]]
    assert (
        jwt.decode(token, key, algorithms=["RS256"], audience="account", issuer=wych.issuer_url)[
            "azp"
        ]
        == "mock-recipient"
    )


def test_a5_jwks_document(caller):
    """A5: two keys with their fields in order, and certificates that really are those keys', of CN=partner, for ten years."""
    got = caller.ask("GET", CERTS)
    assert (got.status, got.headers["cache-control"], got.headers["content-type"]) == (
        200,
        "no-cache",
        "application/json",
    )
    assert got.headers["x-frame-options"] == "SAMEORIGIN"
    assert b": " not in got.body
    assert [(key["alg"], key["use"]) for key in got.json["keys"]] == [
        ("RS256", "sig"),
        ("RSA-OAEP", "enc"),
    ]
    for key in got.json["keys"]:
        assert list(key) == ["kid", "kty", "alg", "use", "x5c", "x5t", "x5t#S256", "n", "e"]
        der = base64.b64decode(key["x5c"][0])
        certificate = x509.load_der_x509_certificate(der)
        public = certificate.public_key()
        spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        for field, raw in (
            ("kid", hashlib.sha256(spki).digest()),
            ("x5t", hashlib.sha1(der).digest()),
            ("x5t#S256", hashlib.sha256(der).digest()),
            ("n", public.public_numbers().n.to_bytes(256, "big")),
        ):
            assert base64.urlsafe_b64decode(key[field] + "=" * (-len(key[field]) % 4)) == raw, field
        assert [
            name.value for name in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        ] == ["partner"]
        lasting = certificate.not_valid_after_utc - certificate.not_valid_before_utc
        assert timedelta(days=3650) < lasting < timedelta(days=3655)
        certificate.verify_directly_issued_by(certificate)


def test_a4_discovery(caller, wych):
    """A4: 56 keys in Keycloak's order, compact, with its headers; `openid` leads the scopes."""
    got = caller.ask("GET", DISCOVERY)
    assert list(got.json) == KEYS
    assert len(KEYS) == 56
    assert got.json["issuer"] == wych.issuer_url
    assert got.json["scopes_supported"][0] == "openid"
    assert len(got.json["scopes_supported"]) == 13
    assert got.body == json.dumps(got.json, separators=(",", ":")).encode()
    assert got.headers["cache-control"] == "no-cache, must-revalidate, no-transform, no-store"
    assert "access-control-allow-origin" not in got.headers
    assert "date" not in got.headers
    assert "server" not in got.headers


def test_a4_discovery_is_open_to_every_origin(caller):
    """A4: a page of any origin may read discovery, under its other name too, with credentials."""
    plain = caller.ask("GET", DISCOVERY)
    for path in (
        DISCOVERY,
        DISCOVERY.replace("openid-configuration", "oauth-authorization-server"),
    ):
        got = caller.ask("GET", path, {"Origin": "https://app.example"})
        assert got.headers["access-control-allow-origin"] == "https://app.example"
        assert got.headers["access-control-allow-credentials"] == "true"
        assert got.body == plain.body


@pytest.mark.parametrize("path", [TOKEN, CERTS, DISCOVERY])
def test_a3_27_one_trailing_slash_works(caller, path):
    """A3-27: one slash at the end is forgiven."""
    got = caller.token_request(path=path + "/") if path == TOKEN else caller.ask("GET", path + "/")
    assert got.status == 200


@pytest.mark.parametrize(
    ("changes", "row"),
    [
        ({"grant_type": "password", "client_secret": "wrong"}, "A3-2"),
        ({"client_secret": "wrong", "scope": "nonsense"}, "A3-4"),
        ({"client_id": "mock-bearer-only", "client_secret": "wrong"}, "A3-4"),
        ({"client_id": "mock-bearer-only", "scope": "nonsense"}, "A3-11"),
        ({"client_id": "mock-account-disabled", "scope": "nonsense"}, "A3-12"),
    ],
)
def test_a2_order(caller, wych, changes, row):
    """A2: of two faults the one that Keycloak checks first is answered."""
    caller.token_request(**changes)
    assert wych.requests[-1].row == row


@pytest.mark.parametrize(
    ("client_id", "secret", "row"),
    [
        ("mock-recipient", "wrong", "A3-4"),
        ("mock-bearer-only", "mock-only-not-a-real-secret-0001", "A3-11"),
        ("mock-no-service-account", "mock-only-not-a-real-secret-0001", "A3-14"),
        ("mock-public", "", "A3-14"),
    ],
)
def test_a2_repeated_parameters_come_after_the_secret_and_before_the_kind(
    caller, wych, client_id, secret, row
):
    """A2: a wrong secret and bearer-only hide a repeated parameter; that hides any other kind of client, and the scope."""
    pairs = [
        ("grant_type", "client_credentials"),
        ("client_id", client_id),
        ("client_secret", secret),
        ("scope", "x"),
        ("scope", "x"),
    ]
    caller.ask(
        "POST",
        TOKEN,
        {"Content-Type": "application/x-www-form-urlencoded"},
        urllib.parse.urlencode(pairs).encode(),
    )
    assert wych.requests[-1].row == row


def test_a2_the_first_of_a_repeated_parameter_counts(caller, wych):
    """Keycloak reads the first value, so a wrong second secret is a repetition, not a wrong secret."""
    body = urllib.parse.urlencode([*caller.form.items(), ("client_secret", "wrong")]).encode()
    caller.ask("POST", TOKEN, {"Content-Type": "application/x-www-form-urlencoded"}, body)
    assert wych.requests[-1].row == "A3-14"


def test_basic_header_works(caller):
    """Credentials in a Basic header, form-encoded before base64 as RFC 6749 §2.3.1 says."""
    assert (
        caller.token_request(
            client_id=None,
            client_secret=None,
            headers=basic("mock%2Drecipient", caller.form["client_secret"]),
        ).status
        == 200
    )


def test_a3_15_form_overrides_basic(caller):
    """A3-15: with both, the form wins, each value by itself."""
    assert (
        caller.token_request(
            client_secret=None, headers=basic("nobody", caller.form["client_secret"])
        ).status
        == 200
    )


def test_a3_16_plus_in_basic(caller, wych):
    """A3-16: a '+' in a Basic secret means a space unless percent-encoded."""
    nothing = {"client_id": None, "client_secret": None}
    got = caller.token_request(**nothing, headers=basic("mock-plus-in-secret", "mock-only-a+b"))
    assert (got.status, got.json["error"], wych.requests[-1].row) == (
        401,
        "unauthorized_client",
        "A3-16",
    )
    assert (
        caller.token_request(
            **nothing, headers=basic("mock-plus-in-secret", "mock-only-a%2Bb")
        ).status
        == 200
    )
    assert (
        caller.token_request(client_id="mock-plus-in-secret", client_secret="mock-only-a+b").status
        == 200
    )


def test_a3_28_plain_http_from_a_public_address(wych):
    """A3-28: a caller with a public address must use https; one on a private network need not."""

    async def status(address):
        sent = []

        async def receive():
            return {"type": "http.request", "body": b"grant_type=client_credentials"}

        async def send(message):
            sent.append(message)

        headers = [(b"content-type", b"application/x-www-form-urlencoded")]
        scope = {
            "type": "http",
            "method": "POST",
            "raw_path": TOKEN.encode(),
            "headers": headers,
            "client": (address, 1),
        }
        await wych._app(scope, receive, send)
        return sent[0]["status"], sent[1]["body"]

    body = b'{"error":"invalid_request","error_description":"HTTPS required"}'
    assert asyncio.run(status("8.8.8.8")) == (403, body)
    assert wych.requests[-1].row == "A3-28"
    assert asyncio.run(status("192.168.1.7"))[0] == 401


def test_a3_29_wrong_secrets_do_not_lock(caller):
    """A3-29: however often the secret is wrong, the right one works."""
    assert {caller.token_request(client_secret="wrong").status for _ in range(30)} == {401}
    assert caller.token_request().status == 200


def test_a3_31_body_over_10_mb(caller, wych):
    """A3-31: 413 without a body, and the connection is closed."""
    got = caller.ask("POST", TOKEN, {"Content-Length": str(10 * 1024 * 1024 + 1)})
    assert (got.status, got.body, got.headers) == (
        413,
        b"",
        {"connection": "close", "content-length": "0"},
    )
    assert wych.requests[-1].row == "A3-31"


def test_a3_32_headers_over_the_limit(caller, wych):
    """A3-32: one byte of headers over 65,535 is refused, without a body; exactly 65,535 are read."""
    path = "/realms/partner/.well-known/openid-configuration"
    got = caller.padded(path, 65_536)
    assert (got.status, got.body, wych.requests[-1].row) == (431, b"", "A3-32")
    assert caller.padded(path, 65_535).status == 200


def test_a3_36_a_bug_of_the_mock(caller, wych, monkeypatch, caplog):
    """A3-36: when the server itself fails it answers as Keycloak does, and the log says why."""

    def fail(*_):
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr(Store, "find_client", fail)
    got = caller.token_request()
    assert (got.status, got.body) == (
        500,
        (
            b'{"error":"unknown_error","error_description":"For more on this error consult the'
            b' server log."}'
        ),
    )
    assert wych.requests[-1].row == "A3-36"
    assert "broken on purpose" in caplog.text


def test_reasons_say_more_than_the_wire(caller, wych):
    """The mock's own record tells a copying mistake from a wrong secret, though the answers are the same."""
    caller.token_request(client_secret=caller.form["client_secret"] + "\n")
    assert (
        wych.requests[-1].reason
        == "the client_secret would be correct without the white space around it"
    )


@pytest.mark.parametrize("path", [CERTS, DISCOVERY])
def test_a3_23_documents_of_a_disabled_realm(caller, path):
    """A3-23: a realm that is switched off still shows its keys and its discovery."""
    got = caller.ask("GET", path.replace("partner", "switched-off"))
    assert got.status == 200
    if path == DISCOVERY:
        assert got.json["issuer"].endswith("/realms/switched-off")
