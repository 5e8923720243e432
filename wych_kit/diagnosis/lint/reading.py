"""A file, or standard input, to be looked at by its kind."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from wych_kit.diagnosis.lint.any_input import is_env_file, lint_text
from wych_kit.diagnosis.lint.env_file import lint_env
from wych_kit.errors import SettingInvalid
from wych_kit.settings import env_file

if TYPE_CHECKING:
    from wych_kit.diagnosis.lint.remark import Remark
    from wych_kit.settings.loading import Settings

# What is read of a file at most; a HAR of a long session is a few megabytes.
MOST_BYTES = 64 * 1024 * 1024


def lint_path(path: str, settings: Settings | None = None) -> tuple[Remark, ...]:
    """Remarks on the file; `-` is standard input. Raises `SettingInvalid` when it cannot be read, or is of no known kind."""
    if path != "-" and is_env_file(path):
        file = env_file.read(Path(path))
        for problem in file.errors:
            if problem.reference == "env-file-unreadable":
                raise problem
        return lint_env(Path(path))
    return lint_text(_text(path), "" if path == "-" else Path(path).name, settings, now=time.time())


def _text(path: str) -> str:
    try:
        data = sys.stdin.buffer.read(MOST_BYTES) if path == "-" else _bytes(path)
        return data.decode("utf-8")
    except OSError as error:
        reason = f"cannot be read: {error.strerror or type(error).__name__}"
    except UnicodeDecodeError:
        reason = "cannot be read: it is not UTF-8"
    raise SettingInvalid(
        "Standard input" if path == "-" else path, reason, reference="env-file-unreadable"
    )


def _bytes(path: str) -> bytes:
    with Path(path).open("rb") as file:
        return file.read(MOST_BYTES)
