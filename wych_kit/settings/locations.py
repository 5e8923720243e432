"""Where things are: what the kit keeps is in WYCH_HOME or where the system wants such things, the `.env` file in your project."""

from __future__ import annotations

import os
import shlex
import shutil
import stat
import sys
from pathlib import Path
from typing import Literal


def tokens(home: Path | None) -> Path:
    """The folder of the shared tokens."""
    if home is not None:
        return home / "tokens"
    from platformdirs import user_cache_path

    return user_cache_path("wych-kit", appauthor=False) / "tokens"


def journal(home: Path | None) -> Path:
    """The file of the last commands' exchanges."""
    return _data(home) / "journal.jsonl"


def scores(home: Path | None) -> Path:
    """The file of what a person has solved in `wych-kit drill`."""
    return _data(home) / "drill-scores.json"


def mock(home: Path | None) -> Path:
    """The file in which a mock that the kit starts remembers registrations."""
    return _data(home) / "mock.sqlite"


def control(home: Path | None, port: int) -> Path:
    """The file in which a mock at this port says how it is told to misbehave."""
    return _data(home) / f"mock-{port}.json"


def typed(words: str, profile: str | None = None) -> str:
    """A command of the kit as it has to be typed here: a venv that is not activated is not on the path."""
    command = (
        "wych-kit"
        if shutil.which("wych-kit")
        else os.path.relpath(Path(sys.executable).with_name("wych-kit"))
    )
    return f"{shlex.quote(command)} {words}" + (
        f" --profile {shlex.quote(profile)}" if profile else ""
    )


def _data(home: Path | None) -> Path:
    if home is not None:
        return home
    from platformdirs import user_data_path

    return user_data_path("wych-kit", appauthor=False)


def env_path(profile: str | None = None) -> Path:
    """Where `.env` (or `.env.<profile>`) is: in this folder or the nearest above, up to the project's root or home.

    The root is a folder with `.git` or `pyproject.toml`. When there is no such file: where a new one belongs, at the root if there
    is one, else here.
    """
    name = f".env.{profile}" if profile else ".env"
    try:
        here = Path.cwd()
    except FileNotFoundError:  # somebody deleted the folder we are in
        return Path(name)
    for folder in (here, *here.parents):
        if _kind(folder / name) == "file" or any(
            _kind(folder / mark) for mark in (".git", "pyproject.toml")
        ):
            return folder / name
        if folder == expanded("~"):
            break
    return here / name


def env_below() -> Path | None:
    """A `.env` in a folder of this one, as those are that `wych-kit lab` makes; `None` when there is none."""
    return next((path for path in sorted(Path().glob("*/.env")) if _kind(path) == "file"), None)


def expanded(text: str) -> Path:
    """The path with `~` resolved, as far as it can be."""
    try:
        return Path(text).expanduser()
    except RuntimeError:  # no such person, or no home at all
        return Path(text)


def _kind(path: Path) -> Literal["folder", "file"] | None:
    """A pipe counts as a file, as vaults use them; what may not be looked at counts as nothing."""
    try:
        return "folder" if stat.S_ISDIR(path.stat().st_mode) else "file"
    except OSError:
        return None
