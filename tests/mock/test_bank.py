"""Invented banks: one history for each connection, sums that add up, and days that are only added."""

from __future__ import annotations

import re
import unicodedata
from datetime import timedelta
from itertools import pairwise

import pytest

from wych_kit.mock.api import bank, payments
from wych_kit.mock.state import clock

CREATED = 1_800_000_000
DAY = 86_400


def statements(connection="c1", created=CREATED, now=CREATED):
    return bank.build_statements(connection, "kereru", created, now)


def test_banks_are_of_every_kind():
    """Banks are prompt, slow or failing; each has its own id, name and code, some with a macron or apostrophe."""
    assert {one.kind for one in bank.BANKS} == {"prompt", "slow", "fails"}
    for names in zip(*((one.id, one.name, one.code) for one in bank.BANKS), strict=True):
        assert len(set(names)) == len(bank.BANKS)
    assert all(
        re.fullmatch("[a-z]+(-[a-z]+)*", one.id) and int(one.code) > 90 for one in bank.BANKS
    )
    assert all((one.seconds > 0) == (one.kind == "slow") for one in bank.BANKS)
    names = "".join(one.name for one in bank.BANKS)
    assert "ū" in unicodedata.normalize("NFC", names)
    assert "’" in names
    assert bank.find_bank("kereru") is bank.BANKS[0]
    assert bank.find_bank("none") is None


def test_the_same_connection_has_the_same_history():
    """A history depends only on the connection, its day and the clock."""
    first = statements()
    bank._list_movements.cache_clear()
    bank._accounts.cache_clear()
    assert statements() == first
    other = statements("c2")
    assert {one.account.id for one in first} & {one.account.id for one in other} == set()
    assert [one.balance for one in first] != [one.balance for one in other]


def test_balances_run():
    """Each balance is the one before plus the movement; the last is the account's balance."""
    for statement in statements():
        balance = statement.account.opening
        for one in statement.transactions:
            balance += one.cents
            assert one.balance == balance
        assert statement.balance == balance


def test_a_history_is_months_of_everything():
    """A new connection has half a year of salary, rent, groceries, transfers and fees, oldest first."""
    current, savings, card = statements()
    texts = {one.payment.text for one in current.transactions}
    for word in ("Salary", "Rent", "Foods", "Transfer", "fee"):
        assert any(word in text for text in texts), word
    assert current.transactions[0].at < clock.utc_datetime(CREATED) - timedelta(
        days=bank.HISTORY - 3
    )
    everything = [one for statement in (current, savings, card) for one in statement.transactions]
    assert len({one.id for one in everything}) == len(everything) > 300
    for statement in (current, savings, card):
        assert all(before.at <= after.at for before, after in pairwise(statement.transactions))
    salaries = [one.at for one in current.transactions if one.payment.text.startswith("Salary")]
    assert {(after.date() - before.date()).days for before, after in pairwise(salaries)} == {14}


def test_transfers_leave_one_account_and_reach_the_other():
    """A transfer to savings arrives there, at the same time and in the same amount."""
    current, savings, _ = statements()
    outgoing = {
        (one.at, -one.cents)
        for one in current.transactions
        if one.payment.text.startswith("Transfer")
    }
    incoming = {
        (one.at, one.cents)
        for one in savings.transactions
        if one.payment.text.startswith("Transfer")
    }
    assert outgoing == incoming != set()


@pytest.mark.parametrize("days", [4, 40, 400])
def test_the_clock_going_on_only_adds(days):
    """Old transactions stay the same, and no transaction is in the future."""
    later = statements(now=CREATED + days * DAY)
    for before, after in zip(statements(), later, strict=True):
        assert after.transactions[: len(before.transactions)] == before.transactions
        assert all(one.at <= clock.utc_datetime(CREATED + days * DAY) for one in after.transactions)
    assert len(later[0].transactions) > len(statements()[0].transactions)


@pytest.mark.parametrize("now", [-1e300, -1e11, 0, 1e11, 1e300])
def test_no_clock_breaks_the_history(now):
    """Wherever the clock is moved, the history has a bounded length, and times can be formatted."""
    for created in (CREATED, now):
        assert sum(len(one.transactions) for one in statements(created=created, now=now)) < 5000
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", clock.format_time(now))


def test_account_numbers_belong_to_nobody():
    """An account number has a bank code above 90, which no bank has, and a suffix of its own."""
    numbers = [one.account.number for one in statements()]
    assert all(re.fullmatch(r"9[1-9]-\d{4}-\d{7}-\d\d", number) for number in numbers)
    assert len(set(numbers)) == 3


def test_categories_are_known_codes():
    """A merchant has a name and a category of four digits (ISO 18245); other payments have neither."""
    kinds = [
        payment
        for _, payment in (
            *payments.EVERY_WEEK,
            *payments.EVERY_MONTH,
            *payments.DIFFERENT_EVERY_DAY,
        )
    ]
    assert all(bool(payment.mcc) == bool(payment.merchant) for payment in kinds)
    assert all(re.fullmatch(r"\d{4}", payment.mcc) for payment in kinds if payment.mcc)
    assert len({payment.mcc for payment in kinds if payment.mcc}) > 8
    assert all(0 < payment.min_cents <= payment.max_cents for payment in kinds)
