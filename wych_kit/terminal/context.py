"""Does what several commands share: settings, the mock, errors, JSON. It draws nothing itself."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wych_kit.errors import SettingInvalid, SettingMissing, WychError
from wych_kit.terminal.exit_status import status_of_error

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from wych_kit.client.api import WychClient
    from wych_kit.diagnosis.diagnose import Diagnosis
    from wych_kit.settings.loading import Settings

# Settings that decide where everything goes. Nothing may begin before they are right.
_FIRST_SETTINGS = ("WYCH_ENVIRONMENT", "WYCH_HOME", "profile")


def execute(arguments: argparse.Namespace) -> int:
    """Run the chosen command and return its exit status; an error of ours is reported."""
    try:
        return int(arguments.run(arguments))
    except WychError as error:
        return report_error(
            error,
            getattr(arguments, "settings", None),
            plain=arguments.plain,
            as_json=getattr(arguments, "as_json", False),
        )


def settings_of(arguments: argparse.Namespace) -> Settings:
    """Return the settings of the profile that the command line names."""
    from wych_kit.settings.loading import load_settings

    return load_settings(arguments.profile)


@contextlib.contextmanager
def reach_wych(arguments: argparse.Namespace) -> Iterator[Settings]:
    """Yield the settings; while they are for the mock and none runs, a mock runs behind them.

    Raises `SettingInvalid` for a wrong environment, folder or profile, and for a mock that
    cannot start. `execute` explains errors in the light of these settings.
    """
    settings = arguments.settings = settings_of(arguments)
    for problem in settings.problems():
        if problem.name in _FIRST_SETTINGS:
            raise problem
    # An exercise has a mock of its own, and may be about one that does not answer.
    mock = start_mock_if_needed(settings) if arguments.start_mock else contextlib.nullcontext()
    with mock:
        yield settings


def start_mock_if_needed(settings: Settings) -> contextlib.AbstractContextManager[object]:
    """Start a mock at the settings' address, unless something answers there.

    Does nothing if the settings are not for a mock on this machine. Raises `SettingInvalid`
    when the mock cannot start.
    """
    from wych_kit import mock
    from wych_kit.journey import mock_on_demand

    try:
        started = mock_on_demand.start_mock_if_needed(settings)
    except mock.CannotStart as error:
        reason = f"did not start: {error}"
        raise SettingInvalid("The mock", reason, reference="mock-not-started") from None
    if started is None:
        return contextlib.nullcontext()
    # On standard error, so that the command's output can be used by a program.
    print(  # noqa: T201 - see above
        "Started the mock for this command. To keep one running: wych-kit mock", file=sys.stderr
    )
    return started


@contextlib.contextmanager
def recording_client(settings: Settings) -> Iterator[WychClient]:
    """Yield a client whose exchanges are saved for `wych-kit journal`, also after an error."""
    from wych_kit.client.api import WychClient
    from wych_kit.client.journal.history import History

    client = WychClient(settings)
    try:
        with client:
            yield client
    finally:
        History(settings.home).add(client.journal.exchanges)


def report_error(
    error: WychError,
    settings: Settings | None = None,
    *,
    plain: bool = False,
    as_json: bool = False,
) -> int:
    """Print the diagnosis of an error and return its exit status.

    Text goes to standard error. A JSON document goes to standard output, where a program that
    asked for JSON reads it.
    """
    import dataclasses

    from wych_kit.diagnosis.diagnose import diagnose

    diagnosis = _with_hint_at_folder(diagnose(error, settings), error, settings)
    if as_json:
        print_json({"ok": False, "diagnosis": dataclasses.asdict(diagnosis)})
    else:
        from wych_kit.terminal.screen import Screen

        Screen(plain=plain, file=sys.stderr).show_diagnosis(diagnosis)
    return status_of_error(error)


def _with_hint_at_folder(
    diagnosis: Diagnosis, error: WychError, settings: Settings | None
) -> Diagnosis:
    """Point at a `.env` one folder below: `wych-kit lab` makes one in `wych-notebooks`."""
    if not isinstance(error, SettingMissing) or settings is None or settings.file.path:
        return diagnosis
    import dataclasses

    from wych_kit.settings.locations import env_path, find_env_below

    below = find_env_below()
    if below is None:
        return diagnosis
    action = f"There is no {env_path()}, but {below} exists. To use it: cd {below.parent}"
    return dataclasses.replace(diagnosis, action=action)


def print_json(value: Any) -> None:
    """Print one JSON document on standard output."""
    import json

    print(json.dumps(value, indent=2, ensure_ascii=False))  # noqa: T201 - this is the output


def command_to_type(words: str, profile: str | None = None) -> str:
    """Return the command line to show: with a path if `wych-kit` is not on PATH."""
    command = shutil.which("wych-kit") and "wych-kit"
    # In a virtual environment that is not activated, the command stands beside its Python.
    command = command or os.path.relpath(Path(sys.executable).with_name("wych-kit"))
    option = f" --profile {shlex.quote(profile)}" if profile else ""
    return f"{shlex.quote(command)} {words}{option}"


def is_interactive() -> bool:
    """Return True if somebody can be asked: input and output are both a terminal."""
    return sys.stdin.isatty() and sys.stdout.isatty()
