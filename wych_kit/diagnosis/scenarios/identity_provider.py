"""What is wrong at the identity provider: discovery and the token request."""

from __future__ import annotations

from wych_kit.diagnosis.scenarios.scenario import Scenario


def _keycloak(rows: str) -> str:
    return f"Keycloak, wire facts {rows}"


DISCOVERY = (
    Scenario(
        "wrong-realm", "discovery", "values",
        symptom='404 {"error":"Realm does not exist"}.',
        cause="There is no such realm; upper and lower case count.",
        fix="Copy WYCH_ISSUER_URL again; Wych's realm is called partner.",
        side="yours", source=_keycloak("A3-22, D4"), basis="inferred", alike=("environment-mismatch",),
    ),
    Scenario(
        "auth-prefix", "discovery", "values",
        symptom="404 at an address with /auth/realms in it.",
        cause="The address has the /auth that Keycloak 17 dropped.",
        fix="Take /auth out of WYCH_ISSUER_URL.",
        side="yours", source=_keycloak("A3-25, D5"), basis="inferred", alike=("no-issuer-there",),
    ),
    Scenario(
        "no-issuer-there", "discovery", "values",
        symptom="404 at the discovery document's address.",
        cause="No discovery document is at that address.",
        fix="Check host, port and path of WYCH_ISSUER_URL.",
        side="yours", source=_keycloak("A3-24, A3-25"), basis="inferred", alike=("auth-prefix",),
    ),
    Scenario(
        "double-slash", "discovery", "values",
        symptom='400 {"error":"missingNormalization",…}; at the gateway B3-10.',
        cause="There are two slashes in a row in the path.",
        fix="Join base and path with one slash.",
        side="yours", source=_keycloak("A3-26, D6"), basis="inferred", alike=("wrong-path",),
    ),
    Scenario(
        "realm-disabled", "token", "fault",
        symptom='403 {"error":"access_denied","error_description":"Realm not enabled"}.',
        cause="The realm is switched off.",
        fix="Tell Wych, and send what wych-kit bundle writes; nothing here can change it.",
        side="theirs", source=_keycloak("A3-23"), basis="inferred",
    ),
    Scenario(
        "identity-provider-error", "discovery", "fault",
        symptom="A status of 500 or more from the identity provider.",
        cause="The identity provider, or what stands before it, has failed.",
        fix="Try again later; if it stays, send Wych what wych-kit bundle writes.",
        side="theirs", source=_keycloak("A3-36"), basis="inferred", alike=("too-many-token-requests",),
    ),
    Scenario(
        "discovery-incomplete", "discovery", "fault",
        symptom="JSON without issuer, token_endpoint or jwks_uri.",
        cause="What answered is not a complete discovery document.",
        fix="Check that WYCH_ISSUER_URL is exactly what you were given.",
        side="unclear", source="OpenID Connect Discovery 1.0 section 3", basis="documented", alike=("not-json",),
    ),
    Scenario(
        "issuer-mismatch", "discovery", "fault",
        symptom="The document's issuer differs from the one that was asked.",
        cause="The document is another issuer's than the one that was asked.",
        fix="Set WYCH_ISSUER_URL exactly as given. If it is: send no secret there.",
        side="unclear", source="wire facts D24; OpenID Connect Discovery 1.0 section 4.3", basis="documented", alike=("trailing-slash",),
    ),
    Scenario(
        "endpoint-elsewhere", "discovery", "fault",
        symptom="An endpoint in the document is on another host than the issuer.",
        cause="The document would send your secret to another host.",
        fix="Check WYCH_ISSUER_URL. If it is right, ask Wych before going on.",
        side="unclear", source="RFC 9700 section 4.4, read strictly", basis="inferred", alike=("issuer-mismatch",),
    ),
)  # fmt: skip

CREDENTIALS = (
    Scenario(
        "unknown-client", "token", "values",
        symptom='401 {"error":"invalid_client",…}.',
        cause="The client id is unknown there, or switched off.",
        fix="Copy WYCH_CLIENT_ID again from the app's page; it must be of this environment. On the mock: wych-kit start --new registers again.",
        side="yours", source=_keycloak("A3-3, A3-7, D3, D19"), basis="inferred", alike=("wrong-client-secret",),
    ),
    Scenario(
        "wrong-client-secret", "token", "values",
        symptom='401 {"error":"unauthorized_client",…}.',
        cause="The client id is known; its secret is another one.",
        fix="Copy WYCH_CLIENT_SECRET again from the app's page, or rotate it there.",
        side="yours", source=_keycloak("A3-4, D2"), basis="inferred", alike=("unknown-client", "basic-not-encoded"),
    ),
    Scenario(
        "missing-secret", "token", "request",
        symptom="401 invalid_client or unauthorized_client, and the form lacks one of the two.",
        cause="The request has no client_secret, or no client_id.",
        fix="Send client_id and client_secret as fields of the form; the API key is not one of them.",
        side="yours", source=_keycloak("A3-5, A3-6; API facts section 8, row 4"), basis="inferred", alike=("wrong-client-secret",),
    ),
    Scenario(
        "basic-not-encoded", "token", "request",
        symptom="401 or 400 unauthorized_client to a Basic header with the right secret.",
        cause="A + or % in the Basic secret was not percent-encoded.",
        fix="Send client_id and client_secret in the form, or urllib.parse.quote(secret, safe='') first.",
        side="yours", source=_keycloak("A3-15 to A3-17, D11, D33"), basis="inferred", alike=("wrong-client-secret",),
    ),
    Scenario(
        "client-not-allowed", "token", "fault",
        symptom="400 or 401 that says public, bearer-only, not enabled, disabled or client_assertion_type.",
        cause="The client is not set up for client_credentials with a secret.",
        fix="Ask Wych to change the client, and send what wych-kit bundle writes.",
        side="theirs", source=_keycloak("A3-8 to A3-12, D12"), basis="inferred",
    ),
)  # fmt: skip

TOKEN_REQUESTS = (
    Scenario(
        "wrong-token-endpoint", "token", "request",
        symptom="404 to the token request, or 405 although it is a POST.",
        cause="No token endpoint is at that path.",
        fix="Take token_endpoint from the discovery document instead of writing it.",
        side="yours", source=_keycloak("A3-24, A3-25, D5; API facts section 8, row 15"), basis="inferred", alike=("auth-prefix",),
    ),
    Scenario(
        "wrong-method", "token", "request",
        symptom='405 {"error":"HTTP 405 Method Not Allowed"}.',
        cause="The token endpoint takes POST only.",
        fix="Send a POST, and do not follow redirects, which turn it into a GET.",
        side="yours", source=_keycloak("A3-19, D8"), basis="inferred",
    ),
    Scenario(
        "json-body", "token", "request",
        symptom="400 Missing form parameter: grant_type; 415 from servers other than today's Keycloak.",
        cause="The token request was not sent as a form.",
        fix="With httpx or requests write data={…} in place of json={…}.",
        side="yours", source=_keycloak("A3-20, A3-21, D7"), basis="inferred", alike=("missing-grant-type",),
    ),
    Scenario(
        "missing-grant-type", "token", "request",
        symptom="400 Missing form parameter: grant_type.",
        cause="No grant_type was found in a form.",
        fix="Send grant_type=client_credentials in the body, with Content-Type: application/x-www-form-urlencoded.",
        side="yours", source=_keycloak("A3-1, A3-18, D9"), basis="inferred", alike=("json-body",),
    ),
    Scenario(
        "wrong-grant-type", "token", "request",
        symptom='400 {"error":"unsupported_grant_type",…}.',
        cause="The grant is none that the server takes.",
        fix="Send grant_type=client_credentials, spelt exactly so; there is no refresh token.",
        side="yours", source=_keycloak("A3-2, D10; API facts section 8, row 7"), basis="inferred",
    ),
    Scenario(
        "wrong-scope", "token", "request",
        symptom='400 {"error":"invalid_scope",…}.',
        cause="The scope is not one of this client's.",
        fix="Leave scope out: Wych's example has none.",
        side="yours", source=_keycloak("A3-13, D10"), basis="inferred",
    ),
    Scenario(
        "duplicate-parameter", "token", "request",
        symptom='400 {"error":"invalid_request","error_description":"duplicated parameter"}.',
        cause="A field of the form was sent twice.",
        fix="Send each field once.",
        side="yours", source=_keycloak("A3-14; RFC 6749 section 3.2"), basis="inferred",
    ),
    Scenario(
        "origin-header", "token", "request",
        symptom='403 {"error":"Invalid origin"}.',
        cause="The request has an Origin header the client does not list.",
        fix="Send it from a server, not a browser, and switch Origin off in the tool.",
        side="yours", source=_keycloak("A3-35, D27"), basis="inferred",
    ),
    Scenario(
        "too-many-token-requests", "token", "fault",
        symptom="429 or 503 at the token endpoint.",
        cause="The token endpoint is asked too often.",
        fix="Wait, and keep one token for its whole life: WychAuth does.",
        side="yours", source="API facts section 7; wire facts D17", basis="documented", alike=("identity-provider-error",),
    ),
)  # fmt: skip

TOKENS = (
    Scenario(
        "no-token", "token", "fault",
        symptom="200 without an access_token.",
        cause="The token endpoint said yes and sent no token that can be used.",
        fix="Ask Wych, and send what wych-kit bundle writes.",
        side="theirs", source="RFC 6749 section 5.1", basis="documented",
    ),
    Scenario(
        "not-bearer", "token", "fault",
        symptom="200 with a token_type other than Bearer.",
        cause="The token is of a kind this kit does not know.",
        fix="Ask Wych which token_type it sends; wych-kit bundle writes what to send along.",
        side="theirs", source="RFC 6749 section 7.1", basis="documented",
    ),
    Scenario(
        "odd-lifetime", "token", "fault",
        symptom="200 with an expires_in that is no number.",
        cause="The token's lifetime is not a number.",
        fix="Ask Wych, and send what wych-kit bundle writes.",
        side="theirs", source="RFC 6749 section 5.1; API facts section 8, row 1", basis="documented",
    ),
)  # fmt: skip
