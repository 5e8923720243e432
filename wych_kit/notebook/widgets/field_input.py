"""One field of a form: its label and input, with the help or the fault beside it."""

from __future__ import annotations

from threading import Timer
from typing import TYPE_CHECKING, Any

import ipywidgets as w
from traitlets import Unicode

from wych_kit.notebook.views import html
from wych_kit.secret import MASK, Secret

if TYPE_CHECKING:
    from collections.abc import Callable

    from wych_kit.journey.step import Field
    from wych_kit.notebook.session_model import SessionModel
    from wych_kit.notebook.widgets.factory import WidgetFactory

# What ipywidgets itself uses where there is no placeholder: a space without width.
_NO_EXAMPLE = "\u200b"


class SecretInput(w.Password):
    """A password input whose value is never sent back to the browser.

    ipywidgets otherwise echoes each value for other views of the same input.
    """

    value = Unicode().tag(sync=True, echo_update=False)


class FieldInput(w.HBox):
    """A field as it is drawn.

    A secret moves to the model as soon as it is read, and
    leaves the widget: widget state is saved with a notebook.
    """

    def __init__(
        self,
        field: Field,
        model: SessionModel,
        factory: WidgetFactory,
        on_enter: Callable[[], object],
    ) -> None:
        self.field = field
        self._model = model
        self.input = factory.make(
            SecretInput if field.secret else w.Text,
            description=field.label,
            placeholder=field.suggestion or _NO_EXAMPLE,
            tooltip=html.capitalise(field.help) or field.label,
            # The value arrives when the field is left, not with each key.
            continuous_update=False,
            style={"description_width": "8.5rem"},
        )
        self.message = factory.make(w.HTML)
        self._enter_key = EnterKey(on_enter)
        self.input.observe(self._save, "value")
        self.input.on_msg(self._handle_message)
        super().__init__([self.input, self.message], **factory.get_look("wych-entry"))
        self.refresh()

    def refresh(self) -> None:
        """Draw the answer and the fault that the model has."""
        drafts = self._model.drafts
        fault = drafts.faults.get(self.field.name)
        self.message.value = (
            html.render_fault(self.field, fault) if fault else html.render_help(self.field)
        )
        answer = drafts.answers.get(self.field.name)
        if self.field.secret:
            example = drafts.get_example(self.field) or _NO_EXAMPLE
            self.input.placeholder = f"{MASK} kept, not shown" if answer else example
        elif not isinstance(answer, Secret):
            self.input.value = answer or ""

    def lock(self, *, locked: bool) -> None:
        """Take no input while a run is under way."""
        self.input.disabled = locked

    def _save(self, change: dict[str, Any]) -> None:
        if self.field.secret:
            if not change["new"]:
                return  # this is the value being emptied, below
            answer = Secret(change.pop("new"))
            change.clear()  # a traceback shows the arguments
            self.input.value = ""
            self._model.save_answer(self.field, answer)
        elif change["new"] != self._model.drafts.answers.get(self.field.name, ""):
            self._model.save_answer(self.field, change["new"].strip())
        self._enter_key.handle_value()

    def _handle_message(self, _: w.Widget, content: dict[str, Any], __: object) -> None:
        if content.get("event") == "submit":
            self._enter_key.press()


class EnterKey:
    """Acts once when Enter is pressed in a field, after the value has arrived.

    The browser reports the key before it sends the
    value, and sends no value if nothing changed.
    """

    MAX_WAIT = 0.15  # seconds

    def __init__(self, act: Callable[[], object]) -> None:
        self._act = act
        self._timer: Timer | None = None

    def press(self) -> None:
        """Act when the value arrives, or after `MAX_WAIT` if none does."""
        self._timer = Timer(self.MAX_WAIT, self.handle_value)
        self._timer.daemon = True
        self._timer.start()

    def handle_value(self) -> None:
        """Act if the key was pressed before. Called when a value arrives, and by the timer."""
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
            self._act()
