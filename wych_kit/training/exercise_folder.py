"""The folder in which an exercise happens: its own, and nobody else's."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from wych_kit.errors import SettingInvalid

if TYPE_CHECKING:
    from collections.abc import Iterator

# Its usual name, in the folder one is in.
FOLDER = Path("wych-drill")
_MARK = "pyproject.toml"
# The settings of the project around it are looked for no further up than this file.
_WORDS = "# A folder that wych-kit drill made, and takes away again: nothing in it is kept.\n"


def home(folder: Path) -> Path:
    """Where the exercise's journal is, whatever becomes of its `.env`."""
    return folder / "kit"


@contextmanager
def laid_out(folder: Path) -> Iterator[None]:
    """The folder, empty but for its marks, as long as this is open; then it goes. Where somebody has it open it may stay until the next.

    Raises `SettingInvalid` when it is there and no exercise's, when an exercise is under way in it, or when it cannot be written.
    """
    lock = _lay_out(folder)
    try:
        yield
    finally:
        lock.release()
        shutil.rmtree(folder, ignore_errors=True)


def _lay_out(folder: Path) -> FileLock:
    try:
        if folder.is_symlink() or (folder.exists() and not _is_ours(folder)):
            raise SettingInvalid(
                folder.name,
                "is there already and is no drill's: move it away, or go to another folder",
                reference="env-file-unwritable",
            )
        if folder.exists():
            _held(folder).release()
            shutil.rmtree(folder)
        folder.mkdir(mode=0o700)
        (folder / _MARK).write_text(_WORDS, "utf-8")
        (folder / ".gitignore").write_text("*\n", "utf-8")
        return _held(folder)
    except Timeout:
        why = "is another exercise's that is under way: end that, or go to another folder"
        raise SettingInvalid(folder.name, why, reference="env-file-unwritable") from None
    except OSError as error:
        raise SettingInvalid(
            folder.name, f"cannot be made: {error.strerror}", reference="env-file-unwritable"
        ) from None


def _held(folder: Path) -> FileLock:
    """The system frees it when its holder ends, however it ends."""
    lock = FileLock(folder / ".lock", timeout=0, mode=0o600, thread_local=False)
    lock.acquire()
    return lock


def _is_ours(folder: Path) -> bool:
    mark = folder / _MARK
    return folder.is_dir() and (
        not any(folder.iterdir())
        or (mark.is_file() and mark.read_text("utf-8", "replace") == _WORDS)
    )
