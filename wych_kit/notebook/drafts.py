"""The answers in the fields of forms that are not sent yet, and their faults.

A secret is kept as a `Secret`, and an invalid one is not kept at all.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from wych_kit.journey.step import Failed
from wych_kit.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from wych_kit.journey.step import Answer, Done, Field


class Drafts:
    """Answers by the field's name, and the fault of each that is invalid."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.faults: dict[str, str] = {}
        # The faults found when a field was left. `faults` is replaced by those of each run.
        self._first_faults: dict[str, str] = {}

    def get_example(self, field: Field) -> str:
        """Return the answer that an empty field stands for, or "" after an invalid answer.

        Whoever typed something did not mean the example.
        """
        return "" if field.name in self._first_faults else field.suggestion

    def get_answers(self, fields: Iterable[Field]) -> dict[str, Answer]:
        """Return the answers to these fields by name; an empty field has its example.

        The terminal does the same when Enter is pressed on an empty line.
        """
        answers: dict[str, Answer] = {}
        for field in fields:
            if answer := self.answers.get(field.name) or self.get_example(field):
                answers[field.name] = Secret(answer) if field.secret else answer
        return answers

    def save(self, field: Field, answer: Answer) -> None:
        """Keep the answer and check it. An invalid secret is dropped, since nobody can see it."""
        self.answers[field.name] = Secret(answer) if field.secret else answer
        fault = field.check_answer(answer) if answer else None
        self.faults.pop(field.name, None)
        self._first_faults.pop(field.name, None)
        if fault:
            self.faults[field.name] = self._first_faults[field.name] = fault
            if field.secret:
                del self.answers[field.name]

    def keep_first_faults(self, outcome: Done | Failed) -> Done | Failed:
        """Return the outcome with the original fault of each field whose invalid secret was dropped.

        The run saw an empty field and would
        only say that an answer is required.
        """
        if not isinstance(outcome, Failed) or outcome.diagnosis is not None:
            return outcome
        faults = {
            name: self._first_faults.get(name, fault) for name, fault in outcome.faults.items()
        }
        return replace(outcome, faults=faults)

    def set_faults(self, faults: Mapping[str, str], fields: Iterable[Field]) -> None:
        """Mark the fields that a run refused, and drop the secrets among them."""
        self.faults = dict(faults)
        for field in fields:
            if field.secret and field.name in faults:
                self.answers.pop(field.name, None)

    def clear_faults(self) -> None:
        """Forget the faults; the answers stay."""
        self.faults.clear()
        self._first_faults.clear()

    def clear(self) -> None:
        """Forget answers and faults."""
        self.answers.clear()
        self.clear_faults()
