"""The mock's file: its name and mode, its durability, and a second mock on the same file."""

from __future__ import annotations

import os
import stat

import pytest

from wych_kit.mock.state.store import Store


@pytest.fixture
def open_store():
    """Open stores, and close them after the test."""
    stores = []

    def open_one(*arguments):
        stores.append(Store(*arguments))
        return stores[-1]

    yield open_one
    for store in stores:
        store.close()


@pytest.mark.skipif(os.name != "posix", reason="such names, and permissions, are POSIX's")
@pytest.mark.parametrize(
    "name", ["a?mode=memory", "a%20b", "a#b", "a b", "file:a?uri=true", ":memory:"]
)
def test_the_file_named_is_the_file_written(tmp_path, monkeypatch, open_store, name):
    """The file has exactly this name, whatever a URL would make of it, and mode 0600."""
    from pathlib import Path

    monkeypatch.chdir(tmp_path)
    open_store(Path(name)).add_account(
        first_name="Kim", last_name="Lee", email="kim@example.com", password="hash"
    )
    modes = {part.name: stat.S_IMODE(part.stat().st_mode) for part in tmp_path.iterdir()}
    assert modes == dict.fromkeys((name, f"{name}-wal", f"{name}-shm"), 0o600)


def test_what_is_confirmed_is_on_the_disk(tmp_path, open_store):
    """SQLite syncs at every commit (2 is FULL), which its write-ahead log needs to outlive a power cut."""
    with open_store(tmp_path / "mock.sqlite").engine.connect() as connection:
        pragmas = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("synchronous", "journal_mode")
        ]
    assert pragmas == [2, "wal"]


BUSINESS = {"id": "b1", "partner_id": "p1"}
ADDITIONS = {
    "account": lambda store: store.add_account(
        "kim@example.com", first_name="Kim", last_name="Lee", password="hash"
    ),
    "business": lambda store: store.find_or_add_business("a1", "9429041525746", "Kim Ltd"),
    "app": lambda store: store.add_app(
        BUSINESS, "Kim's app", description="", website="", callback_url=""
    ),
    "user": lambda store: store.find_or_create_user("app1", "kim@example.com"),
}
OUTCOMES = {
    "account": lambda first, second: first and second is None,
    "business": lambda first, second: (
        first[0].items() <= second[0].items() and (first[1], second[1]) == (True, False)
    ),
    "app": lambda first, second: (
        first[0].items() <= second[0].items() and first[1] and second[1] is None
    ),
    "user": lambda first, second: first == second,
}


@pytest.mark.parametrize("what", ADDITIONS)
@pytest.mark.parametrize("seed", [None, 1])
def test_two_mocks_add_the_same_at_once(tmp_path, monkeypatch, open_store, what, seed):
    """If a second mock adds the same row between this one's look and insert, there is one row."""
    first, second = (open_store(tmp_path / "mock.sqlite", seed) for _ in range(2))
    look, results = Store._one, []

    def look_too_early(store, table, **where):
        row = look(store, table, **where)
        if store is second and not results:
            results.append(None)
            results[0] = ADDITIONS[what](first)
        return row

    monkeypatch.setattr(Store, "_one", look_too_early)
    mine = ADDITIONS[what](second)
    assert OUTCOMES[what](results[0], mine)


def test_two_mocks_with_one_seed_draw_the_same_ids(tmp_path, open_store):
    """An id that is in use is drawn again."""
    first, second = (open_store(tmp_path / "mock.sqlite", 1) for _ in range(2))
    users = [
        store.find_or_create_user("app1", f"{name}@example.com")["id"]
        for store, name in ((first, "kim"), (second, "tom"))
    ]
    assert len(set(users)) == 2


def test_a_failed_statement_tells_no_values(open_store):
    """The text of a database error, which is logged, contains no values."""
    from sqlalchemy.exc import IntegrityError

    from wych_kit.mock.state.database import ACCOUNTS

    with pytest.raises(IntegrityError) as failed:
        open_store(None)._write(ACCOUNTS.insert().values(id="1", email="canary@example.com"))
    assert "canary" not in str(failed.value)


def test_new_secrets_from_another_mock_work(tmp_path, caller_for):
    """Credentials that one mock renews work at once in another on the same file; the old ones stop."""
    from wych_kit import mock

    file = tmp_path / "mock.sqlite"
    with mock.running(path=file) as first, mock.running(path=file) as second:
        here, there = caller_for(first), caller_for(second)
        app, session, _ = here.register()
        assert there.works(app)
        new = here.send_json(
            "POST", f"/portal/api/apps/{app['app_id']}/credentials", None, session
        ).json
        assert there.works(new)
        assert not there.works(app)
