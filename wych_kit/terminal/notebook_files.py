"""The notebooks as files: those that come with the kit, and a person's copies, which are never written over."""

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


def lay_out(here: Path, say: Callable[[str], object], origin: Path | None = None) -> Path:
    """The folder with the notebooks for a person who is in `here`; `say` is told what was copied and what differs.

    They are copied from `origin` (default: where the kit has them), inside a clone to the top of it, where git does not see them. A copy
    whose cells were changed stays as it is: the new one is laid beside it. What running a notebook does to its outputs is no change.
    Raises `OSError` when nothing can be written there.
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
    new = [path for path in sorted(origin.glob("[0-9]*.ipynb")) if _lay(path, folder, say)]
    if new:
        say(f"Copied {len(new)} notebooks to {folder}")
    return folder


def _origin() -> Path:
    """In the package when it was installed from a wheel, beside it in a clone."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "notebooks"
    return inside if inside.is_dir() else package.parent / "notebooks"


def _lay(ours: Path, folder: Path, say: Callable[[str], object]) -> bool:
    """Copy one, unless it is there; whether it was copied under its own name."""
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
        say(f"{theirs.name} stays as you have it; {different}. The new one is {beside.name}.")
    return False


def _create(place: Path, ours: Path) -> bool:
    """Copy it there whole or not at all; `False` when there is something. Half a copy would pass for the person's own work."""
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
    """In words, where two notebooks' cells are not the same; empty when they are."""
    one, other = _cells(ours), _cells(theirs)
    if other is None:
        return "it cannot be read as a notebook"
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
    """Kind and source of each cell, or `None` when the file is no notebook."""
    try:
        return [
            (cell["cell_type"], "".join(cell["source"]))
            for cell in json.loads(path.read_text("utf-8"))["cells"]
        ]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
