"""`wych-kit drill`: what is typed at its prompt, what it shows, and that it leaves everything else as it was."""

from __future__ import annotations

import io
import os
import re
import shlex
import sys
from pathlib import Path

import pytest
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from wych_kit.client import backoff
from wych_kit.diagnosis.connectivity import check
from wych_kit.diagnosis.scenarios import SCENARIOS
from wych_kit.terminal import exercise_prompt
from wych_kit.terminal.exercise_prompt import KIT_COMMANDS, HistoryWithoutValues, Prompt
from wych_kit.terminal.screen import Screen
from wych_kit.training import EXERCISES, ExerciseAttempt, Scores


@pytest.fixture
def play(project, kit, monkeypatch):
    """Begins an exercise with these words and types these lines; what the command gave."""

    def run(words, *lines):
        monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
        return kit("drill", *words.split())

    return run


@pytest.fixture
def typing(project, tty):
    """An exercise and its prompt, with a person at the keyboard who types this."""
    with (
        create_pipe_input() as keyboard,
        ExerciseAttempt.begin("wrong-client-secret", project.folder / "wych-drill") as drill,
    ):

        def make(typed):
            keyboard.send_text(typed)
            return drill, Prompt(
                drill,
                Screen(file=tty(), plain=True),
                lambda _: 0,
                input=keyboard,
                output=DummyOutput(),
            )

        yield make


def after(ran, line):
    """What was shown between this line and the next one typed."""
    return re.split(
        r"^drill> ", ran.out.partition(f"drill> {line}\n")[2], maxsplit=1, flags=re.MULTILINE
    )[0]


def test_from_looking_to_solved(play, project):
    """The situation, a look, a hint, a try in vain, the repair, the call: solved, with its cause, its points, and status 0."""
    ran = play(
        "wrong-client-secret",
        "help",
        "wych-kit check",
        "hint",
        "done",
        "copy client_secret",
        "done",
    )
    assert ran.status == 0
    assert "It worked yesterday." in ran.out
    assert "about 4 minutes" in ran.out
    assert "give up" in after(ran, "help")
    assert "failed\t10 Client id and secret" in after(ran, "wych-kit check")
    assert after(ran, "hint").startswith("Hint 1 of 3.")
    assert ran.out.count("Not yet.") == 1
    assert "Solved. The call succeeded" in ran.out
    assert EXERCISES["wrong-client-secret"].scenario.cause in ran.out
    assert "2 of 3 points" in ran.out
    assert not (project.folder / "wych-drill").exists()


@pytest.mark.parametrize("lines", [(), ("quit",), ("give up",)])
def test_what_is_left_is_not_solved(play, lines):
    """The end of the input, leaving and giving up end it with status 1; only giving up tells what it was."""
    ran = play("wrong-client-secret --mystery", *lines)
    assert ran.status == 1
    assert ("It is wrong-client-secret." in ran.out) == (lines == ("give up",))
    assert "Solved" not in ran.out


def test_a_slip_ends_nothing(play):
    """What is no command, quotes that do not close, words the parser refuses, no reference: each is said, and it goes on."""
    ran = play(
        "throttled",
        "chekc",
        "lint 'x",
        "call",
        "answer trottled",
        "edit",
        "edit WYCH_APP_ID",
        "replace x",
        "answer throttled",
    )
    assert ran.status == 0
    assert "Unknown command: chekc" in ran.out
    assert "No closing quotation" in ran.out
    assert "usage: wych-kit call" in ran.err
    assert "did you mean throttled." in after(ran, "answer trottled")
    assert "No editor" in after(ran, "edit")
    assert "edit WYCH_APP_ID=value" in after(ran, "edit WYCH_APP_ID")
    assert "needs two" in after(ran, "replace x")


def test_the_kits_commands_run_in_its_folder_and_shell(play, project):
    """They read its `.env` and keep their journal there; this folder, these variables and this person's journal stay as they were."""
    before = dict(os.environ)
    ran = play(
        "wrong-client-secret",
        "copy client_secret",
        "call GET users",
        "journal 1 --as curl",
        "env",
        "explain throttled",
        "done",
    )
    assert ran.status == 0
    assert "@example.com" in after(ran, "call GET users")
    assert "/users" in after(ran, "journal 1 --as curl")
    assert "wych-drill" in after(ran, "env")
    assert "too many calls" in after(ran, "explain throttled")
    assert dict(os.environ) == before
    assert Path.cwd() == project.folder
    assert sorted(path.name for path in project.home.iterdir() if path.suffix != ".lock") == [
        "drill-scores.json"
    ]


def test_a_journal_stays_in_its_folder_whatever_the_file_says(play, project):
    """Without WYCH_HOME in its `.env` nothing is written to the person's own."""
    ran = play(
        "wrong-client-secret", "edit WYCH_HOME=", "check", "journal", "copy client_secret", "done"
    )
    assert ran.status == 0
    assert "/token" in after(ran, "journal")
    assert not (project.home / "journal.jsonl").exists()


def test_no_mock_stands_in(play, monkeypatch, unused_address):
    """An address at which nothing listens is the exercise, or a person's slip: no mock is started there."""
    monkeypatch.setattr(check, "CHECK_SECONDS", 0.9)
    monkeypatch.setattr(backoff, "ATTEMPTS", 1)
    ran = play(
        "wrong-client-secret",
        f"edit issuer_url={unused_address}/realms/partner",
        "check",
        "call GET users",
        "quit",
    )
    assert "failed\t3 Connection" in after(ran, "check")
    assert "Started" not in ran.out + ran.err
    assert "connection-refused" in ran.err


def test_a_request_is_shown_changed_and_sent(play):
    """`show` has the request, `lint` names what is wrong, `replace` changes it, `done` sends it."""
    lines = (
        "show",
        "lint request.sh",
        "lint",
        "done",
        "replace api-key: x-api-key:",
        "show",
        "done",
    )
    ran = play("api-key-missing", *lines)
    assert ran.status == 0
    assert "curl '" in after(ran, "show")
    assert "api-key-missing" in after(ran, "lint request.sh")
    assert "api-key-missing" in after(ran, "lint"), "it is looked at unasked"
    assert "403 Forbidden" in after(ran, "done")
    assert "request.sh is changed." in ran.out
    assert "Solved. GET /v3/partner/…/app/…/users was answered 200" in ran.out


def test_a_token_in_a_request_is_not_shown(play):
    """One that somebody wrote into the command is left out of what is shown."""
    ran = play("stale-token", "show", "lint request.sh", "quit")
    assert "Authorization: Bearer ‹WYCH_ACCESS_TOKEN›" in after(ran, "show")
    assert "eyJ" not in ran.out


def test_the_shell_can_be_looked_at_and_put_right(play):
    """`export` lists its variables with secrets masked, and sets one; `unset` takes one out."""
    lines = (
        "export",
        "export NO_PROXY=127.0.0.1",
        "export",
        "unset NO_PROXY",
        "unset WYCH_CLIENT_SECRET",
        "export",
        "done",
    )
    ran = play("shell-shadows-file", *lines)
    assert ran.status == 0
    assert after(ran, "export") == "WYCH_CLIENT_SECRET\t••••••\n"
    assert "NO_PROXY\t127.0.0.1" in ran.out
    assert "No WYCH_ variable" in ran.out


def test_no_secret_is_shown(play, mock_wych):
    """Whatever one looks at: client secret and API key, which every mock's ready-made app has, are in no output."""
    ran = play(
        "api-key-missing",
        "env",
        "show",
        "call GET users -v",
        "journal",
        "journal 1",
        "journal 1 --as curl",
        "token",
        "done",
        "hint",
    )
    assert ran.status == 1
    for secret in (mock_wych.credentials.client_secret, mock_wych.credentials.api_key):
        assert secret not in ran.out + ran.err


def test_a_mystery_tells_nothing_of_its_own(play):
    """Neither the beginning, nor a try, nor the first two hints have the reference; its end has."""
    ran = play("api-key-refused --mystery", "done", "hint", "hint", "copy api_key", "done")
    told, found, end = ran.out.partition("Solved.")
    assert found
    assert "api-key-refused" not in told
    assert "It was api-key-refused." in end


def test_any_exercise_can_come(play, monkeypatch):
    """Without a reference one is chosen, and not told."""
    monkeypatch.setattr(
        "random.choice",
        lambda fit: next(each for each in fit if each.reference == "wrong-client-secret"),
    )
    ran = play("", "give up")
    assert ran.out.index("type help") < ran.out.index("wrong-client-secret")
    assert "minutes" not in ran.out


def test_the_list_has_every_exercise(kit, play):
    """With minutes, what this machine cannot make, and one's best."""
    play("throttled", "answer throttled")
    ran = kit("drill", "--list")
    rows = dict(line.split("\t", 1) for line in ran.out.splitlines() if "\t" in line)
    assert sorted(rows) == sorted(EXERCISES)
    assert rows["throttled"].startswith("6 min\t3 of 3 points")
    assert "only where localhost" in rows["ipv6-localhost"]
    assert f" 1 of {len(EXERCISES)}" in ran.out


def test_scores_are_shown(kit, play):
    """First that there are none; then each exercise's best, and the sum."""
    assert "points" not in kit("drill", "--scores").out
    play("throttled", "hint", "answer throttled")
    play("throttled", "answer throttled")
    ran = kit("drill", "--scores")
    assert re.search(r"^throttled\t3\t0\t", ran.out, re.MULTILINE)
    assert f"3 points of {3 * len(EXERCISES)}." in ran.out


def test_the_key_is_the_page_or_a_part(kit):
    """`--key` prints docs/facilitators-key.md; with a reference that exercise alone; a slip is helped, with status 2."""
    page = (Path(__file__).parents[2] / "docs" / "facilitators-key.md").read_text("utf-8")
    assert kit("drill", "--key").out == page
    one = kit("drill", "throttled", "--key")
    assert SCENARIOS["throttled"].fix in one.out
    wrong = kit("drill", "trottled", "--key")
    assert (wrong.status, wrong.out) == (2, "")
    assert "did you mean throttled" in wrong.err


def test_a_folder_of_somebody_else_is_refused(play, project):
    """It is said, with status 2, and nothing in it is touched."""
    (project.folder / "wych-drill").mkdir()
    (project.folder / "wych-drill" / "mine.txt").write_text("mine")
    ran = play("throttled")
    assert ran.status == 2
    assert "not an exercise" in ran.err
    assert (project.folder / "wych-drill" / "mine.txt").read_text() == "mine"


def test_arrow_keys_bring_no_value_back():
    """What is kept of the lines typed are those without a value in them."""
    earlier = HistoryWithoutValues()
    for line in ("check", "edit client_secret=abc", "edit client_secret", "call GET users?a=b"):
        earlier.append_string(line)
    assert earlier.get_strings() == ["check", "edit client_secret"]


def test_a_value_can_be_typed_hidden(typing, monkeypatch):
    """`edit NAME` asks without showing; Ctrl-D leaves."""
    monkeypatch.setattr(exercise_prompt, "is_interactive", lambda: True)
    drill, asking = typing("edit client_secret\rdone\r\x04")
    monkeypatch.setattr(
        exercise_prompt, "getpass", lambda _: drill.setup.wych.credentials.client_secret
    )
    assert asking.serve()
    assert Scores().best()["wrong-client-secret"].points == 3


def test_the_persons_editor_opens_the_file(typing, monkeypatch, tmp_path):
    """`edit` alone runs $VISUAL, words and all, on the exercise's `.env`."""
    monkeypatch.setattr(exercise_prompt, "is_interactive", lambda: True)
    copy = tmp_path / "copy it.py"
    copy.write_text("import shutil, sys\nshutil.copy(sys.argv[2], sys.argv[1])")
    monkeypatch.setenv("VISUAL", shlex.join([sys.executable, str(copy), str(tmp_path)]))
    drill, asking = typing("edit\rquit\r")
    asking.serve()
    assert (tmp_path / ".env").read_text() == drill.setup.env.read_text()


def test_the_help_has_every_command(typing):
    """What is understood is in the help, but for help itself."""
    _, asking = typing("")
    named = set(re.findall(r"[a-z]+", " ".join(words for _, words in exercise_prompt._HELP)))
    assert {*KIT_COMMANDS, *asking._commands} - named == {"help"}
