"""How long is waited for a busy server, and when the asking ends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wych_kit.client.backoff import ATTEMPTS, MAX_WAIT, Backoff


@given(st.floats(0, MAX_WAIT - 1))
def test_the_servers_wish_is_granted_to_the_second(seconds: float) -> None:
    """RFC 9110 §10.2.3: neither earlier nor later."""
    assert Backoff().pause(seconds) == seconds


@given(st.floats(MAX_WAIT + 1, 1e12))
def test_a_wish_beyond_patience_ends_the_asking(seconds: float) -> None:
    """Nobody sits before a program that sleeps for an hour."""
    assert Backoff().pause(seconds) is None


def test_the_asking_ends() -> None:
    """There are so many attempts and no more, even when the server wishes for none."""
    backoff = Backoff()
    assert [backoff.pause(0.0) for _ in range(ATTEMPTS)] == [0.0] * (ATTEMPTS - 1) + [None]


def test_without_a_wish_the_waits_grow_and_differ() -> None:
    """Doubling with jitter, so that many clients do not come back together; all waits together stay short."""
    waits = [
        [backoff.pause(None) for _ in range(ATTEMPTS - 1)]
        for backoff in (Backoff() for _ in range(200))
    ]
    for number in range(ATTEMPTS - 1):
        column = [row[number] or 0.0 for row in waits]
        assert 0.1 <= min(column) < max(column) <= 0.5 * 2 ** (number + 1)
        assert len(set(column)) > 190


def test_waits_add_up_to_no_more_than_patience(clock) -> None:
    """Time that has passed counts, whatever it passed with."""
    backoff = Backoff()
    assert backoff.pause(40.0) == 40.0
    clock.ahead = 40.0
    assert backoff.pause(MAX_WAIT - 40.0 - 1) == pytest.approx(MAX_WAIT - 41)
    assert backoff.pause(21.0) is None
