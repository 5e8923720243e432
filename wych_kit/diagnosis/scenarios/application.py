"""Scenarios behind the gateway: users, their consent, their data. Wych's own answers are not public."""

from __future__ import annotations

from wych_kit.diagnosis.scenarios.scenario import Scenario

_UNKNOWN = "API facts section 9, row 6"

USERS = (
    Scenario(
        reference="unknown-user",
        stage="call",
        made_by="fault",
        symptom="404 for a user's id. Wych's own answer is not known.",
        cause="The app has no user with this id.",
        fix=(
            "List them: wych-kit call GET users. Create one: wych-kit call POST user --json "
            '\'{"email": "…"}\''
        ),
        side="yours",
        source="API facts 5.5, section 9, row 6",
        basis="invented",
        alike=("wrong-path",),
    ),
    Scenario(
        reference="consent-pending",
        stage="call",
        made_by="fault",
        symptom="The callback has state=PENDING, or there are no data yet.",
        cause="The customer has not finished the consent.",
        fix="Wait for the callback with state ACTIVE, then ask the API.",
        side="unclear",
        source="API facts section 6, section 8, row 14",
        basis="inferred",
        alike=("consent-rejected",),
    ),
    Scenario(
        reference="consent-rejected",
        stage="call",
        made_by="fault",
        symptom="The callback arrives at the success URL with state=REJECTED.",
        cause="The customer did not consent. Wych calls the same URL in that case.",
        fix="Use state to decide, not the URL. Ask the customer again if they want to.",
        side="unclear",
        source="API facts section 6, section 8, row 13",
        basis="inferred",
        alike=("consent-pending",),
    ),
    Scenario(
        reference="callback-incomplete",
        stage="call",
        made_by="kit",
        symptom=(
            "The URL in the browser's address bar has no connection or state, or one of them twice."
        ),
        cause="The URL was cut when it was copied, or is a different URL.",
        fix="Copy the whole URL from the browser's address bar: wych-kit callback --read 'ADDRESS'",
        side="yours",
        source="API facts section 6",
        basis="inferred",
        alike=("callback-missing",),
    ),
    Scenario(
        reference="callback-missing",
        stage="call",
        made_by="kit",
        symptom="No browser returned to the callback URL in time.",
        cause="The consent is not finished, or the app has a different callback URL.",
        fix="Paste the URL from the browser's address bar.",
        side="yours",
        source="API facts section 6",
        basis="inferred",
        alike=("consent-pending",),
    ),
    Scenario(
        reference="other-customer",
        stage="call",
        made_by="kit",
        symptom="The returned connection belongs to a different user than the one you asked for.",
        cause="A different person signed in on the consent pages.",
        fix="Open the consent link in a private window and sign in as this customer.",
        side="yours",
        source="API facts section 6",
        basis="inferred",
        alike=("unknown-connection",),
    ),
)

CONNECTIONS_OF_USERS = (
    Scenario(
        reference="consent-ended",
        stage="call",
        made_by="customer",
        symptom="403 consent_revoked or consent_expired, where data arrived before.",
        cause="The customer revoked the consent, or it expired.",
        fix="Stop asking for data. To continue, send the customer the consent link.",
        side="yours",
        source=_UNKNOWN,
        basis="invented",
    ),
    Scenario(
        reference="connection-ended",
        stage="call",
        made_by="customer",
        symptom="409 connection_ended when you revoke a connection.",
        cause="The connection was rejected or has expired, so it cannot be revoked.",
        fix="Do nothing: this connection gives no more data.",
        side="yours",
        source=_UNKNOWN,
        basis="invented",
        alike=("consent-ended",),
    ),
    Scenario(
        reference="unknown-connection",
        stage="call",
        made_by="customer",
        symptom="404 connection_not_found or account_not_found.",
        cause=(
            "This user has no connection with this id, or the connection has no account with this"
            " id."
        ),
        fix="List the user's connections, then the accounts, and use those ids.",
        side="yours",
        source=_UNKNOWN,
        basis="invented",
        alike=("unknown-user",),
    ),
    Scenario(
        reference="permission-missing",
        stage="call",
        made_by="customer",
        symptom="403 permission_missing, while other data of the connection arrive.",
        cause="The customer did not agree to share this kind of data.",
        fix=(
            "Check the connection's permissions. Ask the customer to consent again to what you "
            "need."
        ),
        side="yours",
        source=_UNKNOWN,
        basis="invented",
        alike=("consent-rejected",),
    ),
    Scenario(
        reference="invalid-query",
        stage="call",
        made_by="customer",
        symptom="400 invalid_page or invalid_date.",
        cause="The page or a date in the query is invalid, or the end is before the start.",
        fix="Follow Links.Next. Write dates as 2026-01-31, and a + in a time as %2B.",
        side="yours",
        source=_UNKNOWN,
        basis="invented",
    ),
)
