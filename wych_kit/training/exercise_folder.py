"""Create, lock and remove the folder of an exercise; no other folder is touched."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from wych_kit.errors import SettingInvalid

if TYPE_CHECKING:
    from collections.abc import Iterator

# The default folder, in the current one.
FOLDER = Path("wych-drill")
_MARKER = "pyproject.toml"
# Settings are searched upwards to a folder with this file: the project around stays out of it.
_MARKER_TEXT = "# Created by wych-kit drill and removed at the end: keep nothing in this folder.\n"


def kit_home(folder: Path) -> Path:
    """Return the folder of the exercise's journal, independent of its `.env`."""
    return folder / "kit"


@contextmanager
def open_exercise_folder(folder: Path) -> Iterator[None]:
    """Create the folder, empty but for its markers, and remove it at the end.

    A folder that another program holds open may stay until the next exercise. Raises
    `SettingInvalid` if the folder exists and belongs to no exercise, if an exercise is in progress
    in it, or if it cannot be written.
    """
    lock = _create_folder(folder)
    try:
        yield
    finally:
        lock.release()
        shutil.rmtree(folder, ignore_errors=True)


def _create_folder(folder: Path) -> FileLock:
    try:
        if folder.is_symlink() or (folder.exists() and not _is_exercise(folder)):
            raise SettingInvalid(
                folder.name,
                "already exists and is not an exercise: move it, or use another folder",
                reference="env-file-unwritable",
            )
        if folder.exists():
            _lock_folder(folder).release()
            shutil.rmtree(folder)
        folder.mkdir(mode=0o700)
        (folder / _MARKER).write_text(_MARKER_TEXT, "utf-8")
        (folder / ".gitignore").write_text("*\n", "utf-8")
        return _lock_folder(folder)
    except Timeout:
        why = "has an exercise in progress: end that one, or use another folder"
        raise SettingInvalid(folder.name, why, reference="env-file-unwritable") from None
    except OSError as error:
        raise SettingInvalid(
            folder.name, f"cannot be created: {error.strerror}", reference="env-file-unwritable"
        ) from None


def _lock_folder(folder: Path) -> FileLock:
    """Take the folder's lock. The system releases it when the process ends, however it ends."""
    lock = FileLock(folder / ".lock", timeout=0, mode=0o600, thread_local=False)
    lock.acquire()
    return lock


def _is_exercise(folder: Path) -> bool:
    mark = folder / _MARKER
    return folder.is_dir() and (
        not any(folder.iterdir())
        or (mark.is_file() and mark.read_text("utf-8", "replace") == _MARKER_TEXT)
    )
