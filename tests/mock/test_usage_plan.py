"""The usage plan's windows keep what the `limits` library asks of a storage."""

from __future__ import annotations

import pytest
from limits import RateLimitItemPerDay, RateLimitItemPerSecond
from limits.strategies import FixedWindowRateLimiter, MovingWindowRateLimiter

from wych_kit.mock.gateway.usage_plan import UsagePlan, _Windows
from wych_kit.mock.state.clock import Clock


@pytest.fixture
def clock():
    clock = Clock()
    clock.freeze(1_800_000_000)
    return clock


@pytest.mark.parametrize(("rate", "burst"), [(1, 1), (2, 5), (0.5, 2), (10, 5), (3, None)])
def test_rate_holds_over_time(clock, rate, burst):
    """In any stretch no more pass than the burst and the rate allow, and asking all the time gets the full rate."""
    plan = UsagePlan(clock, rate, burst, None)
    passed, seconds = 0, 60
    for _ in range(seconds * 20):
        passed += plan.refuses("key") == ""
        clock.advance(0.05)
    size = burst or rate
    assert rate * seconds * 0.9 <= passed <= rate * seconds + size


def test_no_limits_refuse_nothing(clock):
    """A plan without numbers lets everything through."""
    plan = UsagePlan(clock, None, None, None)
    assert {plan.refuses("key") for _ in range(1000)} == {""}


def test_library_can_ask_what_is_left(clock):
    """The library's own statistics agree with what was counted, until it is cleared."""
    storage = _Windows(clock)
    assert storage.check()
    moving, fixed = MovingWindowRateLimiter(storage), FixedWindowRateLimiter(storage)
    burst, day = RateLimitItemPerSecond(3, 1000), RateLimitItemPerDay(5)
    assert moving.hit(burst, "key")
    assert fixed.hit(day, "key")
    assert (
        moving.get_window_stats(burst, "key").remaining,
        fixed.get_window_stats(day, "key").remaining,
    ) == (2, 4)
    assert fixed.get_window_stats(day, "key").reset_time == 1_800_057_600
    assert moving.test(burst, "key")
    fixed.clear(day, "key")
    moving.clear(burst, "key")
    assert (
        moving.get_window_stats(burst, "key").remaining,
        fixed.get_window_stats(day, "key").remaining,
    ) == (3, 5)
    assert storage.base_exceptions is Exception


def test_clock_moved_back_gives_the_calls_back(clock):
    """Calls of a time that is yet to come do not count: with the clock moved back, as many pass as before."""
    storage, plan, burst = (
        _Windows(clock),
        UsagePlan(clock, 1, 2, None),
        RateLimitItemPerSecond(2, 1000),
    )
    moving = MovingWindowRateLimiter(storage)
    for _ in range(2):
        assert [plan.refuses("key") for _ in range(3)] == ["", "", "rate"]
        assert moving.hit(burst, "key")
        clock.advance(-3600)
        assert moving.get_window_stats(burst, "key").remaining == 2
