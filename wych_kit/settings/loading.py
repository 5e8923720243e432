"""Loads the settings: the shell over a `.env` file over defaults, each with its origin.

Loading checks nothing and never fails, so that wrong settings can be shown. `Settings.problems` and
`Settings.require` check. An empty value counts as not set, wherever it is.
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
from wych_kit.settings.locations import env_path, expand_home

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
    """One setting and where it comes from.

    `origin` is "shell", ".env line 4", "default (mock)", "given" (by the program) or "not set".
    `shadowed` is the origin of a line in the file that the shell's value overrides; `differs` is
    True if that line has another text.
    """

    name: str
    text: str | Secret | None
    origin: str
    shadowed: str | None = None
    differs: bool = False


@dataclass(frozen=True, repr=False)
class Settings:
    """All settings, unchangeable. Build them with `load_settings`, vary them with `with_`.

    Texts are as they were loaded, right or wrong. Three are interpreted: `environment` (one without
    addresses if the name is unknown), `token_cache` (`memory` if unclear, so nothing is stored) and
    `home` (None means the system's usual folder).
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
        # No values: any of them may hold a password by mistake.
        return f"<Settings for {self.environment.name}>"

    def __post_init__(self) -> None:
        attributes: dict[str, object] = {
            _attribute(value.name): value.text for value in self.values
        }
        attributes["environment"] = _environment(attributes["environment"])
        attributes["token_cache"] = "disk" if attributes["token_cache"] == "disk" else "memory"
        attributes["home"] = expand_home(str(attributes["home"])) if attributes["home"] else None
        for name, value in attributes.items():
            object.__setattr__(self, name, value)  # the only way to set one of a frozen class

    def problems(self, *names: str) -> tuple[Problem, ...]:
        """Return all that is wrong, without using the network.

        With names ("WYCH_CLIENT_ID"): about those settings, missing ones included. Without: about
        every setting that has a value, and about the file. The environment is always checked.
        """
        return self._problems(names, "settings")

    def require(self, *names: str, stage: Stage = "settings") -> None:
        """Raise the first problem of the named settings, with the caller's stage.

        It is a `SettingMissing` or a `SettingInvalid`.
        """
        # Every call asks; what was found usable once stays so, since settings cannot change.
        if names and self._usable.issuperset(("WYCH_ENVIRONMENT", *names)):
            return
        for problem in self._problems(names, stage):
            raise problem

    def hidden(self) -> frozenset[str]:
        """Return the names of the settings whose text nobody may see.

        These are the secrets, and other settings in which a secret is by mistake, or may be.
        """
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

    def with_(self, **changes: str | Secret | Path | Environment | None) -> Settings:
        """Return a copy with these attributes changed; None removes a value.

        The default addresses follow `environment`. Raises `TypeError` for an unknown attribute.
        """
        values = {
            value.name: value for value in self.values if not value.origin.startswith("default")
        }
        for attribute, value in changes.items():
            name = f"WYCH_{attribute.upper()}"
            if name not in NAMES:
                raise TypeError(
                    f"there is no setting {attribute}"
                    f"{validation.suggest_nearest(attribute, map(_attribute, NAMES))}"
                )
            text = (
                value.name
                if isinstance(value, Environment)
                else str(value)
                if isinstance(value, Path)
                else value
            )
            values[name] = _value(name, text, "given")
        environment = self.values[0]
        return Settings(
            _fill_defaults(
                values,
                self.environment.name if environment.origin.startswith("default") else MOCK.name,
            ),
            self.file,
        )

    def _problems(self, names: tuple[str, ...], stage: Stage) -> tuple[Problem, ...]:
        values = {value.name: value for value in self.values}
        problems: dict[str, Problem] = {
            name: SettingMissing(name, stage=stage) for name in names if values[name].text is None
        }
        # First, because an unreadable or misspelt line is the likely reason for a missing setting.
        about_file = self._file_problems(stage) if problems or not names else ()
        problems |= {problem.name: problem for problem in self._invalid(stage)}
        wanted = dict.fromkeys(("WYCH_ENVIRONMENT", *(names or NAMES)))
        return (
            *about_file,
            *(() if names else self.file.warnings),
            *(problems[name] for name in wanted if name in problems),
        )

    def _file_problems(self, stage: Stage) -> tuple[SettingInvalid, ...]:
        unknown = (
            line
            for line in self.file.lines
            if line.name.upper().startswith("WYCH_") and line.name not in NAMES
        )
        return tuple(_copy_for_stage(stage, problem) for problem in self.file.errors) + tuple(
            SettingInvalid(
                line.name,
                f"is not a setting of this kit{validation.suggest_nearest(line.name.upper(), NAMES)}",
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
                name, finding.reason, origin=origins[name], stage=stage, reference=finding.reference
            )
            for name, finding in self._findings.items()
        ]

    @cached_property
    def _usable(self) -> frozenset[str]:
        present = {value.name for value in self.values if value.text is not None}
        return frozenset(present - self._findings.keys())

    @cached_property
    def _findings(self) -> dict[str, Finding]:
        """Return at most one finding for each setting that has a value, by name.

        What is wrong with a text itself overrides what is wrong beside other settings.
        """
        # Cached, because every call asks: checking again would cost as much as the call itself.
        # Reversed, so that the first mixup of a setting, which is the worst, remains in the dict.
        texts = {value.name: value.text for value in self.values if value.text is not None}
        return dict(reversed([*validation.find_mixups(texts)])) | {
            name: finding
            for name, text in texts.items()
            if (finding := validation.find_problem(name, text))
        }


def load_settings(
    profile: str | None = None,
    *,
    path: Path | None = None,
    environ: Mapping[str, str] | None = None,
    file: EnvFile | None = None,
) -> Settings:
    """Return the settings from `environ` (default: the process's), over the file, over defaults.

    The file is `file` (already read), or the one at `path`, or the one that `env_path(profile)`
    names. A profile with the name of an environment makes that one the default. Never raises for
    what a setting or the file contains.
    """
    file = _find_file(profile, path) if file is None else file
    shell = os.environ if environ is None else environ
    lines = file.last_lines()
    values: dict[str, Value] = {}
    for name in NAMES:
        line = lines.get(name)
        if line and line.value:
            values[name] = _value(name, line.value, _origin(file, line))
        if shell.get(name):
            below = values.get(name)
            text = _value(name, shell[name], "shell").text
            values[name] = Value(
                name,
                text,
                "shell",
                below.origin if below else None,
                differs=below is not None and below.text != text,
            )
    settings = Settings(
        _fill_defaults(values, profile if profile and profile in ENVIRONMENTS else MOCK.name), file
    )
    if profile not in ENVIRONMENTS or profile == settings.environment.name:
        return settings
    # A copied file in which nobody changed the environment would pass for the one it is named after.
    mismatch = SettingInvalid(
        "WYCH_ENVIRONMENT",
        f"is {settings.environment.name}, but the profile is {profile}. Change one of the two",
        origin=settings.values[0].origin,
        reference="environment-mismatch",
    )
    return Settings(settings.values, replace(file, warnings=(*file.warnings, mismatch)))


def save_settings(values: Mapping[str, str | Secret], path: Path) -> Path:
    """Save values to a `.env` file by variable name; return the file's real path.

    `wych_kit.settings.env_file_writer.save` describes what it keeps of the file and what it raises.
    """
    from wych_kit.settings.env_file_writer import save  # most commands only read

    return save(values, path)


def _find_file(profile: str | None, path: Path | None) -> EnvFile:
    if path is None and profile and not re.fullmatch(r"\w[\w-]*", profile):
        reason = (
            "has an invalid name. Use letters, digits, - and _,"
            " such as `sandbox` for the file .env.sandbox"
        )
        return EnvFile(errors=(SettingInvalid("profile", reason, reference="env-file-missing"),))
    location = Path(path) if path else env_path(profile)
    if os.path.lexists(location):
        return env_file.read(location)
    if path is None and profile:
        return EnvFile(
            errors=(
                SettingInvalid(
                    location.name,
                    "is not in this folder nor in those above. Check the name of the profile",
                    reference="env-file-missing",
                ),
            )
        )
    return EnvFile()


def _copy_for_stage(stage: Stage, problem: SettingInvalid) -> SettingInvalid:
    # A copy, since an error that is raised collects a traceback, and the file's are kept.
    copied = copy.copy(problem)
    copied.stage = stage
    return copied


def _fill_defaults(values: Mapping[str, Value], environment: str) -> tuple[Value, ...]:
    """Return every setting in order; those without a value get the environment's default.

    `environment` counts if the values name none.
    """
    chosen = values.get("WYCH_ENVIRONMENT")
    name = str(chosen.text) if chosen and chosen.text else environment
    defaults = {"WYCH_ENVIRONMENT": environment, "WYCH_TOKEN_CACHE": "disk"}
    for attribute in ("issuer_url", "api_url", "portal_url", "connect_url", "callback_url"):
        if address := getattr(_environment(name), attribute):
            defaults[f"WYCH_{attribute.upper()}"] = address
    return tuple(
        values[key] if key in values and values[key].text is not None
        else Value(key, defaults[key], f"default ({name})") if key in defaults
        else Value(key, None, "not set")
        for key in NAMES
    )  # fmt: skip


def _value(name: str, text: str | Secret | None, origin: str) -> Value:
    if text is None or not text:
        return Value(name, None, origin)
    if name in SECRET_NAMES:
        return Value(name, Secret(text), origin)
    return Value(name, text.reveal() if isinstance(text, Secret) else text, origin)


def _environment(name: object) -> Environment:
    return ENVIRONMENTS.get(str(name)) or Environment(
        str(name), note="Unknown environment. Choose mock, sandbox or production."
    )


def _attribute(name: str) -> str:
    return name.removeprefix("WYCH_").lower()


def _origin(file: EnvFile, line: env_file.Line) -> str:
    return f"{file.path.name if file.path else '.env'} line {line.number}"
