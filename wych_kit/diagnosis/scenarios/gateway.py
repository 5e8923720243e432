"""Scenarios at the API gateway: calls that are rejected."""

from __future__ import annotations

from wych_kit.diagnosis.scenarios.scenario import Scenario


def _gateway(rows: str) -> str:
    return f"AWS API Gateway, wire facts {rows}"


BEARER = (
    Scenario(
        reference="authorisation-header",
        stage="call",
        made_by="request",
        symptom='401 {"message":"Unauthorized"}, and the request has `authorisation`.',
        cause="The header is spelt authorisation, and no server reads that.",
        fix="Spell it Authorization, even where Wych's documentation spells it differently.",
        side="yours",
        source=_gateway("B3-2, D14; API facts section 8, row 2"),
        basis="inferred",
    ),
    Scenario(
        reference="bearer-malformed",
        stage="call",
        made_by="request",
        symptom='401 {"message":"Unauthorized"}, and the header is not `Bearer` and one word.',
        cause='The Authorization header is not "Bearer", a space and the token.',
        fix='Build it in one place: headers={"Authorization": f"Bearer {token}"}',
        side="yours",
        source=_gateway("B3-2, B3-3, D15; API facts section 8, row 3"),
        basis="inferred",
        alike=("bearer-refused",),
    ),
    Scenario(
        reference="stale-token",
        stage="call",
        made_by="request",
        symptom='It works, then 401 {"message":"Unauthorized"} after expires_in seconds.',
        cause="The token was used after it expired.",
        fix=(
            "Use expires_in, not 60 minutes. After a 401, get one new token and try again. "
            "WychAuth does this."
        ),
        side="yours",
        source=_gateway("B3-3, D16; API facts section 8, row 1"),
        basis="inferred",
        alike=("revoked-token",),
    ),
    Scenario(
        reference="revoked-token",
        stage="call",
        made_by="fault",
        symptom='401 {"message":"Unauthorized"} before the token expires, and a new token works.',
        cause="The token was revoked before it expired.",
        fix="After a 401, get one new token and try again. WychAuth does this.",
        side="theirs",
        source=_gateway("B3-3; RFC 9110 section 15.5.2"),
        basis="inferred",
        alike=("stale-token",),
    ),
    Scenario(
        reference="bearer-refused",
        stage="call",
        made_by="fault",
        symptom='401 {"message":"Unauthorized"}, for a new token too.',
        cause="The gateway rejects the bearer token.",
        fix=(
            "Check that the issuer and the API belong to one environment, and that this call "
            "needs a service token."
        ),
        side="unclear",
        source=_gateway("B3-2, B3-3"),
        basis="inferred",
        alike=("environment-mismatch", "stale-token"),
    ),
    Scenario(
        reference="service-token-refused",
        stage="call",
        made_by="fault",
        symptom='403 {"Message":"User is not authorized to access this resource…"}.',
        cause="This call needs the other type of token: service or user.",
        fix=(
            "For one user's data, exchange the service token first (API facts 5.5). For the app's"
            " own calls, send it as it is."
        ),
        side="yours",
        source=_gateway("B3-4, D28; API facts section 8, row 8"),
        basis="inferred",
    ),
)

KEY_AND_ADDRESS = (
    Scenario(
        reference="api-key-missing",
        stage="call",
        made_by="request",
        symptom='403 {"message":"Forbidden"}, and the request has no x-api-key.',
        cause="The request has no x-api-key header.",
        fix="Send x-api-key: <WYCH_API_KEY> with every call. The hyphens matter.",
        side="yours",
        source=_gateway("B3-1, D18, D31; API facts section 8, row 5"),
        basis="inferred",
        alike=("api-key-refused",),
    ),
    Scenario(
        reference="api-key-refused",
        stage="call",
        made_by="values",
        symptom='403 {"message":"Forbidden"}.',
        cause="The API key is wrong, or not valid for this API.",
        fix="Copy WYCH_API_KEY again. Check that it and WYCH_API_URL belong to one environment.",
        side="yours",
        source=_gateway("B3-1, D18, D19"),
        basis="inferred",
        alike=("wrong-base-path",),
    ),
    Scenario(
        reference="wrong-base-path",
        stage="call",
        made_by="values",
        symptom='403 {"message":"Forbidden"}, with a key that works elsewhere.',
        cause="The gateway has no API at this version or base path.",
        fix=(
            "Check the version at the end of WYCH_API_URL: /v3 in most of Wych's samples, /v4 in "
            "some."
        ),
        side="yours",
        source=_gateway("B3-12, D20; API facts section 8, row 9"),
        basis="inferred",
        alike=("api-key-refused",),
    ),
    Scenario(
        reference="wrong-path",
        stage="call",
        made_by="values",
        symptom='403 "Missing Authentication Token" or "Invalid key=value pair…".',
        cause="The path or method does not exist. This gateway answers 403, not 404.",
        fix=(
            "Check the version, path and method. Use no slash at the end, and users instead of "
            "user."
        ),
        side="yours",
        source=_gateway("B3-9, B3-10; API facts section 8, row 11"),
        basis="inferred",
        alike=("unfilled-path",),
    ),
    Scenario(
        reference="unfilled-path",
        stage="call",
        made_by="request",
        symptom="403 from the gateway, and the URL contains a {name}.",
        cause="A {name} in the path was never replaced.",
        fix="Put your partner id and app id there: WYCH_PARTNER_ID, WYCH_APP_ID.",
        side="yours",
        source=_gateway("B3-9, B3-10, D20"),
        basis="inferred",
        alike=("wrong-path",),
    ),
)

LIMITS = (
    Scenario(
        reference="throttled",
        stage="call",
        made_by="fault",
        symptom='429 {"message":"Too Many Requests"}.',
        cause="Your program sent too many calls in a short time.",
        fix="Wait a few seconds, then call more slowly.",
        side="yours",
        source=_gateway("B3-13, D21"),
        basis="inferred",
        alike=("quota-spent",),
    ),
    Scenario(
        reference="quota-spent",
        stage="call",
        made_by="fault",
        symptom='429 {"message":"Limit Exceeded"}.',
        cause="The plan's calls for this period are used up.",
        fix="Wait for the next period, or ask Wych for a larger plan. Retrying does not help.",
        side="yours",
        source=_gateway("B3-14, D21"),
        basis="inferred",
        alike=("throttled",),
    ),
    Scenario(
        reference="request-too-large",
        stage="call",
        made_by="request",
        symptom='413 "HTTP content length exceeded…" or {"message":"Request Too Long"}.',
        cause="The body is larger than the gateway allows.",
        fix="Send less at once. The gateway allows 10 MiB, the service behind it often 6 MB.",
        side="yours",
        source=_gateway("B3-16, B3-16b"),
        basis="inferred",
    ),
    Scenario(
        reference="gateway-timeout",
        stage="call",
        made_by="fault",
        symptom='504 {"message":"Endpoint request timed out"}.',
        cause="The service behind the gateway took longer than 29 seconds.",
        fix=(
            "Try again later, or ask for less at once. If it happens again, send Wych what "
            "wych-kit bundle writes."
        ),
        side="theirs",
        source=_gateway("B3-18, D32"),
        basis="inferred",
        alike=("gateway-error",),
    ),
    Scenario(
        reference="gateway-error",
        stage="call",
        made_by="fault",
        symptom="500, 502, 503 or 504 with the gateway's own text.",
        cause="The gateway, or the service behind it, failed.",
        fix=(
            "Try again later. If it happens again, send Wych what wych-kit bundle writes: it "
            "contains the x-amzn-RequestId."
        ),
        side="theirs",
        source=_gateway("B3-6, B3-19 to B3-22"),
        basis="inferred",
        alike=("gateway-timeout",),
    ),
)
