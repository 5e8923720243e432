"""Defines the steps from registering to the first call, and the order of all steps.

It has no user interface: `wych_kit.terminal` and `wych_kit.notebook` show what it returns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wych_kit.client import claims
from wych_kit.client.endpoints import ENDPOINTS
from wych_kit.client.journal.transcript import describe_outcome
from wych_kit.client.portal import CREDENTIALS, Portal
from wych_kit.journey.connect_customer import CONNECT
from wych_kit.journey.customer_data import CUSTOMER_DATA
from wych_kit.journey.registration import (
    ACCOUNT_FIELDS,
    credential_fields,
    find_conflicts,
    paste_wording,
    setting_name,
)
from wych_kit.journey.step import Done, Fact, Field, Step, Wording, format_duration
from wych_kit.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from wych_kit.journey.session import Session
    from wych_kit.journey.step import Answer

    Say = Callable[[str], None]

_PASTE, _REGISTER_HERE = "Paste my credentials", "Register here instead"
_KEEP = "Keep the present credentials"
_REGISTER_WHY = (
    "Fill this in and the kit registers you. Or register in the portal yourself and paste your"
    " credentials here."
)
_SHOWN_USERS = 5
_SHOWN_BODY = 120
_LABELS = {
    "app_name": "App",
    "client_id": "Client id",
    "client_secret": "Client secret",
    "api_key": "API key",
    "partner_id": "Partner id",
    "app_id": "App id",
}


def _register_fields(session: Session) -> Sequence[Field]:
    settings = session.settings
    present = [name for name in CREDENTIALS if getattr(settings, name)]
    # A new registration would replace what is there. So if only one value is missing, it is asked
    # for alone.
    if (
        session.uses_mock
        and not session.paste_credentials
        and (session.register_again or not present)
    ):
        return ACCOUNT_FIELDS
    return credential_fields(settings, register_again=session.register_again)


def _describe_register(session: Session) -> Wording:
    fields = _register_fields(session)
    # Credentials come from Wych's own portal, or one of them is missing: nothing is registered.
    if not session.uses_mock or (bool(fields) and fields is not ACCOUNT_FIELDS):
        other = _REGISTER_HERE if session.paste_credentials else ""
        return paste_wording(session.settings, has_fields=bool(fields))._replace(
            other=_KEEP if _can_keep(session) else other
        )
    if not fields:
        return Wording(REGISTER.title, REGISTER.why, REGISTER.title, again="Register again")
    return Wording(
        REGISTER.title,
        _REGISTER_WHY,
        REGISTER.title,
        link=session.settings.portal_url or "",
        other=_KEEP if _can_keep(session) else _PASTE,
    )


def _can_keep(session: Session) -> bool:
    """Return True if registering again was begun and no earlier credential is missing."""
    return session.register_again and not credential_fields(session.settings)


def _switch_register_mode(session: Session) -> None:
    """Return to the present credentials, else switch between registering and pasting."""
    if _can_keep(session):
        session.register_again = session.paste_credentials = False
    else:
        session.paste_credentials = not session.paste_credentials


def _register(session: Session, answers: Mapping[str, Answer], say: Say) -> Done:
    settings = session.settings
    # Only a whole registration asks for the NZBN.
    if "nzbn" in answers:
        settings.require("WYCH_PORTAL_URL", stage="register")
        # Before registering: an app whose credentials cannot be saved would be lost.
        session.refuse_shell_override(dict.fromkeys(map(setting_name, (*CREDENTIALS, "app_name"))))
        form = {**answers, "callback_url": settings.callback_url or ""}
        credentials = Portal(settings.portal_url or "", session.journal).register(form, say)
        say("saving")
        session.save_credentials(credentials)
    else:
        say("saving")
        session.save_credentials(answers)
    session.register_again = session.paste_credentials = False
    session.settings.require(*map(setting_name, CREDENTIALS), stage="register")
    where = (
        f"saved to {session.path.name} (only you can read it)"
        if session.saved
        else "from your settings"
    )
    return Done(
        facts=tuple(
            _credential(session, name)
            for name in ("app_name", *CREDENTIALS)
            if getattr(session.settings, name)
        ),
        have=f"You now have three credentials and two ids, {where}.",
        link=session.settings.portal_url or "",
    )


def _credential(session: Session, name: str) -> Fact:
    value = getattr(session.settings, name)
    if isinstance(value, Secret):
        return Fact(_LABELS[name], str(value), f"fingerprint {value.fingerprint()}")
    return Fact(_LABELS[name], str(value))


def _register_again(session: Session) -> None:
    session.register_again = True


def _discover(session: Session, _: Mapping[str, Answer], say: Say) -> Done:
    say("discovery document")
    provider = session.provider = session.client.discover()
    is_listed = "client_credentials" in provider.grant_types
    return Done(
        facts=(
            Fact("Issuer", provider.issuer, "equals WYCH_ISSUER_URL, character by character"),
            Fact(
                "Token endpoint",
                provider.token_endpoint,
                "receives the client secret; it is on the issuer's host",
            ),
            Fact("Key set", provider.jwks_uri, "has the keys that verify a token's signature"),
            Fact(
                "Grant types",
                f"{len(provider.grant_types)} in all",
                f"client_credentials is {'' if is_listed else 'not '}listed",
            ),
        ),
        have="You now have the token endpoint, as published by the identity provider.",
    )


def _get_token(session: Session, _: Mapping[str, Answer], say: Say) -> Done:
    client = session.client
    if session.provider is None:
        say("discovery document")
    provider = session.provider or client.discover()
    say("key set")
    keys = claims.fetch_keys(client.http, provider.jwks_uri)
    say("token")
    before = len(session.journal.exchanges)
    token = session.token = client.token()
    # A token from the cache needs no request.
    is_new = len(session.journal.exchanges) > before
    signature = claims.verify(token.value, keys, provider.issuer)
    return Done(
        facts=(
            Fact("Access token", str(token.value), "sent as Authorization: Bearer …"),
            Fact(
                "Expires after",
                format_duration(token.lifetime),
                "as the response says; Wych's documentation says 60 minutes",
            ),
            Fact("Requested", "now", "the kit uses it until shortly before it expires")
            if is_new
            else Fact("Requested", "earlier", "it has not expired, so the kit used it again"),
            Fact(
                "Signature",
                {True: "valid", False: "invalid", None: "unknown"}[signature.verified],
                signature.words,
            ),
            Fact("Stored", "in memory", "it is lost when this program ends")
            if client.settings.token_cache == "memory"
            else Fact("Stored", "on disk", "only you can read it; your other processes use it too"),
        ),
        have=(
            "You now have a service token. It manages your app and its users."
            " A customer's data needs a user-context token."
        ),
    )


def _first_call(session: Session, _: Mapping[str, Answer], say: Say) -> Done:
    say("users")
    users = session.users = session.client.users()
    endpoint, exchange = ENDPOINTS[0], session.journal.exchanges[-1]
    profile = f" --profile {session.profile}" if session.profile else ""
    rows = tuple(Fact("User", user.email, user.id) for user in users[:_SHOWN_USERS])
    hidden = len(users) - _SHOWN_USERS
    return Done(
        facts=(
            Fact(
                "Call",
                f"{exchange.method} {exchange.url}",
                f"its path and its response are {endpoint.basis}",
            ),
            Fact(
                "Response",
                describe_outcome(exchange, timed=False),
                "the API accepted the key and the token",
            ),
            Fact("Body", _shorten(exchange.response_body)),
            Fact("Users", str(len(users))),
            *rows,
            *((Fact("More users", str(hidden)),) if hidden > 0 else ()),
            Fact(
                "As a command",
                f"wych-kit journal 1 --as curl{profile}",
                "prints this call as a curl command",
            ),
        ),
        have="You made your first authenticated call."
        + ("" if users else " The list is empty, because a new app has no users yet."),
    )


def _shorten(body: str) -> str:
    line = " ".join(body.split())
    return line if len(line) <= _SHOWN_BODY else f"{line[:_SHOWN_BODY]} …"


REGISTER = Step(
    name="register",
    title="Register",
    why=(
        "Wych must know your organisation and your app before it responds. Your app's page then"
        " shows three credentials and two ids."
    ),
    fields=_register_fields,
    act=_register,
    validate_together=lambda session, answers: find_conflicts(session.settings, answers),
    describe=_describe_register,
    reset=_register_again,
    switch_mode=_switch_register_mode,
)
DISCOVER = Step(
    name="discover",
    title="Discover",
    why=(
        "The identity provider publishes the URLs of its endpoints. Ask for the endpoints instead"
        " of hard-coding them: they can change."
    ),
    fields=lambda _: (),
    act=_discover,
)
TOKEN = Step(
    name="token",
    title="Get a token",
    why=(
        "Exchange the client id and the client secret for an access token, which expires within"
        " minutes. The secret goes to the token endpoint and nowhere else."
    ),
    fields=lambda _: (),
    act=_get_token,
)
FIRST_CALL = Step(
    name="first_call",
    title="First call",
    why=(
        "Every call carries two headers. x-api-key says which app is calling. Authorization proves"
        " that the app is allowed to."
    ),
    fields=lambda _: (),
    act=_first_call,
)
# To a first authenticated call.
STEPS: tuple[Step[Session], ...] = (REGISTER, DISCOVER, TOKEN, FIRST_CALL)
# And on to a customer's data.
ALL_STEPS: tuple[Step[Session], ...] = (*STEPS, CONNECT, CUSTOMER_DATA)
# The names of all fields that the last two steps may have.
CUSTOMER_FIELDS = ("connect_url", "app_name", "customer_email", "callback", "days")


def step_position(step: Step[Session]) -> tuple[int, int]:
    """Return the step's number, counted from 1, and the number of steps it belongs to."""
    return ALL_STEPS.index(step) + 1, len(STEPS if step in STEPS else ALL_STEPS)


def pending_fields(session: Session, steps: Sequence[Step[Session]] = STEPS) -> tuple[Field, ...]:
    """Return all fields that these steps would still ask for, in order."""
    return tuple(field for step in steps for field in step.fields(session))
