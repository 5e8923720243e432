"""Sums over a customer's accounts: exact, in one currency at a time, and never more than was there."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from wych_kit import load_settings
from wych_kit.client.api import WychClient
from wych_kit.client.models import Account, Balance, Bank, Connection, Transaction
from wych_kit.journey.customer_data import CUSTOMER_DATA
from wych_kit.journey.session import Session
from wych_kit.journey.statements import (
    CustomerData,
    Statement,
    daily_balances,
    draw_sparkline,
    format_money,
    sum_by_category,
)
from wych_kit.journey.step import run

CONNECTION = Connection("c", "ACTIVE", "u", Bank("b", "Bank"), (), None, None)
DAY = date(2026, 11, 20)


def account(name, currency="NZD"):
    return Account(name, "u", "c", name, None, "CurrentAccount", currency)


def moved(name, day, amount, *, hour=12, category="", status="Booked", currency="NZD", number=0):
    at = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
    return Transaction(
        f"{name}{day}{amount}{number}",
        name,
        at,
        Decimal(amount),
        currency,
        "text",
        "",
        category,
        status,
        None,
    )


def statement(name, balance, *transactions, kind="InterimAvailable", currency="NZD"):
    held = None if balance is None else Balance(name, Decimal(balance), currency, kind, None)
    return Statement(account(name, currency), held, tuple(transactions))


def data(*statements, days=3):
    return CustomerData(CONNECTION, DAY - timedelta(days=days - 1), DAY, statements)


def test_balances_are_reckoned_backwards():
    """From what there is now, over each day's movements; a day without any has what the day before had."""
    found = statement(
        "a", "100.10", moved("a", DAY, "-0.10"), moved("a", DAY - timedelta(days=2), "50")
    )
    days = daily_balances(found, DAY - timedelta(days=3), DAY)
    assert [amount for _, amount in days] == [
        Decimal(text) for text in ("50.20", "100.20", "100.20", "100.10")
    ]
    assert [day for day, _ in days] == [DAY - timedelta(days=back) for back in (3, 2, 1, 0)]


def test_what_came_after_the_last_day_is_taken_off():
    """The balance is of now, the last day may be earlier."""
    found = statement("a", "100", moved("a", DAY + timedelta(days=1), "30"))
    assert daily_balances(found, DAY, DAY) == [(DAY, Decimal(70))]


@pytest.mark.parametrize(
    ("kind", "before"),
    [("InterimAvailable", "110"), ("InterimBooked", "100"), ("ClosingBooked", "100")],
)
def test_pending_counts_where_the_balance_counts_it(kind, before):
    """A booked balance knows nothing of a payment that is pending."""
    found = statement("a", "100", moved("a", DAY, "-10", status="Pending"), kind=kind)
    assert daily_balances(found, DAY - timedelta(days=1), DAY)[0][1] == Decimal(before)


def test_a_bank_without_balances():
    """No course is made up."""
    assert daily_balances(statement("a", None, moved("a", DAY, "5")), DAY, DAY) == []


def test_it_agrees_with_the_bank(project, mock_wych):
    """On the mock each transaction carries the balance after it: the last one of a day is that day's end."""
    project.ready_on(mock_wych, app_name="Ready-made app")
    mock_wych.connect("kim@example.com")
    with WychClient(load_settings(path=project.env)) as client:
        user = client.find_or_create_user("kim@example.com")
        session = Session(client.settings, project.env)
        (session.connection,) = client.connections(user.id)
        run(CUSTOMER_DATA, session, {"days": "60"})
        compared = 0
        for found in session.data.statements:
            ends = {}
            for each in found.transactions:  # newest first
                ends.setdefault(each.booked.date(), each.balance)
            course = dict(daily_balances(found, session.data.since, session.data.until))
            assert {day: course[day] for day in ends} == ends
            compared += len(ends)
        assert compared > 40
        sums = sum_by_category(session.data, "NZD")
        own = session.data.internal_transfers
        rest = [each.amount for each in session.data.transactions if each.id not in own]
        assert sum(flow.incoming - flow.outgoing for flow in sums) == sum(rest)
        assert own
        assert sum(each.amount for each in session.data.transactions if each.id in own) == 0
        session.close()


def test_own_money_is_found_in_pairs():
    """Same moment, same amount, opposite ways, different accounts; three of a kind leave one over."""
    out, into = moved("a", DAY, "-20"), moved("b", DAY, "20")
    other = moved("a", DAY, "-20", number=1)
    same_account = (moved("a", DAY, "-7"), moved("a", DAY, "7"))
    elsewhere = moved("b", DAY, "7", hour=13)
    found = data(
        statement("a", "0", out, other, *same_account), statement("b", "0", into, elsewhere)
    )
    assert into.id in found.internal_transfers
    assert len(found.internal_transfers) == 2
    dollars = data(
        statement("a", "0", out),
        statement("b", "0", moved("b", DAY, "20", currency="AUD"), currency="AUD"),
    )
    assert not dollars.internal_transfers


def test_flows_keep_currencies_apart():
    """Each in its own sum, the largest first; nothing without a category is lost."""
    found = data(
        statement(
            "a",
            "0",
            moved("a", DAY, "-5", category="Fuel"),
            moved("a", DAY, "100"),
            moved("a", DAY, "-1.5", category="Fuel"),
        ),
        statement("b", "0", moved("b", DAY, "-9", category="Fuel", currency="AUD"), currency="AUD"),
    )
    assert found.currencies == ("NZD", "AUD")
    assert sum_by_category(found, "NZD") == [
        ("Without a category", 100, 0),
        ("Fuel", 0, Decimal("6.5")),
    ]
    assert sum_by_category(found, "AUD") == [("Fuel", 0, 9)]


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ([], ""),
        ([5], "▄"),
        ([5, 5, 5], "▄▄▄"),
        ([0, 7], "▁█"),
        ([-7, 0, 7], "▁▄█"),
        (range(8), "▁▂▃▄▅▆▇█"),
    ],
)
def test_a_sparkline(values, line):
    """From the lowest block to the highest, as many as there are values."""
    assert draw_sparkline([Decimal(value) for value in values]) == line


def test_a_long_course_ends_with_the_last_value():
    """Thinned out to the width, and what is now is shown."""
    line = draw_sparkline([Decimal(0)] * 99 + [Decimal(9)], 10)
    assert line == "▁" * 9 + "█"


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0", "0.00"),
        ("-1234.5", "−1,234.50"),  # noqa: RUF001 - a real minus
        ("0.12345", "0.12345"),
        ("12345678901234567.89", "12,345,678,901,234,567.89"),
    ],
)
def test_money(amount, text):
    """As it is read, and not a digit is lost."""
    assert format_money(Decimal(amount)) == text
    assert format_money(Decimal(amount), "NZD") == f"{text} NZD"


def test_money_in_another_currency_than_the_account_is_counted_by_itself():
    """A payment abroad on an account in New Zealand dollars is in a sum of its own."""
    found = data(
        statement("a", "100", moved("a", DAY, "-10"), moved("a", DAY, "-7", currency="AUD"))
    )
    assert found.currencies == ("NZD", "AUD")
    assert [
        [flow.outgoing for flow in sum_by_category(found, each)] for each in found.currencies
    ] == [
        [Decimal(10)],
        [Decimal(7)],
    ]


def test_two_accounts_of_one_name_stay_two():
    """In tables and in charts, where a line is an account."""
    found = data(*(Statement(account(f"id-{number}"), None, ()) for number in "12"))
    assert found.names == ("id-1", "id-2")
    alike = data(
        *(
            Statement(replace(account(f"id-{number}"), nickname="Savings"), None, ())
            for number in "123"
        )
    )
    assert alike.names == ("Savings", "Savings (2)", "Savings (3)")


@pytest.mark.parametrize(("days", "words"), [(1, "1 day"), (3, "3 days")])
def test_days_are_counted_in_words(days, words):
    """One is one day."""
    assert data(statement("a", "1"), days=days).period == words
