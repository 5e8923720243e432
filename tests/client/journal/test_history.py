"""The exchanges of earlier commands: only the user's, bounded, and never in a command's way."""

from __future__ import annotations

import os
import stat
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wych_kit.client.journal.history import MAX_EXCHANGES, History
from wych_kit.client.journal.recorder import Exchange


def exchange(url="https://wych.example/", **changes):
    """One exchange."""
    return Exchange("2026-01-01T00:00:00.000Z", "GET", url, [("Accept", "*/*")], "", **changes)


@pytest.fixture
def history(tmp_path):
    return History(tmp_path / "kit")


def test_what_was_added_is_there_in_order(history, tmp_path):
    """Oldest first, also when another object reads it."""
    history.add([exchange("https://1.example/"), exchange("https://2.example/")])
    history.add(
        [exchange("https://3.example/", status=200, response_headers=[("A", "b")], seconds=0.5)]
    )
    found = History(tmp_path / "kit").read()
    assert [each.url for each in found] == [
        "https://1.example/",
        "https://2.example/",
        "https://3.example/",
    ]
    assert found[2] == exchange(
        "https://3.example/", status=200, response_headers=[("A", "b")], seconds=0.5
    )


@pytest.mark.skipif(os.name != "posix", reason="needs file modes")
def test_only_the_user_can_read_it(history):
    """0600 whatever the umask, in a folder that is 0700; also when the file was looser before."""
    before = os.umask(0)
    try:
        history.add([exchange()])
        assert stat.S_IMODE(history.path.stat().st_mode) == 0o600
        assert stat.S_IMODE(history.path.parent.stat().st_mode) == 0o700
        history.path.chmod(0o644)
        history.add([exchange()])
        assert stat.S_IMODE(history.path.stat().st_mode) == 0o600
    finally:
        os.umask(before)


def test_what_a_customers_bank_said_is_not_kept(history):
    """The call is, and a refusal with its words; the data are not."""
    data = exchange(status=200, response_body='{"Data": "2,345.67"}', whose="customer")
    refused = exchange(status=403, response_body='{"error": "consent_revoked"}', whose="customer")
    ours = exchange(status=200, response_body="[]")
    cut = exchange(status=None, response_body='{"Data": "2,3', whose="customer")
    history.add([data, refused, ours])
    kept = [each.response_body for each in history.read()]
    assert kept == [
        "(a customer's own data: not stored on the disk)",
        '{"error": "consent_revoked"}',
        "[]",
    ]
    history.add([cut])
    assert history.read()[-1].response_body == kept[0], "nor is an answer that broke off"
    assert data.response_body == '{"Data": "2,345.67"}', "who is looking at it still sees it"


def test_it_is_bounded(history):
    """The newest are kept; nothing else is left in the folder."""
    history.add(exchange(f"https://{number}.example/") for number in range(MAX_EXCHANGES))
    history.add([exchange("https://new.example/")])
    found = history.read()
    assert len(found) == MAX_EXCHANGES
    assert (found[0].url, found[-1].url) == ("https://1.example/", "https://new.example/")
    assert {path.name for path in history.path.parent.iterdir()} - {"journal.lock"} == {
        "journal.jsonl"
    }


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b"{}",
        b'{"method": "GET"}',
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"request_headers": [["x"]]}',
    ],
    ids=range(10),
)
def test_lines_that_cannot_be_read_are_passed_over(history, line):
    """A line cut short, of another version, or of no text at all costs that line, not those beside it; adding heals the file."""
    history.add([exchange("https://1.example/"), exchange("https://2.example/")])
    first, second = history.path.read_bytes().splitlines(keepends=True)
    history.path.write_bytes(first + line + b"\n" + second)
    assert [each.url for each in history.read()] == [
        "https://1.example/",
        "https://2.example/",
    ]
    history.add([exchange("https://3.example/")])
    assert len(history.read()) == 3
    assert history.path.read_bytes().count(b"\n") == 3


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_body_comes_back_as_it_was(tmp_path, text):
    """Line separators, control characters and all scripts survive; one exchange is one line."""
    history = History(tmp_path)
    history.clear()
    history.add([exchange(response_body=text)])
    assert [each.response_body for each in history.read()] == [text]


def test_half_a_character_does_not_stop_a_command(history):
    """JSON can hold half of a surrogate pair, and UTF-8 cannot: the rest is kept."""
    history.add([exchange(response_body="a\ud800b")])
    assert [each.response_body for each in history.read()] == ["a?b"]


def test_a_disk_that_cannot_be_written_costs_the_history_only(tmp_path):
    """A file where the folder should be: nothing is kept, nothing raised."""
    (tmp_path / "kit").write_text("in the way")
    history = History(tmp_path / "kit")
    history.add([exchange()])
    assert history.read() == []
    assert history.clear() is False
    assert (tmp_path / "kit").read_text() == "in the way"


def test_an_interrupted_write_leaves_the_old_file(history, monkeypatch):
    """The new file takes the old one's place whole or not at all, and leaves nothing beside it next time."""
    history.add([exchange("https://1.example/")])

    def broken(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("wych_kit.client.journal.history.render_json_lines", broken)
    with pytest.raises(KeyboardInterrupt):
        history.add([exchange("https://2.example/")])
    monkeypatch.undo()
    assert [each.url for each in history.read()] == ["https://1.example/"]
    history.add([exchange("https://3.example/")])
    assert {path.name for path in history.path.parent.iterdir()} - {"journal.lock"} == {
        "journal.jsonl"
    }


def test_clearing_says_whether_there_was_one(history):
    """Once yes, then no; nothing to add makes no file."""
    history.add([])
    assert not history.path.exists()
    history.add([exchange()])
    assert (history.clear(), history.clear(), history.read()) == (True, False, [])


@pytest.mark.skipif(sys.platform == "win32", reason="needs symbolic links")
def test_nobody_elses_file_is_written_through(history, tmp_path):
    """A link planted where the new file goes is not followed."""
    history.add([exchange()])
    target = tmp_path / "target"
    target.write_text("mine")
    history.path.with_suffix(f".{os.getpid()}.new").symlink_to(target)
    history.add([exchange()])
    assert target.read_text() == "mine"
    assert len(history.read()) == 2
