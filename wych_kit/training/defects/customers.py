"""Break a customer's connection, or ask for its data in a way that gives none."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from wych_kit.client.api import WychClient
from wych_kit.errors import Refused
from wych_kit.training.defects.defect import Defect

if TYPE_CHECKING:
    from collections.abc import Callable

    from wych_kit.client.models import Connection
    from wych_kit.training.exercise_setup import ExerciseSetup

_EMAIL = "kim@example.com"


def _data_defect(
    reference: str, ask: Callable[[WychClient, Connection], object], **connection: Any
) -> Defect:
    """Return a defect: a program asks for a connection's data, and its journal shows the refusal."""

    def apply(setup: ExerciseSetup) -> None:
        made = setup.wych.connect(_EMAIL, **connection)
        with (
            WychClient(setup.settings(), journal=setup.journal) as client,
            contextlib.suppress(Refused),
        ):
            ask(client, client.connection(made["id"]))

    return Defect(reference, "exchanges", apply)


def _ask_for_accounts(client: WychClient, of: Connection) -> None:
    client.accounts(of)


def _ask_for_balances(client: WychClient, of: Connection) -> None:
    client.balances(client.accounts(of)[0])


def _revoke(client: WychClient, of: Connection) -> None:
    client.revoke_connection(of.id)


def _ask_for_another_user(client: WychClient, of: Connection) -> None:
    another = client.find_or_create_user("another@example.com")
    client.accounts(replace(of, user_id=another.id))


def _ask_backwards(client: WychClient, of: Connection) -> None:
    account = client.accounts(of)[0]
    next(client.transactions(account, since=date(2026, 2, 1), until=date(2026, 1, 1)), None)


CUSTOMER_DEFECTS = (
    _data_defect("consent-ended", _ask_for_accounts, state="REVOKED"),
    _data_defect("connection-ended", _revoke, state="EXPIRED"),
    _data_defect("unknown-connection", _ask_for_another_user),
    _data_defect("permission-missing", _ask_for_balances, permissions=("ReadAccountsDetail",)),
    _data_defect("invalid-query", _ask_backwards),
)
