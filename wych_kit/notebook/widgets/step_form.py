"""One step's form: what it asks, the buttons, what is on the way, what came of it. Draws the desk and decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import ipywidgets as w

from wych_kit.journey.onboarding import ALL_STEPS, STEPS, step_position
from wych_kit.journey.step import Done, Failed
from wych_kit.notebook.views import html
from wych_kit.notebook.widgets.field_input import Entry

if TYPE_CHECKING:
    from wych_kit.journey.session import Session
    from wych_kit.journey.step import Step
    from wych_kit.notebook.session_model import Desk
    from wych_kit.notebook.widgets.factory import Parts

State = Literal["later", "ask", "busy", "done"]

EXAMPLES = "Grey text is an example: a field left empty takes it."


class Panel(w.VBox):
    """A step's form. `before` are the steps on the same page that come first."""

    def __init__(
        self, step: Step[Session], desk: Desk, parts: Parts, before: tuple[Step[Session], ...] = ()
    ) -> None:
        self.step = step
        self.desk = desk
        self._parts = parts
        self._before = before
        self.number, self.total = step_position(step)
        self.heading = parts.make(w.HTML)
        self.entries: tuple[Entry, ...] = ()
        self._entered = False
        super().__init__([self.heading], **parts.look("wych-step"))
        self.refresh()

    def _build(self) -> None:
        """The rest of the form, when it is its turn: nobody waits for what is not to be seen yet."""
        make = self._parts.make
        self.form = make(w.VBox, look="wych-fields")
        self.hint = make(w.HTML, html.paragraph(EXAMPLES, "wych-help"))
        self.button = make(w.Button, look="wych-go", button_style="primary")
        self.stop = make(w.Button, description="Stop", tooltip="Let nothing more be sent")
        self.again = make(w.Button, tooltip="Do this step once more")
        self.other = make(w.Button, tooltip="Do this step another way")
        self.outcome = make(w.HTML)
        self.clock = make(w.HTML)
        self.button.on_click(lambda _: self.submit())
        self.stop.on_click(lambda _: self.desk.stop())
        self.again.on_click(lambda _: self._again())
        self.other.on_click(lambda _: self._turn())
        self.buttons = make(w.HBox, [self.button, self.stop, self.other], look="wych-buttons")
        self.last = make(w.HBox, [self.again], look="wych-buttons")
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
    def state(self) -> State:
        """What there is to see: not yet its turn, a form, something on the way, or what came of it."""
        if self.desk.under_way is not None and self.desk.under_way.step is self.step:
            return "busy"
        if self.desk.done(self.step):
            return "done"
        return (
            "later"
            if not self.desk.open or any(not self.desk.done(step) for step in self._before)
            else "ask"
        )

    def submit(self) -> bool:
        """What the button does; whether the step was started."""
        return self.state == "ask" and self.desk.start(self.step) is not None

    def _enter(self) -> None:
        """What Enter in a field does: as the button, and whoever has to correct something goes on typing where that is."""
        self._entered = True
        if not self.submit():
            self._entered = False

    def refresh(self) -> None:
        """Draw what the desk holds now."""
        state = self.state
        words = self.step.wording(self.desk.session)
        self.heading.value = html.heading(
            self.number, self.total, words.title, words.why, words.link
        )
        (self.remove_class if state != "later" else self.add_class)("wych-not-yet")
        if not self._built:
            if state == "later":
                return
            self._build()
        self._set_fields()
        self.button.description, self.again.description, self.other.description = (
            words.button,
            words.again,
            words.other,
        )
        for entry in self.entries:
            entry.refresh()
            entry.lock(locked=self.desk.under_way is not None)
        asks = state in ("ask", "busy") and bool(self.entries)
        show = self._parts.show
        show(self.form, shown=asks)
        show(
            self.hint,
            shown=asks and state == "ask" and any(entry.field.suggestion for entry in self.entries),
        )
        show(self.buttons, shown=state in ("ask", "busy"))
        show(self.stop, shown=state == "busy")
        show(self.other, shown=state == "ask" and bool(words.other))
        show(self.last, shown=state == "done")
        self.button.disabled = self.desk.under_way is not None
        self.again.disabled = self.other.disabled = self.desk.under_way is not None
        self.outcome.value = self._outcome(state)
        self.tick()
        if self._entered and self.desk.under_way is None:
            self._entered = False
            for entry in [entry for entry in self.entries if entry.field.name in self.desk.faults][
                :1
            ]:
                entry.input.focus()

    @property
    def _built(self) -> bool:
        return len(self.children) > 1

    def tick(self) -> None:
        """Draw the time that the token has left."""
        if not self._built:
            return
        token = self.desk.session.token
        shown = self.step.name == "token" and self.state == "done" and token is not None
        self.clock.value = (
            html.countdown(token.seconds_left, token.lifetime) if shown and token else ""
        )

    def _set_fields(self) -> None:
        asked = self.desk.fields(self.step)
        if asked != tuple(entry.field for entry in self.entries):
            self.entries = tuple(
                Entry(field, self.desk, self._parts, self._enter) for field in asked
            )
            self.form.children = self.entries

    def _again(self) -> None:
        if self.step.reset:
            self.step.reset(self.desk.session)
            self.desk.tell()
        else:
            self.desk.start(self.step)

    def _turn(self) -> None:
        if self.state == "ask":
            self.desk.turn(self.step)

    def _outcome(self, state: State) -> str:
        desk, found = self.desk, self.desk.outcomes.get(self.step.name)
        if state == "busy" and desk.under_way is not None:
            return html.progress(self.step.title, desk.under_way.stages)
        if state == "later":
            return ""
        said = html.paragraph(desk.notes.get(self.step.name, ""), "wych-note", alert=True)
        if bug := desk.bugs.get(self.step.name):
            words = (
                f"✗ A mistake in Wych Kit itself, not yours and not Wych's: {bug}. The step did not"
                " finish."
            )
            said += html.paragraph(words, "wych-failed", alert=True)
        if state == "done" and isinstance(found, Done):
            return html.done(found, next_after(self.step)) + said
        return said + (
            html.failed(found, desk.fields(self.step)) if isinstance(found, Failed) else ""
        )


def next_after(step: Step[Session]) -> str:
    """What comes after a step, in words."""
    if step is STEPS[-1]:
        return (
            "That was the journey: account, app, token, call. The same calls work in your own code"
            " with WychAuth."
        )
    number, _ = step_position(step)
    if number == len(ALL_STEPS):
        return "That was the whole road. In your own code WychClient makes the same calls."
    return f"Next: {ALL_STEPS[number].title}."
