"""Holds a customer's account statements and sums them up, for tables, charts and text.

Amounts stay `Decimal`, since sums of floats are not exact to the cent.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from wych_kit.client.models import Account, Balance, Connection, Transaction

_LEVELS = "▁▂▃▄▅▆▇█"
_UNCATEGORISED = "Without a category"
_BOOKED = "Booked"


@dataclass(frozen=True, slots=True)
class Statement:
    """An account with its transactions, newest first, and its balance now, if the bank reported one."""

    account: Account
    balance: Balance | None
    transactions: tuple[Transaction, ...]

    @property
    def name(self) -> str:
        """The customer's name for the account, else its kind, else its id."""
        return self.account.nickname or self.account.kind or self.account.id


@dataclass(frozen=True, slots=True)
class CustomerData:
    """All accounts of a connection, from the day `since` to the day `until`, both included, in UTC."""

    connection: Connection
    since: date
    until: date
    statements: tuple[Statement, ...]

    @property
    def transactions(self) -> tuple[Transaction, ...]:
        """The transactions of all accounts, newest first."""
        return tuple(
            sorted(
                (
                    transaction
                    for statement in self.statements
                    for transaction in statement.transactions
                ),
                key=lambda transaction: transaction.booked,
                reverse=True,
            )
        )

    @property
    def internal_transfers(self) -> frozenset[str]:
        """The ids of transfers between these accounts: the same amount out and in at one moment."""
        # The API does not mark them, so each transaction waits for its counterpart.
        unmatched: dict[tuple[datetime, Decimal, str], list[Transaction]] = defaultdict(list)
        matched: set[str] = set()
        for transaction in self.transactions:
            booked, currency = transaction.booked, transaction.currency
            counterparts = unmatched[booked, -transaction.amount, currency]
            other = next(
                (other for other in counterparts if other.account_id != transaction.account_id),
                None,
            )
            if other is None:
                unmatched[booked, transaction.amount, currency].append(transaction)
            else:
                counterparts.remove(other)
                matched |= {transaction.id, other.id}
        return frozenset(matched)

    @property
    def currencies(self) -> tuple[str, ...]:
        """The currencies of the accounts, then the others in which money moved. No sum mixes two."""
        of_accounts = [statement.account.currency for statement in self.statements]
        others = sorted({transaction.currency for transaction in self.transactions})
        return tuple(dict.fromkeys((*of_accounts, *others)))

    @property
    def names(self) -> tuple[str, ...]:
        """The accounts' names, in order; a second account of one name gets a number."""
        names: list[str] = []
        for statement in self.statements:
            name, number = statement.name, 1
            while name in names:
                number += 1
                name = f"{statement.name} ({number})"
            names.append(name)
        return tuple(names)

    @property
    def days(self) -> int:
        """The number of days."""
        return (self.until - self.since).days + 1

    @property
    def period(self) -> str:
        """The number of days with its unit, such as "90 days"."""
        return "1 day" if self.days == 1 else f"{self.days} days"


class Flow(NamedTuple):
    """The money of a category; neither amount is negative."""

    category: str
    incoming: Decimal
    outgoing: Decimal


def daily_balances(statement: Statement, since: date, until: date) -> list[tuple[date, Decimal]]:
    """Return the balance at the end of each day, oldest first; empty if the bank reported none.

    Calculated backwards from the balance now. Pending transactions count, unless the balance is of a
    kind that has booked ones only, such as InterimBooked.
    """
    if statement.balance is None:
        return []
    moved: dict[date, Decimal] = defaultdict(Decimal)
    for transaction in statement.transactions:
        if transaction.status in (_BOOKED, "") or _BOOKED not in statement.balance.kind:
            moved[transaction.booked.astimezone(UTC).date()] += transaction.amount
    # The balance is of now, so what moved after `until` is taken off first.
    balance = statement.balance.amount - sum(
        (amount for day, amount in moved.items() if day > until), Decimal()
    )
    days = []
    for number in range((until - since).days + 1):
        day = until - timedelta(days=number)
        days.append((day, balance))
        balance -= moved[day]
    return days[::-1]


def sum_by_category(data: CustomerData, currency: str) -> list[Flow]:
    """Return the money of one currency by category, largest first, without internal transfers."""
    own = data.internal_transfers
    incoming: dict[str, Decimal] = defaultdict(Decimal)
    outgoing: dict[str, Decimal] = defaultdict(Decimal)
    for transaction in data.transactions:
        if transaction.currency == currency and transaction.id not in own:
            side = incoming if transaction.amount > 0 else outgoing
            side[transaction.category or _UNCATEGORISED] += abs(transaction.amount)
    sums = [Flow(name, incoming[name], outgoing[name]) for name in {**incoming, **outgoing}]
    return sorted(sums, key=lambda flow: (-(flow.incoming + flow.outgoing), flow.category))


def draw_sparkline(values: Sequence[Decimal], width: int = 18) -> str:
    """Return the course of the values in at most `width` blocks, or "" for no values."""
    if not values:
        return ""
    width = min(width, len(values))
    sampled = [values[(place + 1) * len(values) // width - 1] for place in range(width)]
    low, span = min(sampled), max(sampled) - min(sampled)
    top = len(_LEVELS) - 1
    return "".join(
        _LEVELS[int((value - low) / span * top) if span else top // 2] for value in sampled
    )


def format_money(amount: Decimal, currency: str = "") -> str:
    """Return an amount such as "1,234.50 NZD", with more than two digits if it has them."""
    places = max(2, -int(amount.as_tuple().exponent)) if amount.is_finite() else 0
    text = f"{abs(amount):,.{places}f}"
    return ("−" if amount < 0 else "") + text + (f" {currency}" if currency else "")  # noqa: RUF001 - it lines up with figures
