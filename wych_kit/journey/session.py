"""Holds the state of one journey: the settings, their file, and the results of the steps."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from wych_kit.client import endpoints
from wych_kit.client.api import WychClient
from wych_kit.client.journal.recorder import Journal
from wych_kit.client.portal import SECRETS
from wych_kit.diagnosis.diagnose import diagnose
from wych_kit.errors import SettingInvalid
from wych_kit.journey.registration import find_conflicts, setting_name
from wych_kit.secret import Secret
from wych_kit.settings.loading import NAMES, load_settings, save_settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from wych_kit.client.api import User
    from wych_kit.client.discovery import Provider
    from wych_kit.client.models import Connection
    from wych_kit.client.token import Token
    from wych_kit.diagnosis.diagnose import Diagnosis
    from wych_kit.errors import WychError
    from wych_kit.journey.statements import CustomerData
    from wych_kit.journey.step import Answer
    from wych_kit.settings.loading import Settings


class Session:
    """The state of one journey. Call `close()` at the end.

    `path` is the `.env` file. `register_again` registers although there are credentials.
    `paste_credentials` asks for what the mock's portal shows, instead of registering.
    """

    def __init__(
        self,
        settings: Settings,
        path: Path,
        *,
        profile: str | None = None,
        register_again: bool = False,
        paste_credentials: bool = False,
    ) -> None:
        self.settings = settings
        self.path = path
        self.profile = profile
        self.register_again = register_again
        self.paste_credentials = paste_credentials
        self.journal = Journal()
        self.saved: tuple[str, ...] = ()
        self.provider: Provider | None = None
        self.token: Token | None = None
        self.users: list[User] | None = None
        self.connection: Connection | None = None
        self.data: CustomerData | None = None
        self.pending = ""
        self._client: WychClient | None = None
        self._digest = _digest(path)

    @property
    def client(self) -> WychClient:
        """The client with the present settings."""
        if self._client is None:
            self._client = WychClient(self.settings, journal=self.journal)
        return self._client

    @property
    def uses_mock(self) -> bool:
        """True if all requests go to the mock."""
        return self.settings.environment.name == "mock"

    def close(self) -> None:
        """Close the client's connections."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def save_values(self, values: Mapping[str, str | Secret]) -> None:
        """Save settings to the file by variable name, and load them.

        Raises `SettingInvalid` if they cannot be saved, or if the shell would override one of them.
        """
        self.refuse_shell_override(values)
        save_settings(values, self.path)
        self._digest = _digest(self.path)
        self.saved = tuple(dict.fromkeys((*self.saved, *values)))
        self.connection = self.data = None  # a customer belongs to one app
        self.close()
        self.settings = load_settings(self.profile, path=self.path)

    def reread(self) -> bool:
        """Load the file if somebody changed it; return True if so.

        The results of the steps are dropped then. Raises `SettingInvalid` if the file cannot be read
        at all; the old settings stay.
        """
        digest = _digest(self.path)
        if digest == self._digest:
            return False
        settings = load_settings(self.profile, path=self.path)
        if settings.file.errors and not settings.file.lines:
            raise settings.file.errors[0]
        self.close()
        self.settings, self._digest, self.saved = settings, digest, ()
        self.provider = self.token = self.users = self.connection = self.data = None
        return True

    def refuse_shell_override(self, values: Mapping[str, str | Secret | None]) -> None:
        """Raise `SettingInvalid` if the shell has another value for one of these settings.

        None stands for a value that is not known yet: it differs from every other.
        """
        for setting in self.settings.values:
            if (
                setting.origin == "shell"
                and setting.name in values
                and setting.text != values[setting.name]
            ):
                raise SettingInvalid(
                    setting.name,
                    f"overrides what the kit saves to {self.path.name}."
                    f" Run `unset {setting.name}`, then try again",
                    origin="your shell",
                    stage="register",
                    reference="shell-shadows-file",
                )

    def knows_endpoint(self, name: str) -> bool:
        """Return True if a path is more than a guess: published, set by the user, or the mock's.

        A guessed path is never tried on Wych itself.
        """
        return self.uses_mock or endpoints.find_endpoint(name, self.settings).basis != "invented"

    def explain(self, error: WychError) -> Diagnosis:
        """Return what an error means with these settings."""
        return diagnose(error, self.settings)

    def save_credentials(self, answers: Mapping[str, Answer]) -> None:
        """Save credentials; those that contradict each other or the settings are left out.

        Also called with part of the answers, when somebody stops before the last one.
        """
        faults = find_conflicts(self.settings, answers)
        valid = {
            name: text
            for name, text in answers.items()
            if name not in faults and setting_name(name) in NAMES
        }
        values = {
            setting_name(name): Secret(text) if name in SECRETS else text
            for name, text in valid.items()
        }
        if values:
            self.save_values({"WYCH_ENVIRONMENT": self.settings.environment.name, **values})


def _digest(path: Path) -> bytes:
    """Return the SHA-256 of the file, or b"" if it cannot be read."""
    # Not size and time: an edit can leave both as they were.
    try:
        return sha256(path.read_bytes()).digest()
    except OSError:
        return b""
