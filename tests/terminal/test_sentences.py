"""Every sentence of the terminal, as people read it. After a change run `make snapshots` and read the difference."""

from __future__ import annotations

import pytest

from tests.sentences import steady
from wych_kit import mock
from wych_kit.terminal.commands import COMMANDS

# The commonest failures: settings that differ from the ready-made app's, faults of the mock, and a command that meets them.
FAILURES = {
    "a wrong client secret": ({"client_secret": "Xq7Lr2Vt9Kp4" * 3}, {}, "call GET users"),
    "an unknown client id": ({"client_id": "somebody-else"}, {}, "call GET users"),
    "a wrong API key": ({"api_key": "Moa2Kea7Wek4" * 3}, {}, "call GET users"),
    "another partner's id": ({"partner_id": "11111111-2222-4333-8444-555555555555"}, {}, "call GET users"),
    "a path that does not exist": ({}, {}, "call GET user-list"),
    "nothing answers": ({"api_url": "http://127.0.0.1:9/v3"}, {}, "call GET users"),
    "a line break in the secret": ({"client_secret": '"abc def\\n"'}, {}, "call GET users"),
    "a missing setting": ({"api_key": ""}, {}, "call GET users"),
    "too many requests": ({}, {"throttled": {}}, "call GET users"),
    "a page instead of JSON": ({}, {"not-json": {}}, "call GET users"),
    "a revoked token": ({}, {"revoked-token": {}}, "call GET users"),
    "the check finds a wrong secret": ({"client_secret": "Xq7Lr2Vt9Kp4" * 3}, {}, "check"),
    "the check finds no server": ({"issuer_url": "http://127.0.0.1:9/realms/partner"}, {}, "check"),
}  # fmt: skip

# What works, and what is refused before anything is sent.
LINES = (
    "check", "env", "token", "endpoints", "call GET users", "call POST user --json '{}'", "call FETCH users",
    "call GET ../users", "journal 9", "journal nine", "explain", "explain api-key-refused", "explain api-key", "explain nothing-like-it",
    "lint .env", "lint missing.har", "forget", "drill --list", "drill --scores", "drill no-such-exercise", "callback --list",
    "callback --read https://your.app/callback?state=ACTIVE", "callback --to http://127.0.0.1:9/callback",
    "scan .", "scan missing", "fault list", "bundle --no-check --to a/b/c.zip",
    "lab --folder /dev/null/x", "chek", "call",
)  # fmt: skip


@pytest.fixture
def run(project, kit, monkeypatch):
    """Runs a command line with plain output, 80 columns wide; its words and status."""
    import shlex

    monkeypatch.setenv("COLUMNS", "80")

    def run(line):
        ran = kit(*shlex.split(line))
        text = steady(ran.out + ran.err, project.folder, project.home)
        return f"$ wych-kit {line}\n{text}\n(exit status {ran.status})"

    return run


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help(command, run, snapshot):
    """The overview, and each command's help."""
    assert run(f"{command} --help".strip()) == snapshot


def test_the_journey(project, mock_wych, run, snapshot):
    """From nothing to customer data, with the demonstration's answers."""
    project.on(mock_wych)
    assert run("start --all") == snapshot
    assert run("journal") == snapshot(name="the journal after it")


@pytest.mark.parametrize("line", LINES)
def test_commands(line, project, mock_wych, run, snapshot):
    """Each command, done or refused for how it was typed."""
    project.ready_on(mock_wych)
    assert run(line) == snapshot


def test_faults(project, run, snapshot):
    """The list of faults, one switched on and off, and one that is not there."""
    with mock.running(ephemeral=True, seed=1, control=True) as wych:
        project.on(wych)
        for line in ("list", "on throttled --times 2", "on no-such-fault", "off"):
            assert run(f"fault {line}") == snapshot(name=line)


@pytest.mark.parametrize("failure", FAILURES)
def test_failures(failure, project, mock_wych, run, snapshot):
    """What happened, the likely reason, the next step."""
    changes, faults, line = FAILURES[failure]
    project.ready_on(mock_wych, **changes)
    for name, details in faults.items():
        mock_wych.fault(name, **details)
    assert run(line) == snapshot
