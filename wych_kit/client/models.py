"""What a customer agreed to share: connections, accounts, balances and transactions, read from the API's answers.

The shapes are invented: those of the Payments NZ account-information standard, since Wych's own are not public.
Each reader gives `None` for what makes no sense; whoever raises for it holds no customer's data that a traceback would show.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, TypeVar

from wych_kit.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable

_Made = TypeVar("_Made")


_AMOUNT = re.compile(r"[0-9]{1,18}(\.[0-9]{1,8})?")
_DOMESTIC = re.compile(r"(\d{2}-\d{4})-(\d{6,8})-(\d{2,4})")
_LONG = 8
_RANGES = (
    (4000, 4799, "Transport"),
    (4800, 4899, "Phone and internet"),
    (4900, 4999, "Power and water"),
    (5411, 5499, "Groceries"),
    (5541, 5542, "Fuel"),
    (5811, 5814, "Eating out"),
    (5815, 5818, "Entertainment"),
    (5912, 5912, "Health"),
    (6010, 6012, "Cash and banking"),
    (6300, 6399, "Insurance"),
    (7011, 7012, "Travel"),
    (7800, 7999, "Entertainment"),
    (8000, 8099, "Health"),
    (8200, 8299, "Education"),
    (5000, 5999, "Shopping"),
)


class AccountNumber:
    """Holds an account number and gives it out through `reveal()` only; shown as `12-3456-*******-00`, it does not pickle."""

    __slots__ = ("_number",)

    def __init__(self, number: str) -> None:
        self._number = Secret(number)

    def reveal(self) -> str:
        """The number itself."""
        return self._number.reveal()

    def __str__(self) -> str:
        if found := _DOMESTIC.fullmatch(self.reveal()):
            return f"{found[1]}-{'*' * len(found[2])}-{found[3]}"
        text = self.reveal()
        shown = text[-4:] if len(text) >= _LONG else ""
        return re.sub(r"\w", "*", text[: len(text) - len(shown)]) + shown

    def __repr__(self) -> str:
        return f"AccountNumber({self})"

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __eq__(self, other: object) -> bool:
        return self._number == other._number if isinstance(other, AccountNumber) else NotImplemented

    def __hash__(self) -> int:
        return hash((AccountNumber, self._number))

    def __copy__(self) -> AccountNumber:
        return self

    def __deepcopy__(self, memo: object) -> AccountNumber:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "an account number does not travel: reveal() it and write it where only you can read"
        )


class Bank(NamedTuple):
    """Where the customer has the accounts."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Connection:
    """A customer's consent: `state` is PENDING, ACTIVE, REJECTED, REVOKED or EXPIRED, or a word that nobody knows yet."""

    id: str
    state: str
    user_id: str
    provider: Bank
    permissions: tuple[str, ...]
    created: datetime | None
    expires: datetime | None

    @property
    def active(self) -> bool:
        """Whether there are data to be had."""
        return self.state == "ACTIVE"


@dataclass(frozen=True, slots=True)
class Account:
    """An account; `number` is masked when it is shown, and `None` where the consent does not cover it."""

    id: str
    user_id: str
    connection_id: str
    nickname: str
    number: AccountNumber | None
    kind: str
    currency: str


@dataclass(frozen=True, slots=True)
class Balance:
    """What an account has: less than nothing when it is owed. `kind` says how it was counted, such as InterimAvailable."""

    account_id: str
    amount: Decimal
    currency: str
    kind: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Transaction:
    """A movement: money that came is more than nothing. `category` is made of the merchant's code, "" where there is none."""

    id: str
    account_id: str
    booked: datetime
    amount: Decimal
    currency: str
    text: str
    merchant: str
    category: str
    status: str
    balance: Decimal | None


def parse_connections(answer: object) -> list[Connection] | None:
    """A list of connections."""
    return _parse_all(answer, parse_connection)


def parse_connection(answer: object) -> Connection | None:
    """One connection."""
    provider = answer.get("provider") if isinstance(answer, dict) else None
    if not isinstance(answer, dict) or not isinstance(provider, dict):
        return None
    id_, state, user = (_text(answer, name) for name in ("id", "state", "user"))
    if not (id_ and state and user and _text(provider, "id")):
        return None
    bank = Bank(_text(provider, "id"), _text(provider, "name") or _text(provider, "id"))
    held = answer.get("permissions")
    permissions = (
        tuple(each for each in held if isinstance(each, str)) if isinstance(held, list) else ()
    )
    return Connection(
        id_,
        state,
        user,
        bank,
        permissions,
        _time(answer.get("created")),
        _time(answer.get("expires")),
    )


def parse_accounts(answer: object, of: Connection) -> list[Account] | None:
    """The accounts of a connection."""
    return _parse_all(_data_list(answer, "Account"), lambda item: _account(item, of))


def parse_balances(answer: object, of: Account) -> list[Balance] | None:
    """The balances of an account."""
    return _parse_all(_data_list(answer, "Balance"), lambda item: _balance(item, of))


def parse_transactions(answer: object, of: Account) -> list[Transaction] | None:
    """A page of an account's transactions."""
    return _parse_all(_data_list(answer, "Transaction"), lambda item: _transaction(item, of))


def next_link(answer: object) -> str:
    """The link to the next page; "" after the last."""
    links = answer.get("Links") if isinstance(answer, dict) else None
    return _text(links, "Next") if isinstance(links, dict) else ""


def _account(item: object, of: Connection) -> Account | None:
    if not isinstance(item, dict) or not (id_ := _text(item, "AccountId")):
        return None
    numbers = item.get("Account")
    first = numbers[0] if isinstance(numbers, list) and numbers else None
    number = _text(first, "Identification") if isinstance(first, dict) else ""
    kind, currency = (
        _text(item, "AccountSubType") or _text(item, "AccountType"),
        _text(item, "Currency"),
    )
    held = AccountNumber(number) if number else None
    return Account(id_, of.user_id, of.id, _text(item, "Nickname"), held, kind, currency)


def _balance(item: object, of: Account) -> Balance | None:
    money = parse_signed_amount(item)
    if not isinstance(item, dict) or money is None or _text(item, "AccountId") not in ("", of.id):
        return None
    return Balance(of.id, *money, _text(item, "Type"), _time(item.get("DateTime")))


def _transaction(item: object, of: Account) -> Transaction | None:
    money = parse_signed_amount(item)
    if not isinstance(item, dict) or money is None or _text(item, "AccountId") not in ("", of.id):
        return None
    id_, booked = _text(item, "TransactionId"), _time(item.get("BookingDateTime"))
    if not id_ or booked is None:
        return None
    merchant = item.get("MerchantDetails")
    merchant = merchant if isinstance(merchant, dict) else {}
    after = parse_signed_amount(item.get("Balance"))
    return Transaction(
        id_,
        of.id,
        booked,
        *money,
        text=_text(item, "TransactionInformation"),
        merchant=_text(merchant, "MerchantName"),
        category=categorise(_text(merchant, "MerchantCategoryCode")),
        status=_text(item, "Status"),
        balance=after[0] if after else None,
    )


def _data_list(answer: object, name: str) -> object:
    data = answer.get("Data") if isinstance(answer, dict) else None
    return data.get(name) if isinstance(data, dict) else None


def _parse_all(items: object, make: Callable[[object], _Made | None]) -> list[_Made] | None:
    made = [make(item) for item in items] if isinstance(items, list) else [None]
    there = [each for each in made if each is not None]
    return there if len(there) == len(made) else None


def _text(item: dict[Any, Any], name: str) -> str:
    value = item.get(name)
    return value if isinstance(value, str) else ""


def _time(value: object) -> datetime | None:
    """A time with its zone; without one it is taken as UTC."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return at if at is None or at.tzinfo else at.replace(tzinfo=UTC)


def parse_amount(value: object) -> Decimal | None:
    """An amount, never below nothing; `None` for what is none."""
    text = (
        format(value, "f")
        if isinstance(value, Decimal)
        else str(value)
        if type(value) in (str, int)
        else ""
    )
    return Decimal(text) if _AMOUNT.fullmatch(text) else None


def parse_signed_amount(item: object) -> tuple[Decimal, str] | None:
    """The amount and currency of something with `Amount` and `CreditDebitIndicator`: money that comes is more than nothing."""
    held = item.get("Amount") if isinstance(item, dict) else None
    if not isinstance(item, dict) or not isinstance(held, dict):
        return None
    size, currency = parse_amount(held.get("Amount")), held.get("Currency")
    went = {"Credit": False, "Debit": True}.get(str(item.get("CreditDebitIndicator")))
    if (
        size is None
        or went is None
        or not isinstance(currency, str)
        or not re.fullmatch("[A-Z]{3}", currency)
    ):
        return None
    return (
        size.copy_negate() if went and size else size,
        currency,
    )  # a product is rounded where a program wants few digits


def categorise(code: str) -> str:
    """The first that fits; "" without a code, and `Other` for a code that is in none."""
    if not code:
        return ""
    number = int(code) if code.isascii() and code.isdigit() and len(code) == 4 else 0  # noqa: PLR2004 - as the standard has them
    return next((word for first, last, word in _RANGES if first <= number <= last), "Other")
