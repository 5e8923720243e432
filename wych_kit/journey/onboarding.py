"""The steps of the journey and what each says of itself: register, discover, token, first call. No user interface in it."""

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
from wych_kit.journey.step import Done, Fact, Field, Step, Wording
from wych_kit.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from wych_kit.journey.session import Session
    from wych_kit.journey.step import Answer

    Say = Callable[[str], None]

_BRING, _REGISTER_HERE, _KEEP = "I have credentials", "Register here instead", "Keep what is there"
_REGISTER_WHY = (
    "Wych must know your organisation and your app before it answers. This does it for you; or do"
    " it in the mock's portal yourself, and bring what your app's page shows."
)
_SHOWN_USERS = 5
_SHOWN_BODY = 120


def _register_fields(session: Session) -> Sequence[Field]:
    """On the mock a whole registration when there is none; else what is missing of what the app's page shows.

    Registering would replace what is there, so one missing value alone is asked for, not a new app made.
    """
    settings = session.settings
    there = [name for name in CREDENTIALS if getattr(settings, name)]
    if (
        session.uses_mock
        and not session.paste_credentials
        and (session.register_again or not there)
    ):
        return ACCOUNT_FIELDS
    return credential_fields(settings, register_again=session.register_again)


def _describe_register(session: Session) -> Wording:
    """Nothing is registered when the credentials come from Wych's own portal, or one is missing."""
    asked = _register_fields(session)
    paste_credentials = not session.uses_mock or (bool(asked) and asked is not ACCOUNT_FIELDS)
    if paste_credentials:
        here = _REGISTER_HERE if session.paste_credentials else ""
        return paste_wording(session.settings, asks=bool(asked))._replace(
            other=_KEEP if _may_stay(session) else here
        )
    if not asked:
        return Wording(REGISTER.title, REGISTER.why, REGISTER.title, "Register anew")
    other = _KEEP if _may_stay(session) else _BRING
    return Wording(
        REGISTER.title,
        _REGISTER_WHY,
        REGISTER.title,
        link=session.settings.portal_url or "",
        other=other,
    )


def _may_stay(session: Session) -> bool:
    """Whether registering anew was begun and nothing is missing of what was there before."""
    return session.register_again and not credential_fields(session.settings)


def _switch_register_mode(session: Session) -> None:
    """Back to what is there already, else between registering and entering what the mock's portal shows."""
    if _may_stay(session):
        session.register_again = session.paste_credentials = False
    else:
        session.paste_credentials = not session.paste_credentials


def _register(session: Session, answers: Mapping[str, Answer], say: Say) -> Done:
    settings = session.settings
    if "nzbn" in answers:
        settings.require("WYCH_PORTAL_URL", stage="register")
        session.refuse_shell_override(dict.fromkeys(map(setting_name, (*CREDENTIALS, "app_name"))))
        form = {**answers, "callback_url": settings.callback_url or ""}
        found = Portal(settings.portal_url or "", session.journal).register(form, say)
        say("saving")
        session.save_credentials(found)
    else:
        say("saving")
        session.save_credentials(answers)
    session.register_again = session.paste_credentials = False
    session.settings.require(*map(setting_name, CREDENTIALS), stage="register")
    return Done(
        facts=tuple(
            _credential(session, name)
            for name in ("app_name", *CREDENTIALS)
            if getattr(session.settings, name)
        ),
        have=f"Three credentials and two ids, {_kept(session)}.",
        link=session.settings.portal_url or "",
    )


def _kept(session: Session) -> str:
    return (
        f"kept in {session.path.name}, readable by you only"
        if session.saved
        else "as your settings have them"
    )


def _credential(session: Session, name: str) -> Fact:
    value = getattr(session.settings, name)
    if isinstance(value, Secret):
        return Fact(_LABELS[name], str(value), f"fingerprint {value.fingerprint()}")
    return Fact(_LABELS[name], str(value))


_LABELS = {
    "app_name": "App",
    "client_id": "Client id",
    "client_secret": "Client secret",
    "api_key": "API key",
    "partner_id": "Partner id",
    "app_id": "App id",
}


def _register_again(session: Session) -> None:
    session.register_again = True


def _discover(session: Session, _: Mapping[str, Answer], say: Say) -> Done:
    say("discovery document")
    provider = session.provider = session.client.discover()
    grants = (
        "client_credentials is offered"
        if "client_credentials" in provider.grant_types
        else "client_credentials is not listed"
    )
    return Done(
        facts=(
            Fact("Issuer", provider.issuer, "equal to what was asked, character by character"),
            Fact(
                "Token endpoint",
                provider.token_endpoint,
                "where the secret goes: on the issuer's host",
            ),
            Fact("Key set", provider.jwks_uri, "the keys that confirm a token"),
            Fact("Grant types", f"{len(provider.grant_types)} in all", grants),
        ),
        have="The address of the token endpoint, from the provider itself instead of from memory.",
    )


def _token(session: Session, _: Mapping[str, Answer], say: Say) -> Done:
    client = session.client
    if session.provider is None:
        say("discovery document")
    provider = session.provider or client.discover()
    say("key set")
    keys = claims.fetch_keys(client.http, provider.jwks_uri)
    say("token")
    before = len(session.journal.exchanges)
    token = session.token = client.token()
    asked = len(session.journal.exchanges) > before
    signature = claims.verify(token.value, keys, provider.issuer)
    memory = client.settings.token_cache == "memory"
    kept = (
        ("in memory", "gone when this program ends")
        if memory
        else ("on disk", "a file only you can read, shared by your processes")
    )
    return Done(
        facts=(
            Fact("Access token", str(token.value), "sent as Authorization: Bearer …"),
            Fact(
                "Good for",
                f"{token.lifetime:.0f} seconds",
                "what the answer says is binding; Wych's text says 60 minutes",
            ),
            Fact(
                "Asked for",
                *(
                    ("now", "used until shortly before its end")
                    if asked
                    else ("earlier", "it is still good, so no new one was asked for")
                ),
            ),
            Fact(
                "Signature",
                {True: "good", False: "not good", None: "unknown"}[signature.verified],
                signature.words,
            ),
            Fact("Kept", *kept),
        ),
        have=(
            "A service token. It manages your app and its users; a customer's own data needs a"
            " user-context token, later."
        ),
    )


def _first_call(session: Session, _: Mapping[str, Answer], say: Say) -> Done:
    say("users")
    users = session.users = session.client.users()
    endpoint, exchange = ENDPOINTS[0], session.journal.exchanges[-1]
    profile = f" --profile {session.profile}" if session.profile else ""
    shown = tuple(Fact("User", user.email, user.id) for user in users[:_SHOWN_USERS])
    more = (Fact("And", f"{len(users) - _SHOWN_USERS} more"),) if len(users) > _SHOWN_USERS else ()
    return Done(
        facts=(
            Fact(
                "Call",
                f"{exchange.method} {exchange.url}",
                f"its path and its answer are {endpoint.basis}",
            ),
            Fact(
                "Answer",
                describe_outcome(exchange, timed=False),
                "the key and the token were taken",
            ),
            Fact("Body", _beginning(exchange.response_body)),
            Fact("Users", str(len(users))),
            *shown,
            *more,
            Fact(
                "Take it home",
                f"wych-kit journal 1 --as curl{profile}",
                "the newest call, this one, as a curl command",
            ),
        ),
        have="Your first authenticated call."
        + ("" if users else " The list is empty: a new app has no users yet."),
    )


def _beginning(body: str) -> str:
    line = " ".join(body.split())
    return line if len(line) <= _SHOWN_BODY else f"{line[:_SHOWN_BODY]} …"


REGISTER = Step(
    name="register",
    title="Register",
    why="Wych must know your organisation and your app before it answers. The app's page then shows"
    " three credentials and two ids.",
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
    why="The identity provider publishes where its endpoints are. Asking it beats writing addresses"
    " down: they change, and typing errs.",
    fields=lambda _: (),
    act=_discover,
)
TOKEN = Step(
    name="token",
    title="Get a token",
    why="Client id and secret are exchanged for a token that lives for minutes. The secret goes to the"
    " token endpoint and nowhere else.",
    fields=lambda _: (),
    act=_token,
)
FIRST_CALL = Step(
    name="first_call",
    title="First call",
    why="Every call carries two headers: x-api-key says which app is calling, Authorization says that"
    " it may.",
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
    """Which step it is and of how many, counted from 1."""
    return ALL_STEPS.index(step) + 1, len(STEPS if step in STEPS else ALL_STEPS)


def pending_fields(session: Session, steps: Sequence[Step[Session]] = STEPS) -> tuple[Field, ...]:
    """Everything that these steps would still ask, one after the other."""
    return tuple(field for step in steps for field in step.fields(session))
