"""The form of one step: its fields and buttons, its progress and its outcome.

It draws the model and decides nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import ipywidgets as w

from wych_kit.journey.onboarding import ALL_STEPS, STEPS, step_position
from wych_kit.journey.step import Done, Failed
from wych_kit.notebook.views import html
from wych_kit.notebook.widgets.field_input import FieldInput

if TYPE_CHECKING:
    from wych_kit.journey.session import Session
    from wych_kit.journey.step import Step
    from wych_kit.notebook.session_model import SessionModel
    from wych_kit.notebook.views.html import Html
    from wych_kit.notebook.widgets.factory import WidgetFactory

State = Literal["later", "ask", "busy", "done"]

EXAMPLES = "Leave a field empty to use the example shown in grey."


class StepForm(w.VBox):
    """The form of a step. `earlier` are the steps above it on the same page."""

    def __init__(
        self,
        step: Step[Session],
        model: SessionModel,
        factory: WidgetFactory,
        earlier: tuple[Step[Session], ...] = (),
    ) -> None:
        self.step = step
        self.model = model
        self._factory = factory
        self._earlier = earlier
        self.number, self.total = step_position(step)
        self.heading = factory.make(w.HTML)
        self.inputs: tuple[FieldInput, ...] = ()
        self._was_submitted_by_enter = False
        super().__init__([self.heading], **factory.get_look("wych-step"))
        self.refresh()

    def _build(self) -> None:
        # Only when it is the step's turn: the first form should not wait for the last to be made.
        make = self._factory.make
        self.form = make(w.VBox, css_class="wych-fields")
        self.hint = make(w.HTML, html.render_paragraph(EXAMPLES, "wych-help"))
        self.button = make(w.Button, css_class="wych-go", button_style="primary")
        self.stop = make(w.Button, description="Stop", tooltip="Send nothing more")
        self.again = make(w.Button, tooltip="Run this step again")
        self.other = make(w.Button, tooltip="Do this step another way")
        self.outcome = make(w.HTML)
        self.clock = make(w.HTML)
        self.button.on_click(lambda _: self.submit())
        self.stop.on_click(lambda _: self.model.stop())
        self.again.on_click(lambda _: self._run_again())
        self.other.on_click(lambda _: self._switch_mode())
        self.buttons = make(w.HBox, [self.button, self.stop, self.other], css_class="wych-buttons")
        self.last = make(w.HBox, [self.again], css_class="wych-buttons")
        self.children = (
            self.heading,
            self.form,
            self.hint,
            self.buttons,
            self.outcome,
            self.clock,
            self.last,
        )

    @property
    def _is_built(self) -> bool:
        return len(self.children) > 1

    @property
    def state(self) -> State:
        """The step's state: not its turn yet, a form to fill in, under way, or done."""
        if self.model.current_run is not None and self.model.current_run.step is self.step:
            return "busy"
        if self.model.get_done(self.step):
            return "done"
        if not self.model.is_sending_allowed:
            return "later"
        return "ask" if all(map(self.model.get_done, self._earlier)) else "later"

    def submit(self) -> bool:
        """Start the step, as the button does. Return True if it was started."""
        return self.state == "ask" and self.model.start(self.step) is not None

    def _submit_by_enter(self) -> None:
        # Set before the start, which draws: a wrong field then gets the focus, for whoever types
        # on. After a click it would take the focus from the button.
        self._was_submitted_by_enter = True
        if not self.submit():
            self._was_submitted_by_enter = False

    def _run_again(self) -> None:
        if self.step.reset:
            self.step.reset(self.model.session)
            self.model.observers.notify()
        else:
            self.model.start(self.step)

    def _switch_mode(self) -> None:
        if self.state == "ask":
            self.model.switch_mode(self.step)

    def refresh(self) -> None:
        """Draw the present state of the model."""
        state = self.state
        self.heading.value = self.render_heading()
        (self.add_class if state == "later" else self.remove_class)("wych-not-yet")
        if not self._is_built:
            if state == "later":
                return
            self._build()
        self._refresh_inputs()
        self._refresh_buttons(state)
        self.outcome.value = self._render_outcome(state)
        self.tick()
        self._focus_first_fault()

    def _refresh_inputs(self) -> None:
        fields = self.model.get_fields(self.step)
        # New inputs only for new questions: a replaced input loses the focus and the cursor.
        if fields != tuple(field_input.field for field_input in self.inputs):
            self.inputs = tuple(
                FieldInput(field, self.model, self._factory, self._submit_by_enter)
                for field in fields
            )
            self.form.children = self.inputs
        for field_input in self.inputs:
            field_input.refresh()
            field_input.lock(locked=self.model.current_run is not None)

    def _refresh_buttons(self, state: State) -> None:
        wording = self.step.wording(self.model.session)
        self.button.description = wording.button
        self.again.description = wording.again
        self.other.description = wording.other
        # One run at a time, so the buttons of all forms rest while any step is under way.
        for button in (self.button, self.again, self.other):
            button.disabled = self.model.current_run is not None
        is_open = state in ("ask", "busy")
        has_example = any(field_input.field.suggestion for field_input in self.inputs)
        show = self._factory.show
        show(self.form, shown=is_open and bool(self.inputs))
        show(self.hint, shown=state == "ask" and has_example)
        show(self.buttons, shown=is_open)
        show(self.stop, shown=state == "busy")
        show(self.other, shown=state == "ask" and bool(wording.other))
        show(self.last, shown=state == "done")

    def _focus_first_fault(self) -> None:
        if not self._was_submitted_by_enter or self.model.current_run is not None:
            return
        self._was_submitted_by_enter = False
        for field_input in self.inputs:
            if field_input.field.name in self.model.drafts.faults:
                field_input.input.focus()
                return

    def tick(self) -> None:
        """Draw the time that the token has left, in the token's own form."""
        if not self._is_built:
            return
        token = self.model.session.token
        if self.step.name == "token" and self.state == "done" and token is not None:
            self.clock.value = html.render_countdown(token.seconds_left, token.lifetime)
        else:
            self.clock.value = ""

    def render_heading(self) -> Html:
        """Return the heading as HTML."""
        wording = self.step.wording(self.model.session)
        return html.render_heading(
            self.number, self.total, title=wording.title, why=wording.why, link=wording.link
        )

    def _render_outcome(self, state: State) -> Html:
        model, name = self.model, self.step.name
        if state == "busy" and model.current_run is not None:
            return html.render_progress(self.step.title, model.current_run.stages)
        if state == "later":
            return html.Html()
        notes = html.render_paragraph(model.notes.get(name, ""), "wych-note", alert=True)
        if bug := model.bugs.get(name):
            message = (
                f"✗ The step did not finish. This is a bug in Wych Kit ({bug}), not your mistake."
                " To report it, run kit.bundle()."
            )
            notes += html.render_paragraph(message, "wych-failed", alert=True)
        outcome = model.outcomes.get(name)
        if state == "done" and isinstance(outcome, Done):
            return html.render_done(outcome, describe_next_step(self.step)) + notes
        if isinstance(outcome, Failed):
            return notes + html.render_failure(outcome, model.get_fields(self.step))
        return notes


def describe_next_step(step: Step[Session]) -> str:
    """Return a sentence on what comes after this step."""
    if step is STEPS[-1]:
        return (
            "You have registered, got a token and made a call. In your own code, WychAuth adds the"
            " API key and the token to every call."
        )
    if step is ALL_STEPS[-1]:
        return "This was the last step. In your own code, WychClient makes the same calls."
    number, _ = step_position(step)
    return f"Next: {ALL_STEPS[number].title}."
