"""A customer of the mock's whose connection gives no data, or is asked for them in a way that gives none."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from wych_kit.client.api import WychClient
from wych_kit.errors import Refused
from wych_kit.training.defects.defect import Break

if TYPE_CHECKING:
    from collections.abc import Callable

    from wych_kit.client.models import Connection
    from wych_kit.training.exercise_setup import SetUp

_EMAIL = "kim@example.com"


def _asked(
    reference: str, ask: Callable[[WychClient, Connection], object], **connection: Any
) -> Break:
    """Of a program that asks for the data of such a `connection`; its journal shows what came of it."""

    def apply(set_up: SetUp) -> None:
        made = set_up.wych.connect(_EMAIL, **connection)
        with (
            WychClient(set_up.settings(), journal=set_up.journal) as client,
            contextlib.suppress(Refused),
        ):
            ask(client, client.connection(made["id"]))

    return Break(reference, "exchanges", apply)


def _accounts(client: WychClient, of: Connection) -> None:
    client.accounts(of)


def _balances(client: WychClient, of: Connection) -> None:
    client.balances(client.accounts(of)[0])


def _revoked(client: WychClient, of: Connection) -> None:
    client.revoke_connection(of.id)


def _of_another(client: WychClient, of: Connection) -> None:
    another = client.find_or_create_user("another@example.com")
    client.accounts(replace(of, user_id=another.id))


def _backwards(client: WychClient, of: Connection) -> None:
    account = client.accounts(of)[0]
    next(client.transactions(account, since=date(2026, 2, 1), until=date(2026, 1, 1)), None)


CUSTOMERS = (
    _asked("consent-ended", _accounts, state="REVOKED"),
    _asked("connection-ended", _revoked, state="EXPIRED"),
    _asked("unknown-connection", _of_another),
    _asked("permission-missing", _balances, permissions=("ReadAccountsDetail",)),
    _asked("invalid-query", _backwards),
)
