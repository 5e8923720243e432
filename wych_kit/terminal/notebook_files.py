"""Copies the kit's notebooks into a person's folder. It never overwrites a changed copy."""

from __future__ import annotations

import itertools
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wych_kit.settings.private_files import move_without_replacing

if TYPE_CHECKING:
    from collections.abc import Callable

# Where the copies go, in the folder of whoever asks: what a person types into the kit's own would
# be committed.
FOLDER = "wych-notebooks"


def copy_notebooks(here: Path, say: Callable[[str], object], origin: Path | None = None) -> Path:
    """Copy the notebooks for a person whose folder is `here` and return the folder of the copies.

    `say` gets a line about what was copied and what differs. The originals are in `origin`
    (default: where the kit has them). Inside a clone of the kit the copies go to its top, where
    git ignores them. A copy with changed cells stays as it is, and the new notebook is written
    beside it; changed outputs do not count. Raises `OSError` when the folder cannot be written.
    """
    origin = origin or _origin()
    clone = origin.parent
    if (
        origin.name == "notebooks"
        and (clone / "pyproject.toml").is_file()
        and here.resolve().is_relative_to(clone)
    ):
        here = clone
    folder = here if here.name == FOLDER else here / FOLDER
    folder.mkdir(exist_ok=True)
    new = [path for path in sorted(origin.glob("[0-9]*.ipynb")) if _copy(path, folder, say)]
    if new:
        say(f"Copied {len(new)} notebooks to {folder}")
    return folder


def _origin() -> Path:
    """Return the kit's own notebooks: in the package from a wheel, beside it in a clone."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "notebooks"
    return inside if inside.is_dir() else package.parent / "notebooks"


def _copy(ours: Path, folder: Path, say: Callable[[str], object]) -> bool:
    """Copy one notebook, unless it exists; return True if it was copied under its own name."""
    theirs = folder / ours.name
    if _create(theirs, ours):
        return True
    if different := _differences(ours, theirs):
        places = (
            folder / f"{ours.stem}.new{number}.ipynb"
            for number in itertools.chain([""], itertools.count(2))
        )
        beside = next(
            place for place in places if _create(place, ours) or not _differences(ours, place)
        )
        say(f"{theirs.name} was kept: {different}. The kit's version is {beside.name}.")
    return False


def _create(place: Path, ours: Path) -> bool:
    """Copy the file whole or not at all; return False if `place` exists.

    Half a copy would look like the person's own work, and would stay for good.
    """
    if os.path.lexists(place):
        return False
    spare = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        with spare.open("xb") as file:
            file.write(ours.read_bytes())
        return move_without_replacing(spare, place)
    finally:
        spare.unlink(missing_ok=True)


def _differences(ours: Path, theirs: Path) -> str:
    """Return in words which cells of two notebooks differ; empty if none do."""
    one, other = _cells(ours), _cells(theirs)
    if other is None:
        return "it is not a valid notebook"
    numbers = [
        number for number, (a, b) in enumerate(itertools.zip_longest(one or [], other), 1) if a != b
    ]
    if not numbers:
        return ""
    shown = ", ".join(map(str, numbers[:5])) + (", …" if len(numbers) > 5 else "")  # noqa: PLR2004 - as many as a line holds
    return (
        f"{'cell' if len(numbers) == 1 else 'cells'} {shown}"
        f" {'differs' if len(numbers) == 1 else 'differ'} from the kit's"
    )


def _cells(path: Path) -> list[tuple[Any, str]] | None:
    """Return kind and source of each cell, or None if the file is not a notebook."""
    try:
        return [
            (cell["cell_type"], "".join(cell["source"]))
            for cell in json.loads(path.read_text("utf-8"))["cells"]
        ]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
