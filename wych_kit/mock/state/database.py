"""Define the tables of the mock, open their SQLite file and add the ready-made app."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import sqlalchemy as sql
from sqlalchemy.pool import StaticPool

from wych_kit.mock.state.clients import (
    READY_MADE,
    READY_MADE_CALLBACK,
    READY_MADE_SUBJECT,
    READY_MADE_USERS,
    hash_secret,
)

if TYPE_CHECKING:
    from pathlib import Path

_METADATA = sql.MetaData()


def _table(name: str, *columns: sql.Column[Any] | sql.UniqueConstraint) -> sql.Table:
    # `row` keeps the order of insertion: lists are sorted by it.
    return sql.Table(name, _METADATA, sql.Column("row", sql.Integer, primary_key=True), *columns)


def _text(name: str, *, unique: bool = False, optional: bool = False) -> sql.Column[str]:
    return sql.Column(name, sql.String, unique=unique or None, nullable=optional)


ACCOUNTS = _table(
    "accounts",
    _text("id", unique=True),
    _text("first_name"),
    _text("last_name"),
    _text("email", unique=True),
    _text("password"),
)
BUSINESSES = _table(
    "businesses",
    _text("id", unique=True),
    _text("account_id"),
    _text("nzbn"),
    _text("name"),
    _text("partner_id", unique=True),
    sql.Column("receives_data", sql.Boolean, nullable=False),
    sql.UniqueConstraint("account_id", "nzbn"),
)
APPS = _table(
    "apps",
    _text("id", unique=True),
    # The ready-made app belongs to no business.
    _text("business_id", optional=True),
    _text("partner_id"),
    _text("name"),
    _text("description"),
    _text("website"),
    _text("callback_url"),
    _text("client_id", unique=True),
    _text("subject"),
    # Hashes: a secret is shown once, when it is issued.
    sql.Column("secret", sql.LargeBinary, nullable=False),
    sql.Column("api_key", sql.LargeBinary, nullable=False, unique=True),
    sql.UniqueConstraint("business_id", "name"),
)
USERS = _table(
    "users",
    _text("id", unique=True),
    _text("app_id"),
    _text("email"),
    sql.UniqueConstraint("app_id", "email"),
)
# Apart from USERS, because only a user who chose a password in the consent pages has a row here.
PASSWORDS = _table("passwords", _text("user_id", unique=True), _text("password"))
TABLES = (ACCOUNTS, BUSINESSES, APPS, USERS, PASSWORDS)


def add_ready_made_app(connection: sql.Connection) -> None:
    """Insert the ready-made app and its users, unless they are there already."""
    app = {
        "id": READY_MADE.app_id,
        "partner_id": READY_MADE.partner_id,
        "name": "Ready-made app",
        "description": "",
        "website": "",
        "callback_url": READY_MADE_CALLBACK,
        "client_id": READY_MADE.client_id,
        "subject": READY_MADE_SUBJECT,
        "secret": hash_secret(READY_MADE.client_secret),
        "api_key": hash_secret(READY_MADE.api_key),
    }
    # Two mocks may start on one file at once: the second must not fail, nor overwrite a
    # callback that was changed since.
    connection.execute(APPS.insert().prefix_with("OR IGNORE"), app)
    users = [
        {"id": user_id, "app_id": READY_MADE.app_id, "email": email}
        for user_id, email in READY_MADE_USERS
    ]
    connection.execute(USERS.insert().prefix_with("OR IGNORE"), users)


def open_engine(path: Path | None) -> sql.Engine:
    """Open the file at `path`, or a database in memory for None. Raises `OSError`.

    A missing file is created with mode 0600, so that other users of this computer cannot read it.
    """
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    # Not built as text: in a URL, "?", "#" and "%20" in a path would name a different file.
    url = sql.URL.create("sqlite", database=str(path.absolute()) if path else None)
    engine = sql.create_engine(
        url, poolclass=StaticPool, connect_args={"check_same_thread": False}, hide_parameters=True
    )

    @sql.event.listens_for(engine, "connect")
    def _set_up(connection: Any, _record: object) -> None:
        # WAL lets a second mock read while one writes; FULL waits for the disk, so that a confirmed
        # registration survives a power cut.
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")

    return engine
