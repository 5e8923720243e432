"""Limits the calls of an API key: by rate and by day (wire facts B3-13, B3-14)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from wych_kit.mock.state.clock import Clock

_DAY = 86_400


@dataclass(slots=True)
class _Bucket:
    """A token bucket: how many calls it allows now, and when that was counted."""

    tokens: float
    time: float


class UsagePlan:
    """Allows each key `burst` calls at once, `rate` calls a second on average, `quota` a UTC day.

    None is no limit. AWS describes its own limit as a token bucket too.
    """

    def __init__(
        self, clock: Clock, rate: float | None, burst: int | None, quota: int | None
    ) -> None:
        self._clock = clock
        self._rate = rate
        self._burst = burst or max(1, round(rate or 0))
        self._quota = quota
        self._buckets: dict[str, _Bucket] = {}
        self._calls: Counter[tuple[str, int]] = Counter()

    def count(self, key: str) -> Literal["", "rate", "quota"]:
        """Count one call, and return the limit that it exceeds, or "".

        A call over the rate does not count against the quota.
        """
        now = self._clock.now()
        if self._rate is not None and not self._take_token(key, now, self._rate):
            return "rate"
        if self._quota is not None:
            day = (key, int(now // _DAY))
            if self._calls[day] >= self._quota:
                return "quota"
            self._calls[day] += 1
        return ""

    def reset(self) -> None:
        """Forget all calls."""
        self._buckets.clear()
        self._calls.clear()

    def _take_token(self, key: str, now: float, rate: float) -> bool:
        bucket = self._buckets.setdefault(key, _Bucket(self._burst, now))
        # A test may set the mock's clock back.
        passed = max(0.0, now - bucket.time)
        bucket.tokens = min(self._burst, bucket.tokens + passed * rate)
        bucket.time = now
        # Many small steps of time add up to a little less than a whole token.
        if bucket.tokens < 1 - 1e-9:
            return False
        bucket.tokens -= 1
        return True
