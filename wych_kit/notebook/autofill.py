"""Fills the real widgets and presses the real buttons: for tests, and as a teacher's demonstration."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from wych_kit.journey.answers_file import read_answers
from wych_kit.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wych_kit.journey.step import Answer, Done, Failed
    from wych_kit.notebook.widgets.field_input import Entry
    from wych_kit.notebook.widgets.page import Page
    from wych_kit.notebook.widgets.step_form import Panel


class Stuck(RuntimeError):
    """A button did nothing, or a step took longer than anybody waits."""


def drive(
    page: Page,
    answers: Path | str | Mapping[str, Answer] | None = None,
    *,
    pace: float = 0,
    patience: float = 60,
) -> dict[str, Done | Failed]:
    """Fill in the forms of a page and press their buttons, step by step, until one does not come through.

    `answers` are texts by field name, or the path of an answers file as `wych-kit start --answers` takes it; a field without one is
    left empty. `pace` is how many seconds to wait before each field and button, for people who watch. Gives the outcomes by step.
    Raises `SettingInvalid` for a file that will not do, `Stuck` when a button brings nothing within `patience` seconds.
    """
    given = read_answers(Path(answers)) if isinstance(answers, Path | str) else dict(answers or {})
    outcomes: dict[str, Done | Failed] = {}
    for panel in page.panels:
        name = panel.step.name
        if panel.state != "done":
            for entry in panel.entries:
                if entry.field.name in given:
                    time.sleep(pace)
                    _write(entry, given[entry.field.name])
            time.sleep(max(pace, panel.desk.resting(panel.step)))
            _press(panel, patience)
        outcomes[name] = panel.desk.outcomes[name]
        if panel.state != "done":
            break
    return outcomes


def _write(entry: Entry, answer: Answer) -> None:
    entry.input.value = answer.reveal() if isinstance(answer, Secret) else answer


def _press(panel: Panel, patience: float) -> None:
    before = panel.desk.outcomes.get(panel.step.name)
    panel.button.click()
    if not panel.desk.wait(patience):
        raise Stuck(f"{panel.step.title} has not ended after {patience:g} seconds")
    bug = panel.desk.bugs.get(panel.step.name, "")
    if bug or panel.desk.outcomes.get(panel.step.name) is before:
        raise Stuck(f"the button {panel.button.description!r} brought nothing{bug and f': {bug}'}")
