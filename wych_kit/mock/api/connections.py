"""Store connections: consents to read a customer's data at a bank for some days.

A connection is PENDING until the bank makes it ACTIVE or REJECTED. An active one becomes REVOKED,
or EXPIRED when its days are over by the mock's clock. An ended connection never changes. What the
API shows of one is invented.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sql
from sqlalchemy.exc import IntegrityError

from wych_kit.mock.api.bank import Bank, find_bank
from wych_kit.mock.state.clock import format_time
from wych_kit.mock.state.ids import Ids

if TYPE_CHECKING:
    from collections.abc import Collection

    from wych_kit.mock.state.clock import Clock

State = Literal["PENDING", "ACTIVE", "REJECTED", "REVOKED", "EXPIRED"]
STATES: tuple[State, ...] = ("PENDING", "ACTIVE", "REJECTED", "REVOKED", "EXPIRED")
PERMISSIONS = ("ReadAccountsDetail", "ReadBalances", "ReadTransactionsDetail")
# Days that a connection lasts, by default and at most.
DAYS = 90
MAX_DAYS = 365
_DAY = 86_400
_NEXT_STATES: dict[str, tuple[str, ...]] = {
    "PENDING": ("ACTIVE", "REJECTED", "REVOKED"),
    "ACTIVE": ("REVOKED",),
}
_CONNECTIONS = sql.Table(
    "connections",
    sql.MetaData(),
    sql.Column("row", sql.Integer, primary_key=True),
    sql.Column("id", sql.String, nullable=False, unique=True),
    *(
        sql.Column(name, sql.String, nullable=False)
        for name in ("app_id", "user_id", "bank_id", "permissions", "state")
    ),
    *(sql.Column(name, sql.Float, nullable=False) for name in ("created", "expires", "effective")),
    sql.Index("connections_of_user", "app_id", "user_id"),
)


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection as it is now. Times are seconds since 1970."""

    id: str
    app_id: str
    user_id: str
    bank: Bank
    permissions: tuple[str, ...]
    state: State
    created: float
    expires: float

    @property
    def bank_id(self) -> str:
        """Return the bank's id."""
        return self.bank.id

    def to_json(self) -> dict[str, Any]:
        """Return what the API shows of the connection."""
        return {
            "id": self.id,
            "state": self.state,
            "user": self.user_id,
            "provider": {"id": self.bank.id, "name": self.bank.name},
            "permissions": list(self.permissions),
            "created": format_time(self.created),
            "expires": format_time(self.expires),
        }


class Connections:
    """The connections in a store's database. `seed` makes their ids repeatable.

    For one thread at a time, like the store.
    """

    def __init__(self, engine: sql.Engine, clock: Clock, seed: int | str | None = None) -> None:
        self._engine = engine
        self._clock = clock
        with engine.begin() as database:
            database.execute(sql.schema.CreateTable(_CONNECTIONS, if_not_exists=True))
            for index in _CONNECTIONS.indexes:
                database.execute(sql.schema.CreateIndex(index, if_not_exists=True))
            self._initial_rows = [
                dict(row) for row in database.execute(_CONNECTIONS.select()).mappings()
            ]
        # As in the store: the stored rows are part of the seed, so that no id is drawn twice.
        known = hashlib.sha256(repr(self._initial_rows).encode()).hexdigest()
        self._ids = Ids(None if seed is None else f"{seed}/connections/{known}")

    def begin(
        self,
        app_id: str,
        user_id: str,
        bank_id: str,
        permissions: Collection[str] = PERMISSIONS,
        days: int = DAYS,
        *,
        days_ago: int = 0,
    ) -> Connection:
        """Create a PENDING connection for `days`, created `days_ago`.

        Raises `ValueError` for an unknown bank, an unknown permission or an invalid number of
        days.
        """
        if find_bank(bank_id) is None:
            raise ValueError(f"there is no bank {bank_id!r}")
        if not permissions or set(permissions) - set(PERMISSIONS):
            raise ValueError(f"permissions are one or more of {', '.join(PERMISSIONS)}")
        if not 1 <= days <= MAX_DAYS:
            raise ValueError(f"a connection lasts 1 to {MAX_DAYS} days")
        # Whole seconds: a client compares them with times that are shown to the second.
        now = float(int(self._clock.now())) - days_ago * _DAY
        values = {
            "app_id": app_id,
            "user_id": user_id,
            "bank_id": bank_id,
            # In the order of PERMISSIONS, whatever order the form sent.
            "permissions": json.dumps([name for name in PERMISSIONS if name in permissions]),
            "state": "PENDING",
            "created": now,
            "expires": now + days * _DAY,
            "effective": 0.0,
        }
        while True:
            id_ = self._ids.uuid()
            # Another mock on the same file may have drawn the same id first.
            with suppress(IntegrityError):
                self._write(_CONNECTIONS.insert().values(id=id_, **values))
                return self._require(id_)

    def conclude(self, connection_id: str, state: str, *, after: float = 0) -> Connection:
        """Make a connection ACTIVE, REJECTED or REVOKED, at once or `after` so many seconds.

        Until then it stays PENDING. The same state again changes nothing. Raises `ValueError` for
        a state that cannot follow, and `KeyError` for an unknown connection.
        """
        connection = self._require(connection_id)
        if connection.state == state:
            return connection
        if state not in _NEXT_STATES.get(connection.state, ()):
            raise ValueError(f"a connection that is {connection.state} cannot become {state}")
        if after and connection.state != "PENDING":
            raise ValueError("only a PENDING connection can wait for its end")
        # 0 rather than the current time: a concluded connection must stay so when the clock is
        # moved back.
        effective = self._clock.now() + after if after else 0.0
        self._write(
            _CONNECTIONS.update()
            .where(_CONNECTIONS.c.id == connection_id)
            .values(state=state, effective=effective)
        )
        return self._require(connection_id)

    def revoke(self, app_id: str, connection_id: str) -> Connection | None:
        """Revoke a consent and return its connection, or None if the app has no such connection.

        A rejected or expired connection is returned unchanged.
        """
        connection = self.get(app_id, connection_id)
        return (
            self.conclude(connection.id, "REVOKED")
            if connection and connection.state in _NEXT_STATES
            else connection
        )

    def get(self, app_id: str, connection_id: str) -> Connection | None:
        """Return one connection of an app, or None."""
        return next(iter(self._all(app_id=app_id, id=connection_id)), None)

    def list_for_user(self, app_id: str, user_id: str) -> list[Connection]:
        """Return a user's connections, oldest first."""
        return self._all(app_id=app_id, user_id=user_id)

    def list_for_app(self, app_id: str) -> list[Connection]:
        """Return the connections of all users of an app, oldest first."""
        return self._all(app_id=app_id)

    def reset(self) -> None:
        """Return to the connections that were there at the start."""
        with self._engine.begin() as database:
            database.execute(_CONNECTIONS.delete())
            if self._initial_rows:
                database.execute(_CONNECTIONS.insert(), self._initial_rows)
        self._ids.restart()

    def _require(self, connection_id: str) -> Connection:
        for connection in self._all(id=connection_id):
            return connection
        raise KeyError(connection_id)

    def _all(self, **where: str) -> list[Connection]:
        query = sql.select(_CONNECTIONS).filter_by(**where).order_by(_CONNECTIONS.c.row)
        with self._engine.connect() as database:
            rows = [dict(row) for row in database.execute(query).mappings()]
        return [self._read(row) for row in rows]

    def _read(self, row: dict[str, Any]) -> Connection:
        now = self._clock.now()
        is_effective = not row["effective"] or now >= row["effective"]
        state: State = row["state"] if is_effective else "PENDING"
        # Expiry is computed, never stored, because the clock can be moved back over it.
        if state in ("PENDING", "ACTIVE") and now >= row["expires"]:
            state = "EXPIRED"
        # A bank of another version's list still has a name and a code.
        unknown = Bank(row["bank_id"], row["bank_id"], "prompt", "99")
        provider = find_bank(row["bank_id"]) or unknown
        permissions = tuple(json.loads(row["permissions"]))
        ids = (row["id"], row["app_id"], row["user_id"])
        return Connection(*ids, provider, permissions, state, row["created"], row["expires"])

    def _write(self, statement: sql.Executable) -> None:
        with self._engine.begin() as database:
            database.execute(statement)
