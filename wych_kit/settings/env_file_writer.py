"""Saves values to a `.env` file that only its owner can read, and keeps the rest of the file.

Saved values read back equal with `dotenv_values(path, interpolate=False)`. python-dotenv's default
reading expands `${NAME}` and changes a value that contains it: the format cannot escape it.
"""

from __future__ import annotations

import os
import re
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from wych_kit.errors import SettingInvalid
from wych_kit.secret import Secret
from wych_kit.settings.env_file import parse_bindings, parse_lines, read_text
from wych_kit.settings.git_check import refuse_committable, run_git
from wych_kit.settings.private_files import create_temporary, lock_folder, replace_durably

if TYPE_CHECKING:
    from collections.abc import Mapping

# Such a value needs no quotes: not for python-dotenv, a shell, Docker or Compose.
_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,=-]+")
_ESCAPES = {
    "\a": r"\a",
    "\b": r"\b",
    "\f": r"\f",
    "\n": r"\n",
    "\r": r"\r",
    "\t": r"\t",
    "\v": r"\v",
    '"': r"\"",
    "\\": r"\\",
}
_BINDING = re.compile(
    r"""(?P<head>\s*(?:export[^\S\r\n]+)?(?:'[^']+'|[^=\#\s]+))[^\S\r\n]*
        (?:=(?:[^\S\r\n]*(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")|[^\r\n]*?))?
        (?P<tail>(?:[^\S\r\n]+\#[^\r\n]*)?)[^\S\r\n]*(?P<end>\r\n|\n|\r|)""",
    re.VERBOSE | re.DOTALL,
)


def save(values: Mapping[str, str | Secret], path: Path) -> Path:
    """Save the values by variable name; return the file's real path (a symbolic link is followed).

    The last line of each name is changed, or a line added. All else stays: order, comments,
    `export`, line endings; only a byte order mark goes. The file appears whole or not at all, mode
    0600 whatever it was before. Two programs that save at once wait for each other.

    Raises `SettingInvalid` when git would commit the file, when it cannot be read or written, or
    when a value, or a broken line in the file, would make it read back as something else.
    """
    secrets = {name: Secret(value) for name, value in values.items()}
    for name, secret in secrets.items():
        _refuse_unwritable(name, secret)
    target = Path(os.path.realpath(path))
    folder = _temporary_folder(target, refuse_committable(target))
    try:
        _save(secrets, target, folder)
    except OSError as error:
        reason = f"cannot be written: {error.strerror or type(error).__name__}"
    else:
        return target
    raise SettingInvalid(Path(path).name, reason, reference="env-file-unwritable")


def quote_value(text: str) -> str:
    """Return the text as it stands after the `=` in a `.env` file: plain, or in the simplest quotes."""
    if _PLAIN.fullmatch(text):
        return text
    # In single quotes python-dotenv reads \\ and \' as escapes, so those two need double quotes.
    if not any(mark < " " or mark in "'\\" for mark in text):
        return f"'{text}'"
    return '"' + "".join(_ESCAPES.get(mark, mark) for mark in text) + '"'


def _refuse_unwritable(name: str, value: Secret) -> None:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise SettingInvalid(
            name,
            "is not a valid name for a variable. Use letters, digits and _",
            reference="setting-invalid",
        )
    if re.search("[\0\ud800-\udfff]", value.reveal()):
        raise SettingInvalid(
            name,
            "contains a character that no text file can hold. Copy the value again",
            reference="odd-characters",
        )


def _save(values: Mapping[str, Secret], target: Path, folder: Path) -> None:
    # A vault serves `.env` through a pipe, and some virtual environments are folders of that name.
    if target.exists() and not target.is_file():
        raise PermissionError(None, "it is not an ordinary file")
    # root may write to any file; whoever made this one read-only meant it.
    if target.exists() and not target.stat().st_mode & 0o200:
        raise PermissionError(None, "it is read-only")
    with lock_folder(target.parent) as locked:
        if locked:
            _remove_leftovers(target, folder)
        with create_temporary(folder, _temporary_prefix(target)) as file:
            before = read_text(target) if os.path.lexists(target) else Secret("")
            after = Secret(_render(before.reveal(), values))
            _refuse_changed(before, after, values, target.name)
            file.write(after.reveal().encode())
            _keep_owner(file.fileno(), target)
            replace_durably(file, target)


def _temporary_folder(target: Path, git_folder: Path | None) -> Path:
    """Return the folder for the new file until it is renamed: git's own, else the target's.

    git never commits its own folder, so a killed process leaves nothing there to commit.
    """
    if git_folder is None:
        return target.parent
    # Renaming works within one disk only.
    if os.access(git_folder, os.W_OK) and git_folder.stat().st_dev == target.parent.stat().st_dev:
        return git_folder
    if run_git(target, "check-ignore", "-q", "--", f"{_temporary_prefix(target)}.new")[0] != 0:
        reason = (
            "is ignored by git, but the new file written beside it is not."
            f" Add the line `{target.name}.*` to .gitignore too"
        )
        raise SettingInvalid(target.name, reason, reference="env-file-committable")
    return target.parent


def _temporary_prefix(target: Path) -> str:
    # With a checksum of the path: git's folder may hold temporary files of other `.env` files too.
    return f"{target.name}.{zlib.crc32(os.fsencode(target)):08x}."


def _remove_leftovers(target: Path, folder: Path) -> None:
    """Remove what a killed process left. The caller holds the lock, so no living one uses them."""
    prefix = _temporary_prefix(target)
    for path in list(folder.iterdir()):
        if path.name.startswith(prefix):
            path.unlink()


def _keep_owner(descriptor: int, target: Path) -> None:
    """Let the file belong to whom it belonged, also when root saves it."""
    if (
        hasattr(os, "fchown")
        and target.exists()
        and (owner := target.stat()).st_uid != os.fstat(descriptor).st_uid
    ):
        os.fchown(descriptor, owner.st_uid, owner.st_gid)


def _render(text: str, values: Mapping[str, Secret]) -> str:
    bindings = parse_bindings(text)
    pieces = [binding.original.string for binding in bindings]
    # Later bindings overwrite earlier ones: of two lines with one name, the last counts.
    positions = {
        binding.key: index for index, binding in enumerate(bindings) if binding.key is not None
    }
    newline = "\r\n" if "\r\n" in text else "\n"
    added = []
    for name, value in values.items():
        quoted = Secret(quote_value(value.reveal()))
        if name in positions:
            index = positions[name]
            pieces[index] = _replace_value(pieces[index], quoted.reveal())
        else:
            added.append(f"{name}={quoted.reveal()}{newline}")
    body = "".join(pieces)
    gap = newline if added and body and not body.endswith(("\n", "\r")) else ""
    return body + gap + "".join(added)


def _replace_value(binding: str, value: str) -> str:
    """Return the binding with another value; what precedes the name, and a comment, stay."""
    match = _BINDING.fullmatch(binding)
    if match is None:  # then `_refuse_changed` finds the old value and refuses
        return binding
    return f"{match['head']}={value}{match['tail']}{match['end']}"


def _refuse_changed(before: Secret, after: Secret, values: Mapping[str, Secret], file: str) -> None:
    """Raise `SettingInvalid` if the new text would read back as anything but the wanted values."""
    # A quote left open further up would be closed by one of ours and swallow the lines between.
    old, unparsed = parse_lines(before)
    new, still_unparsed = parse_lines(after)
    wanted = {line.name: line.value for line in old} | dict(values)
    if {line.name: line.value for line in new} != wanted or len(still_unparsed) != len(unparsed):
        place = f"line {unparsed[0]}" if unparsed else "a line"
        raise SettingInvalid(
            file,
            f"was not changed, because {place} has a quote that never closes. Close it first",
            reference="env-file-line",
        )
