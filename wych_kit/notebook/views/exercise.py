"""`kit.drill()`: an exercise in a notebook. Each call shows what came of it, as text and as HTML; no times: two runs read the same."""

from __future__ import annotations

import atexit
from typing import TYPE_CHECKING, Any

from wych_kit.client.journal.transcript import (
    escape_control_characters,
    render_request,
    render_response,
)
from wych_kit.errors import SettingInvalid
from wych_kit.notebook.views import html as markup
from wych_kit.notebook.views import text as plain
from wych_kit.notebook.views.check import Check
from wych_kit.notebook.views.usage_errors import slip, without_traceback
from wych_kit.secret import Secret
from wych_kit.settings.environments import MOCK
from wych_kit.training import FOLDER, ExerciseAttempt
from wych_kit.training.scores import MAX_POINTS

if TYPE_CHECKING:
    from wych_kit.training import AttemptResult

_ROWS = (
    ("Look", ".check(), .journal(), .show(), .hint()"),
    (
        ".env",
        '.copy("client_secret") from Wych\'s portal; .write(client_secret="…"), empty takes it out',
    ),
    ("Shell", '.unset("NAME")'),
    ("When sure", '.done(), or .answer("reference") where no line here repairs it'),
    ("When not", ".give_up()"),
)
_BY_HAND = ("request.sh", '.replace("old", "new"), or any editor')


class Told:
    """A few lines that were said. No widget: it looks the same everywhere."""

    def __init__(self, *lines: str, kind: str = "") -> None:
        self._lines = [line for text in lines for line in text.splitlines()]
        self._kind = kind

    def __repr__(self) -> str:
        return "\n".join(map(escape_control_characters, self._lines))

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        html = "".join(map(markup.paragraph, self._lines))
        return {
            "text/plain": repr(self),
            "text/html": f'<div class="{self._kind}">{html}</div>' if self._kind else html,
        }


class Practice:
    """One exercise, in a folder of its own with a mock of its own. `drill` is the exercise itself; `close()` ends it."""

    def __init__(
        self, reference: str | None, *, mystery: bool = False, seed: int | None = None
    ) -> None:
        """Raises `SettingInvalid` for a reference that is no exercise, and for a folder that is something else's."""
        self.drill = ExerciseAttempt.begin(reference, FOLDER, mystery=mystery, seed=seed)
        atexit.register(self.close)

    def __repr__(self) -> str:
        rows = (f"{label}: {words}" for label, words in self._rows())
        return "\n".join((plain.banner(MOCK), *self._words(), *rows))

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        words = "".join(map(markup.paragraph, self._words()))
        rows = markup.table((label, can, "") for label, can in self._rows())
        return {"text/plain": repr(self), "text/html": f"{markup.banner(MOCK)}{words}{rows}"}

    def check(self) -> Check:
        """Climb every rung with the exercise's settings."""
        return Check(self.drill.setup.settings().environment, self.drill.check())

    def hint(self) -> Told:
        """The next of three hints; each costs a point."""
        return Told(self.drill.hint())

    def show(self) -> Told:
        """The request in `request.sh`, tokens left out; where there is none, what the exercise's shell sets."""
        rows = (f"{name}={value}" for name, value in self.drill.variables())
        return Told(
            self.drill.request_text()
            or "\n".join(rows)
            or "There is no request.sh, and no variable of the shell is about Wych."
        )

    def journal(self, number: int = 1) -> Told:
        """One exchange with Wych as it was sent and answered, counted from the newest. Raises `IndexError` when there are not so many."""
        found = self.drill.exchanges()
        if not 1 <= number <= len(found):
            raise slip(IndexError(f"there are {len(found)} exchanges, numbered from 1, the newest"))
        return Told(*render_request(found[-number]), *render_response(found[-number], timed=False))

    def write(self, **values: str | Secret) -> Told:
        """Write settings into the exercise's `.env`; an empty value takes a line out. Raises `SettingInvalid` for a name that is none."""
        kept = {name: Secret(value) for name, value in values.items()}
        values.clear()  # a traceback shows them
        try:
            return Told(self.drill.write(**kept))
        except SettingInvalid as error:
            raise slip(error)  # noqa: B904 - it is the same one

    @without_traceback
    def copy(self, name: str) -> Told:
        """Take a setting's value from where Wych shows it. Raises `SettingInvalid` for one that Wych does not show."""
        return Told(self.drill.copy(name))

    def unset(self, name: str) -> Told:
        """Take a variable out of the exercise's shell."""
        return Told(self.drill.export(name, None))

    def replace(self, old: str, new: str) -> Told:
        """Put other words in the place of these, in `request.sh` or else in `.env`."""
        return Told(self.drill.replace(old, new))

    @without_traceback
    def answer(self, reference: str) -> Told:
        """Name what is broken. Raises `SettingInvalid` for a word that is no reference."""
        return self._told(self.drill.answer(reference))

    def done(self) -> Told:
        """Make the call, and say whether it is solved."""
        return self._told(self.drill.verify())

    def give_up(self) -> Told:
        """The answer, for no points."""
        return Told(self.drill.give_up())

    def close(self) -> None:
        """Stop its mock and take its folder away."""
        atexit.unregister(self.close)
        self.drill.close()

    def _words(self) -> tuple[str, str]:
        return self.drill.situation, self.drill.where

    def _rows(self) -> list[tuple[str, str]]:
        rows = list(_ROWS)
        if self.drill.is_hand_written:
            rows[1:3] = [_BY_HAND]
        return rows

    def _told(self, verdict: AttemptResult) -> Told:
        result = self.drill.result
        if verdict.solved and result:
            return Told(
                f"✓ Solved. {verdict.seen}",
                f"{verdict.next} {result.points} of {MAX_POINTS} points.",
                kind="wych-done",
            )
        return Told(f"✗ Not yet. {verdict.seen}", verdict.next, kind="wych-failed")
