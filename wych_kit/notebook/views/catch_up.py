"""What was caught up, in a line a step; when something did not come through, why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wych_kit.journey.step import Done, Failed
from wych_kit.notebook.views import html, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wych_kit.journey.session import Session
    from wych_kit.journey.step import Step
    from wych_kit.notebook.session_model import Desk


# What came of steps, by name, that were answered with the kit's examples, and those that are no
# secret.
Examples = dict[str, "tuple[Done | Failed | None, list[str]]"]


class Recap:
    """The outcomes of some steps as they are now, and which were answered by the kit. No widget: it looks the same everywhere."""

    def __init__(self, desk: Desk, steps: tuple[Step[Session], ...], examples: Examples) -> None:
        self._environment = desk.session.settings.environment
        self._open = desk.open
        self._rows = [(step, desk.outcomes.get(step.name), desk.fields(step)) for step in steps]
        self._examples = {
            name: said
            for name, (outcome, said) in examples.items()
            if desk.outcomes.get(name) is outcome
        }

    def __repr__(self) -> str:
        lines = [text.banner(self._environment)]
        for step, outcome, asked in self._rows:
            if isinstance(outcome, Failed):
                return "\n".join([*lines, f"✗ {step.title}", *text.outcome(outcome, "")])
            lines.append(
                self._came(step, outcome)
                if isinstance(outcome, Done)
                else self._waits(step, bool(asked))
            )
        return "\n".join(lines)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": "".join(self._html())}

    def _html(self) -> Iterator[str]:
        yield html.banner(self._environment)
        for step, outcome, asked in self._rows:
            if isinstance(outcome, Failed):
                yield html.failed(outcome, asked, timed=False)
                return
            yield html.paragraph(
                self._came(step, outcome)
                if isinstance(outcome, Done)
                else self._waits(step, bool(asked))
            )

    def _came(self, step: Step[Session], outcome: Done) -> str:
        said = self._examples.get(step.name)
        return f"✓ {step.title}: {outcome.have}" + (
            f" Answered with the examples: {', '.join(said)}." if said else ""
        )

    def _waits(self, step: Step[Session], asks: bool) -> str:  # noqa: FBT001 - private, and read with its name
        if not self._open:
            return f"○ {step.title}: nothing is sent to production before kit.confirm()"
        return (
            f'○ {step.title}: kit.step("{step.name}") asks what it needs'
            if asks
            else f"○ {step.title}: comes after that"
        )
