"""What is wrong at the gateway: the calls."""

from __future__ import annotations

from wych_kit.diagnosis.scenarios.scenario import Scenario


def _gateway(rows: str) -> str:
    return f"AWS API Gateway, wire facts {rows}"


BEARER = (
    Scenario(
        "authorisation-header", "call", "request",
        symptom='401 {"message":"Unauthorized"}, and the request has `authorisation`.',
        cause="The header is spelt authorisation, and nobody reads that.",
        fix="Spell it Authorization, whatever the documentation's text says.",
        side="yours", source=_gateway("B3-2, D14; API facts section 8, row 2"), basis="inferred",
    ),
    Scenario(
        "bearer-malformed", "call", "request",
        symptom='401 {"message":"Unauthorized"}; the header is not `Bearer` and one word.',
        cause="The Authorization header is not Bearer, a space, the token.",
        fix='Build it in one place: headers={"Authorization": f"Bearer {token}"}',
        side="yours", source=_gateway("B3-2, B3-3, D15; API facts section 8, row 3"), basis="inferred", alike=("bearer-refused",),
    ),
    Scenario(
        "stale-token", "call", "request",
        symptom='Works, then 401 {"message":"Unauthorized"} after expires_in seconds.',
        cause="The token was used after its lifetime was over.",
        fix="Go by expires_in, not by 60 minutes; after a 401 one new token, one more try. WychAuth does.",
        side="yours", source=_gateway("B3-3, D16; API facts section 8, row 1"), basis="inferred", alike=("revoked-token",),
    ),
    Scenario(
        "revoked-token", "call", "fault",
        symptom='401 {"message":"Unauthorized"} within the lifetime; a new token works.',
        cause="The token was taken back before its time.",
        fix="After a 401 ask for one new token and try once more. WychAuth does.",
        side="theirs", source=_gateway("B3-3; RFC 9110 section 15.5.2"), basis="inferred", alike=("stale-token",),
    ),
    Scenario(
        "bearer-refused", "call", "fault",
        symptom='401 {"message":"Unauthorized"}, to a new token too.',
        cause="The gateway does not accept the bearer token.",
        fix="Check that issuer and API are of one environment, and that the call takes a service token.",
        side="unclear", source=_gateway("B3-2, B3-3"), basis="inferred", alike=("environment-mismatch", "stale-token"),
    ),
    Scenario(
        "service-token-refused", "call", "fault",
        symptom='403 {"Message":"User is not authorized to access this resource…"}.',
        cause="This call takes the other kind of token: service or user.",
        fix="For one user's data change the service token first (API facts 5.5); for the app's own calls send it as it is.",
        side="yours", source=_gateway("B3-4, D28; API facts section 8, row 8"), basis="inferred",
    ),
)  # fmt: skip

KEY_AND_ADDRESS = (
    Scenario(
        "api-key-missing", "call", "request",
        symptom='403 {"message":"Forbidden"}, and the request has no x-api-key.',
        cause="The request has no header called x-api-key.",
        fix="Send x-api-key: <WYCH_API_KEY> with every call, hyphens and all.",
        side="yours", source=_gateway("B3-1, D18, D31; API facts section 8, row 5"), basis="inferred", alike=("api-key-refused",),
    ),
    Scenario(
        "api-key-refused", "call", "values",
        symptom='403 {"message":"Forbidden"}.',
        cause="The API key is unknown, or not for this API.",
        fix="Copy WYCH_API_KEY again; check that it and WYCH_API_URL are of one environment.",
        side="yours", source=_gateway("B3-1, D18, D19"), basis="inferred", alike=("wrong-base-path",),
    ),
    Scenario(
        "wrong-base-path", "call", "values",
        symptom='403 {"message":"Forbidden"}, with a key that works elsewhere.',
        cause="The gateway has no API at this version or base path.",
        fix="Check the version at the end of WYCH_API_URL: /v3 in most of Wych's samples, /v4 in some.",
        side="yours", source=_gateway("B3-12, D20; API facts section 8, row 9"), basis="inferred", alike=("api-key-refused",),
    ),
    Scenario(
        "wrong-path", "call", "values",
        symptom='403 "Missing Authentication Token" or "Invalid key=value pair…".',
        cause="There is no such path or method: here that is 403, not 404.",
        fix="Check version, path and method; no slash at the end; users, not user.",
        side="yours", source=_gateway("B3-9, B3-10; API facts section 8, row 11"), basis="inferred", alike=("unfilled-path",),
    ),
    Scenario(
        "unfilled-path", "call", "request",
        symptom="403 of the gateway's, and the address has a {name} in it.",
        cause="A {name} in the path was never filled in.",
        fix="Put your partner id and app id there: WYCH_PARTNER_ID, WYCH_APP_ID.",
        side="yours", source=_gateway("B3-9, B3-10, D20"), basis="inferred", alike=("wrong-path",),
    ),
)  # fmt: skip

LIMITS = (
    Scenario(
        "throttled", "call", "fault",
        symptom='429 {"message":"Too Many Requests"}.',
        cause="Too many calls in a moment.",
        fix="Wait a few seconds, then call more slowly.",
        side="yours", source=_gateway("B3-13, D21"), basis="inferred", alike=("quota-spent",),
    ),
    Scenario(
        "quota-spent", "call", "fault",
        symptom='429 {"message":"Limit Exceeded"}.',
        cause="The plan's calls for this period are used up.",
        fix="Wait for the next period, or ask Wych for a larger plan. Trying again is no use.",
        side="yours", source=_gateway("B3-14, D21"), basis="inferred", alike=("throttled",),
    ),
    Scenario(
        "request-too-large", "call", "request",
        symptom='413 "HTTP content length exceeded…" or {"message":"Request Too Long"}.',
        cause="The body is larger than the gateway takes.",
        fix="Send less at once; the gateway takes 10 MiB, what is behind it often 6 MB.",
        side="yours", source=_gateway("B3-16, B3-16b"), basis="inferred",
    ),
    Scenario(
        "gateway-timeout", "call", "fault",
        symptom='504 {"message":"Endpoint request timed out"}.',
        cause="What is behind the gateway took longer than 29 seconds.",
        fix="Try again later, or ask for less at once; if it stays, send Wych what wych-kit bundle writes.",
        side="theirs", source=_gateway("B3-18, D32"), basis="inferred", alike=("gateway-error",),
    ),
    Scenario(
        "gateway-error", "call", "fault",
        symptom="500, 502, 503 or 504 in the gateway's own words.",
        cause="The gateway or what is behind it has failed.",
        fix="Try again later; if it stays, send Wych what wych-kit bundle writes: it has the x-amzn-RequestId.",
        side="theirs", source=_gateway("B3-6, B3-19 to B3-22"), basis="inferred", alike=("gateway-timeout",),
    ),
)  # fmt: skip
