"""The steps of the journey, and the session they fill: register, discover, token, first call. No user interface in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wych_kit.client import claims
from wych_kit.client.api import ENDPOINTS, WychClient
from wych_kit.client.journal import Journal
from wych_kit.client.portal import CREDENTIALS, SECRETS, Portal
from wych_kit.diagnosis import diagnose
from wych_kit.errors import SettingInvalid
from wych_kit.registration import ACCOUNT, bringing, clashes, demonstration, to_bring
from wych_kit.secret import Secret
from wych_kit.settings import load_settings, save_settings
from wych_kit.steps import Done, Fact, Field, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from wych_kit.client.api import User
    from wych_kit.client.discovery import Provider
    from wych_kit.client.token import Token
    from wych_kit.diagnosis import Diagnosis
    from wych_kit.errors import WychError
    from wych_kit.settings import Settings
    from wych_kit.steps import Answer, Wording

    Say = Callable[[str], None]

_SHOWN_USERS = 5


class Session:
    """One person's way through the journey: the settings, the file they are kept in, and what the steps have brought.

    `path` is the `.env` file; `afresh` registers anew although credentials are there. Use it in a `with`, or `close()` it.
    """

    def __init__(self, settings: Settings, path: Path, *, profile: str | None = None, afresh: bool = False) -> None:
        self.settings = settings
        self.path = path
        self.profile = profile
        self.afresh = afresh
        self.journal = Journal()
        self.saved: tuple[str, ...] = ()
        self.provider: Provider | None = None
        self.token: Token | None = None
        self.users: list[User] | None = None
        self._client: WychClient | None = None

    @property
    def client(self) -> WychClient:
        """The client of the present settings."""
        if self._client is None:
            self._client = WychClient(self.settings, journal=self.journal)
        return self._client

    @property
    def on_the_mock(self) -> bool:
        """Whether all this goes to the pretend Wych."""
        return self.settings.environment.name == "mock"

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def keep(self, values: Mapping[str, str | Secret]) -> None:
        """Save settings (by variable name) to the file and go on with them. Raises `SettingInvalid`.

        A variable in the shell that says otherwise would win over what is saved: that is refused before anything is.
        """
        self.leave_to_file(values)
        save_settings(values, self.path)
        self.saved = tuple(dict.fromkeys((*self.saved, *values)))
        self.close()
        self.settings = load_settings(self.profile, path=self.path)

    def leave_to_file(self, values: Mapping[str, str | Secret | None]) -> None:
        """Raise `SettingInvalid` if your shell has another value for one of these: what is saved would not count.

        `None` stands for a value that is not known yet, and so differs from any.
        """
        for found in self.settings.values:
            if found.origin == "shell" and found.name in values and found.text != values[found.name]:
                raise SettingInvalid(
                    found.name,
                    f"would win over what is saved in {self.path.name}",
                    origin="your shell",
                    stage="register",
                    reference="shell-shadows-file",
                )

    def explain(self, error: WychError) -> Diagnosis:
        """What an error means, in the light of these settings."""
        return diagnose(error, self.settings)

    def keep_brought(self, answers: Mapping[str, Answer]) -> None:
        """Save answers that were brought from Wych's portal, so that somebody who breaks off need not bring them again.

        Those that cannot be right beside each other are left out.
        """
        faults = clashes(self.settings, answers)
        fit = {name: text for name, text in answers.items() if name not in faults}
        values = {_variable(name): Secret(text) if name in SECRETS else text for name, text in fit.items()}
        if values:
            self.keep({"WYCH_ENVIRONMENT": self.settings.environment.name, **values})


def _register_fields(session: Session) -> Sequence[Field]:
    """On the mock a whole registration when there is none; else what is missing of what the app's page shows.

    Registering would replace what is there, so one missing value alone is asked for, not a new app made.
    """
    settings = session.settings
    there = [name for name in CREDENTIALS if getattr(settings, name)]
    if session.on_the_mock and (session.afresh or not there):
        return ACCOUNT
    return to_bring(settings, afresh=session.afresh)


def _register_words(session: Session) -> Wording | None:
    """Nothing is registered when the credentials come from Wych's own portal, or one is missing."""
    asked = _register_fields(session)
    return bringing(session.settings) if not session.on_the_mock or (asked and asked is not ACCOUNT) else None


def _register(session: Session, answers: Mapping[str, Answer], say: Say) -> Done:
    settings = session.settings
    if "nzbn" in answers:
        settings.require("WYCH_PORTAL_URL", stage="register")
        session.leave_to_file(dict.fromkeys(map(_variable, (*CREDENTIALS, "app_name"))))
        found = Portal(settings.portal_url or "", session.journal).register(answers, say)
        say("saving")
        session.keep_brought(found)
    else:
        say("saving")
        session.keep_brought(answers)
    session.afresh = False
    session.settings.require(*map(_variable, CREDENTIALS), stage="register")
    return Done(
        facts=tuple(_credential(session, name) for name in ("app_name", *CREDENTIALS) if getattr(session.settings, name)),
        have=f"Three credentials and two ids, {_kept(session)}.",
        link=session.settings.portal_url or "",
    )


def _kept(session: Session) -> str:
    return f"kept in {session.path.name}, readable by you only" if session.saved else "as your settings have them"


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


def _discover(session: Session, _: Mapping[str, Answer], say: Say) -> Done:
    say("discovery document")
    provider = session.provider = session.client.discover()
    grants = "client_credentials is offered" if "client_credentials" in provider.grant_types else "client_credentials is not listed"
    return Done(
        facts=(
            Fact("Issuer", provider.issuer, "equal to what was asked, character by character"),
            Fact("Token endpoint", provider.token_endpoint, "where the secret goes: on the issuer's host"),
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
    keys = claims.keys(client.http, provider.jwks_uri)
    say("token")
    before = len(session.journal.exchanges)
    token = session.token = client.token()
    asked = len(session.journal.exchanges) > before
    signature = claims.verify(token.value, keys, provider.issuer)
    shared = (
        "in memory only" if client.settings.token_cache == "memory" else "in a file only you can read, shared by your processes"
    )
    return Done(
        facts=(
            Fact("Access token", str(token.value), "sent as Authorization: Bearer …"),
            Fact("Good for", f"{token.lifetime:.0f} seconds", "what the answer says is binding; Wych's text says 60 minutes"),
            Fact(
                "Left",
                f"{token.seconds_left:.0f} seconds",
                "used until shortly before its end" if asked else "still good from before, so none was asked for",
            ),
            Fact("Signature", {True: "good", False: "not good", None: "unknown"}[signature.verified], signature.words),
            Fact("Kept", shared),
        ),
        have="A service token. It manages your app and its users; a customer's own data needs a user-context token, later.",
    )


def _first_call(session: Session, _: Mapping[str, Answer], say: Say) -> Done:
    say("users")
    users = session.users = session.client.users()
    endpoint = ENDPOINTS[0]
    shown = tuple(Fact("User", user.email, user.id) for user in users[:_SHOWN_USERS])
    more = (Fact("And", f"{len(users) - _SHOWN_USERS} more"),) if len(users) > _SHOWN_USERS else ()
    return Done(
        facts=(Fact("Call", f"{endpoint.method} {endpoint.path}", endpoint.basis), Fact("Users", str(len(users))), *shown, *more),
        have="Your first authenticated call." + ("" if users else " The list is empty: a new app has no users yet."),
    )


def _nothing(_: Session) -> Sequence[Field]:
    return ()


REGISTER = Step(
    "register",
    "Register",
    "Wych must know your organisation and your app before it answers. The app's page then shows three credentials and two ids.",
    _register_fields,
    _register,
    lambda session, answers: clashes(session.settings, answers),
    _register_words,
)
DISCOVER = Step(
    "discover",
    "Discover",
    "The identity provider publishes where its endpoints are. Asking it beats writing addresses down: they change, and typing errs.",
    _nothing,
    _discover,
)
TOKEN = Step(
    "token",
    "Get a token",
    "Client id and secret are exchanged for a token that lives for minutes. The secret goes to the token endpoint and nowhere else.",
    _nothing,
    _token,
)
FIRST_CALL = Step(
    "first_call",
    "First call",
    "Every call carries two headers: x-api-key says which app is calling, Authorization says that it may.",
    _nothing,
    _first_call,
)
STEPS: tuple[Step[Session], ...] = (REGISTER, DISCOVER, TOKEN, FIRST_CALL)


def open_fields(session: Session) -> tuple[Field, ...]:
    """Everything the journey would still ask, step by step."""
    return tuple(field for step in STEPS for field in step.fields(session))


def _variable(name: str) -> str:
    return f"WYCH_{name.upper()}"


__all__ = ["DISCOVER", "FIRST_CALL", "REGISTER", "STEPS", "TOKEN", "Session", "demonstration", "open_fields"]
