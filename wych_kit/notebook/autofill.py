"""Fills the real widgets and presses the real buttons, for tests and demonstrations."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from wych_kit.journey.answers_file import read_answers
from wych_kit.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wych_kit.journey.step import Answer, Done, Failed
    from wych_kit.notebook.widgets.page import Page
    from wych_kit.notebook.widgets.step_form import StepForm


class Stuck(RuntimeError):
    """A button did nothing, or a step did not end in time."""


def drive(
    page: Page,
    answers: Path | str | Mapping[str, Answer] | None = None,
    *,
    pace: float = 0,
    patience: float = 60,
) -> dict[str, Done | Failed]:
    """Fill in the forms of a page and press their buttons until one fails; return the outcomes.

    `answers` are texts by field name, or the path of an answers file
    as `wych-kit start --answers` takes it. A field without one is left
    empty. `pace` is the seconds to wait before each field and button,
    for people who watch. Raises `SettingInvalid` for an invalid file,
    and `Stuck` when a button has no outcome within `patience` seconds.
    """
    if isinstance(answers, Path | str):
        answers = read_answers(Path(answers))
    answers = dict(answers or {})
    outcomes: dict[str, Done | Failed] = {}
    for form in page.forms:
        name = form.step.name
        if form.state != "done":
            for field_input in form.inputs:
                if field_input.field.name in answers:
                    time.sleep(pace)
                    answer = answers[field_input.field.name]
                    # Assigned as the browser does, so that the form's own code takes it from here.
                    text = answer.reveal() if isinstance(answer, Secret) else answer
                    field_input.input.value = text
            # A click within this time would be ignored as the second half of a double click.
            time.sleep(max(pace, form.model.get_restart_delay(form.step)))
            _press(form, patience)
        outcomes[name] = form.model.outcomes[name]
        if form.state != "done":
            break
    return outcomes


def _press(form: StepForm, patience: float) -> None:
    model, name = form.model, form.step.name
    outcome_before = model.outcomes.get(name)
    form.button.click()
    if not model.wait_until_idle(patience):
        raise Stuck(f"{form.step.title} has not ended after {patience:g} seconds.")
    bug = model.bugs.get(name)
    # The same object, not an equal one: a step that was run again has a new outcome.
    if bug or model.outcomes.get(name) is outcome_before:
        raise Stuck(
            f"The button {form.button.description!r} had no effect{f' ({bug})' if bug else ''}."
        )
