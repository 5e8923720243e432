"""One or more steps under one banner, and what viewers without widgets see of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets as w

from wych_kit.client.journal.transcript import escape_control_characters
from wych_kit.errors import SettingInvalid
from wych_kit.notebook.views import html, text
from wych_kit.notebook.widgets.factory import Parts
from wych_kit.notebook.widgets.step_form import Panel, next_after
from wych_kit.settings.environments import ENVIRONMENTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from wych_kit.journey.session import Session
    from wych_kit.journey.step import Step
    from wych_kit.notebook.session_model import Desk
    from wych_kit.notebook.widgets.front_end_probe import Heartbeat

ONCE_MORE = (
    "This is production, the real Wych: calls count, and concern real people. Nothing was sent yet."
)


class Page(w.VBox):
    """Steps to be seen together. The last expression of a cell shows it; where widgets do not show, text and a table stand in."""

    def __init__(
        self,
        steps: tuple[Step[Session], ...],
        desk: Desk,
        heartbeat: Heartbeat,
        *,
        switch: Callable[[str], None] | None = None,
    ) -> None:
        self.desk = desk
        self._heartbeat = heartbeat
        self._parts = parts = Parts()
        self.banner = parts.make(w.HTML)
        self.environment = parts.make(
            w.Dropdown,
            options=list(ENVIRONMENTS),
            description="Environment",
            style={"description_width": "auto"},
        )
        self.road = parts.make(w.HTML)
        self.confirm = parts.make(
            w.Button, description="Yes, use production", button_style="danger"
        )
        asked = parts.make(w.HTML, html.paragraph(ONCE_MORE, "wych-failed", alert=True))
        self.question = parts.make(w.VBox, [asked, self.confirm], look="wych-question")
        self.panels = tuple(
            Panel(step, desk, parts, steps[:number]) for number, step in enumerate(steps)
        )
        self._switch = switch
        self.confirm.on_click(lambda _: desk.confirm())
        self.environment.observe(self._chosen, "value")
        self.head = parts.make(w.HBox, [self.banner, self.environment])
        self.objection = parts.make(w.HTML)
        shown = (self.head, self.objection, self.road, self.question, *self.panels)
        super().__init__(
            [parts.make(w.HTML, html.style()), heartbeat.widget, *shown],
            _dom_classes=("wych-page",),
        )
        desk.watch(self)
        self.refresh()

    def refresh(self) -> None:
        """Draw what the desk holds now."""
        environment = self.desk.session.settings.environment
        self.banner.value = html.banner(environment)
        known = (
            environment.name in ENVIRONMENTS
        )  # another name may have a space, which no class can
        self.head._dom_classes = (  # noqa: SLF001 - ipywidgets' name for CSS classes
            "wych-top",
            *([f"wych-on-{environment.name}"] if known else []),
        )
        self._parts.show(self.environment, shown=self._switch is not None)
        self.environment.value = environment.name if known else None
        self._parts.show(self.question, shown=not self.desk.open)
        for panel in self.panels:
            panel.refresh()
        self.road.value = html.steps(self._road()) if len(self.panels) > 1 else ""

    def tick(self) -> None:
        """Draw the time that the token has left."""
        for panel in self.panels:
            panel.tick()

    def _road(self) -> list[tuple[str, str]]:
        known = {"done": "done", "later": "later"}
        return [
            (panel.step.wording(self.desk.session).title, known.get(panel.state, "now"))
            for panel in self.panels
        ]

    def _chosen(self, change: dict[str, Any]) -> None:
        if self._switch is None or change["new"] in (
            None,
            self.desk.session.settings.environment.name,
        ):
            return
        self.objection.value = ""
        try:
            self._switch(change["new"])
        except SettingInvalid as error:
            self.objection.value = html.paragraph(f"✗ {error}", "wych-failed", alert=True)
            self.refresh()

    def __repr__(self) -> str:
        """Its steps by name; ipywidgets' own would spell out every widget in it, and is asked for at each display."""
        return f"Page({', '.join(panel.step.name for panel in self.panels)})"

    def _ipython_display_(self) -> None:
        from IPython.display import display

        bundle = self._bundle()
        self._heartbeat.show(
            display(self._heartbeat.fitting(bundle), raw=True, display_id=True), bundle
        )
        display({"text/plain": "", "text/html": html.gone()}, raw=True)

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        """The widget, unless none comes back from the front end; and always what stands in for it."""
        return self._heartbeat.fitting(self._bundle(**kwargs))

    def _bundle(self, **kwargs: Any) -> dict[str, Any]:
        bundle = super()._repr_mimebundle_(**kwargs) or {}
        data = dict(bundle[0] if isinstance(bundle, tuple) else bundle)
        return data | {"text/plain": self.as_text(), "text/html": self.as_html()}

    def as_text(self) -> str:
        """The page as text: what is asked and how to answer in code, or what came of it."""
        lines = [text.banner(self.desk.session.settings.environment)]
        if not self.desk.open:
            lines += [ONCE_MORE, "To go on: kit.confirm()"]
        for panel in self.panels:
            words = panel.step.wording(self.desk.session)
            lines += [
                "",
                f"Step {panel.number}: {words.title}",
                words.why,
                *([f"Open: {words.link}"] if words.link else []),
            ]
            found = self.desk.outcomes.get(panel.step.name)
            asked = self.desk.fields(panel.step)
            if panel.state == "done" and found:
                lines += text.outcome(found, next_after(panel.step))
                continue
            if panel.state == "ask":
                lines += text.outcome(found, "") if found else []
                lines += text.fields(asked)
                lines.append(f"Without a form: {text.call(panel.step.name, asked)}")
        return "\n".join(map(escape_control_characters, lines))

    def as_html(self) -> str:
        """The same as a table, with the exchanges folded."""
        parts = [html.banner(self.desk.session.settings.environment)]
        if not self.desk.open:
            parts.append(html.paragraph(f"{ONCE_MORE} To go on: kit.confirm()"))
        for panel in self.panels:
            words = panel.step.wording(self.desk.session)
            parts.append(
                html.heading(panel.number, panel.total, words.title, words.why, words.link)
            )
            found = self.desk.outcomes.get(panel.step.name)
            asked = self.desk.fields(panel.step)
            parts.append(
                html.outcome(found, asked, next_after(panel.step), timed=False) if found else ""
            )
            if panel.state == "ask":
                parts.append(html.without_a_form(text.call(panel.step.name, asked)))
                parts.append(html.fields(asked) if asked else "")
        return "".join(parts)
