"""`wych-kit check`: what it prints in which dress, and its exit statuses."""

from __future__ import annotations

import json
import re
import socket
import sys

import pytest

from wych_kit.client.journal.history import History
from wych_kit.diagnosis.connectivity import CHECK_TITLES
from wych_kit.diagnosis.connectivity.report import ALL_PASSED
from wych_kit.terminal import cli


@pytest.fixture
def ready(project, mock_wych):
    """A `.env` that works on the mock."""
    project.ready_on(mock_wych)
    return project


def lines_of(text):
    """The checks in plain output: number to state and what was observed."""
    rows = [line.split("\t") for line in text.splitlines() if "\t" in line]
    return {row[1].partition(" ")[0]: (row[0], row[2] if len(row) > 2 else "") for row in rows}


def test_all_holds(ready, kit):
    """A line for each check, and that every check passed; status 0; the exchanges are in the journal."""
    ran = kit("check")
    rows = lines_of(ran.out)
    assert (ran.status, ran.err) == (0, "")
    assert list(rows) == [str(number) for number in range(1, len(CHECK_TITLES) + 1)]
    assert rows["14"] == ("passed", "The call returned 3 users.")
    assert ALL_PASSED in ran.out
    assert len(History(ready.home).read()) == 4


def test_what_is_broken_is_explained(ready, mock_wych, kit):
    """The checks after it are not reached; cause and action follow; the status is 10 plus its number."""
    ready.ready_on(mock_wych, client_id="nobody")
    ran = kit("check")
    assert ran.status == 20
    assert lines_of(ran.out)["10"][0] == "failed"
    assert lines_of(ran.out)["11"] == ("not reached", "")
    assert "unknown-client" in ran.out
    assert "Next: " in ran.out


@pytest.mark.parametrize(
    ("changes", "status"),
    [({"partner_id": ""}, 2), ({"environment": "moon"}, 2), ({"api_key": "Moa2Kea7Wek4"}, 22)],
)
def test_exit_statuses(ready, mock_wych, kit, changes, status):
    """2 is for settings as everywhere; any other check has a number of its own."""
    ready.ready_on(
        mock_wych, **{name: value for name, value in changes.items() if name != "environment"}
    )
    if "environment" in changes:
        ready.write_env(**changes)
    assert kit("check").status == status


def test_one_json_document(ready, mock_wych, kit):
    """`--json` prints the report and nothing else, with the exit status in it."""
    ready.env.write_text(ready.env.read_text("utf-8").replace("/v3", "/v4"), "utf-8")
    ran = kit("check", "--json")
    facts = json.loads(ran.out)
    assert (ran.status, ran.err) == (facts["status"], "")
    assert (facts["broken"], facts["diagnosis"]["reference"]) == ("api-key", "wrong-base-path")


def test_the_help_has_every_status(kit):
    """Each check's exit status is in `--help`, beside its title."""
    text = " ".join(kit("check", "--help").out.split())
    for number, title in enumerate(CHECK_TITLES.values(), 1):
        words = title[0].lower() + title[1:] if not title.startswith(("TLS", "API")) else title
        assert number == 1 or f"{10 + number} {words}" in text


def test_in_a_terminal(ready, mock_wych, monkeypatch, tty):
    """A sign and a word for each state, and no more than 80 columns."""
    ready.ready_on(mock_wych, client_id="nobody")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys, "stdout", tty())
    assert cli.main(["check"]) == 20
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", sys.stdout.getvalue())
    for words in ("✓ passed", "✗ failed", "– skipped", "○ not reached", "✗ Failed"):
        assert words in shown


def test_plain_in_a_terminal(ready, monkeypatch, tty):
    """`--plain` has neither colour nor drawing."""
    monkeypatch.setattr(sys, "stdout", tty())
    assert cli.main(["check", "--plain"]) == 0
    assert not re.search("[\x1b✓–]", sys.stdout.getvalue())


def test_a_mock_is_started_for_it(project, mock_wych, kit):
    """On the mock with nothing running, one is there for the command."""
    port = _free_port()
    project.ready_on(mock_wych)
    project.env.write_text(
        project.env.read_text("utf-8").replace(mock_wych.url, f"http://127.0.0.1:{port}"), "utf-8"
    )
    ran = kit("check")
    assert ran.status == 0
    assert "Started the mock" in ran.err


def _free_port():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


def test_stopping(ready, kit, monkeypatch):
    """Ctrl-C is status 130, as in every command, without a traceback."""

    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("wych_kit.diagnosis.connectivity.check_connectivity", stop)
    ran = kit("check")
    assert (ran.status, ran.out, ran.err) == (130, "", "")
