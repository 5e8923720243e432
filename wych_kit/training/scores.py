"""Keep the solved exercises in a JSON file in the kit's folder, without names or addresses."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from wych_kit.settings import locations
from wych_kit.settings.loading import load_settings
from wych_kit.settings.private_files import write_private_file

if TYPE_CHECKING:
    from pathlib import Path

# Points for an exercise solved without a hint; each hint costs one.
MAX_POINTS = 3
_KEEP = 500


@dataclass(frozen=True, slots=True)
class Result:
    """One exercise that ended: when in UTC, its seconds, its hints, its points (0 to 3)."""

    reference: str
    when: str
    seconds: float
    hints: int
    points: int


class Scores:
    """The results so far, oldest first. A full disk costs the score, not the exercise."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or locations.scores(load_settings().home)

    def results(self) -> list[Result]:
        """Return all results; an entry that cannot be read is left out."""
        results: list[Result] = []
        with suppress(OSError, ValueError, RecursionError):
            for entry in json.loads(self.path.read_text("utf-8")):
                with suppress(TypeError):
                    results.append(Result(**entry))
        return results

    def best(self) -> dict[str, Result]:
        """Return the best result of each reference: most points, then least time."""
        best: dict[str, Result] = {}
        for result in sorted(self.results(), key=lambda row: (row.points, -row.seconds)):
            best[result.reference] = result
        return best

    def add(self, result: Result) -> None:
        """Add a result. Nothing is raised if the file cannot be written."""
        with suppress(OSError, Timeout):
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with FileLock(self.path.with_suffix(".lock"), timeout=2, mode=0o600):
                results = [*self.results(), result][-_KEEP:]
                content = json.dumps([asdict(result) for result in results], indent=1)
                write_private_file(self.path, content.encode())
