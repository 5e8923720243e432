"""One person's way through the journey: the settings, the file they are kept in, and what the steps have brought."""

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
    """One person's way through the journey: the settings, the file they are kept in, and what the steps have brought.

    `path` is the `.env` file; `afresh` registers anew although credentials are there, `brings` enters what the mock's portal showed
    instead of registering. Use it in a `with`, or `close()` it.
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
        self._read = _print_of(path)

    @property
    def client(self) -> WychClient:
        """The client of the present settings."""
        if self._client is None:
            self._client = WychClient(self.settings, journal=self.journal)
        return self._client

    @property
    def uses_mock(self) -> bool:
        """Whether all this goes to the pretend Wych."""
        return self.settings.environment.name == "mock"

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def save_values(self, values: Mapping[str, str | Secret]) -> None:
        """Save settings (by variable name) to the file and go on with them. Raises `SettingInvalid`.

        A variable in the shell that says otherwise would win over what is saved: that is refused before anything is.
        """
        self.refuse_shell_override(values)
        save_settings(values, self.path)
        self._read = _print_of(self.path)
        self.saved = tuple(dict.fromkeys((*self.saved, *values)))
        self.connection = self.data = None  # a customer is one app's
        self.close()
        self.settings = load_settings(self.profile, path=self.path)

    def reread(self) -> bool:
        """Go on with what the file says now; whether somebody else changed it since. Raises `SettingInvalid`, and then keeps the old.

        What was learnt with the old values goes with them.
        """
        now = _print_of(self.path)
        if now == self._read:
            return False
        settings = load_settings(self.profile, path=self.path)
        if settings.file.errors and not settings.file.lines:
            raise settings.file.errors[0]
        self.close()
        self.settings, self._read, self.saved = settings, now, ()
        self.provider = self.token = self.users = self.connection = self.data = None
        return True

    def refuse_shell_override(self, values: Mapping[str, str | Secret | None]) -> None:
        """Raise `SettingInvalid` if your shell has another value for one of these: what is saved would not count.

        `None` stands for a value that is not known yet, and so differs from any.
        """
        for found in self.settings.values:
            if (
                found.origin == "shell"
                and found.name in values
                and found.text != values[found.name]
            ):
                raise SettingInvalid(
                    found.name,
                    f"would win over what is saved in {self.path.name}",
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
        """What an error means, in the light of these settings."""
        return diagnose(error, self.settings)

    def save_credentials(self, answers: Mapping[str, Answer]) -> None:
        """Save answers that were brought from Wych's portal, so that somebody who breaks off need not bring them again.

        Those that cannot be right beside each other are left out.
        """
        faults = find_conflicts(self.settings, answers)
        fit = {
            name: text
            for name, text in answers.items()
            if name not in faults and setting_name(name) in NAMES
        }
        values = {
            setting_name(name): Secret(text) if name in SECRETS else text
            for name, text in fit.items()
        }
        if values:
            self.save_values({"WYCH_ENVIRONMENT": self.settings.environment.name, **values})


def _print_of(path: Path) -> bytes:
    """What tells two contents apart without holding either: an edit may keep both size and time."""
    try:
        return sha256(path.read_bytes()).digest()
    except OSError:
        return b""
