"""Reads connections, accounts, balances and transactions from the API's responses.

The shapes are invented: they are those of the Payments NZ account-information standard, because
Wych has not published its own. Each reader returns None for a body that makes no sense, and raises
nothing: a traceback with locals would show a customer's data.
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

_T = TypeVar("_T")


_AMOUNT = re.compile(r"[0-9]{1,18}(\.[0-9]{1,8})?")
# Bank and branch, account, suffix, as New Zealand's banks write a number.
_DOMESTIC = re.compile(r"(\d{2}-\d{4})-(\d{6,8})-(\d{2,4})")
# Of a shorter foreign number nothing is shown.
_MIN_LENGTH = 8
# Merchant category codes (ISO 18245). The first range that fits counts, so Shopping comes last.
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
    """An account number that only `reveal()` returns. Shown as `12-3456-*******-00`; cannot be pickled."""

    __slots__ = ("_number",)

    def __init__(self, number: str) -> None:
        self._number = Secret(number)

    def reveal(self) -> str:
        """The number itself."""
        return self._number.reveal()

    def __str__(self) -> str:
        if match := _DOMESTIC.fullmatch(self.reveal()):
            return f"{match[1]}-{'*' * len(match[2])}-{match[3]}"
        text = self.reveal()
        shown = text[-4:] if len(text) >= _MIN_LENGTH else ""
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
            "an account number cannot be pickled: use reveal(), and write it to a private place"
        )


class Bank(NamedTuple):
    """The bank that has the customer's accounts."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Connection:
    """A customer's consent. `state` is PENDING, ACTIVE, REJECTED, REVOKED, EXPIRED, or a new word."""

    id: str
    state: str
    user_id: str
    provider: Bank
    permissions: tuple[str, ...]
    created: datetime | None
    expires: datetime | None

    @property
    def active(self) -> bool:
        """True if data can be read."""
        return self.state == "ACTIVE"


@dataclass(frozen=True, slots=True)
class Account:
    """An account. `number` is masked when shown, and None if the consent does not cover it."""

    id: str
    user_id: str
    connection_id: str
    nickname: str
    number: AccountNumber | None
    kind: str
    currency: str


@dataclass(frozen=True, slots=True)
class Balance:
    """A balance; negative when the customer owes it. `kind` is the standard's, such as InterimAvailable."""

    account_id: str
    amount: Decimal
    currency: str
    kind: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Transaction:
    """A transaction; positive when the customer received money.

    `category` follows from the merchant's code, and is "" without one.
    """

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
    """Return a list of connections, or None."""
    return _parse_all(answer, parse_connection)


def parse_connection(answer: object) -> Connection | None:
    """Return one connection, or None."""
    provider = answer.get("provider") if isinstance(answer, dict) else None
    if not isinstance(answer, dict) or not isinstance(provider, dict):
        return None
    id_, state, user = (_text(answer, name) for name in ("id", "state", "user"))
    if not (id_ and state and user and _text(provider, "id")):
        return None
    bank = Bank(_text(provider, "id"), _text(provider, "name") or _text(provider, "id"))
    listed = answer.get("permissions")
    permissions = (
        tuple(item for item in listed if isinstance(item, str)) if isinstance(listed, list) else ()
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
    """Return the accounts of a connection, or None."""
    return _parse_all(_data_list(answer, "Account"), lambda item: _account(item, of))


def parse_balances(answer: object, of: Account) -> list[Balance] | None:
    """Return the balances of an account, or None."""
    return _parse_all(_data_list(answer, "Balance"), lambda item: _balance(item, of))


def parse_transactions(answer: object, of: Account) -> list[Transaction] | None:
    """Return a page of an account's transactions, or None."""
    return _parse_all(_data_list(answer, "Transaction"), lambda item: _transaction(item, of))


def next_link(answer: object) -> str:
    """Return the link to the next page, or "" after the last."""
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
    return Account(
        id=id_,
        user_id=of.user_id,
        connection_id=of.id,
        nickname=_text(item, "Nickname"),
        number=AccountNumber(number) if number else None,
        kind=kind,
        currency=currency,
    )


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


def _parse_all(items: object, parse: Callable[[object], _T | None]) -> list[_T] | None:
    parsed = [parse(item) for item in items] if isinstance(items, list) else [None]
    valid = [item for item in parsed if item is not None]
    return valid if len(valid) == len(parsed) else None


def _text(item: dict[Any, Any], name: str) -> str:
    value = item.get(name)
    return value if isinstance(value, str) else ""


# A time without a zone is read as UTC.
def _time(value: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return at if at is None or at.tzinfo else at.replace(tzinfo=UTC)


def parse_amount(value: object) -> Decimal | None:
    """Return an amount, which is never negative, or None."""
    if isinstance(value, Decimal):
        text = format(value, "f")
    else:
        # Not a float, which is inexact, and not a bool, which is an int.
        text = str(value) if type(value) in (str, int) else ""
    return Decimal(text) if _AMOUNT.fullmatch(text) else None


def parse_signed_amount(item: object) -> tuple[Decimal, str] | None:
    """Return amount and currency of an item with `Amount` and `CreditDebitIndicator`, or None.

    Money that the customer received is positive.
    """
    money = item.get("Amount") if isinstance(item, dict) else None
    if not isinstance(item, dict) or not isinstance(money, dict):
        return None
    amount, currency = parse_amount(money.get("Amount")), money.get("Currency")
    is_debit = {"Credit": False, "Debit": True}.get(str(item.get("CreditDebitIndicator")))
    if amount is None or is_debit is None:
        return None
    if not isinstance(currency, str) or not re.fullmatch("[A-Z]{3}", currency):
        return None
    # Not a product with -1, which a decimal context with few digits would round.
    return amount.copy_negate() if is_debit and amount else amount, currency


def categorise(code: str) -> str:
    """Return the category of a merchant code: "" without a code, `Other` for one in no range."""
    if not code:
        return ""
    is_code = code.isascii() and code.isdigit() and len(code) == 4  # noqa: PLR2004 - by ISO 18245
    number = int(code) if is_code else 0
    return next((name for first, last, name in _RANGES if first <= number <= last), "Other")
