"""The zip: the same bytes for the same parts, readable by its owner only, whole or not there, never over another file."""

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
_THERE = "is there already, and stays: give another name with --to"


def packed(parts: Iterable[Part], now: datetime) -> bytes:
    """The zip of these parts in their order, each made at `now`, which a zip keeps to two seconds."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in parts:
            member = zipfile.ZipInfo(
                part.name, (now.year, now.month, now.day, now.hour, now.minute, now.second)
            )
            member.create_system, member.external_attr = _UNIX, (0o100000 | _MODE) << 16
            archive.writestr(member, part.content, zipfile.ZIP_DEFLATED, 9)
    return whole.getvalue()


def refuse(place: Path) -> None:
    """Raise `SettingInvalid` when nothing can be written there, before any work is done for it."""
    if place.is_dir():
        raise _cannot(place, "is a folder: name a file in it")
    if os.path.lexists(place):
        raise _cannot(place, _THERE)
    if not place.parent.is_dir():
        raise _cannot(place, "cannot be written: there is no such folder")
    if not os.access(place.parent, os.W_OK | os.X_OK):
        raise _cannot(place, "cannot be written: this folder takes no new files from you")


def write(content: bytes, place: Path) -> None:
    """Raises `SettingInvalid` when it cannot be written, and when something came there meanwhile."""
    try:
        created = create_private_file(place, content)
    except OSError as error:
        raise _cannot(place, f"cannot be written: {error.strerror or error}") from None
    if not created:
        raise _cannot(place, _THERE)


def _cannot(place: Path, reason: str) -> SettingInvalid:
    return SettingInvalid(str(place), reason)
