"""Banks that do not exist, and what they know of a customer: accounts, and months of transactions that add up.

All of it is invented. Names and words of the data follow the Payments NZ account-information standard; no bank in New Zealand has
these bank codes, so no account number is anybody's. The same connection always has the same history: the clock going on only adds to it, from the day
after it was made.
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
_MONTH = 30
_LONGEST = HISTORY + 3 * 366  # days of history that are ever made, wherever the clock is moved
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
    """A bank to choose. `kind`: "prompt"; "slow", which takes `seconds` to confirm a consent; "fails", which never does."""

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


def bank(bank_id: str) -> Bank | None:
    """The bank of this id."""
    return next((one for one in BANKS if one.id == bank_id), None)


@dataclass(frozen=True, slots=True)
class Account:
    """An account of a customer. `number` is bank-branch-account-suffix; `opening` is in cents, less than nothing when it is owed."""

    id: str
    type: str
    subtype: str
    nickname: str
    number: str
    holder: str
    opening: int


class Transaction(NamedTuple):
    """A movement in cents: money that comes is more than nothing. `balance` is what the account has after it."""

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
        """What the account has now, in cents."""
        return self.transactions[-1].balance if self.transactions else self.account.opening


def statements(connection_id: str, bank_id: str, made: float, now: float) -> tuple[Statement, ...]:
    """What the bank knows of the customer at `now` (seconds since 1970), for a connection that was `made` then."""
    accounts = _accounts(connection_id, bank_id)
    until = utc_datetime(now)
    days = _days(connection_id, utc_datetime(made).date(), until.date())
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


def _statement(account: Account, moved: list[tuple[datetime, Payment, int, str]]) -> Statement:
    balances = list(accumulate((cents for _, _, cents, _ in moved), initial=account.opening))[1:]
    return Statement(
        account,
        tuple(
            Transaction(id_, at, payment, cents, balance)
            for (at, payment, cents, id_), balance in zip(moved, balances, strict=True)
        ),
    )


@lru_cache(maxsize=256)
def _accounts(connection_id: str, bank_id: str) -> tuple[Account, ...]:
    draw = random.Random(f"{connection_id}/accounts")  # noqa: S311 - repeatable is the point
    chosen = bank(bank_id)
    code = chosen.code if chosen else "99"
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
def _days(
    connection_id: str, made: date, last: date
) -> tuple[tuple[int, datetime, Payment, int, str], ...]:
    """Every movement from the first day to the end of `last`, oldest first: place of the account, when, what for, cents, id.

    Days are counted from the one on which the connection was made, which has none: whenever it is made, it has the same past.
    """
    first = -min(HISTORY, made.toordinal() - 1)
    end = min((last - made).days, first + _LONGEST - 1, date.max.toordinal() - made.toordinal())
    days = (number for number in range(first, end + 1) if number)
    return tuple(
        move for number in days for move in sorted(_day(connection_id, made, number), key=_order)
    )


def _day(
    connection_id: str, made: date, number: int
) -> Iterator[tuple[int, datetime, Payment, int, str]]:
    """Draws a day by itself, so that it stays the same whatever days there are before and after it."""
    draw = random.Random(f"{connection_id}/{number}")  # noqa: S311 - repeatable is the point
    day = made + timedelta(days=number)
    regular = [
        payment
        for weekday, payment in EVERY_WEEK
        if weekday == number % 7 and _due(payment, number)
    ]
    regular += [payment for monthday, payment in EVERY_MONTH if monthday == number % _MONTH + 1]
    now_and_then = [payment for chance, payment in DIFFERENT_EVERY_DAY if draw.random() < chance]
    for payment in regular + now_and_then:
        at = datetime.combine(day, time(tzinfo=UTC)) + timedelta(
            seconds=draw.randrange(6 * 3600, 20 * 3600)
        )
        cents = draw.randrange(payment.least, payment.most + 1)
        for place, sign in payment.moves:
            yield place, at, payment, sign * cents, _uuid(draw)


def _due(payment: Payment, number: int) -> bool:
    return payment.weeks == 1 or number // 7 % payment.weeks == 0


def _order(move: tuple[int, datetime, Payment, int, str]) -> tuple[datetime, int, str]:
    place, at, _, _, id_ = move
    return at, place, id_


def _uuid(draw: random.Random) -> str:
    return str(uuid.UUID(int=draw.getrandbits(128), version=4))
