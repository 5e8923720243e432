"""Invent banks and their customers' accounts, with months of transactions that add up.

Names and words follow the Payments NZ account-information standard. No bank in New Zealand has
these bank codes, so no account number belongs to anybody. The same connection always has the same
history: as the clock goes on, days are only added, from the day after the connection was created.
"""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, Literal, NamedTuple

from wych_kit.mock.api.payments import DIFFERENT_EVERY_DAY, EVERY_MONTH, EVERY_WEEK, Payment
from wych_kit.mock.state.clock import utc_datetime

if TYPE_CHECKING:
    from collections.abc import Iterator

# Days of transactions before the connection was made.
HISTORY = 183
_DAYS_OF_MONTH = 30
# A test may move the clock by centuries; the history then stops instead of filling the memory.
_MAX_DAYS = HISTORY + 3 * 366
# Macrons, hyphens and apostrophes, because clients fail on them.
_HOLDERS = (
    "Hēmi O'Brien",
    "Aroha Ngāta",
    "Mei-Lin D'Souza",
    "Tāne Whaanga",
    "Zoë Mac an tSaoir",
    "Māia Te Rangi",
)


@dataclass(frozen=True, slots=True)
class Bank:
    """A bank to choose in the consent pages.

    `kind` is "prompt", "slow" (takes `seconds` to confirm a consent) or "fails" (never confirms
    one).
    """

    id: str
    name: str
    kind: Literal["prompt", "slow", "fails"]
    code: str
    seconds: int = 0


BANKS = (
    Bank("kereru", "Kererū Bank", "prompt", "91"),
    Bank("tui", "Tūī Savings", "prompt", "92"),
    Bank("kauri", "Kauri Mutual", "slow", "93", seconds=30),
    Bank("weka", "Weka & O’Brien", "fails", "94"),
)


def find_bank(bank_id: str) -> Bank | None:
    """Return the bank of this id, or None."""
    return next((one for one in BANKS if one.id == bank_id), None)


@dataclass(frozen=True, slots=True)
class Account:
    """An account of a customer. `number` is bank-branch-account-suffix.

    `opening` is the first balance in cents, negative when money is owed.
    """

    id: str
    type: str
    subtype: str
    nickname: str
    number: str
    holder: str
    opening: int


class Transaction(NamedTuple):
    """A movement in cents, positive for incoming money. `balance` is the account's afterwards."""

    id: str
    at: datetime
    payment: Payment
    cents: int
    balance: int


class Statement(NamedTuple):
    """An account with its transactions, oldest first."""

    account: Account
    transactions: tuple[Transaction, ...]

    @property
    def balance(self) -> int:
        """Return the current balance in cents."""
        return self.transactions[-1].balance if self.transactions else self.account.opening


def build_statements(
    connection_id: str, bank_id: str, created: float, now: float
) -> tuple[Statement, ...]:
    """Return the customer's accounts as the bank shows them at `now`.

    `created` is when the connection was created; both are seconds since 1970.
    """
    accounts = _accounts(connection_id, bank_id)
    until = utc_datetime(now)
    days = _list_movements(connection_id, utc_datetime(created).date(), until.date())
    return tuple(
        _statement(
            account,
            [
                (at, payment, cents, id_)
                for number, at, payment, cents, id_ in days
                if number == place and at <= until
            ],
        )
        for place, account in enumerate(accounts)
    )


def _statement(account: Account, movements: list[tuple[datetime, Payment, int, str]]) -> Statement:
    balances = list(accumulate((cents for _, _, cents, _ in movements), initial=account.opening))[
        1:
    ]
    return Statement(
        account,
        tuple(
            Transaction(id_, at, payment, cents, balance)
            for (at, payment, cents, id_), balance in zip(movements, balances, strict=True)
        ),
    )


@lru_cache(maxsize=256)
def _accounts(connection_id: str, bank_id: str) -> tuple[Account, ...]:
    draw = random.Random(f"{connection_id}/accounts")  # noqa: S311 - must be repeatable
    bank = find_bank(bank_id)
    # 99 is no bank's code either: a bank of another version's list.
    code = bank.code if bank else "99"
    stem = f"{code}-{draw.randrange(10_000):04}-{draw.randrange(10_000_000):07}"
    holder = draw.choice(_HOLDERS)
    kinds = (
        ("CurrentAccount", "Everyday", draw.randrange(150_000, 400_000)),
        ("Savings", "Rainy day / Rā ua", draw.randrange(200_000, 2_000_000)),
        ("CreditCard", "Holder's card", -draw.randrange(20_000, 150_000)),
    )
    return tuple(
        Account(_uuid(draw), "Personal", subtype, nickname, f"{stem}-{suffix:02}", holder, opening)
        for suffix, (subtype, nickname, opening) in enumerate(kinds)
    )


@lru_cache(maxsize=64)
def _list_movements(
    connection_id: str, created: date, last: date
) -> tuple[tuple[int, datetime, Payment, int, str], ...]:
    """Return all movements from the first day to the end of `last`, oldest first.

    Each is (index of the account, time, payment, cents, id). Days are numbered from the one on
    which the connection was created, which has none. So the past
    is the same whenever that is.
    """
    first = -min(HISTORY, created.toordinal() - 1)
    # `date` ends with the year 9999, and a moved clock may reach it.
    end = min(
        (last - created).days, first + _MAX_DAYS - 1, date.max.toordinal() - created.toordinal()
    )
    days = (number for number in range(first, end + 1) if number)
    return tuple(
        movement
        for number in days
        for movement in sorted(_draw_day(connection_id, created, number), key=_sort_key)
    )


def _draw_day(
    connection_id: str, created: date, number: int
) -> Iterator[tuple[int, datetime, Payment, int, str]]:
    """Yield the movements of one day."""
    # Each day has a seed of its own, so that it is the same whatever days are drawn before it.
    draw = random.Random(f"{connection_id}/{number}")  # noqa: S311 - must be repeatable
    day = created + timedelta(days=number)
    regular = [
        payment
        for weekday, payment in EVERY_WEEK
        if weekday == number % 7 and _is_due(payment, number)
    ]
    regular += [
        payment for monthday, payment in EVERY_MONTH if monthday == number % _DAYS_OF_MONTH + 1
    ]
    occasional = [payment for chance, payment in DIFFERENT_EVERY_DAY if draw.random() < chance]
    for payment in regular + occasional:
        at = datetime.combine(day, time(tzinfo=UTC)) + timedelta(
            seconds=draw.randrange(6 * 3600, 20 * 3600)
        )
        cents = draw.randrange(payment.min_cents, payment.max_cents + 1)
        for place, sign in payment.moves:
            yield place, at, payment, sign * cents, _uuid(draw)


def _is_due(payment: Payment, number: int) -> bool:
    return payment.weeks == 1 or number // 7 % payment.weeks == 0


def _sort_key(move: tuple[int, datetime, Payment, int, str]) -> tuple[datetime, int, str]:
    place, at, _, _, id_ = move
    return at, place, id_


def _uuid(draw: random.Random) -> str:
    return str(uuid.UUID(int=draw.getrandbits(128), version=4))
