"""Answer the calls for a customer's accounts, balances and transactions.

The shapes are invented: Wych's own are not public. Their words are those of the Payments NZ
account-information standard. An amount is text and never negative; CreditDebitIndicator gives the
direction.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from wych_kit.mock.api.bank import build_statements
from wych_kit.mock.api.replies import CONNECTION_NOT_FOUND, CONSENT, Call, Refused, Reply, refuse
from wych_kit.mock.state.clock import format_datetime, format_time, utc_datetime

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wych_kit.mock.api.bank import Account, Statement, Transaction
    from wych_kit.mock.api.connections import Connections
    from wych_kit.mock.state.clock import Clock

PAGE_SIZE = 50
_CURRENCY = "NZD"
_FROM, _TO = "fromBookingDateTime", "toBookingDateTime"
_PAGE = re.compile(r"[1-9][0-9]{0,5}")
_DATE = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)?)?", re.ASCII)
# Longer text has a time of day.
_DATE_ONLY = len("2026-01-31")
_ACCOUNT_NOT_FOUND = refuse(404, "account_not_found", "the connection has no account of this id")
_PAGE_RULE = "page is one of the numbers from 1 to Meta.TotalPages, given once"
_DATE_RULE = (
    "{} is a date (2026-01-31) or a time (2026-01-31T09:00:00Z; a + in it is sent as %2B), given"
    " once"
)


class CustomerData:
    """Answers the calls for customer data, or raises `Refused`.

    `url` is the mock's own address, for the links to other pages.
    """

    def __init__(self, connections: Connections, clock: Clock, url: str) -> None:
        self._connections = connections
        self._clock = clock
        self._url = url

    def accounts(self, call: Call) -> Reply:
        """Return all accounts of a connection."""
        statements = self._statements(call, "ReadAccountsDetail")
        return self._page(
            call, {"Account": [_account_json(statement.account) for statement in statements]}
        )

    def balances(self, call: Call) -> Reply:
        """Return the current balance of an account."""
        statement = self._statement(call, "ReadBalances")
        now = format_time(self._clock.now())
        balance = {
            "AccountId": statement.account.id,
            **_amount_json(statement.balance),
            "Type": "InterimAvailable",
            "DateTime": now,
        }
        return self._page(call, {"Balance": [balance]})

    def transactions(self, call: Call) -> Reply:
        """Return a page of an account's transactions, newest first.

        Both ends of the requested time are included.
        """
        statement = self._statement(call, "ReadTransactionsDetail")
        # An account without transactions has one empty page: page 1 always exists.
        matches = _select(statement.transactions, call)
        total = max(1, -(-len(matches) // PAGE_SIZE))
        number = _read_page_number(call, total)
        # A bank books overnight: what is from today or yesterday is still pending.
        yesterday = utc_datetime(self._clock.now()).toordinal() - 1
        page = matches[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
        data = {
            "Transaction": [
                _transaction_json(statement.account, one, pending=one.at.toordinal() >= yesterday)
                for one in page
            ]
        }
        return self._page(call, data, number, total, statement.transactions)

    def _statement(self, call: Call, permission: str) -> Statement:
        statements = self._statements(call, permission)
        for statement in statements:
            if statement.account.id == call.where["accountId"]:
                return statement
        raise Refused(_ACCOUNT_NOT_FOUND)

    def _statements(self, call: Call, permission: str) -> tuple[Statement, ...]:
        connection = self._connections.get(call.client.app_id, call.where["connectionId"])
        if connection is None or connection.user_id != call.subject:
            # The same answer for another user's connection: a 403 would confirm that it exists.
            raise Refused(CONNECTION_NOT_FOUND)
        if refusal := CONSENT.get(connection.state):
            raise Refused(refusal)
        if permission not in connection.permissions:
            raise Refused(
                refuse(403, "permission_missing", f"the user has not agreed to {permission}")
            )
        return build_statements(
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
        links = {
            "Self": self._page_url(call, number, total),
            "First": self._page_url(call, 1, total),
        }
        if number > 1:
            links["Prev"] = self._page_url(call, number - 1, total)
        if number < total:
            links["Next"] = self._page_url(call, number + 1, total)
        links["Last"] = self._page_url(call, total, total)
        meta: dict[str, Any] = {"TotalPages": total}
        if available:
            meta["FirstAvailableDateTime"] = format_datetime(available[0].at)
            meta["LastAvailableDateTime"] = format_datetime(available[-1].at)
        return Reply(200, {"Data": data, "Links": links, "Meta": meta})

    def _page_url(self, call: Call, number: int, total: int) -> str:
        # Only the parameters that the call knows; a link must not repeat a caller's mistake.
        kept = [(name, text) for name, text in call.query if name in (_FROM, _TO)]
        query = urlencode(kept + ([("page", str(number))] if total > 1 else []))
        return f"{self._url}{call.path}" + (f"?{query}" if query else "")


def _select(transactions: Sequence[Transaction], call: Call) -> list[Transaction]:
    """Return the transactions in the requested time, newest first."""
    first, last = _read_time(call, _FROM, time.min), _read_time(call, _TO, time.max)
    if first and last and first > last:
        raise Refused(refuse(400, "invalid_date", f"{_FROM} is later than {_TO}"))
    return [
        one
        for one in reversed(transactions)
        if (not first or one.at >= first) and (not last or one.at <= last)
    ]


def _read_time(call: Call, name: str, time_of_day: time) -> datetime | None:
    """Return a requested time, in UTC unless it has an offset, or None.

    A date alone becomes `time_of_day` on that day.
    """
    text = _read_single(call, name, "invalid_date", _DATE_RULE.format(name))
    if text is None:
        return None
    try:
        # `fromisoformat` accepts more spellings than the standard names, and "" is none of them.
        at = datetime.fromisoformat(text if _DATE.fullmatch(text) else "")
    except ValueError:
        raise Refused(refuse(400, "invalid_date", _DATE_RULE.format(name))) from None
    if len(text) == _DATE_ONLY:
        return datetime.combine(at, time_of_day, UTC)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _read_page_number(call: Call, total: int) -> int:
    text = _read_single(call, "page", "invalid_page", _PAGE_RULE)
    number = 1 if text is None else int(text) if _PAGE.fullmatch(text) else 0
    if not 1 <= number <= total:
        raise Refused(refuse(400, "invalid_page", _PAGE_RULE))
    return number


def _read_single(call: Call, name: str, code: str, sentence: str) -> str | None:
    values = [value for parameter, value in call.query if parameter == name]
    if len(values) > 1:
        raise Refused(refuse(400, code, sentence))
    return values[0] if values else None


def _account_json(account: Account) -> dict[str, Any]:
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


def _transaction_json(
    account: Account, transaction: Transaction, *, pending: bool
) -> dict[str, Any]:
    at = format_datetime(transaction.at)
    fields = {
        "AccountId": account.id,
        "TransactionId": transaction.id,
        # The standard's reference has at most 12 characters.
        "TransactionReference": transaction.payment.text[:12].strip(),
        **_amount_json(transaction.cents),
        "Status": "Pending" if pending else "Booked",
        "BookingDateTime": at,
        "ValueDateTime": at,
        "TransactionInformation": transaction.payment.text,
    }
    if transaction.payment.mcc:
        fields["MerchantDetails"] = {
            "MerchantName": transaction.payment.merchant,
            "MerchantCategoryCode": transaction.payment.mcc,
        }
    return fields | {"Balance": {**_amount_json(transaction.balance), "Type": "InterimBooked"}}


def _amount_json(cents: int) -> dict[str, Any]:
    # Of the absolute value: divmod rounds a negative number down.
    whole, part = divmod(abs(cents), 100)
    return {
        "Amount": {"Amount": f"{whole}.{part:02}", "Currency": _CURRENCY},
        "CreditDebitIndicator": "Debit" if cents < 0 else "Credit",
    }
