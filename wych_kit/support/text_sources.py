"""The texts that lie about in files and folders, each with its place: notebooks cell by cell, SQLite rows, and everything else by line."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Bytes; a larger file is data, and is passed over.
HUGE = 16 * 1024 * 1024
_BINARY = "binary"


class Piece(NamedTuple):
    """A text and where it is, ready for a line number: `a.log: ` or `a.ipynb: cell 3, output, `. `first` when it begins a file."""

    where: str
    text: str
    first: bool


class Passed(defaultdict[str, list[str]]):
    """What was not looked into, by reason."""

    def __init__(self) -> None:
        super().__init__(list)

    def unread(self, error: OSError) -> None:
        """Something cannot be read, and why."""
        self[f"cannot be read ({error.strerror})"].append(str(Path(error.filename)))


def homes(env: Path | None) -> list[Path]:
    """The settings' own file and those of other profiles beside it; `.env.example` is for everybody and none of them."""
    if env is None:
        return []
    beside = {env, *env.parent.glob(".env"), *env.parent.glob(".env.*")}
    return [path for path in sorted(beside) if path.is_file() and path.name != ".env.example"]


def pieces(paths: Iterable[str], at_home: Iterable[Path], passed: Passed) -> Iterator[Piece]:
    """Every text below these paths; what is passed over is noted in `passed`.

    A folder leaves out what is made by tools, git's store, and the files where secrets belong unless git would carry them away. A file that
    is named itself is always looked into. Raises `OSError` for a path that is not there or cannot be read.
    """
    kept = {path.resolve() for path in at_home}
    for name in paths:
        if name == "-":
            yield Piece(
                "standard input: ", sys.stdin.buffer.read().decode("utf-8", "replace"), first=True
            )
        elif Path(name).is_dir():
            os.scandir(name).close()
            for path in _below(Path(name), passed):
                if path.resolve() in kept and not _tracked(path):
                    passed["secrets belong there and git does not have it"].append(str(path))
                else:
                    yield from _file(path, passed)
        elif Path(name).exists():
            Path(name).open("rb").close()
            yield from _file(Path(name), passed)
        else:
            raise FileNotFoundError(2, "no such file", name)


def _below(folder: Path, passed: Passed) -> Iterator[Path]:
    for place, folders, files in os.walk(folder, onerror=passed.unread):
        here = Path(place)
        for name in sorted(folders):
            if reason := _left_out(here / name):
                passed[reason].append(str(here / name))
                folders.remove(name)
        folders.sort()
        yield from (here / name for name in sorted(files) if _is_file(here / name))


def _is_file(path: Path) -> bool:
    """Whether it is no pipe or socket, which would keep us waiting. One that must not be looked at counts, so that it is noted."""
    try:
        return path.is_file()
    except OSError:
        return True


def _left_out(folder: Path) -> str:
    if folder.name == ".git":
        return "git's store (try: git log -p --all | wych-kit scan -)"
    if folder.is_symlink():
        return "a link to a folder"
    if _has(folder, "pyvenv.cfg") or folder.name in ("node_modules", "__pycache__"):
        return "installed or compiled"
    return "a cache" if _has(folder, "CACHEDIR.TAG") else ""


def _has(folder: Path, name: str) -> bool:
    with contextlib.suppress(OSError):  # it must not be looked into, which walking there will note
        return (folder / name).exists()
    return False


def _tracked(path: Path) -> bool:
    """Whether git would carry it away; also when git is there and will not say, as in a folder that belongs to somebody else."""
    here = path.resolve().parent
    with contextlib.suppress(OSError):
        command = ["git", "ls-files", "--error-unmatch", "--", path.name]
        status = subprocess.run(  # noqa: S603 - no shell, and git from the path
            command, cwd=path.parent, capture_output=True, check=False
        ).returncode
        if status in (0, 1):
            return status == 0
    return any((folder / ".git").exists() for folder in (here, *here.parents))


def _file(path: Path, passed: Passed) -> Iterator[Piece]:
    try:
        if path.stat().st_size > HUGE:
            passed[f"larger than {HUGE >> 20} MiB"].append(str(path))
            return
        content = path.read_bytes()
    except OSError as error:
        passed.unread(error)
        return
    if content.startswith(b"SQLite format 3\0"):
        texts: Iterable[tuple[str, str]] = _rows(path, passed)
    elif (text := _decoded(content)) is None:
        passed[_BINARY].append(str(path))
        return
    else:
        texts = (_cells(text) if path.suffix == ".ipynb" else None) or [("", text)]
    for number, (inside, text) in enumerate(texts):
        yield Piece(f"{path}: {inside}", text, first=number == 0)


def _decoded(content: bytes) -> str | None:
    """The text, or `None` for what is none. PowerShell writes UTF-16."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    return None if b"\0" in content[:8192] else content.decode("utf-8", "replace")


def _cells(text: str) -> list[tuple[str, str]] | None:
    """A notebook's texts with their cells, or `None` when it is no notebook that can be read: then its lines must do."""
    try:
        book = json.loads(text, object_pairs_hook=_all)
        cells = list(enumerate(book.pop("cells"), 1))
        found = [
            (f"cell {number}, {_part(key)}, ", leaf)
            for number, cell in cells
            for key in cell
            for leaf in _leaves(cell[key])
        ]
        return [*found, *(("the notebook's metadata, ", leaf) for leaf in _leaves(book))]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _all(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Both of two values with one name: JSON readers keep the last, and a file keeps either."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        spare = name
        while spare in found:
            spare = f" {spare}"
        found[spare] = value
    return found


def _part(key: str) -> str:
    return "output" if key == "outputs" else key


def _leaves(value: Any) -> Iterator[str]:
    """Every text in it, names included; a list of lines is one text, and so is any other, in which a name may stand before its value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        if value and all(isinstance(item, str) for item in value):
            yield ("" if all(item.endswith("\n") for item in value[:-1]) else " ").join(value)
        else:
            yield from (leaf for item in value for leaf in _leaves(item))
    elif isinstance(value, dict):
        # Name and value together, as a name may be what tells that the value is secret.
        yield from (
            f"{name}: {item}" if isinstance(item, str) else name for name, item in value.items()
        )
        yield from (
            leaf for item in value.values() if not isinstance(item, str) for leaf in _leaves(item)
        )


def _cell(value: object) -> str:
    if isinstance(value, bytes):
        return _decoded(value) or value.decode("utf-8", "replace")
    return "" if value is None else str(value)


def _rows(path: Path, passed: Passed) -> Iterator[tuple[str, str]]:
    """The texts of a SQLite file, as IPython's history is one."""
    try:
        with contextlib.closing(
            sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        ) as base:
            base.text_factory = lambda raw: raw.decode("utf-8", "replace")
            for (table,) in base.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table'"
            ).fetchall():
                quoted = table.replace('"', '""')
                for number, row in enumerate(base.execute(f'SELECT * FROM "{quoted}"'), 1):  # noqa: S608 - a name from the file, quoted
                    yield f"table {table}, row {number}, ", ": ".join(_cell(value) for value in row)
    except sqlite3.Error as error:
        passed[f"cannot be read ({error})"].append(str(path))
