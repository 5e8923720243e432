"""The journey typed by a person: what is asked, hidden, asked again, and what Ctrl-C leaves."""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import subprocess
import sys
import time

import pytest
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from wych_kit.errors import Refused, SettingInvalid, SettingMissing, Unexpected, Unreachable
from wych_kit.journey.registration import ACCOUNT_FIELDS, demonstration_answers
from wych_kit.journey.session import Session
from wych_kit.journey.step import Done, Failed, Field
from wych_kit.secret import Secret
from wych_kit.settings.loading import load_settings
from wych_kit.terminal.exit_status import status_of
from wych_kit.terminal.screen import Screen
from wych_kit.terminal.walkthrough import PreparedAnswers, PromptedAnswers, Walk, walk

CTRL_C, CTRL_D, CTRL_U, UP = "\x03", "\x04", "\x15", "\x1b[A"
PASSWORD = "Kea-7 Wek4'\"$x"
CONTROLLED = """
import fcntl, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)  # so that Ctrl-C comes from the terminal, as it does for people
from wych_kit.terminal.cli import main
sys.exit(main())
"""
PASTED = "\x1b[200~{}\x1b[201~"


@pytest.fixture
def person(project, tty):
    """Makes a person who types this, and the screen they look at."""
    with create_pipe_input() as keyboard:

        def make(typed, answers=None):
            keyboard.send_text(typed)
            screen = Screen(file=tty(), plain=True)
            return PromptedAnswers(
                screen, answers or {}, input=keyboard, output=DummyOutput()
            ), screen

        yield make


def opened(project):
    """A session on the present `.env`, closed in the end."""
    return contextlib.closing(Session(load_settings(path=project.env), project.env))


def seen(screen):
    return screen.console.file.getvalue()


def test_enter_takes_what_is_shown(person):
    """Enter, seven times, also after spaces, gives the demonstration's answers; the password comes as a secret."""
    ask, _ = person("\r" * 6 + "  \r")
    answers = ask(ACCOUNT_FIELDS, {})
    assert answers == demonstration_answers() | {
        "password": Secret(demonstration_answers()["password"])
    }


def test_a_wrong_answer_is_asked_again_at_once(person):
    """What is wrong is said; the text is there to be mended, but for a secret; nothing goes on before it will do."""
    ask, screen = person(f"9429000000108\r{CTRL_U}9429000000109\rshort\r{PASSWORD}\r")
    fields = [field for field in ACCOUNT_FIELDS if field.name in ("nzbn", "password")][::-1]
    assert ask(fields, {}) == {"nzbn": "9429000000109", "password": Secret(PASSWORD)}
    assert "The last digit" in seen(screen)
    assert "8 characters" in seen(screen)
    assert "short" not in seen(screen)


def test_pasting_works_with_its_line_break(person):
    """A pasted value is taken whole; spaces and the line break that came along are taken off an open one."""
    ask, _ = person(f"{PASTED.format(' 9429000000109 ')}\r")
    assert ask([ACCOUNT_FIELDS[5]], {}) == {"nzbn": "9429000000109"}


def test_a_pasted_secret_keeps_every_character(person):
    """Quotes, dollars and spaces inside a secret are its own."""
    ask, _ = person(f"{PASTED.format(PASSWORD)}\r")
    assert ask([ACCOUNT_FIELDS[3]], {}) == {"password": Secret(PASSWORD)}


def test_the_arrow_keys_bring_nothing_back(person):
    """There is no history, so no secret in it: Up after a password leaves the next line empty."""
    plain = Field("note", "Note", optional=True)
    ask, _ = person(f"{PASSWORD}\r{UP}{UP}\r")
    assert ask([ACCOUNT_FIELDS[3], plain], {}) == {"password": Secret(PASSWORD), "note": ""}


def test_answers_from_a_file_are_not_asked(person):
    """Good ones are taken as they are, wrong ones asked instead."""
    ask, _ = person("\r")
    given = demonstration_answers() | {"nzbn": "wrong"}
    ask, _ = person("", given)
    assert ask(ACCOUNT_FIELDS, {}) == demonstration_answers() | {
        "password": Secret(demonstration_answers()["password"])
    }


def test_swapped_answers_are_asked_again(person, project, mock_wych):
    """A person who swaps id and secret is told so by the fields' labels, asked for both again, and goes on; no secret is shown."""
    secret = "Xq7Lr2Vt9Kp4Zm1Nc8Bw5Hd3Gs6Jf0Ya"
    addresses = {"issuer_url": mock_wych.issuer_url, "api_url": mock_wych.api_url}
    project.write_env(
        environment="sandbox", api_key="k" * 40, partner_id="partner-7", app_id="app-7", **addresses
    )
    ask, screen = person(f"{secret}\rmy-app\rmy-app\r{secret}\r\r\r")
    with opened(project) as session:
        walked = walk(session, screen, ask)
    assert [step.name for step, _ in walked.outcomes][:2] == ["register", "discover"]
    assert "looks like a secret" in seen(screen)
    assert secret not in seen(screen)
    assert load_settings(path=project.env).client_id == "my-app"


@pytest.mark.parametrize("end", [CTRL_C, CTRL_D])
def test_breaking_off_keeps_what_was_answered(person, end):
    """Ctrl-C and the end of input are the same wish; what came before is in `partial`."""
    ask, _ = person(f"Aroha\rNgata\r{end}")
    with pytest.raises(KeyboardInterrupt):
        ask(ACCOUNT_FIELDS, {})
    assert ask.partial == {"first_name": "Aroha", "last_name": "Ngata"}


def test_the_portals_refusals_are_shown_and_asked_again(project, mock_wych, person):
    """Field by field: what the portal does not take is said and asked once more, nothing else is, and then it goes on."""
    project.on(mock_wych)
    with opened(project) as session:
        ask, screen = person("\r" * 4 + "Kowhai\u200b\r" + "\r" * 2 + "Kowhai\r" + "\r" * 3)
        walked = walk(session, screen, ask)
    assert [type(outcome) for _, outcome in walked.outcomes] == [Done] * 4
    assert "Business name: Leave out line breaks and other characters that cannot be seen." in seen(
        screen
    )
    portal = [
        request.path for request in mock_wych.requests if request.path == "/portal/api/businesses"
    ]
    assert len(portal) == 2


def test_an_address_that_exists_is_signed_in_to(project, mock_wych, person):
    """The same address and password are no mistake; a wrong password is, and can be typed again."""
    for typed in ("\r" * 10, "\r" * 3 + "not the same one\r" + "\r" * 7):
        project.on(mock_wych)
        with opened(project) as session:
            ask, screen = person(typed)
            walked = walk(session, screen, ask)
        assert walked.status == 0
    assert "An account with this email exists" in seen(screen)
    assert "not the same one" not in seen(screen)


def test_what_no_answer_can_mend_is_not_sent_for_ever(project, mock_wych, person):
    """A refusal that names no question ends the journey, though a person is there."""
    project.on(mock_wych)
    mock_wych.answer_next("portal", status=401, body=b'{"errors": {"request": "Sign in."}}')
    with opened(project) as session:
        ask, screen = person("\r" * 7)
        walked = walk(session, screen, ask)
    assert isinstance(walked.outcomes[-1][1], Failed)
    assert (len(walked.outcomes), walked.status) == (1, 2)
    assert len(mock_wych.requests) == 1


@pytest.mark.parametrize(
    ("failed", "status"),
    [
        (Failed(None, faults={"nzbn": "no"}), 2),
        (Failed(None, SettingMissing("WYCH_API_KEY")), 2),
        (Failed(None, SettingInvalid("WYCH_API_KEY", "is odd")), 2),
        (Failed(None, Refused("no", stage="call", status=403)), 1),
        (Failed(None, Refused("no", stage="register", status=422), {"nzbn": "no"}), 2),
        (Failed(None, Unexpected("what?", stage="call")), 1),
        (Failed(None, Unreachable("nobody", stage="call")), 3),
    ],
)
def test_exit_statuses(failed, status):
    """1 refused, 2 something to give or correct, 3 nothing answered."""
    assert status_of(failed) == status
    assert Walk([(None, failed)]).status == status
    assert Walk().status == 0


def test_given_answers_say_which_were_the_demonstrations():
    """What the file has wins; what it leaves open is filled, and named."""
    given = PreparedAnswers({"first_name": "Aroha"}, demonstration_answers())
    answers = given(ACCOUNT_FIELDS[:2], {})
    assert (answers, given.used) == ({"first_name": "Aroha", "last_name": "Tester"}, ["Last name"])
    assert PreparedAnswers({})(ACCOUNT_FIELDS, {}) == {}


class Terminal:
    """`wych-kit` in a pseudo-terminal of its own."""

    def __init__(self, *words, columns=80):
        import fcntl
        import pty
        import struct
        import termios

        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-c", CONTROLLED, *words],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            env={**os.environ, "PROMPT_TOOLKIT_NO_CPR": "1", "TERM": "xterm-256color"},
        )
        os.close(theirs)
        self.raw = ""
        self._from = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._ours)

    @property
    def text(self):
        """All that was written, without the codes."""
        return re.sub(r"\x1b\][^\x07]*\x07|\x1b[\[?][0-9;?]*[A-Za-z]|\x1b[=>]", "", self.raw)

    def wait_for(self, words, seconds=15):
        """Until these words are there, after those waited for before."""
        ends = time.monotonic() + seconds
        while (found := self.text.find(words, self._from)) < 0:
            assert time.monotonic() < ends, f"no {words!r} in {self.text[self._from :]!r}"
            if not self._read(0.2) and self.process.poll() is not None and not self._read(0):
                raise AssertionError(f"ended without {words!r}: {self.text[self._from :]!r}")
        self._from = found + len(words)

    def type(self, text):
        """Press these keys."""
        os.write(self._ours, text.encode())

    def ends(self, seconds=15):
        """The exit status."""
        ends = time.monotonic() + seconds
        while self.process.poll() is None or self._read(0):
            self._read(0.1)
            assert time.monotonic() < ends, self.text
        return self.process.returncode

    def _read(self, seconds):
        if not select.select([self._ours], [], [], seconds)[0]:
            return False
        try:
            chunk = os.read(self._ours, 65536)
        except OSError:  # the other end is closed
            return False
        self.raw += chunk.decode("utf-8", "replace")
        return bool(chunk)


pty_only = pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")


@pty_only
def test_the_whole_journey_typed_in_a_terminal(project, mock_wych):
    """Every question answered by typing, the password hidden, four steps done, and what to do next."""
    project.on(mock_wych)
    with Terminal("start") as terminal:
        for field in ACCOUNT_FIELDS:
            terminal.wait_for(field.label)
            terminal.wait_for("]:")
            terminal.type((PASSWORD if field.secret else "") + "\r")
        terminal.wait_for("three credentials")
        for title in ("Step 2 of 4", "Step 3 of 4", "Step 4 of 4"):
            terminal.wait_for("Press Enter")
            terminal.type("\r")
            terminal.wait_for(title)
        terminal.wait_for("first authenticated call")
        terminal.wait_for("Saved to")
        assert terminal.ends() == 0
    kept = load_settings(path=project.env, environ={})
    for secret in (PASSWORD, kept.client_secret.reveal(), kept.api_key.reveal()):
        assert secret not in terminal.raw
        assert secret not in terminal.text
    assert PASSWORD[:6] not in terminal.raw
    assert "eyJ" not in terminal.raw


@pty_only
def test_ctrl_c_in_a_terminal_says_what_was_kept_and_how_to_go_on(project, mock_wych):
    """On the sandbox, what was brought until then is saved, hidden secrets too; the next start asks for the rest only."""
    project.write_env(environment="sandbox")
    with Terminal("start") as terminal:
        for label, text in (
            ("Issuer", mock_wych.issuer_url),
            ("API URL", mock_wych.api_url),
            ("Client id", "mock-app"),
            ("Client secret", PASSWORD),
        ):
            terminal.wait_for(f"{label} (")
            terminal.wait_for("):")
            terminal.type(PASTED.format(text) + "\r")
        terminal.wait_for("API key (")
        terminal.type("half-typ" + CTRL_C)
        terminal.wait_for("Saved to")
        terminal.wait_for("To continue")
        terminal.wait_for("start")
        assert terminal.ends() == 130
    assert "Traceback" not in terminal.text
    assert PASSWORD not in terminal.raw
    kept = load_settings(path=project.env, environ={})
    assert (kept.client_id, kept.client_secret, kept.api_key) == (
        "mock-app",
        Secret(PASSWORD),
        None,
    )
    assert mock_wych.requests == []


@pty_only
def test_a_signal_while_waiting_ends_like_ctrl_c(project, mock_wych):
    """SIGINT in the middle of a request: the exit status is 130, and there is no traceback."""
    project.ready_on(mock_wych)
    mock_wych.answer_next("discovery", status=200, delay=20)
    with Terminal("start") as terminal:
        terminal.wait_for("Press Enter")
        terminal.type("\r")
        terminal.wait_for("discovery document")
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.ends() == 130
    assert "Traceback" not in terminal.text
    assert "Nothing was saved" in terminal.text


@pty_only
def test_a_narrow_terminal_is_served(project, mock_wych):
    """Forty columns: the journey comes through, each fact can be read, and only a command to be copied is longer than a line."""
    project.ready_on(mock_wych)
    with Terminal("start", columns=40) as terminal:
        for _ in range(3):
            terminal.wait_for("Press Enter")
            terminal.type("\r")
        assert terminal.ends() == 0
    squeezed = "".join(terminal.text.split())
    assert "aroha.ngata@example.com" in squeezed
    assert "firstauthenticatedcall" in squeezed
    lines = re.sub(r".*\r(?!\n)", "", terminal.text).splitlines()
    assert [
        line for line in lines if len(line) > 40 and not re.match(r"  \S*wych-kit ", line)
    ] == []


@pytest.mark.parametrize(
    "words",
    ["", "short", "empty: the kit waits for the browser here; or paste the address it ended at"],
)
def test_help_without_room_stands_above_the_prompt(project, person, monkeypatch, words):
    """Where help would break the prompt in two it has a line of its own; otherwise it is in the prompt."""
    monkeypatch.setenv("COLUMNS", "80")
    asks, screen = person("there\n")
    prompts = []
    typed = asks._session.prompt
    monkeypatch.setattr(
        asks._session,
        "prompt",
        lambda text, **options: prompts.append(text) or typed(text, **options),
    )
    assert asks(
        [Field("callback", "Address on return", words, suggestion="" if words else "x" * 60)], {}
    ) == {"callback": "there"}
    said = screen.console.file.getvalue()
    if not words:
        assert (prompts, said) == ([f"  Address on return [{'x' * 60}]: "], "")
    elif words == "short":
        assert (prompts, said) == (["  Address on return (short): "], "")
    else:
        assert (prompts, said) == (["  Address on return: "], f"  Address on return: {words}\n")
