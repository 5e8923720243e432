"""The exchanges of earlier commands, so that `wych-kit journal` can show what the last one did. Redacted before they get here."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from wych_kit import places
from wych_kit.client.journal import Exchange
from wych_kit.client.rendering import as_json_lines

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

KEEP = 200
"""Exchanges; the oldest go first."""


class History:
    """A file of JSON lines that only the user can read, in the kit's place.

    A disk that cannot be written costs the history, not the command.
    """

    def __init__(self, home: Path | None) -> None:
        self.path = places.journal(home)

    def exchanges(self) -> list[Exchange]:
        """What is kept, oldest first; lines that cannot be read are passed over."""
        found = []
        with suppress(OSError):
            # splitlines() would also split at U+2028, which bodies may hold
            for line in self.path.read_text("utf-8", "replace").split("\n"):
                with suppress(ValueError, KeyError, TypeError, RecursionError):
                    found.append(Exchange.from_dict(json.loads(line)))
        return found

    def add(self, exchanges: Iterable[Exchange]) -> None:
        """Keep these too."""
        added = list(exchanges)
        if not added:
            return
        with suppress(OSError, Timeout):
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with FileLock(self.path.with_suffix(".lock"), timeout=2, mode=0o600):
                self._write([*self.exchanges(), *added][-KEEP:])

    def _write(self, exchanges: list[Exchange]) -> None:
        spare = self.path.with_suffix(".new")
        spare.unlink(missing_ok=True)
        descriptor = os.open(spare, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as file:
            file.write(as_json_lines(exchanges))
        spare.replace(self.path)

    def clear(self) -> bool:
        """Remove the file. Says whether there was one."""
        with suppress(OSError):
            self.path.with_suffix(".lock").unlink(missing_ok=True)
            self.path.unlink()
            return True
        return False
