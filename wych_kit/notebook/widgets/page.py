"""Shows one or more steps under one banner, as widgets and as text and HTML without them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets as w

from wych_kit.client.journal.transcript import escape_control_characters
from wych_kit.errors import SettingInvalid
from wych_kit.notebook.views import html, text
from wych_kit.notebook.widgets.factory import WidgetFactory
from wych_kit.notebook.widgets.step_form import StepForm, describe_next_step
from wych_kit.settings.environments import ENVIRONMENTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from wych_kit.journey.session import Session
    from wych_kit.journey.step import Step
    from wych_kit.notebook.session_model import SessionModel
    from wych_kit.notebook.widgets.front_end_probe import FrontEndProbe

CONFIRM_PRODUCTION = (
    "This is production, the real Wych. Calls count towards your usage and concern real people."
    " Nothing has been sent yet."
)


class Page(w.VBox):
    """Steps that are shown together, as the last expression of a cell."""

    def __init__(
        self,
        steps: tuple[Step[Session], ...],
        model: SessionModel,
        probe: FrontEndProbe,
        *,
        switch: Callable[[str], None] | None = None,
    ) -> None:
        """Make the page. With `switch` it has a dropdown, which calls that with an environment."""
        self.model = model
        self._probe = probe
        self._factory = factory = WidgetFactory()
        self._switch = switch

        self.banner = factory.make(w.HTML)
        self.environment = factory.make(
            w.Dropdown,
            options=list(ENVIRONMENTS),
            description="Environment",
            style={"description_width": "auto"},
        )
        self.environment.observe(self._switch_environment, "value")
        self.header = factory.make(w.HBox, [self.banner, self.environment])
        self.switch_error = factory.make(w.HTML)
        self.step_list = factory.make(w.HTML)

        warning = html.render_paragraph(CONFIRM_PRODUCTION, "wych-failed", alert=True)
        self.confirm = factory.make(w.Button, description="Use production", button_style="danger")
        self.confirm.on_click(lambda _: model.confirm())
        self.confirmation = factory.make(
            w.VBox, [factory.make(w.HTML, warning), self.confirm], css_class="wych-question"
        )
        self.forms = tuple(
            StepForm(step, model, factory, steps[:index]) for index, step in enumerate(steps)
        )
        super().__init__(
            [
                factory.make(w.HTML, html.render_style()),
                probe.widget,
                self.header,
                self.switch_error,
                self.step_list,
                self.confirmation,
                *self.forms,
            ],
            _dom_classes=("wych-page",),
        )
        model.observers.add(self)
        self.refresh()

    def refresh(self) -> None:
        """Draw the present state of the model."""
        environment = self.model.session.settings.environment
        self.banner.value = html.render_banner(environment)
        # An unknown name may contain a space, and no CSS class can.
        is_known = environment.name in ENVIRONMENTS
        self.header._dom_classes = (  # noqa: SLF001 - ipywidgets' name for CSS classes
            "wych-top",
            *([f"wych-on-{environment.name}"] if is_known else []),
        )
        self._factory.show(self.environment, shown=self._switch is not None)
        self.environment.value = environment.name if is_known else None
        self._factory.show(self.confirmation, shown=not self.model.is_sending_allowed)
        for form in self.forms:
            form.refresh()
        if len(self.forms) > 1:
            states = {"done": "done", "later": "later"}
            self.step_list.value = html.render_step_list(
                [
                    (form.step.wording(self.model.session).title, states.get(form.state, "now"))
                    for form in self.forms
                ]
            )

    def tick(self) -> None:
        """Draw the time that the token has left."""
        for form in self.forms:
            form.tick()

    def _switch_environment(self, change: dict[str, Any]) -> None:
        # `refresh` sets the dropdown too: that is no choice of a person.
        current = self.model.session.settings.environment.name
        if self._switch is None or change["new"] in (None, current):
            return
        self.switch_error.value = ""
        try:
            self._switch(change["new"])
        except SettingInvalid as error:
            self.switch_error.value = html.render_paragraph(f"✗ {error}", "wych-failed", alert=True)
            # The dropdown goes back to the environment that is still in use.
            self.refresh()

    # Without widgets ------------

    def __repr__(self) -> str:
        # ipywidgets' own would spell out every widget in it, and is called at each display.
        return f"Page({', '.join(form.step.name for form in self.forms)})"

    def _ipython_display_(self) -> None:
        from IPython.display import display

        bundle = self._bundle()
        handle = display(self._probe.select_formats(bundle), raw=True, display_id=True)
        self._probe.watch(handle, bundle)
        display({"text/plain": "", "text/html": str(html.render_kernel_gone())}, raw=True)

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        return self._probe.select_formats(self._bundle(**kwargs))

    def _bundle(self, **kwargs: Any) -> dict[str, Any]:
        """Return all formats: the widget, text and HTML."""
        bundle = super()._repr_mimebundle_(**kwargs) or {}
        formats = dict(bundle[0] if isinstance(bundle, tuple) else bundle)
        return formats | {"text/plain": self.as_text(), "text/html": self.as_html()}

    def as_text(self) -> str:
        """Return the page as text: the questions and how to answer them in code, or the outcome."""
        lines = [text.render_banner(self.model.session.settings.environment)]
        if not self.model.is_sending_allowed:
            lines += [CONFIRM_PRODUCTION, "To continue: kit.confirm()"]
        for form in self.forms:
            wording = form.step.wording(self.model.session)
            lines += ["", f"Step {form.number}: {wording.title}", wording.why]
            if wording.link:
                lines.append(f"Open: {wording.link}")
            outcome = self.model.outcomes.get(form.step.name)
            if form.state == "done" and outcome:
                lines += text.render_outcome(outcome, describe_next_step(form.step))
            elif form.state == "ask":
                fields = self.model.get_fields(form.step)
                lines += text.render_outcome(outcome, "") if outcome else []
                lines += text.render_fields(fields)
                lines.append(f"Without a form: {text.render_call(form.step.name, fields)}")
        return "\n".join(map(escape_control_characters, lines))

    def as_html(self) -> str:
        """Return the same as HTML, with the exchanges folded."""
        parts = [html.render_banner(self.model.session.settings.environment)]
        if not self.model.is_sending_allowed:
            parts.append(html.render_paragraph(f"{CONFIRM_PRODUCTION} To continue: kit.confirm()"))
        for form in self.forms:
            parts.append(form.render_heading())
            fields = self.model.get_fields(form.step)
            if outcome := self.model.outcomes.get(form.step.name):
                next_step = describe_next_step(form.step)
                parts.append(html.render_outcome(outcome, fields, next_step, timed=False))
            if form.state == "ask":
                call = text.render_call(form.step.name, fields)
                parts.append(html.render_call(call, has_fields=bool(fields)))
                if fields:
                    parts.append(html.render_fields(fields))
        return str(html.Html().join(parts))
