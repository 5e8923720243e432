"""The step that gets a customer's accounts, balances and transactions, with the customer's own token."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from wych_kit.client import endpoints
from wych_kit.errors import SettingInvalid
from wych_kit.journey.customer_tables import accounts, by_category, latest
from wych_kit.journey.statements import CustomerData, Statement
from wych_kit.journey.step import Done, Fact, Field, Step, Wording

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from wych_kit.client.models import Account, Connection
    from wych_kit.journey.session import Session
    from wych_kit.journey.step import Answer

    Say = Callable[[str], None]

_DAYS, _MOST_DAYS = 90, 730
_AGREED = {"ReadBalances": "balances", "ReadTransactionsDetail": "transactions"}
_NO_PATH = (
    "is not set, and Wych has not published this path: take it from the documentation that Wych"
    " gave you"
)


def _data_fields(session: Session) -> Sequence[Field]:
    if session.data is not None:
        return ()
    return (
        Field(
            "days",
            "Days",
            f"how far back, up to {_MOST_DAYS}",
            suggestion=str(_DAYS),
            check=_days_fault,
        ),
    )


def _days_fault(text: str) -> str | None:
    days = text.strip()
    fits = (
        days.isascii()
        and days.isdigit()
        and len(days) <= len(str(_MOST_DAYS))
        and 1 <= int(days) <= _MOST_DAYS
    )
    return None if fits else f"must be a number from 1 to {_MOST_DAYS}"


def _customer_data(session: Session, answers: Mapping[str, Answer], say: Say) -> Done:
    client, connection = session.client, session.connection
    if connection is None:
        raise SettingInvalid(
            "The customer", "is not connected yet: do that step first", stage="call"
        )
    for name in ("accounts", "balances", "transactions"):
        if not session.knows_endpoint(name):
            raise SettingInvalid(
                f"WYCH_PATH_{name.upper()}", _NO_PATH, stage="call", reference="setting-missing"
            )
    until = datetime.now(UTC).date()
    kept, session.data = session.data, None  # what fails now must not look like what came before
    asked = int(str(answers.get("days") or (kept.days if kept else _DAYS)))
    since = until - timedelta(days=asked - 1)
    say("the customer's token")
    token = client.user_token(connection.user_id)
    say("accounts")
    found = []
    for account in client.accounts(connection):
        say(f"{account.nickname or account.kind}: balance, transactions")
        found.append(_statement(session, account, since, until))
    data = session.data = CustomerData(connection, since, until, tuple(found))
    unasked = [
        name for permission, name in _AGREED.items() if not _is_agreed(connection, permission)
    ]
    basis = endpoints.find_endpoint("accounts", session.settings).basis
    own = (
        f"all pages; {len(data.internal_transfers)} move money between the customer's own accounts and are"
        " in no sum"
    )
    return Done(
        facts=(
            Fact(
                "Token",
                str(token.value),
                "user-context: opens this customer's data and no other; the service token is"
                " refused",
            ),
            Fact(
                "Good for", f"{token.lifetime:.0f} seconds", "kept in memory, one for each customer"
            ),
            Fact("Accounts", str(len(found)), f"path and answer are {basis}"),
            *(
                [
                    Fact(
                        "Not agreed to",
                        " and ".join(unasked),
                        "the customer's consent leaves that out, so it was not asked for",
                    )
                ]
                if unasked
                else []
            ),
            Fact("Transactions", f"{len(data.transactions)} in {data.period}", own),
        ),
        have=(
            "A customer's accounts, balances and transactions, exact to the cent. Account numbers"
            " stay masked."
        ),
        tables=tuple(
            each for each in (accounts(data), *by_category(data), latest(data)) if each.rows
        ),
    )


def _statement(session: Session, account: Account, since: date, until: date) -> Statement:
    connection, client = session.connection, session.client
    held = (
        client.balances(account)
        if connection is None or _is_agreed(connection, "ReadBalances")
        else []
    )
    asks = connection is None or _is_agreed(connection, "ReadTransactionsDetail")
    moved = tuple(client.transactions(account, since, until)) if asks else ()
    return Statement(account, held[0] if held else None, moved)


def _is_agreed(connection: Connection, permission: str) -> bool:
    """Whether the consent has it; one that names no permissions at all may have any (a guess: Wych has not published this)."""
    return not connection.permissions or permission in connection.permissions


def _other_days(session: Session) -> None:
    session.data = None


CUSTOMER_DATA: Step[Session] = Step(
    name="customer_data",
    title="Customer data",
    why="The customer's id is exchanged for a user-context token, and that opens this customer's"
    " accounts and nobody else's.",
    fields=_data_fields,
    act=_customer_data,
    describe=lambda _: Wording(
        CUSTOMER_DATA.title, CUSTOMER_DATA.why, "Get the data", "Other days"
    ),
    reset=_other_days,
)
