"""A usage plan: how many calls an API key may make, by rate and by day (wire facts B3-13 and B3-14)."""

from __future__ import annotations

from collections import defaultdict, deque
from typing import TYPE_CHECKING, Literal

from limits import RateLimitItemPerDay, RateLimitItemPerSecond
from limits.storage.base import MovingWindowSupport, Storage
from limits.strategies import FixedWindowRateLimiter, MovingWindowRateLimiter

if TYPE_CHECKING:
    from wych_kit.mock.state.clock import Clock

_DAY = 86_400


class UsagePlan:
    """`burst` calls at once and `rate` calls a second on average, and `quota` calls a day (UTC), for each key; None is no limit."""

    def __init__(
        self, clock: Clock, rate: float | None, burst: int | None, quota: int | None
    ) -> None:
        self._clock = clock
        self._storage = _Windows(clock)
        self._throttle = MovingWindowRateLimiter(self._storage)
        self._counter = FixedWindowRateLimiter(self._storage)
        self._burst = _burst(rate, burst)
        self._quota = None if quota is None else RateLimitItemPerDay(quota)

    def refuses(self, key: str) -> Literal["", "rate", "quota"]:
        """Counts one call; says what it exceeds."""
        if self._burst and not self._throttle.hit(self._burst, key):
            return "rate"
        if self._quota and not self._counter.hit(
            self._quota, key, str(int(self._clock.now() // _DAY))
        ):
            return "quota"
        return ""

    def reset(self) -> None:
        """Forgets what was counted."""
        self._storage.reset()


def _burst(rate: float | None, burst: int | None) -> RateLimitItemPerSecond | None:
    """At most `burst` calls in any burst/rate seconds, in the milliseconds that `_Windows` counts in."""
    if rate is None:
        return None
    size = burst or max(1, round(rate))
    return RateLimitItemPerSecond(size, round(1000 * size / rate))


class _Windows(Storage, MovingWindowSupport):
    """The library's own memory storage reads the wall clock and keeps a thread; this one follows the mock's clock, in milliseconds."""

    STORAGE_SCHEME = None

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._counts: dict[str, int] = defaultdict(int)
        self._entries: dict[str, deque[float]] = defaultdict(deque)

    @property
    def base_exceptions(self) -> type[Exception]:
        return Exception

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:  # noqa: ARG002 - the day is part of the key
        self._counts[key] += amount
        return self._counts[key]

    def get(self, key: str) -> int:
        return self._counts[key]

    def get_expiry(self, key: str) -> float:  # noqa: ARG002 - every key counts to the day's end
        return (self._clock.now() // _DAY + 1) * _DAY

    def check(self) -> bool:
        return True

    def reset(self) -> int:
        known = len(self._counts) + len(self._entries)
        self._counts.clear()
        self._entries.clear()
        return known

    def clear(self, key: str) -> None:
        self._counts.pop(key, None)
        self._entries.pop(key, None)

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        taken = self._entries[key]
        now = self._clock.now() * 1000
        while taken and taken[0] <= now - expiry:
            taken.popleft()
        while taken and taken[-1] > now:  # the clock was moved back
            taken.pop()
        if len(taken) + amount > limit:
            return False
        taken.extend([now] * amount)
        return True

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:  # noqa: ARG002 - the library's signature
        now = self._clock.now() * 1000
        live = [at for at in self._entries[key] if now - expiry < at <= now]
        return (live[0] if live else now, len(live))
