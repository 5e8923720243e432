"""Walks through the steps in a terminal: asks, runs, shows. It decides nothing."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Protocol

from wych_kit.journey.onboarding import STEPS
from wych_kit.journey.step import Done, Failed, run
from wych_kit.secret import Secret
from wych_kit.terminal.exit_status import DONE, status_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from wych_kit.journey.session import Session
    from wych_kit.journey.step import Answer, Field, Step
    from wych_kit.terminal.screen import Screen

# Columns that a prompt leaves free for the answer.
_ANSWER_WIDTH = 24


@dataclasses.dataclass
class Walk:
    """The outcome of each step, in order."""

    outcomes: list[tuple[Step[Session], Done | Failed]] = dataclasses.field(default_factory=list)

    @property
    def status(self) -> int:
        """The exit status: that of the last step, since a failed step ends the walk."""
        last = self.outcomes[-1][1] if self.outcomes else None
        return status_of(last) if isinstance(last, Failed) else DONE


class AnswerSource(Protocol):
    """Gives the answers for fields: a person, or a file.

    `can_retry` is True if a rejected answer may be followed by a better one. `used` has the
    labels of demonstration answers, `partial` the answers so far of a step that was broken off.
    """

    can_retry: bool
    used: list[str]
    partial: dict[str, Answer]

    def __call__(self, fields: Sequence[Field], faults: Mapping[str, str], /) -> dict[str, Answer]:
        """Return answers for these fields. `faults` says why an earlier answer was rejected."""

    def pause(self) -> None:
        """Let a person read before the next step."""


def walk(
    session: Session,
    screen: Screen | None,
    answers: AnswerSource,
    steps: Sequence[Step[Session]] = STEPS,
) -> Walk:
    """Run the steps in order until one fails.

    `screen` is None for no output. A step whose answers were rejected runs again with new ones
    if `answers` can retry. Lets `KeyboardInterrupt` through.
    """
    journey = Walk()
    for number, step in enumerate(steps, 1):
        if screen:
            wording = step.wording(session)
            screen.show_heading(
                f"Step {number} of {len(steps)}: {wording.title}", wording.why, link=wording.link
            )
        outcome = _run_step(step, session, screen, answers)
        journey.outcomes.append((step, outcome))
        if isinstance(outcome, Failed):
            break
        if number < len(steps):
            answers.pause()
    return journey


def _run_step(
    step: Step[Session], session: Session, screen: Screen | None, source: AnswerSource
) -> Done | Failed:
    answers: dict[str, Answer] = {}
    faults: Mapping[str, str] = {}
    while True:
        # The fields may depend on the answers, so they are read again after each attempt.
        fields = [
            field
            for field in step.fields(session)
            if field.name not in answers or field.name in faults
        ]
        if fields:
            answers.update(source(fields, faults))
        if screen is None:
            outcome = run(step, session, answers)
        else:
            with screen.show_progress(step.title) as progress:
                outcome = run(step, session, answers, say=progress.update)
        if isinstance(outcome, Done) or not source.can_retry:
            _show(screen, outcome)
            return outcome
        labels = {field.name: field.label for field in step.fields(session)}
        faults = {name: fault for name, fault in outcome.faults.items() if name in labels}
        _show(screen, dataclasses.replace(outcome, diagnosis=None) if faults else outcome, labels)
        if not faults:
            # No answer is to blame: the same request would fail in the same way.
            return outcome


def _show(
    screen: Screen | None, outcome: Done | Failed, labels: Mapping[str, str] | None = None
) -> None:
    if screen is None:
        return
    screen.show_exchanges(outcome.exchanges)
    if isinstance(outcome, Done):
        screen.say(outcome.have if screen.plain else f"✓ {outcome.have}", "green")
        screen.show_facts(outcome.facts)
        for table in outcome.tables:
            screen.show_titled_table(table)
        return
    for name, fault in outcome.faults.items():
        screen.say(f"  {(labels or {}).get(name, name)}: {fault}", "yellow")
    if outcome.diagnosis:
        screen.show_diagnosis(outcome.diagnosis)


@dataclasses.dataclass
class PreparedAnswers:
    """Answers from a file. `fallback` has the mock's demonstration answers for the rest."""

    answers: Mapping[str, Answer]
    fallback: Mapping[str, Answer] = dataclasses.field(default_factory=dict)
    used: list[str] = dataclasses.field(default_factory=list)
    partial: dict[str, Answer] = dataclasses.field(default_factory=dict)
    can_retry: bool = False

    def __call__(self, fields: Sequence[Field], _faults: Mapping[str, str]) -> dict[str, Answer]:
        """Return the answers that exist; a field without one is left out."""
        answers: dict[str, Answer] = {}
        for field in fields:
            if not self.answers.get(field.name) and field.name in self.fallback:
                self.used.append(field.label)
            answer = Secret(self.answers.get(field.name) or self.fallback.get(field.name) or "")
            if answer:
                answers[field.name] = answer if field.secret else answer.reveal()
        return answers

    def pause(self) -> None:
        """Go on at once: nobody reads along."""


class PromptedAnswers:
    """Asks a person at the keyboard.

    Secrets stay hidden, pasting works, and Enter accepts the suggestion in brackets. An invalid
    answer is asked again. `answers` from a file are used once without asking. `console` has
    prompt_toolkit's `input` and `output`, for tests.
    """

    can_retry = True

    def __init__(self, screen: Screen, answers: Mapping[str, Answer], **console: Any) -> None:
        from prompt_toolkit import PromptSession
        from prompt_toolkit.history import DummyHistory

        self._screen = screen
        self._prepared = PreparedAnswers(answers)
        # Without a history the arrow keys cannot bring a password back.
        self._session: PromptSession[str] = PromptSession(
            history=DummyHistory(), enable_suspend=True, **console
        )
        self.used: list[str] = []
        self.partial: dict[str, Answer] = {}

    def __call__(self, fields: Sequence[Field], faults: Mapping[str, str]) -> dict[str, Answer]:
        """Return an answer for each field. Raises `KeyboardInterrupt` for Ctrl-C and Ctrl-D."""
        self.partial = {
            name: answer
            for name, answer in self._prepared(fields, {}).items()
            if name not in faults
        }
        for field in fields:
            answer = self.partial.get(field.name)
            if answer is None or field.check_answer(answer):
                self.partial[field.name] = self._ask(field)
        return dict(self.partial)

    def pause(self) -> None:
        """Wait for Enter."""
        self._prompt("Press Enter for the next step. ", hidden=False)

    def _ask(self, field: Field) -> Answer:
        from rich.cells import cell_len

        help_text = f" ({field.help})" if field.help else ""
        suggestion = f" [{field.suggestion}]" if field.suggestion else ""
        room = self._screen.console.width - _ANSWER_WIDTH
        if help_text and cell_len(field.label + help_text + suggestion) > room:
            # prompt_toolkit would break a long prompt in the middle of a word.
            self._screen.say(f"  {field.label}: {field.help}", "dim")
            help_text = ""
        question = f"  {field.label}{help_text}{suggestion}: "
        while True:
            typed = self._prompt(question, hidden=field.secret)
            # A secret may begin or end with a space, anything else may not.
            text = typed if field.secret else Secret(typed.reveal().strip())
            answer = text or Secret(field.suggestion)
            fault = field.check_answer(answer)
            if fault is None:
                return answer if field.secret else answer.reveal()
            self._screen.say(f"  {field.label} {fault}.", "yellow")

    def _prompt(self, message: str, *, hidden: bool) -> Secret:
        try:
            # Pasted text often ends with the line break of where it was copied.
            return Secret(self._session.prompt(message, is_password=hidden).rstrip("\r\n"))
        except EOFError:
            raise KeyboardInterrupt from None
