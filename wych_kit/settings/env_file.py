"""Reads a `.env` file by python-dotenv's grammar, with line numbers and what is wrong with it.

The values are those of `dotenv_values(path, interpolate=False)`.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wych_kit.errors import SettingInvalid
from wych_kit.secret import Secret

if TYPE_CHECKING:
    from pathlib import Path

    from dotenv.parser import Binding

_BOM = "\ufeff"


@dataclass(frozen=True)
class Line:
    """One `name = value`, at line `number` of the file, counted from 1."""

    name: str
    # None for a name without `=`. Any line may hold a secret, so every value is a Secret.
    value: Secret | None
    number: int


@dataclass(frozen=True)
class EnvFile:
    """The content of a file.

    `errors` say why some or all of it could not be read. `warnings` are about what was read all the
    same, though other programs may not read it.
    """

    path: Path | None = None
    lines: tuple[Line, ...] = ()
    errors: tuple[SettingInvalid, ...] = ()
    warnings: tuple[SettingInvalid, ...] = ()

    def last_lines(self) -> dict[str, Line]:
        """Return by name the line that counts: of several, python-dotenv uses the last."""
        return {line.name: line for line in self.lines}


def read(path: Path) -> EnvFile:
    """Return the file's content; never raises.

    A file that cannot be read, or is not UTF-8, has no lines and one entry in `errors`.
    """
    try:
        return parse(read_text(path), path)
    except SettingInvalid as error:
        return EnvFile(path, errors=(error,))


def parse(text: Secret, path: Path) -> EnvFile:
    """Return the content of a file at `path` with this text; nothing is read from the disk."""
    lines, unparsed = parse_lines(text)
    errors = tuple(
        SettingInvalid(
            path.name,
            "is not in the form NAME=value. Look for a missing = or a quote that never closes",
            origin=f"line {number}",
            reference="env-file-line",
        )
        for number in unparsed
    )
    bom = SettingInvalid(
        path.name,
        "starts with a byte order mark, which hides its first line from other programs."
        " Save it as UTF-8 without BOM",
        reference="env-file-bom",
    )
    return EnvFile(path, lines, errors, (bom,) if text.reveal().startswith(_BOM) else ())


def read_text(path: Path) -> Secret:
    """Return the file's text, line endings and byte order mark kept; raise `SettingInvalid`."""
    try:
        text = Secret(path.read_bytes().decode("utf-8"))
    except OSError as error:
        reason = f"cannot be read: {error.strerror or type(error).__name__}"
    except UnicodeDecodeError as error:
        is_utf16 = error.object[:2] in (b"\xff\xfe", b"\xfe\xff")
        encoding = "UTF-16, as PowerShell writes it" if is_utf16 else "not UTF-8"
        reason = f"is {encoding}. Save it as UTF-8"
    else:
        if "\0" not in text.reveal():
            return text
        reason = "contains zero bytes, as UTF-16 does. Save it as UTF-8"
    # Raised outside of the handlers: a decoding error carries the whole file, and would stay with
    # this one as its context.
    raise SettingInvalid(path.name, reason, reference="env-file-unreadable")


def parse_bindings(text: str) -> list[Binding]:
    """Return python-dotenv's bindings: one for each line, comment or unreadable stretch."""
    # Costs more than all the rest of loading settings, and only a file needs it.
    from dotenv.parser import parse_stream

    return list(parse_stream(io.StringIO(text.removeprefix(_BOM), newline="")))


def parse_lines(text: Secret) -> tuple[tuple[Line, ...], tuple[int, ...]]:
    """Return the lines, and the numbers of those that cannot be read."""
    # Line endings as in a text file that Python opens, which is what python-dotenv reads.
    bindings = parse_bindings(text.reveal().replace("\r\n", "\n").replace("\r", "\n"))
    lines = tuple(
        Line(b.key, None if b.value is None else Secret(b.value), _line_number(b))
        for b in bindings
        if b.key is not None
    )
    return lines, tuple(_line_number(b) for b in bindings if b.error)


def _line_number(binding: Binding) -> int:
    # The parser counts from the blank lines before a binding; people count from the name.
    original = binding.original.string
    return binding.original.line + original[: len(original) - len(original.lstrip())].count("\n")
