"""Tell the mock's time: real time, unless a test or a fault moves it."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class Clock:
    """The mock's time in seconds since 1970. Tokens, quotas and the `Date` header follow it."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self._frozen: float | None = None
        # Seconds that the faults clock-ahead and clock-behind add. Apart from `advance`, so that
        # switching a fault off does not undo what a test has moved.
        self.skew = 0.0

    def now(self) -> float:
        """Return the seconds since 1970, with a fraction."""
        return (time.time() if self._frozen is None else self._frozen) + self._ahead + self.skew

    def advance(self, seconds: float) -> None:
        """Move the clock by `seconds`; a negative number moves it back."""
        self._ahead += seconds

    def freeze(self, at: float) -> None:
        """Stop the clock at `at`, in seconds since 1970; `advance` still moves it.

        With a seed and a frozen clock a run gives the same bytes each time.
        """
        self._frozen, self._ahead = at, 0.0

    def reset(self) -> None:
        """Return to real time."""
        self._frozen, self._ahead, self.skew = None, 0.0, 0.0


def utc_datetime(seconds: float) -> datetime:
    """Return a time as a UTC datetime, cut to the second.

    A time outside the years 1 to 9999 becomes the nearest one inside: a test may move the clock
    anywhere.
    """
    # datetime.min and datetime.max; fromtimestamp raises outside them.
    return datetime.fromtimestamp(int(min(max(seconds, -62_135_596_800), 253_402_300_799)), UTC)


def format_time(seconds: float) -> str:
    """Return a time as ISO 8601 text in UTC, such as 2026-01-31T09:00:00Z."""
    return format_datetime(utc_datetime(seconds))


def format_datetime(at: datetime) -> str:
    """Return a UTC datetime as ISO 8601 text with a Z."""
    return at.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
