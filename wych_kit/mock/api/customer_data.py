"""A customer's accounts, balances and transactions, in the words of the Payments NZ account-information standard.

Invented: Wych's own shapes are not public. Amounts are texts and never negative; a word beside them says whether money came or went.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from wych_kit.mock.api import bank
from wych_kit.mock.api.replies import CONNECTION_NOT_FOUND, CONSENT, Call, Refused, Reply, refuse
from wych_kit.mock.state.clock import format_datetime, format_time, utc_datetime

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wych_kit.mock.api.bank import Account, Statement, Transaction
    from wych_kit.mock.api.connections import Connections
    from wych_kit.mock.state.clock import Clock

PAGE = 50
_CURRENCY = "NZD"
_FROM, _TO = "fromBookingDateTime", "toBookingDateTime"
_PAGE = re.compile(r"[1-9][0-9]{0,5}")
_DATE = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)?)?", re.ASCII)
_DATE_ONLY = len("2026-01-31")
_ACCOUNT_NOT_FOUND = refuse(404, "account_not_found", "the connection has no account of this id")
_INVALID_PAGE = "page is one of the numbers from 1 to Meta.TotalPages, given once"
_INVALID_DATE = (
    "{} is a date (2026-01-31) or a time (2026-01-31T09:00:00Z; a + in it is sent as %2B), given"
    " once"
)


class CustomerData:
    """Answers the calls for customer data, or raises `Refused`. `url` is the mock's own address, for the links to other pages."""

    def __init__(self, connections: Connections, clock: Clock, url: str) -> None:
        self._connections = connections
        self._clock = clock
        self._url = url

    def accounts(self, call: Call) -> Reply:
        """All accounts of a connection."""
        known = self._statements(call, "ReadAccountsDetail")
        return self._page(call, {"Account": [_account(statement.account) for statement in known]})

    def balances(self, call: Call) -> Reply:
        """What an account has now."""
        known = self._statement(call, "ReadBalances")
        now = format_time(self._clock.now())
        balance = {
            "AccountId": known.account.id,
            **_amount(known.balance),
            "Type": "InterimAvailable",
            "DateTime": now,
        }
        return self._page(call, {"Balance": [balance]})

    def transactions(self, call: Call) -> Reply:
        """A page of an account's transactions, newest first; those from one time to another, both included."""
        known = self._statement(call, "ReadTransactionsDetail")
        wanted = _between(known.transactions, call)
        total = max(1, -(-len(wanted) // PAGE))
        number = _page_number(call, total)
        yesterday = utc_datetime(self._clock.now()).toordinal() - 1
        shown = wanted[(number - 1) * PAGE : number * PAGE]
        data = {
            "Transaction": [
                _transaction(known.account, one, pending=one.at.toordinal() >= yesterday)
                for one in shown
            ]
        }
        return self._page(call, data, number, total, known.transactions)

    def _statement(self, call: Call, permission: str) -> Statement:
        known = self._statements(call, permission)
        of_account = next((one for one in known if one.account.id == call.where["accountId"]), None)
        if of_account is None:
            raise Refused(_ACCOUNT_NOT_FOUND)
        return of_account

    def _statements(self, call: Call, permission: str) -> tuple[Statement, ...]:
        connection = self._connections.get(call.client.app_id, call.where["connectionId"])
        if connection is None or connection.user_id != call.subject:
            raise Refused(CONNECTION_NOT_FOUND)  # nor is it told that another user has it
        if refusal := CONSENT.get(connection.state):
            raise Refused(refusal)
        if permission not in connection.permissions:
            raise Refused(
                refuse(403, "permission_missing", f"the user has not agreed to {permission}")
            )
        return bank.statements(
            connection.id, connection.bank.id, connection.created, self._clock.now()
        )

    def _page(
        self,
        call: Call,
        data: dict[str, Any],
        number: int = 1,
        total: int = 1,
        available: Sequence[Transaction] = (),
    ) -> Reply:
        links = {"Self": self._link(call, number, total), "First": self._link(call, 1, total)}
        if number > 1:
            links["Prev"] = self._link(call, number - 1, total)
        if number < total:
            links["Next"] = self._link(call, number + 1, total)
        links["Last"] = self._link(call, total, total)
        meta: dict[str, Any] = {"TotalPages": total}
        if available:
            meta["FirstAvailableDateTime"] = format_datetime(available[0].at)
            meta["LastAvailableDateTime"] = format_datetime(available[-1].at)
        return Reply(200, {"Data": data, "Links": links, "Meta": meta})

    def _link(self, call: Call, number: int, total: int) -> str:
        kept = [(name, text) for name, text in call.query if name in (_FROM, _TO)]
        query = urlencode(kept + ([("page", str(number))] if total > 1 else []))
        return f"{self._url}{call.path}" + (f"?{query}" if query else "")


def _between(transactions: Sequence[Transaction], call: Call) -> list[Transaction]:
    """Those asked for, newest first."""
    first, last = _time(call, _FROM, time.min), _time(call, _TO, time.max)
    if first and last and first > last:
        raise Refused(refuse(400, "invalid_date", f"{_FROM} is later than {_TO}"))
    return [
        one
        for one in reversed(transactions)
        if (not first or one.at >= first) and (not last or one.at <= last)
    ]


def _time(call: Call, name: str, of_day: time) -> datetime | None:
    """A time as asked for, in UTC unless it says otherwise; a date alone is that day from its start or to its end."""
    text = _single(call, name, "invalid_date", _INVALID_DATE.format(name))
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(
            text if _DATE.fullmatch(text) else ""
        )  # Python reads more spellings than these
    except ValueError:
        raise Refused(refuse(400, "invalid_date", _INVALID_DATE.format(name))) from None
    if len(text) == _DATE_ONLY:
        return datetime.combine(at, of_day, UTC)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _page_number(call: Call, total: int) -> int:
    text = _single(call, "page", "invalid_page", _INVALID_PAGE)
    number = 1 if text is None else int(text) if _PAGE.fullmatch(text) else 0
    if not 1 <= number <= total:
        raise Refused(refuse(400, "invalid_page", _INVALID_PAGE))
    return number


def _single(call: Call, name: str, code: str, sentence: str) -> str | None:
    given = [text for known, text in call.query if known == name]
    if len(given) > 1:
        raise Refused(refuse(400, code, sentence))
    return given[0] if given else None


def _account(account: Account) -> dict[str, Any]:
    return {
        "AccountId": account.id,
        "Status": "Enabled",
        "Currency": _CURRENCY,
        "AccountType": account.type,
        "AccountSubType": account.subtype,
        "Nickname": account.nickname,
        "Account": [
            {
                "SchemeName": "BECSElectronicCredit",
                "Identification": account.number,
                "Name": account.holder,
            }
        ],
    }


def _transaction(account: Account, one: Transaction, *, pending: bool) -> dict[str, Any]:
    at = format_datetime(one.at)
    shown = {
        "AccountId": account.id,
        "TransactionId": one.id,
        "TransactionReference": one.payment.text[:12].strip(),
        **_amount(one.cents),
        "Status": "Pending" if pending else "Booked",
        "BookingDateTime": at,
        "ValueDateTime": at,
        "TransactionInformation": one.payment.text,
    }
    if one.payment.mcc:
        shown["MerchantDetails"] = {
            "MerchantName": one.payment.merchant,
            "MerchantCategoryCode": one.payment.mcc,
        }
    return shown | {"Balance": {**_amount(one.balance), "Type": "InterimBooked"}}


def _amount(cents: int) -> dict[str, Any]:
    whole, part = divmod(abs(cents), 100)
    return {
        "Amount": {"Amount": f"{whole}.{part:02}", "Currency": _CURRENCY},
        "CreditDebitIndicator": "Debit" if cents < 0 else "Credit",
    }
