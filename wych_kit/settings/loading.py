"""What you brought: the shell over a `.env` file over the environment's defaults, each value with its origin.

Loading judges nothing and never fails, so that wrong settings can be shown; `Settings.problems` and `Settings.require` judge.
An empty value counts as not given, wherever it stands.
"""

from __future__ import annotations

import copy
import os
import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from wych_kit.errors import SettingInvalid, SettingMissing, Stage
from wych_kit.secret import Secret
from wych_kit.settings import endpoint_paths, env_file, validation
from wych_kit.settings.env_file import EnvFile
from wych_kit.settings.environments import ENVIRONMENTS, MOCK, PRODUCTION, SANDBOX, Environment
from wych_kit.settings.locations import env_path, expanded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wych_kit.settings.copy_mistakes import Finding

Problem = SettingMissing | SettingInvalid


__all__ = [
    "ENVIRONMENTS",
    "MOCK",
    "NAMES",
    "PRODUCTION",
    "SANDBOX",
    "SECRET_NAMES",
    "Environment",
    "Settings",
    "Value",
    "env_path",
    "load_settings",
    "save_settings",
]

NAMES = (
    "WYCH_ENVIRONMENT",
    "WYCH_ISSUER_URL",
    "WYCH_API_URL",
    "WYCH_CLIENT_ID",
    "WYCH_CLIENT_SECRET",
    "WYCH_API_KEY",
    "WYCH_PARTNER_ID",
    "WYCH_APP_ID",
    "WYCH_APP_NAME",
    "WYCH_PORTAL_URL",
    "WYCH_CONNECT_URL",
    "WYCH_CALLBACK_URL",
    "WYCH_TOKEN_CACHE",
    "WYCH_HOME",
    *endpoint_paths.NAMES,
)
SECRET_NAMES = frozenset({"WYCH_CLIENT_SECRET", "WYCH_API_KEY"})


@dataclass(frozen=True)
class Value:
    """One setting as found. `origin` is "shell", ".env line 4", "default (mock)", "given" by the program, or "not set".

    `shadowed` is the origin of a line in the file that the shell's value wins over, and `differs` whether it holds another text.
    """

    name: str
    text: str | Secret | None
    origin: str
    shadowed: str | None = None
    differs: bool = False


@dataclass(frozen=True, repr=False)
class Settings:
    """All settings, unchangeable. Build with `load_settings`, vary with `with_`.

    Texts are as they were found, wrong or not; only `environment` (one with no addresses when the name is unknown),
    `token_cache` (`memory` when unclear: nothing is kept) and `home` (`None`: the kit's usual folder) are made sense of.
    """

    values: tuple[Value, ...] = field()
    file: EnvFile = field(default=EnvFile())
    environment: Environment = field(init=False)
    issuer_url: str | None = field(init=False)
    api_url: str | None = field(init=False)
    client_id: str | None = field(init=False)
    client_secret: Secret | None = field(init=False)
    api_key: Secret | None = field(init=False)
    partner_id: str | None = field(init=False)
    app_id: str | None = field(init=False)
    app_name: str | None = field(init=False)
    portal_url: str | None = field(init=False)
    connect_url: str | None = field(init=False)
    callback_url: str | None = field(init=False)
    token_cache: Literal["disk", "memory"] = field(init=False)
    home: Path | None = field(init=False)
    path_user_token: str | None = field(init=False)
    path_connections: str | None = field(init=False)
    path_connection: str | None = field(init=False)
    path_revoke_connection: str | None = field(init=False)
    path_accounts: str | None = field(init=False)
    path_balances: str | None = field(init=False)
    path_transactions: str | None = field(init=False)

    def __repr__(self) -> str:
        return (  # a value may hold a password that nobody meant to put there
            f"<Settings for {self.environment.name}>"
        )

    def __post_init__(self) -> None:
        found: dict[str, object] = {_attribute(value.name): value.text for value in self.values}
        found["environment"] = _environment(found["environment"])
        found["token_cache"] = "disk" if found["token_cache"] == "disk" else "memory"
        found["home"] = expanded(str(found["home"])) if found["home"] else None
        for name, value in found.items():
            object.__setattr__(self, name, value)

    def problems(self, *names: str) -> tuple[Problem, ...]:
        """All that is wrong, found without any network.

        With names ("WYCH_CLIENT_ID"): about those, missing ones included. Without: about everything that is set, and about the
        file it came from. The environment is always judged. When a named setting is missing, what is wrong with the file comes
        first, as the likely reason.
        """
        return self._problems(names, "settings")

    def require(self, *names: str, stage: Stage = "settings") -> None:
        """Raise the first of the named settings' problems (`SettingMissing` or `SettingInvalid`), with the caller's stage."""
        for problem in self._problems(names, stage):
            raise problem

    def hidden(self) -> frozenset[str]:
        """The settings whose text nobody may see: the secrets, and those a secret stands in by mistake, or may."""
        secrets = {value.text for value in self.values if isinstance(value.text, Secret)}
        mixed_up = {
            problem.name
            for problem in self.problems()
            if problem.reference == "swapped-credentials"
        }
        return (
            frozenset(
                value.name for value in self.values if value.text and Secret(value.text) in secrets
            )
            | mixed_up
        )

    def with_(self, **given: str | Secret | Path | Environment | None) -> Settings:
        """A copy in which these attributes have values given by the program; `None` takes a value away. Unknown ones: `TypeError`."""
        found = {
            value.name: value for value in self.values if not value.origin.startswith("default")
        }
        for attribute, value in given.items():
            name = f"WYCH_{attribute.upper()}"
            if name not in NAMES:
                raise TypeError(
                    "there is no setting"
                    f" {attribute}{validation.nearest(attribute, map(_attribute, NAMES))}"
                )
            text = (
                value.name
                if isinstance(value, Environment)
                else str(value)
                if isinstance(value, Path)
                else value
            )
            found[name] = _value(name, text, "given")
        environment = self.values[0]
        return Settings(
            _filled(
                found,
                self.environment.name if environment.origin.startswith("default") else MOCK.name,
            ),
            self.file,
        )

    def _problems(self, names: tuple[str, ...], stage: Stage) -> tuple[Problem, ...]:
        values = {value.name: value for value in self.values}
        wrong: dict[str, Problem] = {
            name: SettingMissing(name, stage=stage) for name in names if values[name].text is None
        }
        about_the_file = self._about_the_file(stage) if wrong or not names else ()
        wrong |= {problem.name: problem for problem in self._invalid(stage)}
        asked = dict.fromkeys(("WYCH_ENVIRONMENT", *(names or NAMES)))
        return (
            *about_the_file,
            *(() if names else self.file.warnings),
            *(wrong[name] for name in asked if name in wrong),
        )

    def _about_the_file(self, stage: Stage) -> tuple[SettingInvalid, ...]:
        unknown = (
            line
            for line in self.file.lines
            if line.name.upper().startswith("WYCH_") and line.name not in NAMES
        )
        return tuple(_at(stage, problem) for problem in self.file.errors) + tuple(
            SettingInvalid(
                line.name,
                f"is no setting of this kit{validation.nearest(line.name.upper(), NAMES)}",
                origin=_origin(self.file, line),
                stage=stage,
                reference="unknown-setting",
            )
            for line in unknown
        )

    def _invalid(self, stage: Stage) -> list[SettingInvalid]:
        origins = {value.name: value.origin for value in self.values}
        return [
            SettingInvalid(
                name, found.reason, origin=origins[name], stage=stage, reference=found.reference
            )
            for name, found in self._findings.items()
        ]

    @cached_property
    def _findings(self) -> dict[str, Finding]:
        """At most one for each setting: what is wrong with the text itself before what is wrong beside others.

        Kept, because every call asks: looking again would cost as much as the call itself.
        """
        texts = {value.name: value.text for value in self.values if value.text is not None}
        return dict(reversed([*validation.together(texts)])) | {
            name: found for name, text in texts.items() if (found := validation.find(name, text))
        }


def load_settings(
    profile: str | None = None,
    *,
    path: Path | None = None,
    environ: Mapping[str, str] | None = None,
    file: EnvFile | None = None,
) -> Settings:
    """Settings from `environ` (default: the process's), over the file, over defaults.

    The file is `file`, already read, or at `path`, or the one `env_path(profile)` names. A profile called like an environment makes it the default environment.
    Never raises over what it finds.
    """
    file = _file(profile, path) if file is None else file
    shell = os.environ if environ is None else environ
    lines = file.last_lines()
    found: dict[str, Value] = {}
    for name in NAMES:
        line = lines.get(name)
        if line and line.value:
            found[name] = _value(name, line.value, _origin(file, line))
        if shell.get(name):
            below = found.get(name)
            text = _value(name, shell[name], "shell").text
            found[name] = Value(
                name,
                text,
                "shell",
                below.origin if below else None,
                differs=below is not None and below.text != text,
            )
    settings = Settings(
        _filled(found, profile if profile and profile in ENVIRONMENTS else MOCK.name), file
    )
    if profile not in ENVIRONMENTS or profile == settings.environment.name:
        return settings
    # A copied file whose environment was forgotten would pass for the one it is named after.
    mixed = SettingInvalid(
        "WYCH_ENVIRONMENT",
        f"is {settings.environment.name}, and the profile is {profile}: change one of the two",
        origin=settings.values[0].origin,
        reference="environment-mismatch",
    )
    return Settings(settings.values, replace(file, warnings=(*file.warnings, mixed)))


def save_settings(values: Mapping[str, str | Secret], path: Path) -> Path:
    """Save to a `.env` file, by variable name; see `wych_kit.settings.env_file.save` for what is kept, promised and raised."""
    from wych_kit.settings.env_file_writer import save  # most commands only read

    return save(values, path)


def _file(profile: str | None, path: Path | None) -> EnvFile:
    if path is None and profile and not re.fullmatch(r"\w[\w-]*", profile):
        reason = (
            "is no profile: letters, digits, - and _ are (`sandbox` means the file .env.sandbox)"
        )
        return EnvFile(errors=(SettingInvalid("profile", reason, reference="env-file-missing"),))
    place = Path(path) if path else env_path(profile)
    if os.path.lexists(place):
        return env_file.read(place)
    if path is None and profile:
        return EnvFile(
            errors=(
                SettingInvalid(
                    place.name,
                    "is neither here nor in the folders above",
                    reference="env-file-missing",
                ),
            )
        )
    return EnvFile()


def _at(stage: Stage, problem: SettingInvalid) -> SettingInvalid:
    """A copy, since what is raised collects a traceback."""
    moved = copy.copy(problem)
    moved.stage = stage
    return moved


def _filled(found: Mapping[str, Value], environment: str) -> tuple[Value, ...]:
    """Every setting in order: as found, else the default of the environment that holds."""
    held = found.get("WYCH_ENVIRONMENT")
    name = held.text if held and held.text else environment
    defaults = {"WYCH_ENVIRONMENT": environment, "WYCH_TOKEN_CACHE": "disk"}
    for attribute in ("issuer_url", "api_url", "portal_url", "connect_url", "callback_url"):
        if address := getattr(_environment(name), attribute):
            defaults[f"WYCH_{attribute.upper()}"] = address
    return tuple(
        found[each] if each in found and found[each].text is not None
        else Value(each, defaults[each], f"default ({name})") if each in defaults
        else Value(each, None, "not set")
        for each in NAMES
    )  # fmt: skip


def _value(name: str, text: str | Secret | None, origin: str) -> Value:
    if text is None or not text:
        return Value(name, None, origin)
    if name in SECRET_NAMES:
        return Value(name, Secret(text), origin)
    return Value(name, text.reveal() if isinstance(text, Secret) else text, origin)


def _environment(name: object) -> Environment:
    return ENVIRONMENTS.get(str(name)) or Environment(
        str(name), note="There is no such environment: mock, sandbox and production are."
    )


def _attribute(name: str) -> str:
    return name.removeprefix("WYCH_").lower()


def _origin(file: EnvFile, line: env_file.Line) -> str:
    return f"{file.path.name if file.path else '.env'} line {line.number}"
