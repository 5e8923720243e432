"""What a customer's accounts say over some days, and sums over it: the same for tables, charts and text. Amounts stay `Decimal`."""

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
_REST = "Without a category"
_BOOKED = "Booked"


@dataclass(frozen=True, slots=True)
class Statement:
    """An account with what it has now and its transactions, newest first. `balance` is `None` where the bank named none."""

    account: Account
    balance: Balance | None
    transactions: tuple[Transaction, ...]

    @property
    def name(self) -> str:
        """What the customer calls it, else its kind."""
        return self.account.nickname or self.account.kind or self.account.id


@dataclass(frozen=True, slots=True)
class CustomerData:
    """All accounts of a connection, from the day `since` to the day `until`, both included. Days are days in UTC."""

    connection: Connection
    since: date
    until: date
    statements: tuple[Statement, ...]

    @property
    def transactions(self) -> tuple[Transaction, ...]:
        """Those of all accounts, newest first."""
        return tuple(
            sorted(
                (each for found in self.statements for each in found.transactions),
                key=lambda each: each.booked,
                reverse=True,
            )
        )

    @property
    def internal_transfers(self) -> frozenset[str]:
        """The ids of transactions that moved money from one of these accounts to another: at one moment, the same amount out and in."""
        open_: dict[tuple[datetime, Decimal, str], list[Transaction]] = defaultdict(list)
        found: set[str] = set()
        for each in self.transactions:
            counterparts = open_[each.booked, -each.amount, each.currency]
            other = next(
                (other for other in counterparts if other.account_id != each.account_id), None
            )
            if other is None:
                open_[each.booked, each.amount, each.currency].append(each)
            else:
                counterparts.remove(other)
                found |= {each.id, other.id}
        return frozenset(found)

    @property
    def currencies(self) -> tuple[str, ...]:
        """What its accounts are kept in, then what else money moved in: sums are made in one currency at a time."""
        kept = [found.account.currency for found in self.statements]
        return tuple(dict.fromkeys((*kept, *sorted({each.currency for each in self.transactions}))))

    @property
    def names(self) -> tuple[str, ...]:
        """What each account is called, in their order; of one name the second is told apart by a number."""
        found: list[str] = []
        for each in self.statements:
            name, number = each.name, 1
            while name in found:
                number += 1
                name = f"{each.name} ({number})"
            found.append(name)
        return tuple(found)

    @property
    def days(self) -> int:
        """How many days these are."""
        return (self.until - self.since).days + 1

    @property
    def period(self) -> str:
        """The days in words."""
        return "1 day" if self.days == 1 else f"{self.days} days"


class Flow(NamedTuple):
    """What came and what went in a category, neither below nothing."""

    category: str
    came: Decimal
    went: Decimal


def daily_balances(found: Statement, since: date, until: date) -> list[tuple[date, Decimal]]:
    """What the account had at the end of each day; empty where the bank named no balance.

    Reckoned backwards from what it has now. What is pending counts, unless the balance is of a kind that is of booked payments alone,
    such as InterimBooked.
    """
    if found.balance is None:
        return []
    moved: dict[date, Decimal] = defaultdict(Decimal)
    for each in found.transactions:
        if each.status in (_BOOKED, "") or _BOOKED not in found.balance.kind:
            moved[each.booked.astimezone(UTC).date()] += each.amount
    had = found.balance.amount - sum(
        (amount for day, amount in moved.items() if day > until), Decimal()
    )
    days = []
    for number in range((until - since).days + 1):
        day = until - timedelta(days=number)
        days.append((day, had))
        had -= moved[day]
    return days[::-1]


def sum_by_category(data: CustomerData, currency: str) -> list[Flow]:
    """What came and went in one currency by category, the largest first; not what moved between the customer's own accounts."""
    own = data.internal_transfers
    came: dict[str, Decimal] = defaultdict(Decimal)
    went: dict[str, Decimal] = defaultdict(Decimal)
    for each in data.transactions:
        if each.currency == currency and each.id not in own:
            into = came if each.amount > 0 else went
            into[each.category or _REST] += abs(each.amount)
    found = [Flow(name, came[name], went[name]) for name in {**came, **went}]
    return sorted(found, key=lambda flow: (-(flow.came + flow.went), flow.category))


def draw_sparkline(values: Sequence[Decimal], width: int = 18) -> str:
    """The course of some values in so many blocks at most; "" for none."""
    if not values:
        return ""
    width = min(width, len(values))
    shown = [values[(place + 1) * len(values) // width - 1] for place in range(width)]
    low, span = min(shown), max(shown) - min(shown)
    top = len(_LEVELS) - 1
    return "".join(
        _LEVELS[int((value - low) / span * top) if span else top // 2] for value in shown
    )


def format_money(amount: Decimal, currency: str = "") -> str:
    """An amount as it is read: thousands apart, two digits or as many as there are, and a real minus."""
    places = max(2, -int(amount.as_tuple().exponent)) if amount.is_finite() else 0
    text = f"{abs(amount):,.{places}f}"
    return ("−" if amount < 0 else "") + text + (f" {currency}" if currency else "")  # noqa: RUF001 - it lines up with figures
