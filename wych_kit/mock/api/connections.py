"""Connections: a customer's consent that an app may read their data at a bank, for so many days. What of it is seen is invented.

A connection is PENDING until the bank concludes it: ACTIVE or REJECTED. An active one ends as REVOKED, or as EXPIRED when its days are
over by the mock's clock. What has ended stays as it is.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sql
from sqlalchemy.exc import IntegrityError

from wych_kit.mock.api.bank import Bank, bank
from wych_kit.mock.state.clock import format_time
from wych_kit.mock.state.ids import Ids

if TYPE_CHECKING:
    from collections.abc import Collection

    from wych_kit.mock.state.clock import Clock

State = Literal["PENDING", "ACTIVE", "REJECTED", "REVOKED", "EXPIRED"]
STATES: tuple[State, ...] = ("PENDING", "ACTIVE", "REJECTED", "REVOKED", "EXPIRED")
PERMISSIONS = ("ReadAccountsDetail", "ReadBalances", "ReadTransactionsDetail")
DAYS = 90
# Days: how long a connection lasts when nothing is said, and at most.
LONGEST = 365
_NEXT_STATES: dict[str, tuple[str, ...]] = {
    "PENDING": ("ACTIVE", "REJECTED", "REVOKED"),
    "ACTIVE": ("REVOKED",),
}
_TABLE = sql.Table(
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
    """A connection as it is now; times are seconds since 1970."""

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
        """The bank's id."""
        return self.bank.id

    def to_json(self) -> dict[str, Any]:
        """What the API shows of it."""
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
    """The connections that a store's database holds. `seed` makes their ids repeatable. Used by one thread at a time, as the store."""

    def __init__(self, engine: sql.Engine, clock: Clock, seed: int | str | None = None) -> None:
        self._engine = engine
        self._clock = clock
        with engine.begin() as database:
            database.execute(sql.schema.CreateTable(_TABLE, if_not_exists=True))
            for index in _TABLE.indexes:
                database.execute(sql.schema.CreateIndex(index, if_not_exists=True))
            self._start = [dict(row) for row in database.execute(_TABLE.select()).mappings()]
        # As the store's: after a restart a seeded mock draws other ids than those it knows.
        known = hashlib.sha256(repr(self._start).encode()).hexdigest()
        self._ids = Ids(None if seed is None else f"{seed}/connections/{known}")

    def begin(
        self,
        app_id: str,
        user_id: str,
        bank_id: str,
        permissions: Collection[str] = PERMISSIONS,
        days: int = DAYS,
        *,
        ago: int = 0,
    ) -> Connection:
        """A new connection, PENDING, made so many days `ago`. Raises `ValueError` for a bank, a permission or a number of days that there is not."""
        if bank(bank_id) is None:
            raise ValueError(f"there is no bank {bank_id!r}")
        if not permissions or set(permissions) - set(PERMISSIONS):
            raise ValueError(f"permissions are one or more of {', '.join(PERMISSIONS)}")
        if not 1 <= days <= LONGEST:
            raise ValueError(f"a connection lasts 1 to {LONGEST} days")
        now = float(int(self._clock.now())) - ago * 86_400
        values = {
            "app_id": app_id,
            "user_id": user_id,
            "bank_id": bank_id,
            "permissions": json.dumps([name for name in PERMISSIONS if name in permissions]),
            "state": "PENDING",
            "created": now,
            "expires": now + days * 86_400,
            "effective": 0.0,
        }
        while True:
            id_ = self._ids.uuid()
            with suppress(IntegrityError):  # another mock on the same file drew it first
                self._write(_TABLE.insert().values(id=id_, **values))
                return self._require(id_)

    def conclude(self, connection_id: str, state: str, *, after: float = 0) -> Connection:
        """Makes it ACTIVE, REJECTED or REVOKED, as a bank does; `after` so many seconds, until which it stays as it is.

        The same state again changes nothing. Raises `ValueError` for a state that cannot follow, `KeyError` when there is no such connection.
        """
        known = self._require(connection_id)
        if known.state == state:
            return known
        if state not in _NEXT_STATES.get(known.state, ()):
            raise ValueError(f"a connection that is {known.state} cannot become {state}")
        if after and known.state != "PENDING":
            raise ValueError("only a PENDING connection can wait for its end")
        # Not the moment of now: where the clock is moved back, what was concluded stays concluded.
        effective = self._clock.now() + after if after else 0.0
        self._write(
            _TABLE.update()
            .where(_TABLE.c.id == connection_id)
            .values(state=state, effective=effective)
        )
        return self._require(connection_id)

    def revoke(self, app_id: str, connection_id: str) -> Connection | None:
        """Takes the consent back; what was rejected or has expired stays as it is. None when the app has no such connection."""
        known = self.get(app_id, connection_id)
        return (
            self.conclude(known.id, "REVOKED") if known and known.state in _NEXT_STATES else known
        )

    def get(self, app_id: str, connection_id: str) -> Connection | None:
        """One of an app."""
        return next(iter(self._all(app_id=app_id, id=connection_id)), None)

    def list_for_user(self, app_id: str, user_id: str) -> list[Connection]:
        """Those of a user, in the order they were made."""
        return self._all(app_id=app_id, user_id=user_id)

    def list_for_app(self, app_id: str) -> list[Connection]:
        """Those of all its users, in the order they were made."""
        return self._all(app_id=app_id)

    def reset(self) -> None:
        """Back to what was there at the start."""
        with self._engine.begin() as database:
            database.execute(_TABLE.delete())
            if self._start:
                database.execute(_TABLE.insert(), self._start)
        self._ids.restart()

    def _require(self, connection_id: str) -> Connection:
        found = self._all(id=connection_id)
        if not found:
            raise KeyError(connection_id)
        return found[0]

    def _all(self, **where: str) -> list[Connection]:
        query = sql.select(_TABLE).filter_by(**where).order_by(_TABLE.c.row)
        with self._engine.connect() as database:
            rows = [dict(row) for row in database.execute(query).mappings()]
        return [self._read(row) for row in rows]

    def _read(self, row: dict[str, Any]) -> Connection:
        now = self._clock.now()
        state: State = (
            row["state"] if not row["effective"] or now >= row["effective"] else "PENDING"
        )
        if state in ("PENDING", "ACTIVE") and now >= row["expires"]:
            state = "EXPIRED"
        provider = bank(row["bank_id"]) or Bank(
            row["bank_id"], row["bank_id"], "prompt", "99"
        )  # of another version's list
        permissions = tuple(json.loads(row["permissions"]))
        ids = (row["id"], row["app_id"], row["user_id"])
        return Connection(*ids, provider, permissions, state, row["created"], row["expires"])

    def _write(self, statement: sql.Executable) -> None:
        with self._engine.begin() as database:
            database.execute(statement)
