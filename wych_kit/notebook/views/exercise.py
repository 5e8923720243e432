"""Runs an exercise in a notebook: `kit.drill()`. Each call shows its result as text and as HTML."""

from __future__ import annotations

import atexit
from typing import TYPE_CHECKING

from wych_kit.client.journal.transcript import render_request, render_response
from wych_kit.errors import SettingInvalid
from wych_kit.notebook.views import html, text
from wych_kit.notebook.views.check import CheckView
from wych_kit.notebook.views.renderable import Message, Renderable
from wych_kit.notebook.views.usage_errors import shorten_setting_errors, without_traceback
from wych_kit.secret import Secret
from wych_kit.settings.environments import MOCK
from wych_kit.training import FOLDER, ExerciseAttempt
from wych_kit.training.scores import MAX_POINTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wych_kit.notebook.views.html import Html
    from wych_kit.training import AttemptResult

_COMMANDS = (
    ("Inspect", ".check(), .journal(), .show(), .hint()"),
    ("Edit .env", '.copy("client_secret") copies it from Wych\'s portal'),
    ("", '.write(client_secret="…") writes it; an empty value removes the line'),
    ("Edit the shell", '.unset("NAME")'),
    ("Finish", '.done(), or .answer("reference") if you cannot repair it'),
    ("Give up", ".give_up()"),
)
_EDIT_SCRIPT = ("Edit request.sh", '.replace("old", "new"), or use any editor')


class NotebookExercise(Renderable):
    """One exercise, in a folder and with a mock of its own. `drill` is the attempt itself."""

    def __init__(
        self, reference: str | None, *, mystery: bool = False, seed: int | None = None
    ) -> None:
        """Begin the exercise. Raises `SettingInvalid`, as `ExerciseAttempt.begin` does."""
        self.drill = ExerciseAttempt.begin(reference, FOLDER, mystery=mystery, seed=seed)
        # A kernel that ends must not leave the folder with its false `.env` behind.
        atexit.register(self.close)

    def render_text(self) -> Iterator[str]:
        """Yield the situation, where its files are, and what you can do."""
        yield text.render_banner(MOCK)
        yield self.drill.situation
        yield self.drill.where
        for label, command in self._list_commands():
            yield f"{label}: {command}" if label else f"  {command}"

    def render_html(self) -> Iterator[Html]:
        """Yield the same, with a table of what you can do."""
        yield html.render_banner(MOCK)
        yield html.render_paragraph(self.drill.situation)
        yield html.render_paragraph(self.drill.where)
        yield html.render_table((label, command, "") for label, command in self._list_commands())

    def _list_commands(self) -> list[tuple[str, str]]:
        commands = list(_COMMANDS)
        if self.drill.is_hand_written:
            # The defect is in the request, so editing settings would only mislead.
            commands[1:4] = [_EDIT_SCRIPT]
        return commands

    def check(self) -> CheckView:
        """Run the connectivity check with the exercise's settings."""
        # Not `run_check`: that would read the project's own `.env`, and fill its journal.
        return CheckView(self.drill.setup.settings().environment, self.drill.check())

    def hint(self) -> Message:
        """Show the next of three hints. Each costs a point."""
        return Message(self.drill.hint())

    def show(self) -> Message:
        """Show the request in `request.sh` without tokens, or else the exercise's shell variables."""
        variables = (f"{name}={value}" for name, value in self.drill.variables())
        return Message(
            self.drill.request_text()
            or "\n".join(variables)
            or "There is no request.sh, and the shell sets no variable that concerns Wych."
        )

    def journal(self, number: int = 1) -> Message:
        """Show one exchange with Wych, counted from the newest. Raises `IndexError` for another."""
        exchanges = self.drill.exchanges()
        if not 1 <= number <= len(exchanges):
            numbers = f"Use a number from 1 (the newest) to {len(exchanges)}"
            advice = numbers if exchanges else "Nothing was sent yet"
            raise without_traceback(IndexError(f"There is no exchange {number}. {advice}"))
        exchange = exchanges[-number]
        # Without times, as everywhere in a notebook: two runs must show the same.
        return Message(*render_request(exchange), *render_response(exchange, timed=False))

    def write(self, **values: str | Secret) -> Message:
        """Write settings into the exercise's `.env`. An empty value removes the line.

        Raises `SettingInvalid` for an unknown name.
        """
        secrets = {name: Secret(value) for name, value in values.items()}
        values.clear()  # a traceback shows the arguments
        try:
            return Message(self.drill.write(**secrets))
        except SettingInvalid as error:
            raise without_traceback(error)  # noqa: B904 - the same exception, not a new one

    @shorten_setting_errors
    def copy(self, name: str) -> Message:
        """Copy a setting's value from where Wych shows it. Raises `SettingInvalid` for others."""
        return Message(self.drill.copy(name))

    def unset(self, name: str) -> Message:
        """Remove a variable from the exercise's shell."""
        return Message(self.drill.export(name, None))

    def replace(self, old: str, new: str) -> Message:
        """Replace a text in `request.sh`, or in `.env` if there is no such file."""
        return Message(self.drill.replace(old, new))

    @shorten_setting_errors
    def answer(self, reference: str) -> Message:
        """Name the cause. Raises `SettingInvalid` for a word that is not a reference."""
        return self._describe(self.drill.answer(reference))

    def done(self) -> Message:
        """Make the call and show whether the exercise is solved."""
        return self._describe(self.drill.verify())

    def give_up(self) -> Message:
        """Show the solution, for no points."""
        return Message(self.drill.give_up())

    def close(self) -> None:
        """Stop the mock and remove the folder."""
        atexit.unregister(self.close)
        self.drill.close()

    def _describe(self, attempt: AttemptResult) -> Message:
        result = self.drill.result
        if attempt.solved and result:
            return Message(
                f"✓ Solved. {attempt.seen}",
                f"{attempt.next} {result.points} of {MAX_POINTS} points.",
                css_class="wych-done",
            )
        return Message(f"✗ Not yet. {attempt.seen}", attempt.next, css_class="wych-failed")
