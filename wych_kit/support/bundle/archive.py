"""Writes the zip file: the same bytes for the same parts, and never over another file."""

from __future__ import annotations

import io
import os
import zipfile
from typing import TYPE_CHECKING

from wych_kit.errors import SettingInvalid
from wych_kit.settings.private_files import create_private_file

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from wych_kit.support.bundle.parts import Part

_UNIX = 3
_MODE = 0o600
_EXISTS = "exists already, and the kit does not replace it. Choose a different name with --to"


def pack(parts: Iterable[Part], now: datetime) -> bytes:
    """Return the zip file of these parts, in their order.

    Every part gets the time `now`, which a zip file stores to two seconds.
    """
    time = (now.year, now.month, now.day, now.hour, now.minute, now.second)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in parts:
            member = zipfile.ZipInfo(part.name, time)
            # Only the owner may read an unpacked part. The high 16 bits are the Unix mode.
            member.create_system = _UNIX
            member.external_attr = (0o100000 | _MODE) << 16
            archive.writestr(member, part.content, zipfile.ZIP_DEFLATED, compresslevel=9)
    return buffer.getvalue()


def refuse_unusable(path: Path) -> None:
    """Raise `SettingInvalid` if no file can be created there. Does no other work."""
    if path.is_dir():
        raise _invalid(path, "is a folder. Name a file in it")
    if os.path.lexists(path):
        raise _invalid(path, _EXISTS)
    if not path.parent.is_dir():
        raise _invalid(path, "cannot be written, because the folder does not exist")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise _invalid(path, "cannot be written, because you may not create files in that folder")


def write_archive(content: bytes, path: Path) -> None:
    """Write the zip file, which only its owner can read.

    Raises `SettingInvalid` if it cannot be written, or if another program created it meanwhile.
    """
    try:
        created = create_private_file(path, content)
    except OSError as error:
        raise _invalid(path, f"cannot be written: {error.strerror or error}") from None
    if not created:
        raise _invalid(path, _EXISTS)


def _invalid(path: Path, reason: str) -> SettingInvalid:
    return SettingInvalid(str(path), reason)
