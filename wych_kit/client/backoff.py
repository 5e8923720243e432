"""Decides how long to wait for a busy token endpoint, and when to give up."""

from __future__ import annotations

import contextlib
import random
import time
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime

ATTEMPTS = 5
# Seconds that the waits of one token request may add up to. A guess: longer than a gateway's usual
# second or two, shorter than a person's patience.
MAX_WAIT = 60.0


@dataclass(slots=True)
class Backoff:
    """Counts the attempts of one token request and the time they may take together."""

    attempts: int = 0
    ends: float = field(default_factory=lambda: time.monotonic() + MAX_WAIT)

    def pause(self, retry_after: float | None) -> float | None:
        """Return the seconds before the next attempt, or None to give up.

        `retry_after`: the seconds that the server named, or None.
        """
        self.attempts += 1
        # A Retry-After is honoured to the second (RFC 9110 §10.2.3). Without one the wait doubles,
        # with full jitter, so that many clients do not come back together.
        seconds = retry_after
        if seconds is None:
            seconds = random.uniform(0.1, 0.5 * 2**self.attempts)  # noqa: S311 - not a secret
        if self.attempts >= ATTEMPTS or time.monotonic() + seconds > self.ends:
            return None
        return seconds


def parse_retry_after(value: str | None, now: float | None = None) -> float | None:
    """Return the seconds to wait by a `Retry-After` header, or None without a valid one.

    The header is a number of seconds or a date (RFC 9110 §10.2.3); a date in the past is 0. `now`
    is wall clock, in seconds since the epoch.
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    with contextlib.suppress(ValueError, TypeError, IndexError, OverflowError):
        date = parsedate_to_datetime(text)
        # The asctime form names no time zone and means GMT.
        date = date if date.tzinfo else date.replace(tzinfo=UTC)
        return max(0.0, date.timestamp() - (time.time() if now is None else now))
    return None
