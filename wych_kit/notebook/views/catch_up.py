"""Shows the outcomes of the steps that `kit.catch_up` ran, a line for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wych_kit.journey.step import Done, Failed
from wych_kit.notebook.views import html, text
from wych_kit.notebook.views.check import NOT_CONFIRMED
from wych_kit.notebook.views.renderable import Renderable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wych_kit.journey.session import Session
    from wych_kit.journey.step import Field, Step
    from wych_kit.notebook.session_model import SessionModel
    from wych_kit.notebook.views.html import Html

# By the step's name: the outcome that the kit's example answers gave, and those of the answers that
# are no secret.
Examples = dict[str, "tuple[Done | Failed | None, list[str]]"]


class CatchUpView(Renderable):
    """The outcomes of some steps at this moment, and which steps the kit answered itself."""

    def __init__(
        self, model: SessionModel, steps: tuple[Step[Session], ...], examples: Examples
    ) -> None:
        self._environment = model.session.settings.environment
        self._is_sending_allowed = model.is_sending_allowed
        self._rows = [
            (step, model.outcomes.get(step.name), model.get_fields(step)) for step in steps
        ]
        # By identity, not equality: a step that a person ran again was answered by them, even if
        # both outcomes read the same.
        self._examples = {
            name: answers
            for name, (outcome, answers) in examples.items()
            if model.outcomes.get(name) is outcome
        }

    def render_text(self) -> Iterator[str]:
        """Yield a line for each step, up to the first that failed; that one is explained."""
        yield text.render_banner(self._environment)
        for step, outcome, fields in self._rows:
            if isinstance(outcome, Failed):
                yield f"✗ {step.title}"
                yield from text.render_outcome(outcome, "")
                return
            yield self._describe(step, outcome, fields)

    def render_html(self) -> Iterator[Html]:
        """Yield a paragraph for each step, up to the first that failed; that one is explained."""
        yield html.render_banner(self._environment)
        for step, outcome, fields in self._rows:
            if isinstance(outcome, Failed):
                yield html.render_failure(outcome, fields, timed=False)
                return
            yield html.render_paragraph(self._describe(step, outcome, fields))

    def _describe(
        self, step: Step[Session], outcome: Done | None, fields: tuple[Field, ...]
    ) -> str:
        if outcome is not None:
            answers = self._examples.get(step.name)
            remark = f" Answered with the examples: {', '.join(answers)}." if answers else ""
            return f"✓ {step.title}: {outcome.have}{remark}"
        if not self._is_sending_allowed:
            return f"○ {step.title}: {NOT_CONFIRMED}"
        if fields:
            return f'○ {step.title}: needs your answers. Run kit.step("{step.name}").'
        return f"○ {step.title}: runs after the steps above."
