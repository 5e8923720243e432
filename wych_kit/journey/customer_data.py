"""Defines the step that gets a customer's accounts, balances and transactions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from wych_kit.client import endpoints
from wych_kit.errors import SettingInvalid
from wych_kit.journey.customer_tables import accounts_table, category_tables, latest_transactions
from wych_kit.journey.statements import CustomerData, Statement
from wych_kit.journey.step import Done, Fact, Field, Step, Wording, format_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from wych_kit.client.models import Account, Connection
    from wych_kit.journey.session import Session
    from wych_kit.journey.step import Answer

    Say = Callable[[str], None]

_DAYS, _MOST_DAYS = 90, 730
# What is requested only with the customer's permission.
_PERMISSIONS = {"ReadBalances": "balances", "ReadTransactionsDetail": "transactions"}
_NO_PATH = (
    "is not set, and Wych has not published this path. Take it from the documentation that Wych"
    " gave you"
)


def _data_fields(session: Session) -> Sequence[Field]:
    if session.data is not None:
        return ()
    return (
        Field(
            "days",
            "Days",
            f"how many days back, up to {_MOST_DAYS}",
            suggestion=str(_DAYS),
            check=_check_days,
        ),
    )


def _check_days(text: str) -> str | None:
    days = text.strip()
    # The length first: int() of a very long text takes long.
    is_valid = (
        days.isascii()
        and days.isdigit()
        and len(days) <= len(str(_MOST_DAYS))
        and 1 <= int(days) <= _MOST_DAYS
    )
    return None if is_valid else f"Enter a number from 1 to {_MOST_DAYS}."


def _customer_data(session: Session, answers: Mapping[str, Answer], say: Say) -> Done:
    client, connection = session.client, session.connection
    if connection is None:
        raise SettingInvalid(
            "The customer",
            "is not connected yet. Run the step Connect a customer first",
            stage="call",
        )
    for name in ("accounts", "balances", "transactions"):
        if not session.knows_endpoint(name):
            raise SettingInvalid(
                f"WYCH_PATH_{name.upper()}", _NO_PATH, stage="call", reference="setting-missing"
            )
    until = datetime.now(UTC).date()
    # Dropped first: after a failure, the old data must not look like the result.
    earlier, session.data = session.data, None
    days = int(str(answers.get("days") or (earlier.days if earlier else _DAYS)))
    since = until - timedelta(days=days - 1)
    say("the customer's token")
    token = client.user_token(connection.user_id)
    say("accounts")
    statements = []
    for account in client.accounts(connection):
        say(f"{account.nickname or account.kind}: balance, transactions")
        statements.append(_get_statement(session, account, since, until))
    data = session.data = CustomerData(connection, since, until, tuple(statements))
    excluded = [
        name
        for permission, name in _PERMISSIONS.items()
        if not _has_permission(connection, permission)
    ]
    basis = endpoints.find_endpoint("accounts", session.settings).basis
    transfers = (
        f"from all pages; {len(data.internal_transfers)} are transfers between the customer's own"
        " accounts, which no sum includes"
    )
    return Done(
        facts=(
            Fact(
                "User-context token",
                str(token.value),
                "opens this customer's data only; the API refuses a service token here",
            ),
            Fact(
                "Expires after",
                format_duration(token.lifetime),
                "stored in memory, one for each customer",
            ),
            Fact("Accounts", str(len(statements)), f"their path and the response are {basis}"),
            *(
                [
                    Fact(
                        "Not permitted",
                        " and ".join(excluded),
                        "the consent excludes this, so the kit did not request it",
                    )
                ]
                if excluded
                else []
            ),
            Fact("Transactions", f"{len(data.transactions)} in {data.period}", transfers),
        ),
        have=(
            "You now have the customer's accounts, balances and transactions, exact to the cent."
            " Account numbers stay masked."
        ),
        tables=tuple(
            table
            for table in (accounts_table(data), *category_tables(data), latest_transactions(data))
            if table.rows
        ),
    )


def _get_statement(session: Session, account: Account, since: date, until: date) -> Statement:
    connection, client = session.connection, session.client
    balances = (
        client.balances(account)
        if connection is None or _has_permission(connection, "ReadBalances")
        else []
    )
    may_read = connection is None or _has_permission(connection, "ReadTransactionsDetail")
    transactions = tuple(client.transactions(account, since, until)) if may_read else ()
    return Statement(account, balances[0] if balances else None, transactions)


def _has_permission(connection: Connection, permission: str) -> bool:
    # A consent that lists no permissions may have all of them: a guess, Wych has not published it.
    return not connection.permissions or permission in connection.permissions


def _reset_data(session: Session) -> None:
    session.data = None


CUSTOMER_DATA: Step[Session] = Step(
    name="customer_data",
    title="Customer data",
    why=(
        "Exchange the customer's id for a user-context token. It opens the accounts of this customer"
        " and of nobody else."
    ),
    fields=_data_fields,
    act=_customer_data,
    describe=lambda _: Wording(
        CUSTOMER_DATA.title, CUSTOMER_DATA.why, "Get the data", "Choose other days"
    ),
    reset=_reset_data,
)
