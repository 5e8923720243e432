"""How long to wait for a token endpoint that says "not now", and when to stop asking."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field

ATTEMPTS = 5
# Seconds that the waits of one token request may add up to. A guess: longer than a gateway's usual
# second or two, shorter than a person's patience.
PATIENCE = 60.0


@dataclass(slots=True)
class Backoff:
    """Counts the attempts of one token request.

    A `Retry-After` is honoured to the second (RFC 9110 §10.2.3). Without one the wait doubles from half a second, with full
    jitter, so that many clients do not come back together.
    """

    attempts: int = 0
    ends: float = field(default_factory=lambda: time.monotonic() + PATIENCE)

    def pause(self, asked: float | None) -> float | None:
        """Seconds to wait before the next attempt, or `None` when it is time to give up. `asked` is the server's wish."""
        self.attempts += 1
        seconds = asked if asked is not None else random.uniform(0.1, 0.5 * 2**self.attempts)  # noqa: S311 - jitter is no secret
        if self.attempts >= ATTEMPTS or time.monotonic() + seconds > self.ends:
            return None
        return seconds
