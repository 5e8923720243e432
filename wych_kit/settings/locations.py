"""Names the files of the kit: its own in WYCH_HOME or the system's folders, `.env` in your project."""

from __future__ import annotations

import os
import shlex
import shutil
import stat
import sys
from pathlib import Path
from typing import Literal


def tokens(home: Path | None) -> Path:
    """Return the folder of the shared tokens."""
    if home is not None:
        return home / "tokens"
    from platformdirs import user_cache_path

    return user_cache_path("wych-kit", appauthor=False) / "tokens"


def journal(home: Path | None) -> Path:
    """Return the file with the exchanges of the last commands."""
    return _data(home) / "journal.jsonl"


def scores(home: Path | None) -> Path:
    """Return the file with the scores of `wych-kit drill`."""
    return _data(home) / "drill-scores.json"


def mock(home: Path | None) -> Path:
    """Return the file in which a mock that the kit starts remembers registrations."""
    return _data(home) / "mock.sqlite"


def control(home: Path | None, port: int) -> Path:
    """Return the file in which a mock at this port says how to reach its control port."""
    return _data(home) / f"mock-{port}.json"


def typed(words: str, profile: str | None = None) -> str:
    """Return the command line to show: with a path if `wych-kit` is not on PATH."""
    # As in a virtual environment that is not activated.
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
    """Return the path of `.env` (or `.env.<profile>`): in this folder or the nearest one above.

    The search ends at the project's root (a folder with `.git` or `pyproject.toml`) or at home. If
    there is no such file, it is the path for a new one: at the root if there is one, else here.
    """
    name = f".env.{profile}" if profile else ".env"
    try:
        here = Path.cwd()
    except FileNotFoundError:  # somebody deleted the current folder
        return Path(name)
    for folder in (here, *here.parents):
        if _kind(folder / name) == "file" or any(
            _kind(folder / mark) for mark in (".git", "pyproject.toml")
        ):
            return folder / name
        if folder == expand_home("~"):
            break
    return here / name


def find_env_below() -> Path | None:
    """Return a `.env` in a subfolder, such as `wych-kit lab` creates, or None."""
    return next((path for path in sorted(Path().glob("*/.env")) if _kind(path) == "file"), None)


def expand_home(text: str) -> Path:
    """Return the path with `~` resolved, or as it is if that user has no home."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return Path(text)


def _kind(path: Path) -> Literal["folder", "file"] | None:
    # A pipe counts as a file, since vaults serve `.env` through one. What the user may not look at
    # counts as nothing.
    try:
        return "folder" if stat.S_ISDIR(path.stat().st_mode) else "file"
    except OSError:
        return None
