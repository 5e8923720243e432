"""What was caught up, in a line a step; when something did not come through, why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wych_kit.notebook import markup, plain
from wych_kit.steps import Done, Failed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wych_kit.journey import Session
    from wych_kit.notebook.desk import Desk
    from wych_kit.steps import Step


class Recap:
    """The outcomes of some steps as they are now. No widget: it looks the same everywhere."""

    def __init__(self, desk: Desk, steps: tuple[Step[Session], ...]) -> None:
        self._environment = desk.session.settings.environment
        self._open = desk.open
        self._rows = [(step, desk.outcomes.get(step.name), desk.fields(step)) for step in steps]

    def __repr__(self) -> str:
        lines = [plain.banner(self._environment)]
        for step, outcome, asked in self._rows:
            if isinstance(outcome, Failed):
                return "\n".join([*lines, f"✗ {step.title}", *plain.outcome(outcome, "")])
            lines.append(f"✓ {step.title}: {outcome.have}" if isinstance(outcome, Done) else self._waits(step, bool(asked)))
        return "\n".join(lines)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": "".join(self._html())}

    def _html(self) -> Iterator[str]:
        yield markup.banner(self._environment)
        for step, outcome, asked in self._rows:
            if isinstance(outcome, Failed):
                yield markup.failed(outcome, asked, timed=False)
                return
            yield markup.paragraph(
                f"✓ {step.title}: {outcome.have}" if isinstance(outcome, Done) else self._waits(step, bool(asked))
            )

    def _waits(self, step: Step[Session], asks: bool) -> str:  # noqa: FBT001 - private, and read with its name
        if not self._open:
            return f"○ {step.title}: nothing is sent to production before kit.confirm()"
        return f'○ {step.title}: kit.step("{step.name}") asks what it needs' if asks else f"○ {step.title}: comes after that"
