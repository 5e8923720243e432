"""What the mock remembers, in SQLite: accounts, businesses, apps and users.

Every change is committed before it is answered, with `synchronous=FULL`: a registration that was confirmed outlives a killed
process and a power cut, for a few milliseconds each, if the disk does what SQLite tells it. The credentials of apps are kept in memory too, so that asking for a token
costs no SQL; an app that another mock on the same file made is found when it is first asked for, and new secrets that it gave to a
known app when they are first used (the old ones work here until then).
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sql
from sqlalchemy.exc import DatabaseError, IntegrityError

from wych_kit.mock.state.clients import Client, hash_secret
from wych_kit.mock.state.database import (
    ACCOUNTS,
    APPS,
    BUSINESSES,
    PASSWORDS,
    TABLES,
    USERS,
    add_ready_made_app,
    open_engine,
)
from wych_kit.mock.state.ids import Ids

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


class StoreUnusable(Exception):
    """The file cannot be used; the text says which and what to do."""


class IssuedSecrets(NamedTuple):
    """An app's new secrets. They are shown once and kept only as hashes."""

    client_secret: str
    api_key: str


class Store:
    """Remembers in the file at `path`, or in memory when it is None. `seed` makes its ids repeatable. Used by one thread at a time.

    Raises `StoreUnusable` when the file cannot be opened, is no database, or may not be written.
    """

    def __init__(self, path: Path | None, seed: int | str | None = None) -> None:
        try:
            self.engine = open_engine(path)
        except OSError as error:
            raise _unusable(path, error) from None
        try:
            with self.engine.begin() as connection:
                for table in TABLES:
                    connection.execute(sql.schema.CreateTable(table, if_not_exists=True))
                add_ready_made_app(connection)
                self._start = {
                    table: [tuple(row) for row in connection.execute(table.select())]
                    for table in TABLES
                }
        except DatabaseError as error:
            self.engine.dispose()
            raise _unusable(path, error.orig) from None
        # What is stored goes into the seed, or a seeded mock would draw, after a restart, what it gave out before.
        drawn = [
            rows for table, rows in self._start.items() if table is not PASSWORDS
        ]  # nothing in that one was drawn
        known = hashlib.sha256(repr(drawn).encode()).hexdigest()
        self.ids = Ids(None if seed is None else f"{seed}/store/{known}")
        self._forget_cached()

    def _forget_cached(self) -> None:
        self._clients: dict[str, Client] = {}
        self._keys: dict[bytes, Client] = {}
        for row in self._all(APPS):
            self._cache(row)

    def _cache(self, row: Mapping[str, Any]) -> Client:
        client = Client(
            row["client_id"],
            row["subject"],
            row["secret"],
            app_id=row["id"],
            partner_id=row["partner_id"],
            api_key=row["api_key"],
        )
        if old := self._clients.get(client.client_id):
            self._keys.pop(old.api_key, None)
        self._clients[client.client_id] = self._keys[client.api_key] = client
        return client

    def find_client(self, client_id: str) -> Client | None:
        """The app's client of this id."""
        if found := self._clients.get(client_id):
            return found
        row = self._one(APPS, client_id=client_id)
        return self._cache(row) if row else None

    def reload_client(self, client: Client) -> Client:
        """The same client as the file has it now: another mock may have given it new secrets."""
        row = self._one(APPS, client_id=client.client_id)
        return self._cache(row) if row else client

    def find_client_by_key(self, api_key: str) -> Client | None:
        """The app's client that has this API key."""
        if found := self._keys.get(hash_secret(api_key)):
            return found
        row = self._one(APPS, api_key=hash_secret(api_key))
        return self._cache(row) if row else None

    def list_users(self, app_id: str) -> list[dict[str, str]]:
        """The users of an app, `{"id", "email"}` each, in the order they were made."""
        return [{"id": row["id"], "email": row["email"]} for row in self._all(USERS, app_id=app_id)]

    def find_user(self, app_id: str, user_id: str) -> dict[str, str] | None:
        """One user of an app."""
        row = self._one(USERS, app_id=app_id, id=user_id)
        return {"id": row["id"], "email": row["email"]} if row else None

    def find_or_create_user(self, app_id: str, email: str) -> dict[str, str]:
        """The app's user with this address, made when there is none."""
        row, _ = self._find_or_add(
            USERS, {"app_id": app_id, "email": email}, lambda: {"id": self.ids.uuid()}
        )
        return {"id": row["id"], "email": row["email"]}

    def password_hash(self, user_id: str) -> str | None:
        """The hash of a user's password, when one was chosen."""
        row = self._one(PASSWORDS, user_id=user_id)
        return row["password"] if row else None

    def set_password(self, user_id: str, password: str) -> None:
        """Keeps a user's password, given as a hash."""
        _, new = self._find_or_add(PASSWORDS, {"user_id": user_id}, lambda: {"password": password})
        if not new:
            self._write(
                PASSWORDS.update().where(PASSWORDS.c.user_id == user_id).values(password=password)
            )

    def find_account(self, email: str) -> Mapping[str, Any] | None:
        """The account with this address."""
        return self._one(ACCOUNTS, email=email)

    def add_account(self, email: str, **facts: str) -> str | None:
        """A new account's id; None when the address has one. `facts`: first_name, last_name, password (as a hash)."""
        row, new = self._find_or_add(
            ACCOUNTS, {"email": email}, lambda: {"id": self.ids.uuid(), **facts}
        )
        return row["id"] if new else None

    def find_business(self, **where: str) -> Mapping[str, Any] | None:
        """The business that matches, by `account_id` and `id`."""
        return self._one(BUSINESSES, **where)

    def list_businesses(self, account_id: str) -> list[dict[str, Any]]:
        """The businesses of an account, in the order they were added."""
        return self._all(BUSINESSES, account_id=account_id)

    def find_or_add_business(
        self, account_id: str, nzbn: str, name: str
    ) -> tuple[Mapping[str, Any], bool]:
        """The account's business of this number, with its partner id, and whether it is new."""

        def drawn() -> dict[str, Any]:
            return {
                "id": self.ids.uuid(),
                "partner_id": self.ids.uuid(),
                "name": name,
                "receives_data": False,
            }

        return self._find_or_add(BUSINESSES, {"account_id": account_id, "nzbn": nzbn}, drawn)

    def enable_receiving(self, business_id: str) -> None:
        """Chooses "Receive Data" for a business."""
        self._write(
            BUSINESSES.update().where(BUSINESSES.c.id == business_id).values(receives_data=True)
        )

    def find_app(self, **where: str) -> Mapping[str, Any] | None:
        """The app that matches, by `id`."""
        return self._one(APPS, **where)

    def list_apps(self, **where: str) -> list[dict[str, Any]]:
        """All apps that match, by `business_id`, in the order they were made."""
        return self._all(APPS, **where)

    def set_callback(self, app_id: str, callback_url: str) -> None:
        """Where the browsers of an app's users go back to; "" is nowhere."""
        self._write(APPS.update().where(APPS.c.id == app_id).values(callback_url=callback_url))

    def add_app(
        self, business: Mapping[str, Any], name: str, **facts: str
    ) -> tuple[Mapping[str, Any], IssuedSecrets | None]:
        """A new app of a business, and its secrets; None for these when the business has an app of this name, which is then given.

        `facts`: description, website, callback_url.
        """
        issued: IssuedSecrets | None = None

        def drawn() -> dict[str, Any]:
            nonlocal issued
            issued = self._issue()
            ids = {
                "id": self.ids.uuid(),
                "subject": self.ids.uuid(),
                "client_id": f"client_{self.ids.digits(9)}",
            }
            return {**ids, **facts, "partner_id": business["partner_id"], **_hashes(issued)}

        row, new = self._find_or_add(APPS, {"business_id": business["id"], "name": name}, drawn)
        self._cache(row)
        return row, issued if new else None

    def renew_secrets(self, app_id: str, *parts: str) -> IssuedSecrets:
        """New secrets for an app, or only the `parts` named (client_secret, api_key); the old ones stop working, and those left are ""."""
        drawn = self._issue()
        issued = drawn._replace(
            **dict.fromkeys(set(drawn._fields) - set(parts or drawn._fields), "")
        )
        hashes = {
            name: value
            for name, value in _hashes(drawn).items()
            if not parts or _KEPT_AS[name] in parts
        }
        self._write(APPS.update().where(APPS.c.id == app_id).values(**hashes))
        row = self._one(APPS, id=app_id)
        if row:
            self._cache(row)
        return issued

    def reset(self) -> None:
        """Back to what was there at the start."""
        with self.engine.begin() as connection:
            for table in TABLES:
                connection.execute(table.delete())
                if rows := self._start[table]:
                    connection.execute(
                        table.insert(),
                        [dict(zip(table.c.keys(), row, strict=True)) for row in rows],
                    )
        self.ids.restart()
        self._forget_cached()

    def close(self) -> None:
        """Lets go of the file."""
        self.engine.dispose()

    def _issue(self) -> IssuedSecrets:
        return IssuedSecrets(self.ids.text(32), self.ids.text(40))

    def _all(self, table: sql.FromClause, **where: Any) -> list[dict[str, Any]]:
        query = sql.select(table).filter_by(**where).order_by(table.c.row)
        with self.engine.connect() as connection:
            return [dict(row._mapping) for row in connection.execute(query)]  # noqa: SLF001 - SQLAlchemy's documented name

    def _one(self, table: sql.FromClause, **where: Any) -> Mapping[str, Any] | None:
        return next(iter(self._all(table, **where)), None)

    def _find_or_add(
        self, table: sql.Table, known: Mapping[str, Any], drawn: Callable[[], Mapping[str, Any]]
    ) -> tuple[Mapping[str, Any], bool]:
        """The row with what is `known`, made with what is `drawn` when there is none; and whether it was made.

        Another mock on the same file may make it first, and an id that is drawn may be taken: then it looks, and draws, again.
        """
        while (row := self._one(table, **known)) is None:
            values = {**known, **drawn()}
            with suppress(IntegrityError):
                self._write(table.insert().values(**values))
                return values, True
        return row, False

    def _write(self, statement: sql.Executable) -> None:
        with self.engine.begin() as connection:
            connection.execute(statement)


_KEPT_AS = {"secret": "client_secret", "api_key": "api_key"}


def _hashes(issued: IssuedSecrets) -> dict[str, bytes]:
    return {"secret": hash_secret(issued.client_secret), "api_key": hash_secret(issued.api_key)}


def _unusable(path: Path | None, cause: BaseException | None) -> StoreUnusable:
    return StoreUnusable(
        f"The mock cannot keep its memory in {path} ({cause}). Give another file, or keep nothing"
        " (ephemeral)."
    )
