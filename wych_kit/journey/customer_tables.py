"""What is shown of a customer's data, as tables: the accounts, where money came from and went to, and the latest transactions."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from wych_kit.journey.statements import (
    daily_balances,
    draw_sparkline,
    format_money,
    sum_by_category,
)
from wych_kit.journey.step import Table

if TYPE_CHECKING:
    from wych_kit.client.models import Transaction
    from wych_kit.journey.statements import CustomerData, Statement

_LATEST = 10
_BAR = 20


def accounts(data: CustomerData) -> Table:
    """Each account with what it has and the course of that."""
    return Table(
        "Accounts",
        ("Account", "Number", "Balance", data.period),
        tuple(
            _account(name, found, data)
            for name, found in zip(data.names, data.statements, strict=True)
        ),
        frozenset({2}),
    )


def by_category(data: CustomerData) -> tuple[Table, ...]:
    """What came and went by category, a table for each currency in which anything did."""
    return tuple(found for currency in data.currencies if (found := _flows(data, currency)).rows)


def latest(data: CustomerData) -> Table:
    """The last transactions of all accounts."""
    found = data.transactions
    rows = tuple(map(_transaction, found[:_LATEST]))
    return Table(
        "The transaction" if len(found) == 1 else f"Latest of {len(found)} transactions",
        ("Day", "Text", "Category", "Amount"),
        rows,
        frozenset({3}),
    )


def _account(name: str, found: Statement, data: CustomerData) -> tuple[str, ...]:
    balance = format_money(found.balance.amount, found.balance.currency) if found.balance else ""
    course = draw_sparkline([amount for _, amount in daily_balances(found, data.since, data.until)])
    return name, str(found.account.number or ""), balance, course


def _flows(data: CustomerData, currency: str) -> Table:
    found = sum_by_category(data, currency)
    most = max((max(flow.came, flow.went) for flow in found), default=Decimal(1)) or Decimal(1)
    rows = tuple(
        (
            flow.category,
            format_money(flow.came) if flow.came else "",
            format_money(flow.went) if flow.went else "",
            "█" * max(1, round(max(flow.came, flow.went) / most * _BAR)),
        )
        for flow in found
    )
    return Table(
        f"Money by category, {currency}", ("Category", "In", "Out", ""), rows, frozenset({1, 2})
    )


def _transaction(each: Transaction) -> tuple[str, ...]:
    return (
        f"{each.booked:%Y-%m-%d}",
        each.merchant or each.text,
        each.category,
        format_money(each.amount, each.currency),
    )
