"""What the mock remembers on disk: in which file, how safely, and beside another mock."""

from __future__ import annotations

import os
import stat

import pytest

from wych_kit.mock.store import Store


@pytest.fixture
def opened():
    """Opens stores, and closes them after the test."""
    stores = []

    def open_(*arguments):
        stores.append(Store(*arguments))
        return stores[-1]

    yield open_
    for store in stores:
        store.close()


@pytest.mark.skipif(os.name != "posix", reason="such names, and permissions, are POSIX's")
@pytest.mark.parametrize("name", ["a?mode=memory", "a%20b", "a#b", "a b", "file:a?uri=true", ":memory:"])
def test_the_file_named_is_the_file_written(tmp_path, monkeypatch, opened, name):
    """Whatever a URL would make of its name, the file is that one and no other, and the user's alone."""
    from pathlib import Path

    monkeypatch.chdir(tmp_path)
    opened(Path(name)).add_account(first_name="Kim", last_name="Lee", email="kim@example.com", password="hash")
    written = {part.name: stat.S_IMODE(part.stat().st_mode) for part in tmp_path.iterdir()}
    assert written == dict.fromkeys((name, f"{name}-wal", f"{name}-shm"), 0o600)


def test_what_is_confirmed_is_on_the_disk(tmp_path, opened):
    """SQLite syncs at every commit (2 is FULL), which its write-ahead log needs to outlive a power cut."""
    with opened(tmp_path / "mock.sqlite")._engine.connect() as connection:
        pragmas = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("synchronous", "journal_mode")]
    assert pragmas == [2, "wal"]
