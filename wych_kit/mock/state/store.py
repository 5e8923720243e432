"""Store accounts, businesses, apps and users in SQLite.

Every change is committed with `synchronous=FULL` before it is answered. A confirmed registration
therefore survives a killed process and a power cut, at a cost of a few milliseconds each.

The credentials of apps are cached in memory, so that a token request costs no SQL. Another mock
may use the same file: an app that it created is found at its first use, and so are new secrets for
a known app. The old secrets work here until then.
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
    """Raised when the file cannot be used; the text names it and says what to do."""


class IssuedSecrets(NamedTuple):
    """The new secrets of an app. They are shown once and stored only as hashes."""

    client_secret: str
    api_key: str


class Store:
    """Tables in the file at `path`, or in memory for None. For one thread at a time.

    `seed` makes its ids repeatable. Raises `StoreUnusable` when the file cannot be opened or
    written, or is not a database.
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
                self._initial_rows = {
                    table: [tuple(row) for row in connection.execute(table.select())]
                    for table in TABLES
                }
        except DatabaseError as error:
            self.engine.dispose()
            raise _unusable(path, error.orig) from None
        # The stored rows are part of the seed. Otherwise a seeded mock would, after a restart,
        # draw the ids that it issued before. PASSWORDS has no ids of its own.
        rows = [rows for table, rows in self._initial_rows.items() if table is not PASSWORDS]
        known = hashlib.sha256(repr(rows).encode()).hexdigest()
        self.ids = Ids(None if seed is None else f"{seed}/store/{known}")
        self._reload_clients()

    def _reload_clients(self) -> None:
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
            # A renewed key must stop working at once.
            self._keys.pop(old.api_key, None)
        self._clients[client.client_id] = self._keys[client.api_key] = client
        return client

    def find_client(self, client_id: str) -> Client | None:
        """Return the app's client of this id, or None."""
        if client := self._clients.get(client_id):
            return client
        # Another mock on the same file may have added it.
        row = self._one(APPS, client_id=client_id)
        return self._cache(row) if row else None

    def reload_client(self, client: Client) -> Client:
        """Return the client as the file has it now: another mock may have issued new secrets."""
        row = self._one(APPS, client_id=client.client_id)
        return self._cache(row) if row else client

    def find_client_by_key(self, api_key: str) -> Client | None:
        """Return the app's client with this API key, or None."""
        if client := self._keys.get(hash_secret(api_key)):
            return client
        row = self._one(APPS, api_key=hash_secret(api_key))
        return self._cache(row) if row else None

    def list_users(self, app_id: str) -> list[dict[str, str]]:
        """Return the users of an app as `{"id", "email"}`, oldest first."""
        return [{"id": row["id"], "email": row["email"]} for row in self._all(USERS, app_id=app_id)]

    def find_user(self, app_id: str, user_id: str) -> dict[str, str] | None:
        """Return one user of an app, or None."""
        row = self._one(USERS, app_id=app_id, id=user_id)
        return {"id": row["id"], "email": row["email"]} if row else None

    def find_or_create_user(self, app_id: str, email: str) -> dict[str, str]:
        """Return the app's user with this address, created if there is none."""
        row, _ = self._find_or_add(
            USERS, {"app_id": app_id, "email": email}, lambda: {"id": self.ids.uuid()}
        )
        return {"id": row["id"], "email": row["email"]}

    def password_hash(self, user_id: str) -> str | None:
        """Return the hash of a user's password, or None if the user chose none."""
        row = self._one(PASSWORDS, user_id=user_id)
        return row["password"] if row else None

    def set_password(self, user_id: str, password: str) -> None:
        """Store a user's password. `password` is a hash."""
        _, new = self._find_or_add(PASSWORDS, {"user_id": user_id}, lambda: {"password": password})
        if not new:
            self._write(
                PASSWORDS.update().where(PASSWORDS.c.user_id == user_id).values(password=password)
            )

    def find_account(self, email: str) -> Mapping[str, Any] | None:
        """Return the account with this address, or None."""
        return self._one(ACCOUNTS, email=email)

    def add_account(self, email: str, **facts: str) -> str | None:
        """Add an account and return its id, or None if the address has one already.

        `facts` are first_name, last_name and password (a hash).
        """
        row, new = self._find_or_add(
            ACCOUNTS, {"email": email}, lambda: {"id": self.ids.uuid(), **facts}
        )
        return row["id"] if new else None

    def find_business(self, **where: str) -> Mapping[str, Any] | None:
        """Return the business with this `account_id` and `id`, or None."""
        return self._one(BUSINESSES, **where)

    def list_businesses(self, account_id: str) -> list[dict[str, Any]]:
        """Return the businesses of an account, oldest first."""
        return self._all(BUSINESSES, account_id=account_id)

    def find_or_add_business(
        self, account_id: str, nzbn: str, name: str
    ) -> tuple[Mapping[str, Any], bool]:
        """Return the account's business with this number, and True if it is new."""

        def draw() -> dict[str, Any]:
            return {
                "id": self.ids.uuid(),
                "partner_id": self.ids.uuid(),
                "name": name,
                "receives_data": False,
            }

        return self._find_or_add(BUSINESSES, {"account_id": account_id, "nzbn": nzbn}, draw)

    def choose_receive_data(self, business_id: str) -> None:
        """Choose "Receive Data" for a business."""
        self._write(
            BUSINESSES.update().where(BUSINESSES.c.id == business_id).values(receives_data=True)
        )

    def find_app(self, **where: str) -> Mapping[str, Any] | None:
        """Return the app with this `id`, or None."""
        return self._one(APPS, **where)

    def list_apps(self, **where: str) -> list[dict[str, Any]]:
        """Return all apps, or those with this `business_id`, oldest first."""
        return self._all(APPS, **where)

    def set_callback(self, app_id: str, callback_url: str) -> None:
        """Set the URL to which an app's users return; "" means none."""
        self._write(APPS.update().where(APPS.c.id == app_id).values(callback_url=callback_url))

    def add_app(
        self, business: Mapping[str, Any], name: str, **facts: str
    ) -> tuple[Mapping[str, Any], IssuedSecrets | None]:
        """Add an app to a business and return it with its secrets.

        If the business has an app of this name, return that one, and None for the secrets. `facts`
        are description, website and callback_url.
        """
        issued: IssuedSecrets | None = None

        # Called again when a drawn id was taken; only the last secrets are stored, and returned.
        def draw() -> dict[str, Any]:
            nonlocal issued
            issued = self._issue()
            ids = {
                "id": self.ids.uuid(),
                "subject": self.ids.uuid(),
                "client_id": f"client_{self.ids.digits(9)}",
            }
            return {**ids, **facts, "partner_id": business["partner_id"], **_hashes(issued)}

        row, new = self._find_or_add(APPS, {"business_id": business["id"], "name": name}, draw)
        self._cache(row)
        return row, issued if new else None

    def renew_secrets(self, app_id: str, *parts: str) -> IssuedSecrets:
        """Issue new secrets for an app; the old ones stop working.

        `parts` limits this to client_secret or api_key. A secret that is not renewed is "" in the
        result.
        """
        # Both are always drawn, so that a seeded mock draws the same ids afterwards.
        drawn = self._issue()
        issued = drawn._replace(
            **dict.fromkeys(set(drawn._fields) - set(parts or drawn._fields), "")
        )
        hashes = {
            name: value
            for name, value in _hashes(drawn).items()
            if not parts or _FIELD_OF_COLUMN[name] in parts
        }
        self._write(APPS.update().where(APPS.c.id == app_id).values(**hashes))
        row = self._one(APPS, id=app_id)
        if row:
            self._cache(row)
        return issued

    def reset(self) -> None:
        """Return to the rows that were there at the start."""
        with self.engine.begin() as connection:
            for table in TABLES:
                connection.execute(table.delete())
                if rows := self._initial_rows[table]:
                    connection.execute(
                        table.insert(),
                        [dict(zip(table.c.keys(), row, strict=True)) for row in rows],
                    )
        # From the first id on, so that a test after a reset draws what it drew alone.
        self.ids.restart()
        self._reload_clients()

    def close(self) -> None:
        """Close the file."""
        self.engine.dispose()

    def _issue(self) -> IssuedSecrets:
        # The lengths of Keycloak's client secrets and of AWS's API keys.
        return IssuedSecrets(self.ids.text(32), self.ids.text(40))

    def _all(self, table: sql.FromClause, **where: Any) -> list[dict[str, Any]]:
        query = sql.select(table).filter_by(**where).order_by(table.c.row)
        with self.engine.connect() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def _one(self, table: sql.FromClause, **where: Any) -> Mapping[str, Any] | None:
        return next(iter(self._all(table, **where)), None)

    def _find_or_add(
        self, table: sql.Table, known: Mapping[str, Any], draw: Callable[[], Mapping[str, Any]]
    ) -> tuple[Mapping[str, Any], bool]:
        """Return the row that matches `known`, and True if it was added with the values of `draw`.

        Another mock on the same file may add it first, and a drawn id may be in use: both violate
        a UNIQUE constraint, and the next turn looks and draws again.
        """
        while (row := self._one(table, **known)) is None:
            values = {**known, **draw()}
            with suppress(IntegrityError):
                self._write(table.insert().values(**values))
                return values, True
        return row, False

    def _write(self, statement: sql.Executable) -> None:
        with self.engine.begin() as connection:
            connection.execute(statement)


_FIELD_OF_COLUMN = {"secret": "client_secret", "api_key": "api_key"}


def _hashes(issued: IssuedSecrets) -> dict[str, bytes]:
    return {"secret": hash_secret(issued.client_secret), "api_key": hash_secret(issued.api_key)}


def _unusable(path: Path | None, cause: BaseException | None) -> StoreUnusable:
    return StoreUnusable(
        f"The mock cannot store its data in {path} ({cause}). Use another file with --path, or store"
        " nothing with --ephemeral."
    )
