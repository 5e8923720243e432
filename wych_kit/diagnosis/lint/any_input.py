"""Lint a file or a text of any known kind: its shape decides, then its name."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from wych_kit.diagnosis.lint.callback_address import lint_address
from wych_kit.diagnosis.lint.curl import lint_curl
from wych_kit.diagnosis.lint.env_file import lint_env
from wych_kit.diagnosis.lint.har import lint_har
from wych_kit.errors import SettingInvalid
from wych_kit.settings import env_file

if TYPE_CHECKING:
    from wych_kit.diagnosis.lint.remark import Remark
    from wych_kit.settings.loading import Settings

# A HAR of a long session has a few megabytes; anything larger is not one of these files.
MAX_BYTES = 64 * 1024 * 1024
_CURL = re.compile(r"(?m)^\s*(?:[$%›]\s+)?(?:\w+=\S*\s+)*(?:\S*/)?curl(?:\.exe)?\s")
_ENV = re.compile(r"(?m)^\ufeff?\s*(?:export\s+)?[A-Za-z_][\w.-]*\s*=")


def lint_text(
    text: str, name: str = "", settings: Settings | None = None, *, now: float | None = None
) -> tuple[Remark, ...]:
    """Return the remarks on a text of any known kind.

    Raises `SettingInvalid`, which says what was expected, for any other text.
    """
    begins = text.lstrip("\ufeff \t\r\n")
    if begins[:1] == "{" or name.endswith(".har"):
        return lint_har(text, settings, now=now)
    if is_env_file(name):
        return lint_env(text)
    if _CURL.search(text):
        return lint_curl(text, settings, now=now)
    if re.match(r"https?://", begins):
        return lint_address(text)
    if _ENV.search(text):
        return lint_env(text)
    raise SettingInvalid(
        name or "The text",
        "is of no known kind: use a .env file, a curl command, a HAR file or a callback URL",
    )


def is_env_file(name: str) -> bool:
    """Return True if a file of that name holds settings: `.env`, `.env.sandbox`, `prod.env`."""
    file = name.replace("\\", "/").rpartition("/")[2]
    return file == ".env" or file.startswith(".env.") or file.endswith(".env")


def lint_path(path: str, settings: Settings | None = None) -> tuple[Remark, ...]:
    """Return the remarks on a file; `-` is standard input.

    Raises `SettingInvalid` if it cannot be read, or is of no known kind.
    """
    if path != "-" and is_env_file(path):
        file = env_file.read(Path(path))
        for problem in file.errors:
            if problem.reference == "env-file-unreadable":
                raise problem
        return lint_env(Path(path))
    return lint_text(
        _read_text(path), "" if path == "-" else Path(path).name, settings, now=time.time()
    )


def _read_text(path: str) -> str:
    try:
        data = sys.stdin.buffer.read(MAX_BYTES) if path == "-" else _read_bytes(path)
        return data.decode("utf-8")
    except OSError as error:
        reason = f"cannot be read: {error.strerror or type(error).__name__}"
    except UnicodeDecodeError:
        reason = "cannot be read: it is not UTF-8"
    raise SettingInvalid(
        "Standard input" if path == "-" else path, reason, reference="env-file-unreadable"
    )


def _read_bytes(path: str) -> bytes:
    with Path(path).open("rb") as file:
        return file.read(MAX_BYTES)
