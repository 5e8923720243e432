"""Change a line of `.env` or words of `request.sh`, as a person's editor would."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wych_kit.settings.env_file_writer import quote_value

if TYPE_CHECKING:
    from pathlib import Path

    from wych_kit.secret import Secret


def write_line(path: Path, name: str, value: Secret) -> str:
    """Replace the line `NAME=…`, or add it; without a value remove it. Return what was done.

    The file is saved as editors do it: UTF-8 without a byte order mark, each line ending in LF.
    """
    before = path.read_bytes() if path.exists() else b""
    lines = before.decode("utf-8-sig", "replace").splitlines()
    line = f"{name}={quote_value(value.reveal())}"
    places = [
        number
        for number, text in enumerate(lines)
        if re.match(rf"\s*(export\s+)?{re.escape(name)}\b", text)
    ]
    kept = [text for number, text in enumerate(lines) if number not in places]
    number = places[0] if places else len(kept)
    if value:
        kept.insert(number, line)
    path.write_bytes("".join(f"{text}\n" for text in kept).encode())
    path.chmod(0o600)
    what = (
        f"line {number + 1} is now {name}"
        if value
        else f"{name} is removed"
        if places
        else f"there was no {name}"
    )
    clean = before.startswith(b"\xef\xbb\xbf") or b"\r" in before
    return f"{path.name}: {what}." + (" It was saved as UTF-8 with line ends LF." if clean else "")


def replace_words(path: Path, old: str, new: str) -> str:
    """Replace these words once. Return what was done."""
    text = path.read_text("utf-8", "replace")
    if not old or old not in text:
        return f"{path.name} does not contain this text."
    path.write_text(text.replace(old, new, 1), "utf-8")
    return f"{path.name} is changed."
