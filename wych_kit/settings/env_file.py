"""Reads and saves a `.env` file: python-dotenv's grammar, nobody else's eyes, nothing lost on the way.

Reading gives what `dotenv_values(path, interpolate=False)` gives, with line numbers, and says what it stumbled over. Saved values
come back equal both ways; python-dotenv's *default* reading, which expands `${NAME}`, changes a value that contains `${`: the
format has no way to write that down.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import tempfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wych_kit.errors import SettingInvalid
from wych_kit.secret import Secret
from wych_kit.settings import locations as places

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import IO

    from dotenv.parser import Binding

_BOM = "\ufeff"
_PLAIN = re.compile(
    r"[A-Za-z0-9_./:@%+,=-]+"
)  # needs no quotes for python-dotenv, a shell, Docker or Compose
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


@dataclass(frozen=True)
class Line:
    """`name = value` at line `number` of the file, counted from 1. Any line may hold a secret, so all values are held as one."""

    name: str
    value: Secret | None
    number: int


@dataclass(frozen=True)
class EnvFile:
    """What a file holds. `broken`: why some or all of it could not be read; `odd`: read all the same, though others may not."""

    path: Path | None = None
    lines: tuple[Line, ...] = ()
    broken: tuple[SettingInvalid, ...] = ()
    odd: tuple[SettingInvalid, ...] = ()

    def last(self) -> dict[str, Line]:
        """By name, the line that counts: python-dotenv takes the last."""
        return {line.name: line for line in self.lines}


def read(path: Path) -> EnvFile:
    """What the file holds; never raises. A file that cannot be read, or is no UTF-8, has no lines and says why in `broken`."""
    try:
        return held(_text(path), path)
    except SettingInvalid as error:
        return EnvFile(path, broken=(error,))


def held(text: Secret, path: Path) -> EnvFile:
    """What a file of that name would hold with this text in it."""
    lines, unparsed = _parsed(text)
    reason = (
        "cannot be read (NAME=value is expected; look for a missing = or a quote that never closes)"
    )
    broken = tuple(
        SettingInvalid(path.name, reason, origin=f"line {number}", reference="env-file-line")
        for number in unparsed
    )
    hidden = (
        "starts with a byte order mark, which hides its first line from other programs: save it as"
        " UTF-8 without BOM"
    )
    odd = (
        (SettingInvalid(path.name, hidden, reference="env-file-bom"),)
        if text.reveal().startswith(_BOM)
        else ()
    )
    return EnvFile(path, lines, broken, odd)


def save(values: Mapping[str, str | Secret], path: Path) -> Path:
    """Put the values into the file and return where it really is (a symbolic link is followed, not replaced).

    The last line of that name is changed, or a line added; everything else stays: order, comments, `export`, line endings (a byte
    order mark goes). The file appears whole or not at all, readable and writable by its owner only, whatever it was before.
    Two programs that save at once wait for each other. Raises `SettingInvalid` when git would commit the file, when it
    cannot be read or written, or when a value or a broken line in the file would make it read back as something else.
    """
    secrets = {name: Secret(value) for name, value in values.items()}
    for name, secret in secrets.items():
        _refuse_unwritable(name, secret)
    target = Path(os.path.realpath(path))
    spares = _spares(target, refuse_committable(target))
    try:
        _save(secrets, target, spares)
    except OSError as error:
        reason = f"cannot be written: {error.strerror or type(error).__name__}"
    else:
        return target
    raise SettingInvalid(Path(path).name, reason, reference="env-file-unwritable")


def refuse_committable(target: Path) -> Path | None:
    """Raise `SettingInvalid` when git would commit the file, or cannot tell; else git's own folder, `None` if there is none.

    Without git, and outside of work trees, nothing can be committed.
    """
    if not target.parent.is_dir():  # then nothing can be written there either
        return None
    inside, answer = _git(target, "rev-parse", "--is-inside-work-tree", "--absolute-git-dir")
    if inside is None or answer.startswith(("fatal: not a git repository (or any", "false")):
        return None
    ignored, words = (
        _git(target, "check-ignore", "-q", "--", target.name) if inside == 0 else (inside, answer)
    )
    if ignored == 0:
        return Path(answer.split("\n")[1])
    if ignored != 1:
        words = words.removeprefix("fatal: ").split("\n")[0]
        reason = (
            f"may be committed by git, which cannot tell: {words}. Run `git status` in its folder"
            " and do as it says"
        )
    elif _git(target, "ls-files", "--error-unmatch", "--", target.name)[0] == 0:
        reason = (
            "is tracked by git, so a secret in it would be published: run `git rm --cached"
            f" {target.name}`, add the line `{target.name}` to .gitignore, and replace any secret"
            " it held"
        )
    else:
        reason = f"would be committed by git: add the line `{target.name}` to .gitignore first"
    raise SettingInvalid(target.name, reason, reference="env-file-committable")


def _git(target: Path, *arguments: str) -> tuple[int | None, str]:
    """Its exit status, `None` when there is no git, and what it said."""
    import shutil
    import subprocess  # these two cost more than the rest of this module, and only saving needs them

    git = shutil.which("git")
    if git is None:
        return None, ""
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith("GIT_")
    }  # a hook's GIT_DIR is not ours
    # A mounted repository belongs to somebody else: it may be asked all the same, and may not run its file watcher for that.
    config = {"safe.directory": "*", "core.fsmonitor": "false"}
    environ |= {"LC_ALL": "C", "GIT_CONFIG_COUNT": str(len(config))}
    for number, (name, value) in enumerate(config.items()):
        environ |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    command = [git, "-C", str(target.parent), *arguments]
    try:
        done = subprocess.run(command, env=environ, capture_output=True, check=False, timeout=10)  # noqa: S603  # no shell
    except (OSError, subprocess.TimeoutExpired) as error:
        return -1, f"{type(error).__name__} when it was asked"
    return done.returncode, os.fsdecode(done.stdout or done.stderr).strip()


def _text(path: Path) -> Secret:
    """The file as it is, line endings and byte order mark kept. Leaves no bytes of it in any traceback."""
    try:
        text = Secret(path.read_bytes().decode("utf-8"))
    except OSError as error:
        reason = f"cannot be read: {error.strerror or type(error).__name__}"
    except UnicodeDecodeError as error:
        wide = error.object[:2] in (b"\xff\xfe", b"\xfe\xff")
        reason = (
            f"is {'UTF-16 (PowerShell writes that)' if wide else 'not UTF-8'}: save it as UTF-8"
        )
    else:
        if "\0" not in text.reveal():
            return text
        reason = "holds zero bytes, as UTF-16 does: save it as UTF-8"
    # Outside the handlers: a decoding error carries the whole file, and would travel along as the context.
    raise SettingInvalid(path.name, reason, reference="env-file-unreadable")


def _bindings(text: str) -> list[Binding]:
    from dotenv.parser import (
        parse_stream,  # costs more than all of this package's settings, and only a file needs it
    )

    return list(parse_stream(io.StringIO(text.removeprefix(_BOM), newline="")))


def _parsed(text: Secret) -> tuple[tuple[Line, ...], tuple[int, ...]]:
    """Lines, and the numbers of lines that are none."""
    bindings = _bindings(
        text.reveal().replace("\r\n", "\n").replace("\r", "\n")
    )  # as Python opens text files
    lines = tuple(
        Line(b.key, None if b.value is None else Secret(b.value), _number(b))
        for b in bindings
        if b.key is not None
    )
    return lines, tuple(_number(b) for b in bindings if b.error)


def _number(binding: Binding) -> int:
    """The parser counts from the blank lines before; a person counts from the name."""
    original = binding.original.string
    return binding.original.line + original[: len(original) - len(original.lstrip())].count("\n")


def _refuse_unwritable(name: str, value: Secret) -> None:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise SettingInvalid(name, "is no name for a variable", reference="setting-invalid")
    if re.search("[\0\ud800-\udfff]", value.reveal()):
        raise SettingInvalid(
            name, "holds a character that no text file can", reference="odd-characters"
        )


def _save(values: Mapping[str, Secret], target: Path, spares: Path) -> None:
    if target.exists() and not target.is_file():
        raise PermissionError(
            None, "it is no ordinary file"
        )  # a vault's pipe, or a virtual environment of that name
    if (
        target.exists() and not target.stat().st_mode & 0o200
    ):  # root may write anything; whoever made it read-only meant it
        raise PermissionError(None, "it is read-only")
    with places.alone(target.parent) as alone, _spare(target, spares, clear=alone) as file:
        before = _text(target) if os.path.lexists(target) else Secret("")
        after = Secret(_rendered(before.reveal(), values))
        _refuse_changed(before, after, values, target.name)
        file.write(after.reveal().encode())
        file.flush()
        _keep_owner(file.fileno(), target)
        os.fsync(file.fileno())
        file.close()
        Path(file.name).replace(target)
    if hasattr(
        os, "O_DIRECTORY"
    ):  # the new name is on disk only when its folder is; Windows has no such call
        folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _spares(target: Path, git_folder: Path | None) -> Path:
    """The folder for spares: git's own, which it never commits, else the target's, as the last step works within one disk only."""
    if git_folder is None:
        return target.parent
    if os.access(git_folder, os.W_OK) and git_folder.stat().st_dev == target.parent.stat().st_dev:
        return git_folder
    if _git(target, "check-ignore", "-q", "--", f"{_mine(target)}.new")[0] != 0:
        reason = (
            "is ignored by git, but the new file written beside it is not: add the line"
            f" `{target.name}.*` to .gitignore too"
        )
        raise SettingInvalid(target.name, reason, reference="env-file-committable")
    return target.parent


def _mine(target: Path) -> str:
    """How the names of this file's spares begin: other files' may be in the same folder."""
    return f"{target.name}.{zlib.crc32(os.fsencode(target)):08x}."


@contextlib.contextmanager
def _spare(target: Path, folder: Path, *, clear: bool) -> Iterator[IO[bytes]]:
    """A new file of a name nobody else has; removed unless it took the target's place."""
    for left in [
        each for each in folder.iterdir() if clear and each.name.startswith(_mine(target))
    ]:
        left.unlink()  # a killed saver's: no living one holds the lock
    # Born private (0600), never made so afterwards; Windows knows no such mode and protects by folder.
    descriptor, spare = tempfile.mkstemp(".new", _mine(target), folder)
    try:
        with open(spare, "wb", opener=lambda *_: descriptor) as file:
            yield file
    except BaseException:
        Path(spare).unlink(missing_ok=True)
        raise


def _keep_owner(descriptor: int, target: Path) -> None:
    """Run as root, a person's file stays that person's."""
    if (
        hasattr(os, "fchown")
        and target.exists()
        and (owner := target.stat()).st_uid != os.fstat(descriptor).st_uid
    ):
        os.fchown(descriptor, owner.st_uid, owner.st_gid)


def _rendered(text: str, values: Mapping[str, Secret]) -> str:
    bindings = _bindings(text)
    pieces = [binding.original.string for binding in bindings]
    places = {
        binding.key: index for index, binding in enumerate(bindings) if binding.key is not None
    }
    newline = "\r\n" if "\r\n" in text else "\n"
    added = []
    for name, value in values.items():
        if name in places:
            pieces[places[name]] = _with_value(pieces[places[name]], _quoted(value.reveal()))
        else:
            added.append(f"{name}={_quoted(value.reveal())}{newline}")
    body = "".join(pieces)
    gap = newline if added and body and not body.endswith(("\n", "\r")) else ""
    return body + gap + "".join(added)


def _with_value(binding: str, value: str) -> str:
    """The binding's own text with another value: what is before the name, and a comment behind, stay."""
    found = _BINDING.fullmatch(binding)
    if found is None:  # then the reading back refuses
        return binding
    return f"{found['head']}={value}{found['tail']}{found['end']}"


def _quoted(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return text
    if not any(mark < " " or mark in "'\\" for mark in text):
        return f"'{text}'"
    return '"' + "".join(_ESCAPES.get(mark, mark) for mark in text) + '"'


def _refuse_changed(before: Secret, after: Secret, values: Mapping[str, Secret], file: str) -> None:
    """Read back before anything is replaced: a quote left open further up would swallow what follows it."""
    old, unparsed = _parsed(before)
    new, still_unparsed = _parsed(after)
    wanted = {line.name: line.value for line in old} | dict(values)
    if {line.name: line.value for line in new} != wanted or len(still_unparsed) != len(unparsed):
        place = f"line {unparsed[0]}" if unparsed else "a line"
        raise SettingInvalid(
            file,
            f"was left as it is: {place} has a quote that never closes; mend it first",
            reference="env-file-line",
        )
