"""The prompt of an exercise: reads commands, runs them in its folder. It judges nothing."""

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

# The commands of the kit that help to find a fault.
KIT_COMMANDS = ("check", "lint", "env", "call", "journal", "token", "explain")
_HELP = (
    ("find it", "check  lint  env  call GET users  journal 1  token  explain"),
    ("request.sh", "show  lint request.sh  replace 'OLD' 'NEW'"),
    (".env", "edit NAME=value  edit NAME (hidden)  copy NAME (from Wych)"),
    ("shell", "export  export NAME=value  unset NAME"),
    ("editor", "edit  or your own editor: {path}"),
    ("fixed it", "done  or answer REFERENCE, if nothing here can fix it"),
    ("stuck", "hint (costs a point)  give up  quit"),
)
_PROMPT = "drill> "


class Prompt:
    """Runs what a person types until the exercise is solved or ends.

    `run` runs one of the kit's own command lines and returns its exit status. `console` has
    prompt_toolkit's `input` and `output`, for tests.
    """

    def __init__(self, drill: ExerciseAttempt, screen: Screen, run: Run, **console: Any) -> None:
        self._drill = drill
        self._screen = screen
        self._run = run
        self._read = (
            _keyboard_reader(**console) if console or is_interactive() else _pipe_reader(screen)
        )
        self._commands: dict[str, Callable[[str], object]] = {
            "help": self._help,
            "hint": lambda _: screen.say(drill.hint()),
            "show": lambda _: self._show(),
            "edit": self._edit,
            "copy": lambda rest: screen.say(drill.copy(rest)),
            "export": self._export,
            "unset": lambda rest: screen.say(drill.export(rest, None)),
            "replace": self._replace,
            "answer": lambda rest: self._show_result(drill.answer(rest)),
            "done": lambda _: self._show_result(drill.verify()),
        }

    def serve(self) -> bool:
        """Return True if the exercise was solved. Lets `KeyboardInterrupt` through."""
        while not self._drill.is_over:
            try:
                line = self._read().strip()
            except EOFError:
                line = "quit"
            word, _, rest = line.removeprefix("wych-kit ").strip().partition(" ")
            if word in ("quit", "exit"):
                self._screen.say("You left the exercise unsolved. Its folder was removed.")
                return False
            if line.lower() in ("give up", "giveup"):
                self._screen.say(self._drill.give_up())
                again = f"wych-kit drill {self._drill.reference}"
                self._screen.say(f"To try it yourself: {again}")
                return False
            if word:
                self._do(word, rest.strip())
        return True

    def _do(self, word: str, rest: str) -> None:
        try:
            if word in KIT_COMMANDS:
                self._run_in_exercise([word, *(shlex.split(rest) or self._default_words(word))])
            elif word in self._commands:
                self._commands[word](rest)
            else:
                self._screen.say(f"Unknown command: {word}. For a list, type help.", "yellow")
        except WychError as error:
            self._screen.say(f"{error.observed.rstrip('.?')}.", "yellow")
        except ValueError as error:
            # shlex raises it, most often for a quote that does not close.
            self._screen.say(f"The line is invalid: {error}.", "yellow")

    def _default_words(self, word: str) -> list[str]:
        """Return the arguments of a command that was typed without any."""
        return [".env", "request.sh"] if word == "lint" and self._drill.is_hand_written else []

    def _run_in_exercise(self, words: list[str]) -> None:
        """Run a command of the kit as if it were typed in the exercise's folder, in its shell."""
        setup = self._drill.setup
        own = kit_home(setup.folder)
        # If the exercise's .env no longer sets WYCH_HOME, the shell does: the journal of the
        # exercise must not mix with the person's own.
        needs_home = setup.settings().home != own
        with (
            contextlib.chdir(setup.folder),
            setup.shell_applied(),
            contextlib.suppress(SystemExit),
        ):
            if needs_home:
                os.environ["WYCH_HOME"] = str(own)
            try:
                self._run([*words, *(["--plain"] if self._screen.plain else [])])
            finally:
                if needs_home:
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
            text or f"This exercise has no request.sh. For .env, type env. The file: {self._path()}"
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
        """Open the file in the person's own editor."""
        editor = (
            os.environ.get("VISUAL")
            or os.environ.get("EDITOR")
            or shutil.which("nano")
            or shutil.which("vi")
        )
        if not editor or not is_interactive():
            self._screen.say(f"No editor is set. Open this file yourself: {self._path()}")
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
            self._screen.say("No WYCH_ variable is set in this shell.")

    def _replace(self, rest: str) -> None:
        words = shlex.split(rest)
        if len(words) != 2:  # noqa: PLR2004 - the old and the new text
            raise SettingInvalid("replace", "needs two values: replace 'OLD' 'NEW'")
        self._screen.say(self._drill.replace(*words))

    def _show_result(self, result: AttemptResult) -> None:
        sign = "" if self._screen.plain else "✓ " if result.solved else "✗ "
        words = f"Solved. {result.seen}" if result.solved else f"Not yet. {result.seen}"
        self._screen.say(f"{sign}{words}", "green" if result.solved else "yellow")
        if result.next:
            self._screen.say(result.next)


class HistoryWithoutValues(InMemoryHistory):
    """A history for the arrow keys, without lines that set a value: it may be a secret."""

    def append_string(self, string: str) -> None:
        """Add a line, unless it sets something."""
        if "=" not in string:
            super().append_string(string)


def _keyboard_reader(**console: Any) -> Callable[[], str]:
    """Return a reader of lines that a person types; Tab completes them."""
    named = dict.fromkeys(SCENARIOS)
    words: dict[str, Any] = dict.fromkeys(
        (*KIT_COMMANDS, "help", "hint", "show", "edit", "copy", "done", "give up", "quit")
    )
    words |= {
        "explain": named,
        "answer": named,
        "lint": {"request.sh": None},
        "call": {"GET": {"users": None}},
    }
    session: PromptSession[str] = PromptSession(
        history=HistoryWithoutValues(),
        completer=NestedCompleter.from_nested_dict(words),
        complete_while_typing=False,
        **console,
    )
    return lambda: session.prompt(_PROMPT)


def _pipe_reader(screen: Screen) -> Callable[[], str]:
    """Return a reader of standard input; it echoes each line, so the output reads like a session."""

    def read() -> str:
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        screen.say(f"{_PROMPT}{line.rstrip()}")
        return line

    return read
