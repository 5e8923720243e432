"""The usage plan: calls by rate and burst, and by day."""

from __future__ import annotations

import pytest

from wych_kit.mock.gateway.usage_plan import UsagePlan
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
        passed += plan.count("key") == ""
        clock.advance(0.05)
    size = burst or rate
    assert rate * seconds * 0.9 <= passed <= rate * seconds + size


def test_no_limits_refuse_nothing(clock):
    """A plan without numbers lets everything through."""
    plan = UsagePlan(clock, None, None, None)
    assert {plan.count("key") for _ in range(1000)} == {""}


def test_a_clock_that_goes_back_gives_no_calls(clock):
    """Moving the mock's clock back neither refills the bucket nor empties it."""
    plan = UsagePlan(clock, 1, 2, None)
    assert [plan.count("key") for _ in range(3)] == ["", "", "rate"]
    clock.advance(-3600)
    assert plan.count("key") == "rate"
    clock.advance(1)
    assert [plan.count("key") for _ in range(2)] == ["", "rate"]


def test_a_day_in_utc_has_its_quota(clock):
    """The quota counts calls of a UTC day; the next day begins again."""
    plan = UsagePlan(clock, None, None, 2)
    assert [plan.count("key") for _ in range(3)] == ["", "", "quota"]
    assert plan.count("another key") == ""
    clock.advance(86_400)
    assert plan.count("key") == ""
