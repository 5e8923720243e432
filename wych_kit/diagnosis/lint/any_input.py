"""Which kind of text is this? Told by its shape, then by its name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wych_kit.diagnosis.lint.callback_address import lint_address
from wych_kit.diagnosis.lint.curl import lint_curl
from wych_kit.diagnosis.lint.env_file import lint_env
from wych_kit.diagnosis.lint.har import lint_har
from wych_kit.errors import SettingInvalid

if TYPE_CHECKING:
    from wych_kit.diagnosis.lint.remark import Remark
    from wych_kit.settings.loading import Settings

_CURL = re.compile(r"(?m)^\s*(?:[$%›]\s+)?(?:\w+=\S*\s+)*(?:\S*/)?curl(?:\.exe)?\s")
_ENV = re.compile(r"(?m)^\ufeff?\s*(?:export\s+)?[A-Za-z_][\w.-]*\s*=")


def lint_text(
    text: str, name: str = "", settings: Settings | None = None, *, now: float | None = None
) -> tuple[Remark, ...]:
    """What is wrong with a text of any kind that is known here. Raises `SettingInvalid`, which says what was expected, for others."""
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
        "is nothing known here: a .env file, a curl command, a HAR or a callback's address is"
        " expected",
    )


def is_env_file(name: str) -> bool:
    """Whether a file of that name holds settings: `.env`, `.env.sandbox`, `prod.env`."""
    file = name.replace("\\", "/").rpartition("/")[2]
    return file == ".env" or file.startswith(".env.") or file.endswith(".env")
