"""Reads the texts in files and folders, each with its place: notebooks by cell, SQLite by row."""

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

# Bytes. A larger file is data, and is skipped.
MAX_FILE_SIZE = 16 * 1024 * 1024


class TextChunk(NamedTuple):
    """A text and its place, ready for a line number: `a.log: ` or `a.ipynb: cell 3, output, `."""

    where: str
    text: str
    is_first: bool  # of its file


class Skipped(defaultdict[str, list[str]]):
    """Lists the paths that were not read, by reason."""

    def __init__(self) -> None:
        super().__init__(list)

    def add_unreadable(self, error: OSError) -> None:
        """Add the file that the error names, with the system's reason."""
        self[f"cannot be read ({error.strerror})"].append(str(Path(error.filename)))


def find_settings_files(env_file: Path | None) -> list[Path]:
    """Return the settings' own file and those of the other profiles beside it.

    `.env.example` is not one: it has no secrets, and git should have it.
    """
    if env_file is None:
        return []
    candidates = {env_file, *env_file.parent.glob(".env"), *env_file.parent.glob(".env.*")}
    return [path for path in sorted(candidates) if path.is_file() and path.name != ".env.example"]


def read_chunks(
    paths: Iterable[str], settings_files: Iterable[Path], skipped: Skipped
) -> Iterator[TextChunk]:
    """Yield every text in these files and folders; `-` is standard input.

    A folder's search leaves out what tools make, git's own store, and settings files unless git
    would publish them. These are added to `skipped`. A file that is named itself is always read.
    Raises `OSError` for a path that does not exist or cannot be read.
    """
    private = {path.resolve() for path in settings_files}
    for name in paths:
        if name == "-":
            text = sys.stdin.buffer.read().decode("utf-8", "replace")
            yield TextChunk("standard input: ", text, is_first=True)
        elif Path(name).is_dir():
            # Raises for a folder that may not be listed; os.walk would pass over it in silence.
            os.scandir(name).close()
            for path in _walk(Path(name), skipped):
                if path.resolve() in private and not _is_tracked(path):
                    skipped["secrets belong there and git does not have it"].append(str(path))
                else:
                    yield from _read_file(path, skipped)
        elif Path(name).exists():
            Path(name).open("rb").close()
            yield from _read_file(Path(name), skipped)
        else:
            raise FileNotFoundError(2, "no such file", name)


def _walk(root: Path, skipped: Skipped) -> Iterator[Path]:
    for folder, subfolders, files in os.walk(root, onerror=skipped.add_unreadable):
        here = Path(folder)
        for name in sorted(subfolders):
            if reason := _find_reason_to_skip(here / name):
                skipped[reason].append(str(here / name))
                subfolders.remove(name)
        # os.walk goes on in the order of this list.
        subfolders.sort()
        yield from (here / name for name in sorted(files) if _is_file(here / name))


def _is_file(path: Path) -> bool:
    # A pipe or a socket would block. A file that may not be looked at is reported later.
    try:
        return path.is_file()
    except OSError:
        return True


def _find_reason_to_skip(folder: Path) -> str:
    if folder.name == ".git":
        return "git's store (try: git log -p --all | wych-kit scan -)"
    if folder.is_symlink():
        return "a link to a folder"
    if _contains(folder, "pyvenv.cfg") or folder.name in ("node_modules", "__pycache__"):
        return "installed or compiled"
    return "a cache" if _contains(folder, "CACHEDIR.TAG") else ""


def _contains(folder: Path, name: str) -> bool:
    # A folder that may not be read is reported when os.walk comes to it.
    with contextlib.suppress(OSError):
        return (folder / name).exists()
    return False


def _is_tracked(path: Path) -> bool:
    """Return True if git would publish the file, or if git exists and does not answer.

    It does not answer in a folder that belongs to a different user.
    """
    folder = path.resolve().parent
    with contextlib.suppress(OSError):
        command = ["git", "ls-files", "--error-unmatch", "--", path.name]
        status = subprocess.run(  # noqa: S603 - no shell, and git from the path
            command, cwd=path.parent, capture_output=True, check=False
        ).returncode
        if status in (0, 1):
            return status == 0
    return any((parent / ".git").exists() for parent in (folder, *folder.parents))


def _read_file(path: Path, skipped: Skipped) -> Iterator[TextChunk]:
    try:
        if path.stat().st_size > MAX_FILE_SIZE:
            skipped[f"larger than {MAX_FILE_SIZE >> 20} MiB"].append(str(path))
            return
        content = path.read_bytes()
    except OSError as error:
        skipped.add_unreadable(error)
        return
    if content.startswith(b"SQLite format 3\0"):
        texts: Iterable[tuple[str, str]] = _read_sqlite(path, skipped)
    elif (text := _decode(content)) is None:
        skipped["binary"].append(str(path))
        return
    else:
        # A notebook that is not valid JSON is read by line, as any other text.
        texts = (_read_notebook(text) if path.suffix == ".ipynb" else None) or [("", text)]
    for number, (place, text) in enumerate(texts):
        yield TextChunk(f"{path}: {place}", text, is_first=number == 0)


def _decode(content: bytes) -> str | None:
    """Return the text, or None for a binary file."""
    # PowerShell writes UTF-16 with a byte order mark.
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    return None if b"\0" in content[:8192] else content.decode("utf-8", "replace")


def _read_notebook(text: str) -> list[tuple[str, str]] | None:
    """Return a notebook's texts with their cells, or None for what is not a valid notebook."""
    try:
        document = json.loads(text, object_pairs_hook=_keep_duplicates)
        cells = list(enumerate(document.pop("cells"), 1))
        texts = [
            (f"cell {number}, {'output' if key == 'outputs' else key}, ", leaf)
            for number, cell in cells
            for key in cell
            for leaf in _list_texts(cell[key])
        ]
        metadata = [("the notebook's metadata, ", leaf) for leaf in _list_texts(document)]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return texts + metadata


def _keep_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # A JSON reader keeps the last of two values with one name, but the file contains both.
    result: dict[str, Any] = {}
    for name, value in pairs:
        key = name
        while key in result:
            key = f" {key}"
        result[key] = value
    return result


def _list_texts(value: Any) -> Iterator[str]:
    """Yield every text in a JSON value, names included; a list of lines is one text."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        if value and all(isinstance(item, str) for item in value):
            # Lines of a cell end with a line break. Other lists may have a name before its value.
            are_lines = all(item.endswith("\n") for item in value[:-1])
            yield ("" if are_lines else " ").join(value)
        else:
            yield from (leaf for item in value for leaf in _list_texts(item))
    elif isinstance(value, dict):
        # Name and value together, because the name may say that the value is secret.
        yield from (
            f"{name}: {item}" if isinstance(item, str) else name for name, item in value.items()
        )
        yield from (
            leaf
            for item in value.values()
            if not isinstance(item, str)
            for leaf in _list_texts(item)
        )


def _read_sqlite(path: Path, skipped: Skipped) -> Iterator[tuple[str, str]]:
    """Yield the rows of a SQLite file, such as IPython's history."""
    try:
        # Read-only, so that no journal file appears beside it.
        uri = f"{path.resolve().as_uri()}?mode=ro"
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as connection:
            connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
            tables = connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table'"
            ).fetchall()
            for (table,) in tables:
                quoted = table.replace('"', '""')
                query = f'SELECT * FROM "{quoted}"'  # noqa: S608 - the file's own table, quoted
                rows = connection.execute(query)
                for number, row in enumerate(rows, 1):
                    text = ": ".join(_convert_cell(value) for value in row)
                    yield f"table {table}, row {number}, ", text
    except sqlite3.Error as error:
        skipped[f"cannot be read ({error})"].append(str(path))


def _convert_cell(value: object) -> str:
    if isinstance(value, bytes):
        return _decode(value) or value.decode("utf-8", "replace")
    return "" if value is None else str(value)
