"""Odd secrets, a mock that issues them, and everything that is left behind while the kit is used."""

from __future__ import annotations

import contextlib
import gc
import io
import itertools
import json
import logging
import pprint
import traceback
from typing import NamedTuple

from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput
from rich.traceback import Traceback

from wych_kit import Secret, diagnose, load_settings, save_settings
from wych_kit.client import token_endpoint
from wych_kit.client.journal.history import History
from wych_kit.mock.state.store import IssuedSecrets
from wych_kit.terminal import cli
from wych_kit.terminal.commands import start as start_module

# Printable, as RFC 6749 App. A.2 has it, and otherwise all that an encoding, a shell or a template could get wrong.
SECRETS = {
    "client secret": "Kea7Wek4\"a'b\\c%2B+d&e=f#g$h`i<j>k{m}/Tui9Moa2Rim5",
    "API key": "Pip3Huia\"q'r\\s/t?u=v&w%41x~,;Tar6Kak8",
    "password": "Mou5Tok2 \"ü'\\ō & 密 %20+Kiw1Ruru",
    "wrong secret": "Wek8Kea2\"z'y\\x%2B+w&v=u#Rim3Tui5",
    "wrong key": "Hui4Pip6\"m'n\\o/p?q=r&s%41t~Kak2Tar3",
}
CORE = 8  # letters and digits at both ends of each; no encoding separates them
PART = 13  # a run of so many characters of a token counts as a leak
LOGGERS = ("httpx", "httpcore", "hpack", "asyncio", "filelock", "wych_kit", "uvicorn", "sqlalchemy")
ECHO = "echo.example"  # in the headers of a server that repeats secrets in them
BEARER = "eyJhbGciOiJSUzI1NiJ9.eyJjYW5hcnkiOiJObzdUb2tlbiJ9.Tok3nC4naryS1gnature"


class Leftover(NamedTuple):
    """A text that was left behind, and where."""

    where: str
    text: str


class LogRecorder(logging.Handler):
    """Keep every log record, as text and as its fields."""

    def __init__(self):
        super().__init__(logging.DEBUG)
        self.lines = []

    def emit(self, record):
        self.lines.append(
            f"{record.name} {record.getMessage()} {record.args!r} {record.exc_text}"
            f" {record.__dict__!r}"
        )


def tracebacks(where, error):
    """Return what a traceback with the locals of every frame shows, as the standard library and as rich print it."""
    shown = "".join(
        traceback.TracebackException.from_exception(error, capture_locals=True).format()
    )
    options = {"show_locals": True, "locals_max_string": None, "locals_max_length": None}
    stacks = Traceback.extract(type(error), error, error.__traceback__, **options).stacks
    nodes = [
        str(node)
        for stack in stacks
        for frame in stack.frames
        for node in (frame.locals or {}).values()
    ]
    facts = f"{error!r} {error} {error.args!r} {vars(error)!r} {getattr(error, '__notes__', '')}"
    return [
        Leftover(f"{where}: traceback", shown),
        Leftover(f"{where}: rich", "\n".join(nodes)),
        Leftover(f"{where}: error", facts),
    ]


def objects():
    """Yield what a debugger shows of every living object of the kit: its repr, and that of what it holds."""
    for each in gc.get_objects():
        kind = type(each)
        if not str(kind.__module__).startswith("wych_kit") or str(kind.__module__).startswith(
            "wych_kit.mock"
        ):
            continue
        yield Leftover(f"repr of {kind.__name__}", f"{each!r} {each}")
        yield Leftover(f"vars of {kind.__name__}", pprint.pformat(getattr(each, "__dict__", {})))
        slots = [
            getattr(each, name, None)
            for base in kind.__mro__
            for name in getattr(base, "__slots__", ())
        ]
        yield Leftover(f"slots of {kind.__name__}", repr(slots))


class LeakCollector:
    """A project, a mock that issues odd secrets, and every text that commands leave behind."""

    def __init__(self, folder, patch, wych):
        self.folder = folder
        self.home = folder / "kit"
        self.env = folder / "project" / ".env"
        self.patch = patch
        self.wych = wych
        self.leftovers = []
        self.alive = []  # what must still exist when objects are looked at
        self.tokens = {BEARER}
        self.log = LogRecorder()
        self._listen()

    def _listen(self):
        more = itertools.count()  # no two apps have the same key

        def issue():
            end = "9" * next(more)
            return IssuedSecrets(SECRETS["client secret"] + end, SECRETS["API key"] + end)

        self.patch.setattr(self.wych._store, "_issue", issue)
        draw, check = self.wych._store.ids.text, token_endpoint.check

        def drawn(length):
            text = draw(length)
            self.tokens.add(text)
            return text

        def checked(response, requested, stage="token"):
            token = check(response, requested, stage)
            self.tokens.add(token.value.reveal())
            return token

        def diagnosed(error, *settings):
            self.leftovers += tracebacks(f"{self.doing}: {type(error).__name__}", error)
            found = diagnose(error, *settings)
            self.leftovers.append(Leftover(f"{self.doing}: diagnosis", repr(found)))
            return found

        self.doing = ""
        self.patch.setattr(self.wych._store.ids, "text", drawn)
        self.patch.setattr(token_endpoint, "check", checked)
        for module in ("wych_kit.journey.session", "wych_kit.diagnosis.diagnose"):
            self.patch.setattr(f"{module}.diagnose", diagnosed)

    def settings(self, **changes):
        """Write a `.env` with the mock's addresses, the odd credentials, and these changes."""
        credentials = {
            "environment": "mock",
            **{
                name: getattr(self.wych, name)
                for name in ("issuer_url", "api_url", "portal_url", "connect_url")
            },
            **{
                name: getattr(self.wych.credentials, name)
                for name in ("client_id", "partner_id", "app_id")
            },
        } | changes
        self.env.unlink(missing_ok=True)
        save_settings(
            {
                f"WYCH_{name.upper()}": text
                for name, text in credentials.items()
                if text is not None
            },
            self.env,
        )

    def run(self, *words, keep_out=True, typed=None):
        """Run `wych-kit` and keep what it prints; return the exit status."""
        self.doing = " ".join(words)
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", newline="\n") for _ in range(2))
        with contextlib.ExitStack() as stack:
            stack.enter_context(contextlib.redirect_stdout(out))
            stack.enter_context(contextlib.redirect_stderr(err))
            if typed is not None:
                keyboard = stack.enter_context(create_pipe_input())
                stack.enter_context(create_app_session(keyboard, DummyOutput()))
                keyboard.send_text(typed)
                self.patch.setattr(start_module, "is_interactive", lambda: True)
            try:
                status = cli.main(list(words))
            except SystemExit as stop:
                status = stop.code
            finally:
                if typed is not None:
                    self.patch.setattr(start_module, "is_interactive", lambda: False)
                out.flush(), err.flush()
                if keep_out:
                    self.leftovers.append(
                        Leftover(f"{self.doing}: stdout", out.buffer.getvalue().decode())
                    )
                self.leftovers.append(
                    Leftover(f"{self.doing}: stderr", err.buffer.getvalue().decode())
                )
        return status

    def forget(self):
        """Remove the token of the step before."""
        self.run("forget", "--everything")


def use_good_credentials(collector):
    """Write a `.env` with the odd credentials, which work, and remove the token of the step before."""
    collector.forget()
    collector.settings(**collector.credentials)


def sign_up(collector):
    """Register with an odd password from a file; the collector gets the credentials."""
    collector.settings(client_id=None, partner_id=None, app_id=None)
    answers = collector.folder / "answers.toml"
    password = json.dumps(SECRETS["password"], ensure_ascii=False)
    answers.write_text(f"password = {password}\n", "utf-8")
    assert collector.run("start", "--answers", str(answers)) == 0
    loaded = load_settings()
    assert loaded.client_secret == Secret(SECRETS["client secret"])
    assert loaded.api_key == Secret(SECRETS["API key"])
    names = ("client_id", "partner_id", "app_id", "client_secret", "api_key")
    collector.credentials = {name: getattr(loaded, name) for name in names}
    return answers


def keep_history(collector):
    """Collect what the journal file holds now, in every form."""
    exchanges = History(collector.home).path
    if exchanges.exists():
        collector.leftovers.append(
            Leftover(f"{collector.doing}: journal file", exchanges.read_text("utf-8"))
        )
    for form in ("list", "curl", "python", "jsonl", "har"):
        collector.run("journal", "--as", form)
    for number in ("1", "2"):
        collector.run("journal", number)


def fail_once(collector):
    """Cause one refusal, so that there are errors to search, and end with a token that works."""
    collector.settings(**collector.credentials | {"client_secret": SECRETS["wrong secret"]})
    collector.run("forget")
    assert collector.run("call", "GET", "users") == 1
    use_good_credentials(collector)
    assert collector.run("call", "GET", "users") == 0
