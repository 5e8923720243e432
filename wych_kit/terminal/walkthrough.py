"""The journey in a terminal: asks what is not known, shows each step as it really happens. Decides nothing."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from wych_kit.errors import SettingInvalid, SettingMissing, Unreachable
from wych_kit.journey.onboarding import STEPS
from wych_kit.journey.step import Done, Failed, run
from wych_kit.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from wych_kit.journey.session import Session
    from wych_kit.journey.step import Answer, Field, Step
    from wych_kit.terminal.screen import Screen

# Exit statuses.
DONE, REFUSED, USAGE, UNREACHABLE, INTERRUPTED = 0, 1, 2, 3, 130


@dataclass
class Walk:
    """A journey as it was walked: each step's outcome, in order. `status` is the exit status it deserves."""

    outcomes: list[tuple[Step[Session], Done | Failed]] = field(default_factory=list)

    @property
    def status(self) -> int:
        """0 done, 1 refused, 2 something to be given or corrected, 3 nothing answered."""
        last = self.outcomes[-1][1] if self.outcomes else None
        return status_of(last) if isinstance(last, Failed) else DONE


def status_of(failed: Failed) -> int:
    """The exit status of a failure."""
    if (
        failed.error is None
        or failed.faults
        or isinstance(failed.error, SettingMissing | SettingInvalid)
    ):
        return USAGE
    return UNREACHABLE if isinstance(failed.error, Unreachable) else REFUSED


class Asking(Protocol):
    """Where answers come from: those to be had for these fields. `asks_again`: a wrong answer may be followed by a better one."""

    asks_again: bool

    def __call__(
        self, fields: Sequence[Field], faults: Mapping[str, str], /
    ) -> dict[str, Answer]: ...

    def pause(self) -> None:
        """Let a person read before the next step."""


def walk(
    session: Session, screen: Screen | None, ask: Asking, steps: Sequence[Step[Session]] = STEPS
) -> Walk:
    """Take the steps in order until one fails for good. `screen` is `None` when nothing is to be drawn.

    A step whose answers were not taken is tried again with new ones, for as long as `ask` has any. `KeyboardInterrupt` passes.
    """
    taken = Walk()
    for step in steps:
        if screen:
            words = step.wording(session)
            screen.heading(steps.index(step) + 1, len(steps), words.title, words.why, words.link)
        outcome = _take(step, session, screen, ask)
        taken.outcomes.append((step, outcome))
        if isinstance(outcome, Failed):
            break
        if step is not steps[-1]:
            ask.pause()
    return taken


def _take(
    step: Step[Session], session: Session, screen: Screen | None, ask: Asking
) -> Done | Failed:
    answers: dict[str, Answer] = {}
    faults: Mapping[str, str] = {}
    while True:
        asked = [
            each for each in step.fields(session) if each.name not in answers or each.name in faults
        ]
        if asked:
            answers.update(ask(asked, faults))
        if screen is None:
            outcome = run(step, session, answers)
        else:
            with screen.waiting(step.title) as waiting:
                outcome = run(step, session, answers, say=waiting.now)
        if isinstance(outcome, Done) or not ask.asks_again:
            _show(screen, outcome)
            return outcome
        labels = {each.name: each.label for each in step.fields(session)}
        faults = {name: fault for name, fault in outcome.faults.items() if name in labels}
        _show(screen, replace(outcome, diagnosis=None) if faults else outcome, labels)
        if (
            not faults
        ):  # nothing that can be answered better: sending the same again would bring the same
            return outcome


def _show(
    screen: Screen | None, outcome: Done | Failed, labels: Mapping[str, str] | None = None
) -> None:
    if screen is None:
        return
    screen.exchanges(outcome.exchanges)
    if isinstance(outcome, Done):
        screen.say(("" if screen.plain else "✓ ") + outcome.have, "green")
        screen.facts(outcome.facts)
        for table in outcome.tables:
            screen.titled(table)
        return
    for name, fault in outcome.faults.items():
        screen.say(f"  {(labels or {}).get(name, name)}: {fault}", "yellow")
    if outcome.diagnosis:
        screen.wrong(outcome.diagnosis)


@dataclass
class Given:
    """Answers from a file, and on the mock the demonstration's for what the file leaves open. `used` names those."""

    answers: Mapping[str, Answer]
    fallback: Mapping[str, Answer] = field(default_factory=dict)
    used: list[str] = field(default_factory=list)
    asks_again: bool = False

    def __call__(self, fields: Sequence[Field], _faults: Mapping[str, str]) -> dict[str, Answer]:
        """The answers there are."""
        found: dict[str, Answer] = {}
        for each in fields:
            if not self.answers.get(each.name) and each.name in self.fallback:
                self.used.append(each.label)
            answer = Secret(self.answers.get(each.name) or self.fallback.get(each.name) or "")
            if answer:
                found[each.name] = answer if each.secret else answer.reveal()
        return found

    def pause(self) -> None:
        """Nobody reads along."""


# Columns that a prompt leaves for what is typed.
_ROOM = 24


class Person:
    """Asks at the keyboard. Secrets stay hidden, pasting works, Enter takes what is shown in brackets; a wrong answer is asked again.

    `answers` from a file are taken without asking, once. `console`: prompt_toolkit's `input` and `output`, for tests.
    Raises `KeyboardInterrupt` for Ctrl-C and at the end of input; `partial` has what was answered until then.
    """

    asks_again = True

    def __init__(self, screen: Screen, answers: Mapping[str, Answer], **console: Any) -> None:
        from prompt_toolkit import PromptSession
        from prompt_toolkit.history import DummyHistory

        self._screen = screen
        self._given = Given(answers)
        # No history: the arrow keys must not bring a password back.
        self._session: PromptSession[str] = PromptSession(
            history=DummyHistory(), enable_suspend=True, **console
        )
        self.partial: dict[str, Answer] = {}

    def __call__(self, fields: Sequence[Field], faults: Mapping[str, str]) -> dict[str, Answer]:
        """Answers to these fields."""
        self.partial = {
            name: answer for name, answer in self._given(fields, {}).items() if name not in faults
        }
        for each in fields:
            if each.name not in self.partial or each.check_answer(self.partial[each.name]):
                self.partial[each.name] = self._ask(each)
        return dict(self.partial)

    def pause(self) -> None:
        """Let the person read before the next step."""
        self._prompt("Enter goes on to the next step. ", hidden=False)

    def _ask(self, each: Field) -> Answer:
        from rich.cells import cell_len

        about = f" ({each.help})" if each.help else ""
        shown = f" [{each.suggestion}]" if each.suggestion else ""
        if about and cell_len(each.label + about + shown) > self._screen.console.width - _ROOM:
            self._screen.say(
                f"  {each.label}: {each.help}", "dim"
            )  # a prompt would be broken in a word
            about = ""
        while True:
            typed = self._prompt(f"  {each.label}{about}{shown}: ", hidden=each.secret)
            answer = (typed if each.secret else Secret(typed.reveal().strip())) or Secret(
                each.suggestion
            )
            fault = each.check_answer(answer)
            if fault is None:
                return answer if each.secret else answer.reveal()
            self._screen.say(f"  {each.label} {fault}.", "yellow")

    def _prompt(self, words: str, *, hidden: bool) -> Secret:
        try:
            # What is pasted often ends in the line break of where it was copied.
            return Secret(self._session.prompt(words, is_password=hidden).rstrip("\r\n"))
        except EOFError:
            raise KeyboardInterrupt from None


def has_a_person() -> bool:
    """Whether somebody can be asked: both ends are a terminal."""
    return sys.stdin.isatty() and sys.stdout.isatty()
