"""How long to wait for a token endpoint that says "not now", and when to stop asking."""

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
    """Counts the attempts of one token request.

    A `Retry-After` is honoured to the second (RFC 9110 §10.2.3). Without one the wait doubles from half a second, with full
    jitter, so that many clients do not come back together.
    """

    attempts: int = 0
    ends: float = field(default_factory=lambda: time.monotonic() + MAX_WAIT)

    def pause(self, asked: float | None) -> float | None:
        """Seconds to wait before the next attempt, or `None` when it is time to give up. `asked` is the server's wish."""
        self.attempts += 1
        seconds = asked if asked is not None else random.uniform(0.1, 0.5 * 2**self.attempts)  # noqa: S311 - jitter is no secret
        if self.attempts >= ATTEMPTS or time.monotonic() + seconds > self.ends:
            return None
        return seconds


def parse_retry_after(value: str | None, now: float | None = None) -> float | None:
    """Seconds that a `Retry-After` header asks to wait, from either of its forms; `None` for none or nonsense.

    A date in the past is 0. `now` is wall clock, seconds since the epoch. Source: RFC 9110 §10.2.3.
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    with contextlib.suppress(ValueError, TypeError, IndexError, OverflowError):
        date = parsedate_to_datetime(text)
        date = (
            date if date.tzinfo else date.replace(tzinfo=UTC)
        )  # the asctime form names no zone and means GMT
        return max(0.0, date.timestamp() - (time.time() if now is None else now))
    return None
