"""Describes one access token and the time for which it can be used."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wych_kit.secret import Secret


@dataclass(frozen=True, slots=True)
class Token:
    """An access token and the time it has left, on this machine's monotonic clock.

    `lifetime` is what the server said, in seconds; `expires` is a reading of `time.monotonic()`.
    """

    value: Secret
    lifetime: float
    expires: float
    scope: str = ""

    @property
    def seconds_left(self) -> float:
        """Seconds until it expires; negative afterwards."""
        return self.expires - time.monotonic()

    @property
    def fresh(self) -> bool:
        """True if it may be used for another call.

        It is not within the margin before it expires, which is a tenth of the lifetime and at most
        30 seconds. A guess: enough for a slow call, and small beside the lifetime.
        """
        return time.monotonic() < self.expires - min(30.0, self.lifetime / 10)
