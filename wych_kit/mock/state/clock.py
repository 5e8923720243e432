"""The mock's clock: real time, unless somebody moves it."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class Clock:
    """Seconds since 1970 as the mock sees them. Tokens, quotas and `Date` follow it, so that nobody has to wait in a test."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self._frozen: float | None = None
        # Seconds by which a fault lets the clock go wrong, besides what `advance` did.
        self.skew = 0.0

    def now(self) -> float:
        """Seconds since 1970, with fraction."""
        return (time.time() if self._frozen is None else self._frozen) + self._ahead + self.skew

    def advance(self, seconds: float) -> None:
        """Moves the clock by `seconds`; negative moves it back."""
        self._ahead += seconds

    def freeze(self, at: float) -> None:
        """Stops the clock at `at` (seconds since 1970), so that a seeded run is the same to the byte; `advance` still moves it."""
        self._frozen, self._ahead = at, 0.0

    def reset(self) -> None:
        """Back to real time."""
        self._frozen, self._ahead, self.skew = None, 0.0, 0.0


def moment(seconds: float) -> datetime:
    """A time in UTC, to the second; the first or last there can be where the clock was moved beyond them."""
    return datetime.fromtimestamp(int(min(max(seconds, -62_135_596_800), 253_402_300_799)), UTC)


def iso(seconds: float) -> str:
    """The same as text (ISO 8601)."""
    return written(moment(seconds))


def written(at: datetime) -> str:
    """A time in UTC as ISO 8601 text with a Z."""
    return at.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
