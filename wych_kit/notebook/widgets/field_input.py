"""One field of a form: a label tied to its input, and beside it the help, or what is wrong with what was written."""

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
    from wych_kit.notebook.session_model import Desk
    from wych_kit.notebook.widgets.factory import Parts


class Hidden(w.Password):
    """A password field whose value is never sent back to the browser, as ipywidgets otherwise does for other views of it."""

    value = Unicode().tag(sync=True, echo_update=False)


class Entry(w.HBox):
    """A field as it is drawn. What is written in a secret one goes to the desk and leaves the input the moment it is read."""

    def __init__(self, field: Field, desk: Desk, parts: Parts, enter: Callable[[], None]) -> None:
        kind = Hidden if field.secret else w.Text
        self.field = field
        self._desk = desk
        self.input = parts.make(
            kind,
            description=field.label,
            placeholder=field.suggestion or "\u200b",
            tooltip=field.help or field.label,
            continuous_update=False,  # so that a value arrives when the field is left
            style={"description_width": "8.5rem"},
        )
        self.beside = parts.make(w.HTML)
        self._enter = Enter(enter)
        self.input.observe(self._left, "value")
        self.input.on_msg(self._pressed)
        super().__init__([self.input, self.beside], **parts.look("wych-entry"))
        self.refresh()

    def refresh(self) -> None:
        """Show what the desk holds."""
        fault = self._desk.faults.get(self.field.name)
        self.beside.value = html.fault(self.field, fault) if fault else html.help_text(self.field)
        draft = self._desk.drafts.get(self.field.name)
        if self.field.secret:
            self.input.placeholder = (
                f"{MASK} kept, not shown" if draft else self._desk.example(self.field) or "\u200b"
            )
        elif not isinstance(draft, Secret):
            self.input.value = draft or ""

    def lock(self, *, locked: bool) -> None:
        """Take no input while something is under way."""
        self.input.disabled = locked

    def _left(self, change: dict[str, Any]) -> None:
        if self.field.secret:
            if not change["new"]:
                return
            answer = Secret(change.pop("new"))
            change.clear()
            self.input.value = ""
            self._desk.write(self.field, answer)
        elif change["new"] != self._desk.drafts.get(self.field.name, ""):
            self._desk.write(self.field, change["new"].strip())
        self._enter.value_came()

    def _pressed(self, _: w.Widget, content: dict[str, Any], __: object) -> None:
        if content.get("event") == "submit":
            self._enter.pressed()


class Enter:
    """Enter in a field. The browser tells of the key before it sends what was written, and sends nothing when nothing changed."""

    PATIENCE = 0.15

    def __init__(self, act: Callable[[], None]) -> None:
        self._act = act
        self._timer: Timer | None = None

    def pressed(self) -> None:
        """The key went down: act when the value has come, or soon, when none comes."""
        self._timer = Timer(self.PATIENCE, self.value_came)
        self._timer.daemon = True
        self._timer.start()

    def value_came(self) -> None:
        """A value came, or was waited for long enough: act if the key went down before."""
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
            self._act()
