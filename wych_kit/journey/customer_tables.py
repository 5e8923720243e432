"""Builds the tables of a customer's data: accounts, money by category, latest transactions."""

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


def accounts_table(data: CustomerData) -> Table:
    """Return the table of accounts, each with its balance and the course of the balance."""
    return Table(
        "Accounts",
        ("Account", "Number", "Balance", data.period),
        tuple(
            _account_row(name, statement, data)
            for name, statement in zip(data.names, data.statements, strict=True)
        ),
        frozenset({2}),
    )


def category_tables(data: CustomerData) -> tuple[Table, ...]:
    """Return a table of money by category for each currency in which money moved."""
    return tuple(
        table for currency in data.currencies if (table := _category_table(data, currency)).rows
    )


def latest_transactions(data: CustomerData) -> Table:
    """Return the table of the latest transactions of all accounts."""
    transactions = data.transactions
    rows = tuple(map(_transaction_row, transactions[:_LATEST]))
    return Table(
        "The transaction"
        if len(transactions) == 1
        else f"Latest of {len(transactions)} transactions",
        ("Date", "Description", "Category", "Amount"),
        rows,
        frozenset({3}),
    )


def _account_row(name: str, statement: Statement, data: CustomerData) -> tuple[str, ...]:
    balance = statement.balance
    amount = format_money(balance.amount, balance.currency) if balance else ""
    days = daily_balances(statement, data.since, data.until)
    course = draw_sparkline([amount_ for _, amount_ in days])
    return name, str(statement.account.number or ""), amount, course


def _category_table(data: CustomerData, currency: str) -> Table:
    flows = sum_by_category(data, currency)
    # Never 0: a category may have moved amounts of nothing.
    most = max(
        (max(flow.incoming, flow.outgoing) for flow in flows), default=Decimal(1)
    ) or Decimal(1)
    rows = tuple(
        (
            flow.category,
            format_money(flow.incoming) if flow.incoming else "",
            format_money(flow.outgoing) if flow.outgoing else "",
            "█" * max(1, round(max(flow.incoming, flow.outgoing) / most * _BAR)),
        )
        for flow in flows
    )
    return Table(
        f"Money by category, {currency}", ("Category", "In", "Out", ""), rows, frozenset({1, 2})
    )


def _transaction_row(transaction: Transaction) -> tuple[str, ...]:
    return (
        f"{transaction.booked:%Y-%m-%d}",
        transaction.merchant or transaction.text,
        transaction.category,
        format_money(transaction.amount, transaction.currency),
    )
