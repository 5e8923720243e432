"""The prompt of an exercise: the kit's own commands in its folder and shell, a few to change things, and those that judge."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import subprocess
import sys
from getpass import getpass
from typing import TYPE_CHECKING, Any

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import NestedCompleter
from prompt_toolkit.history import InMemoryHistory

from wych_kit.diagnosis.scenarios import SCENARIOS
from wych_kit.errors import SettingInvalid, WychError
from wych_kit.secret import Secret
from wych_kit.terminal.context import is_interactive
from wych_kit.training.exercise_folder import kit_home

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wych_kit.terminal.screen import Screen
    from wych_kit.training import AttemptResult, ExerciseAttempt

    Run = Callable[[Sequence[str]], int]

# The commands of the kit that one may need here.
KIT = ("check", "lint", "env", "call", "journal", "token", "explain")
_HELP = (
    ("look", "check  lint  env  call GET users  journal 1  token  explain"),
    ("request.sh", "show  lint request.sh  replace 'OLD' 'NEW'"),
    (".env", "edit NAME=value  edit NAME (hidden)  copy NAME (from Wych)"),
    ("shell", "export  export NAME=value  unset NAME"),
    ("editor", "edit, or any other: {path}"),
    ("when sure", "done, or answer REFERENCE where no line here repairs it"),
    ("when not", "hint (costs a point)  give up  quit"),
)
_ASKS = "drill> "
_UNKNOWN = "{word} is nothing to do here; help shows what is."
_LEFT = "Left unsolved; nothing of it stays."
_AFTER_GIVING_UP = "To do it yourself: wych-kit drill {reference}"


class Prompt:
    """Takes what a person types until the exercise is solved or left. `console`: prompt_toolkit's `input` and `output`, for tests."""

    def __init__(self, drill: ExerciseAttempt, screen: Screen, run: Run, **console: Any) -> None:
        self._drill = drill
        self._screen = screen
        self._run = run
        self._read = _keyboard(**console) if console or is_interactive() else _lines(screen)
        self._commands: dict[str, Callable[[str], object]] = {
            "help": self._help,
            "hint": lambda _: screen.say(drill.hint()),
            "show": lambda _: self._show(),
            "edit": self._edit,
            "copy": lambda rest: screen.say(drill.copy(rest)),
            "export": self._export,
            "unset": lambda rest: screen.say(drill.export(rest, None)),
            "replace": self._replace,
            "answer": lambda rest: self._tell(drill.answer(rest)),
            "done": lambda _: self._tell(drill.verify()),
        }

    def serve(self) -> bool:
        """Whether it was solved. `KeyboardInterrupt` passes."""
        while not self._drill.is_over:
            try:
                line = self._read().strip()
            except EOFError:
                line = "quit"
            word, _, rest = line.removeprefix("wych-kit ").strip().partition(" ")
            if word in ("quit", "exit"):
                self._screen.say(_LEFT)
                return False
            if line.lower() in ("give up", "giveup"):
                self._screen.say(self._drill.give_up())
                self._screen.say(_AFTER_GIVING_UP.format(reference=self._drill.reference))
                return False
            if word:
                self._do(word, rest.strip())
        return True

    def _do(self, word: str, rest: str) -> None:
        try:
            if word in KIT:
                self._in_its_place([word, *(shlex.split(rest) or self._meant(word))])
            elif word in self._commands:
                self._commands[word](rest)
            else:
                self._screen.say(_UNKNOWN.format(word=word), "yellow")
        except WychError as error:
            self._screen.say(f"{error.observed.rstrip('.?')}.", "yellow")
        except ValueError as error:  # quotes that do not close
            self._screen.say(f"This cannot be read: {error}.", "yellow")

    def _meant(self, word: str) -> list[str]:
        """The command's arguments when none are typed."""
        return [".env", "request.sh"] if word == "lint" and self._drill.is_hand_written else []

    def _in_its_place(self, words: list[str]) -> None:
        """Run a command of the kit as if it were typed in the exercise's folder, in its shell."""
        setup = self._drill.setup
        own = kit_home(setup.folder)
        elsewhere = (
            setup.settings().home != own
        )  # its .env says so no more: its journal stays in its folder all the same
        with (
            contextlib.chdir(setup.folder),
            setup.shell_applied(),
            contextlib.suppress(SystemExit),
        ):
            if elsewhere:
                os.environ["WYCH_HOME"] = str(own)
            try:
                self._run([*words, *(["--plain"] if self._screen.plain else [])])
            finally:
                if elsewhere:
                    os.environ.pop("WYCH_HOME", None)

    def _help(self, _rest: str) -> None:
        self._screen.show_table(
            (),
            [
                (label, words.format(path=self._path()))
                for label, words in _HELP
                if self._fits(label)
            ],
        )

    def _fits(self, label: str) -> bool:
        return label != "request.sh" or self._drill.is_hand_written

    def _path(self) -> str:
        return str(
            self._drill.setup.request if self._drill.is_hand_written else self._drill.setup.env
        )

    def _show(self) -> None:
        text = self._drill.request_text()
        self._screen.say(
            text
            or f"There is no request.sh here; env shows what .env says. The file: {self._path()}"
        )

    def _edit(self, rest: str) -> None:
        name, equals, value = rest.partition("=")
        if not name:
            self._open()
        elif equals:
            self._screen.say(self._drill.edit(name.strip(), Secret(value.strip())))
        elif is_interactive():
            self._screen.say(self._drill.edit(name, Secret(getpass(f"  {name}: "))))
        else:
            raise SettingInvalid("edit", f"needs a value: edit {name}=value")

    def _open(self) -> None:
        """The file in the person's own editor."""
        editor = (
            os.environ.get("VISUAL")
            or os.environ.get("EDITOR")
            or shutil.which("nano")
            or shutil.which("vi")
        )
        if not editor or not is_interactive():
            self._screen.say(f"No editor is set here. The file: {self._path()}")
            return
        with contextlib.suppress(OSError):
            subprocess.run([*shlex.split(editor), self._path()], check=False)  # noqa: S603 - the person's own editor

    def _export(self, rest: str) -> None:
        name, equals, value = rest.partition("=")
        if equals:
            self._screen.say(self._drill.export(name.strip(), value.strip()))
            return
        rows = self._drill.variables()
        self._screen.show_table((), rows)
        if not rows:
            self._screen.say("No variable of this shell is about Wych.")

    def _replace(self, rest: str) -> None:
        words = shlex.split(rest)
        if len(words) != 2:  # noqa: PLR2004 - one, and the other
            raise SettingInvalid("replace", "takes two: replace 'OLD' 'NEW'")
        self._screen.say(self._drill.replace(*words))

    def _tell(self, verdict: AttemptResult) -> None:
        sign = "" if self._screen.plain else "✓ " if verdict.solved else "✗ "
        words = f"Solved. {verdict.seen}" if verdict.solved else f"Not yet. {verdict.seen}"
        self._screen.say(f"{sign}{words}", "green" if verdict.solved else "yellow")
        if verdict.next:
            self._screen.say(verdict.next)


class Earlier(InMemoryHistory):
    """The lines that the arrow keys bring back: those without a value in them."""

    def append_string(self, string: str) -> None:
        """Keep this one, unless it sets something."""
        if "=" not in string:
            super().append_string(string)


def _keyboard(**console: Any) -> Callable[[], str]:
    """A line typed by a person; Tab completes it."""
    named = dict.fromkeys(SCENARIOS)
    words: dict[str, Any] = dict.fromkeys(
        (*KIT, "help", "hint", "show", "edit", "copy", "done", "give up", "quit")
    )
    words |= {
        "explain": named,
        "answer": named,
        "lint": {"request.sh": None},
        "call": {"GET": {"users": None}},
    }
    session: PromptSession[str] = PromptSession(
        history=Earlier(),
        completer=NestedCompleter.from_nested_dict(words),
        complete_while_typing=False,
        **console,
    )
    return lambda: session.prompt(_ASKS)


def _lines(screen: Screen) -> Callable[[], str]:
    """A line of standard input, said again so that the output reads like a session."""

    def read() -> str:
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        screen.say(f"{_ASKS}{line.rstrip()}")
        return line

    return read
