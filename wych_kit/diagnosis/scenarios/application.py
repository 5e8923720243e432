"""What is wrong behind the gateway: users, their consent, and what is asked of their data. How Wych itself says so is not public."""

from __future__ import annotations

from wych_kit.diagnosis.scenarios.scenario import Scenario

_UNKNOWN = "API facts section 9, row 6"

USERS = (
    Scenario(
        "unknown-user", "call", "fault",
        symptom="404 for a user's id; what Wych's own answer is, is not known.",
        cause="The app has no user with this id.",
        fix="List them: wych-kit call GET users. Make one: wych-kit call POST user --json '{\"email\": \"…\"}'",
        side="yours", source="API facts 5.5, section 9, row 6", basis="invented", alike=("wrong-path",),
    ),
    Scenario(
        "consent-pending", "call", "fault",
        symptom="The callback says state=PENDING; or no data yet.",
        cause="The customer has not finished giving consent.",
        fix="Wait for the callback with state ACTIVE, then ask the API.",
        side="unclear", source="API facts section 6, section 8, row 14", basis="inferred", alike=("consent-rejected",),
    ),
    Scenario(
        "consent-rejected", "call", "fault",
        symptom="The callback comes to the success URL with state=REJECTED.",
        cause="The customer did not give consent: the URL is called all the same.",
        fix="Go by state, not by the URL; ask the customer again if they want to.",
        side="unclear", source="API facts section 6, section 8, row 13", basis="inferred", alike=("consent-pending",),
    ),
    Scenario(
        "callback-incomplete", "call", "kit",
        symptom="The address at which a browser came back lacks connection or state, or has one twice.",
        cause="The address was cut when it was copied, or is another one.",
        fix="Copy it whole from the browser's address bar: wych-kit callback --read 'ADDRESS'",
        side="yours", source="API facts section 6", basis="inferred", alike=("callback-missing",),
    ),
    Scenario(
        "callback-missing", "call", "kit",
        symptom="No browser came back to the callback URL in time.",
        cause="The consent is not finished, or the app has another callback URL.",
        fix="Paste the address the browser ended at.",
        side="yours", source="API facts section 6", basis="inferred", alike=("consent-pending",),
    ),
    Scenario(
        "other-customer", "call", "kit",
        symptom="The connection that a browser brought is of another user than the one it was asked for.",
        cause="Somebody else signed in on the consent's pages.",
        fix="Open the consent link in a private window and sign in as this customer.",
        side="yours", source="API facts section 6", basis="inferred", alike=("unknown-connection",),
    ),
)  # fmt: skip

CONNECTIONS_OF_USERS = (
    Scenario(
        "consent-ended", "call", "customer",
        symptom="403 consent_revoked or consent_expired, where data came before.",
        cause="The customer took the consent back, or its days are over.",
        fix="Stop asking; to go on, send the customer the consent link.",
        side="yours", source=_UNKNOWN, basis="invented",
    ),
    Scenario(
        "connection-ended", "call", "customer",
        symptom="409 connection_ended when a connection is revoked.",
        cause="The connection was rejected or has expired: there is nothing to take back.",
        fix="Nothing to do: no data can be had through it any more.",
        side="yours", source=_UNKNOWN, basis="invented", alike=("consent-ended",),
    ),
    Scenario(
        "unknown-connection", "call", "customer",
        symptom="404 connection_not_found or account_not_found.",
        cause="The id is of no connection of this user, or of no account of it.",
        fix="List the user's connections, then the accounts, and use those ids.",
        side="yours", source=_UNKNOWN, basis="invented", alike=("unknown-user",),
    ),
    Scenario(
        "permission-missing", "call", "customer",
        symptom="403 permission_missing, while other data of the connection come.",
        cause="The customer has not agreed to share this kind of data.",
        fix="Look at the connection's permissions; ask the customer to consent anew to what you need.",
        side="yours", source=_UNKNOWN, basis="invented", alike=("consent-rejected",),
    ),
    Scenario(
        "invalid-query", "call", "customer",
        symptom="400 invalid_page or invalid_date.",
        cause="The page or a date in the query is none, or the dates are the wrong way round.",
        fix="Follow Links.Next; write dates as 2026-01-31, and a + in a time as %2B.",
        side="yours", source=_UNKNOWN, basis="invented",
    ),
)  # fmt: skip
