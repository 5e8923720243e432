"""What a person has solved: a JSON file in the kit's own folder. No name, no address, no host is in it."""

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

# Points for an exercise solved without a hint.
MOST = 3
_KEEP = 500


@dataclass(frozen=True, slots=True)
class Result:
    """One exercise that ended: `when` in UTC, `seconds` from the beginning, `hints` asked for, `points` of three."""

    reference: str
    when: str
    seconds: float
    hints: int
    points: int


class Scores:
    """The results so far, oldest first. A disk that cannot be written costs the score, not the exercise."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or locations.scores(load_settings().home)

    def results(self) -> list[Result]:
        """What is kept; entries that cannot be read are passed over."""
        found: list[Result] = []
        with suppress(OSError, ValueError, RecursionError):
            for entry in json.loads(self.path.read_text("utf-8")):
                with suppress(TypeError):
                    found.append(Result(**entry))
        return found

    def best(self) -> dict[str, Result]:
        """By reference the result with most points; of those, the quickest."""
        found: dict[str, Result] = {}
        for each in sorted(self.results(), key=lambda each: (each.points, -each.seconds)):
            found[each.reference] = each
        return found

    def add(self, result: Result) -> None:
        """Keep this one too."""
        with suppress(OSError, Timeout):
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with FileLock(self.path.with_suffix(".lock"), timeout=2, mode=0o600):
                results = [*self.results(), result][-_KEEP:]
                content = json.dumps([asdict(result) for result in results], indent=1)
                write_private_file(self.path, content.encode())
