"""The SQLite file behind the store, opened so that what was confirmed is on the disk."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import sqlalchemy as sql
from sqlalchemy.pool import StaticPool

if TYPE_CHECKING:
    from pathlib import Path


def engine(path: Path | None) -> sql.Engine:
    """The file at `path`, made when there is none and readable by its owner only; in memory for None. Raises `OSError`."""
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    # Not put into a URL's text, where "?", "#" and "%20" would name another file.
    url = sql.URL.create("sqlite", database=str(path.absolute()) if path else None)
    opened = sql.create_engine(
        url, poolclass=StaticPool, connect_args={"check_same_thread": False}, hide_parameters=True
    )

    @sql.event.listens_for(opened, "connect")
    def _set_up(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")

    return opened
