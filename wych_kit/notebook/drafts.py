"""What a person has written in the fields of forms, and what is wrong with it. A secret is kept as one, or not at all."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from wych_kit.journey.step import Failed
from wych_kit.notebook.watched import Watched
from wych_kit.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wych_kit.journey.step import Answer, Done, Field


class Written(Watched):
    """Drafts by the field's name, and the fault of each that will not do, which is told at once."""

    def __init__(self) -> None:
        super().__init__()
        self.drafts: dict[str, Answer] = {}
        self.faults: dict[str, str] = {}
        self._refused: dict[str, str] = {}

    def example(self, field: Field) -> str:
        """What an empty field takes; nothing where an answer would not do, since nobody who wrote something meant the example."""
        return "" if field.name in self._refused else field.suggestion

    def answers_to(self, asked: Iterable[Field]) -> dict[str, Answer]:
        """What is written in these fields; one left empty takes its example, as Enter does in the terminal."""
        found: dict[str, Answer] = {}
        for field in asked:
            if answer := self.drafts.get(field.name) or self.example(field):
                found[field.name] = Secret(answer) if field.secret else answer
        return found

    def note(self, field: Field, answer: Answer) -> None:
        """Keep what a field was left with, unless it is a secret that will not do."""
        self.drafts[field.name] = Secret(answer) if field.secret else answer
        fault = field.check_answer(answer) if answer else None
        for held in (self.faults, self._refused):
            held.pop(field.name, None)
        if fault:
            self.faults[field.name] = self._refused[field.name] = fault
            if field.secret:
                del self.drafts[field.name]

    def with_refusals(self, outcome: Done | Failed) -> Done | Failed:
        """A field whose answer was dropped is not just empty: the reason stays the one that was given for it."""
        if not isinstance(outcome, Failed) or outcome.diagnosis is not None:
            return outcome
        return replace(
            outcome,
            faults={name: self._refused.get(name, words) for name, words in outcome.faults.items()},
        )

    def forget_faults(self) -> None:
        """Go on as if nothing had been wrong; what is written stays."""
        self.faults.clear()
        self._refused.clear()
