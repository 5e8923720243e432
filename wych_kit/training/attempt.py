"""Run one exercise: hints, edits, the answer, and whether it is solved."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from wych_kit.client.journal.history import History
from wych_kit.client.journal.redaction import Redactor
from wych_kit.diagnosis.connectivity import check_connectivity
from wych_kit.diagnosis.diagnose import diagnose
from wych_kit.diagnosis.lint import lint_env
from wych_kit.diagnosis.scenarios import SCENARIOS
from wych_kit.diagnosis.scenarios.documentation import nearest_reference
from wych_kit.errors import SettingInvalid
from wych_kit.secret import Secret
from wych_kit.settings import validation
from wych_kit.settings.loading import NAMES, SECRET_NAMES
from wych_kit.training import edits
from wych_kit.training.defects import ExerciseSetup
from wych_kit.training.exercise_folder import kit_home, open_exercise_folder
from wych_kit.training.exercises import Exercise, choose_exercise, get_feasible_exercise
from wych_kit.training.request_script import send_request_script
from wych_kit.training.scores import MAX_POINTS, Result, Scores

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from wych_kit.client.journal.recorder import Exchange
    from wych_kit.diagnosis.connectivity import Report

_SITUATION = (
    "It worked yesterday. Since this morning the first call fails. Find the cause and repair it."
)
_IN_THE_FILE = (
    "The call works here, but other programs fail with the same .env. Find the cause and repair it."
)
_WRITTEN = (
    "A colleague wrote the request in request.sh by hand, and it is refused. Find the cause and"
    " repair it."
)
_IN_THE_PAST = (
    "A call was refused this morning, and the next one worked. Find the cause and name it."
)
_A_CUSTOMER = (
    "The call works. This morning one customer's data were refused. Find the cause and name it."
)
_NAME_IT = "No edit repairs this. Find its name (explain lists all), then: answer REFERENCE."


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """The outcome of one try: solved or not, what was seen, and what to do next."""

    solved: bool
    seen: str
    next: str = ""


class ExerciseAttempt:
    """An exercise in a folder with a mock of its own: `begin` it, then `close()` it or use a `with`."""

    def __init__(
        self,
        exercise: Exercise,
        setup: ExerciseSetup,
        *,
        mystery: bool,
        scores: Scores,
        clock: Callable[[], float],
    ) -> None:
        self.setup = setup
        self.mystery = mystery
        self.hints = 0
        self.result: Result | None = None
        self._resources = ExitStack()
        self._exercise = exercise
        self._is_named = not exercise.is_named_only
        self._scores = scores
        self._clock = clock
        self._began = clock()

    @classmethod
    def begin(
        cls,
        reference: str | None,
        folder: Path,
        *,
        mystery: bool = False,
        seed: int | None = None,
        scores: Scores | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> Self:
        """Break one thing in a new set-up in this folder; without a reference, any.

        `seed` repeats a choice. A `mystery` hides the reference until the end; an exercise chosen
        at random is always one. Raises `SettingInvalid` for a reference that is not an exercise or
        cannot run on this machine, and for a folder that belongs to something else or is in use.
        """
        chosen = choose_exercise(seed) if reference is None else get_feasible_exercise(reference)
        kept = Scores() if scores is None else scores
        folder = folder.absolute()
        with ExitStack() as opened:
            opened.enter_context(open_exercise_folder(folder))
            setup = opened.enter_context(ExerciseSetup(folder, **chosen.defect.options))
            chosen.defect.apply(setup)
            History(kit_home(folder)).add(setup.journal.exchanges)
            attempt = cls(
                chosen, setup, mystery=mystery or reference is None, scores=kept, clock=clock
            )
            attempt._resources = opened.pop_all()
        return attempt

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop the mock and remove the folder."""
        self._resources.close()

    @property
    def is_over(self) -> bool:
        """Return True once it is solved or given up."""
        return self.result is not None

    @property
    def reference(self) -> str | None:
        """Return what is broken; None for a mystery that is not over."""
        return None if self.mystery and not self.is_over else self._exercise.reference

    @property
    def minutes(self) -> int | None:
        """Return the estimated minutes; None for a mystery."""
        return None if self.mystery else self._exercise.minutes

    @property
    def is_hand_written(self) -> bool:
        """Return True if the defect is in `request.sh`."""
        return self._exercise.is_hand_written

    @property
    def where(self) -> str:
        """Return the folder's name, what is in it, and the estimated time, as sentences."""
        minutes = f" It takes about {self.minutes} minutes." if self.minutes else ""
        return (
            f"The folder is {self.setup.folder.name}, with"
            f" {'request.sh and ' if self.is_hand_written else ''}a .env of its own.{minutes}"
        )

    @property
    def situation(self) -> str:
        """Return the sentences that a person reads at the start."""
        if self._exercise.is_hand_written:
            return _WRITTEN
        if self._exercise.is_past:
            return _A_CUSTOMER if self._exercise.scenario.made_by == "customer" else _IN_THE_PAST
        works = (
            self._exercise.defect.shows == "lint"
            and self._exercise.reference != "shell-shadows-file"
        )
        return _IN_THE_FILE if works else _SITUATION

    def hint(self) -> str:
        """Return the next of three hints: where to look; what you see there; the cause and the repair.

        The last one is repeated. Each costs a point.
        """
        hints = self._exercise.hints
        if not self.is_over:
            self.hints = min(self.hints + 1, len(hints))
        number = max(self.hints, 1)
        return f"Hint {number} of {len(hints)}. {hints[number - 1]}"

    def verify(self) -> AttemptResult:
        """Make a real call with `.env` and `request.sh` as they are; the exercise ends if it succeeds."""
        seen, well = self._look()
        if not self._is_named:
            return AttemptResult(solved=False, seen=seen, next=_NAME_IT)
        if not well:
            return AttemptResult(solved=False, seen=seen)
        self._end(MAX_POINTS - self.hints)
        return AttemptResult(
            solved=True, seen=seen, next=f"It was {self.reference}. {self._exercise.scenario.cause}"
        )

    def answer(self, word: str) -> AttemptResult:
        """Name the cause. If it is right and no edit repairs it, remove the defect and make the call.

        If it is wrong, say what would be different. Raises `SettingInvalid` for an unknown
        reference.
        """
        if word not in SCENARIOS:
            meant = nearest_reference(word)
            raise SettingInvalid(
                word,
                f"is not a reference{f': did you mean {meant}?' if meant else ''}",
                reference="setting-invalid",
            )
        if word != self._exercise.reference:
            seen, _ = self._look()
            return AttemptResult(
                solved=False,
                seen=f"It is not {word}. That would look like this: {SCENARIOS[word].symptom}",
                next=f"You see: {seen}",
            )
        if not self._is_named:
            self._is_named = True
            self._remove_defect()
        result = self.verify()
        return AttemptResult(
            result.solved,
            result.seen,
            result.next if result.solved else "Correct. Now repair it, then: done.",
        )

    def give_up(self) -> str:
        """Return the answer. The exercise ends with no points."""
        self._end(0)
        return f"It is {self._exercise.reference}. {self._exercise.hints[-1]}"

    def write(self, **values: str | Secret) -> str:
        """Write settings into `.env` by attribute name (`client_secret`); an empty value removes the line.

        Return what was done. Raises `SettingInvalid` for a name that is not a setting.
        """
        for attribute, value in values.items():
            if value and f"WYCH_{attribute.upper()}" not in NAMES:
                near = validation.suggest_nearest(attribute, [_attribute(name) for name in NAMES])
                raise SettingInvalid(
                    attribute, f"is not a setting{near}", reference="setting-invalid"
                )
        return " ".join(
            self.edit(f"WYCH_{name.upper()}", Secret(value)) for name, value in values.items()
        )

    def edit(self, name: str, value: Secret) -> str:
        """Write a line of `.env`, or remove it if there is no value. Return what was done.

        A setting may be named in short, `client_secret`. Raises `SettingInvalid` for an invalid
        name.
        """
        whole = f"WYCH_{_attribute(name.upper()).upper()}"
        return edits.write_line(self.setup.env, whole if whole in NAMES else _name(name), value)

    def copy(self, name: str) -> str:
        """Copy a setting's value into `.env` from where Wych shows it, as its copy button does.

        Return what was done. Raises `SettingInvalid` for a setting that Wych does not show.
        """
        attribute = _attribute(name.upper())
        source = self.setup.wych if attribute.endswith("_url") else self.setup.wych.credentials
        value = "mock" if attribute == "environment" else getattr(source, attribute, None)
        if f"WYCH_{attribute.upper()}" not in NAMES or not isinstance(value, str):
            raise SettingInvalid(
                name,
                f"is not shown by Wych{validation.suggest_nearest(name.upper(), NAMES)}",
                reference="setting-invalid",
            )
        return self.edit(f"WYCH_{attribute.upper()}", Secret(value))

    def export(self, name: str, value: str | None) -> str:
        """Set a variable of the exercise's shell, or unset it (None). Return what was done.

        Raises `SettingInvalid` for an invalid name.
        """
        if value is None:
            return (
                f"{name} is unset."
                if self.setup.shell.pop(name, None) is not None
                else f"{name} was not set."
            )
        self.setup.shell[_name(name)] = value
        return f"{name} is set."

    def variables(self) -> list[tuple[str, str]]:
        """Return the variables of the exercise's shell, secrets masked."""
        return [
            (name, str(Secret(value)) if name in SECRET_NAMES else value)
            for name, value in self.setup.shell.items()
        ]

    def replace(self, old: str, new: str) -> str:
        """Replace a text in `request.sh`, or in `.env` if there is none. Return what was done."""
        place = self.setup.request if self.setup.request.exists() else self.setup.env
        return edits.replace_words(place, old, new)

    def request_text(self) -> str:
        """Return `request.sh` with any token masked; empty if there is none."""
        request = self.setup.request
        return (
            Redactor().redact_text(request.read_text("utf-8", "replace").rstrip())
            if request.exists()
            else ""
        )

    def check(self) -> Report:
        """Run every connectivity check with the exercise's settings and shell."""
        with self.setup.shell_applied():
            report = check_connectivity(self.setup.settings())
        History(kit_home(self.setup.folder)).add(report.exchanges)
        return report

    def exchanges(self) -> list[Exchange]:
        """Return the exercise's exchanges with Wych, redacted, newest last."""
        return History(kit_home(self.setup.folder)).read()

    def _look(self) -> tuple[str, bool]:
        """Return what is seen now, and True if all is well."""
        if self._exercise.is_hand_written:
            with self.setup.shell_applied():
                return send_request_script(
                    self.setup, "token" if self._exercise.scenario.stage == "token" else "call"
                )
        if not self._is_named and self._exercise.is_past:
            return _sentence(diagnose(self.setup.journal.exchanges).evidence), False
        report = self.check()
        if report.diagnosis is not None:
            return _sentence(report.diagnosis.evidence), False
        seen = f"The call succeeded: {report.checks[-1].observed}"
        wrong = (
            next((str(problem) for problem in self.setup.settings().problems()), "")
            or self._remark()
        )
        return (f"{seen} But one thing is still wrong: {wrong}", False) if wrong else (seen, True)

    def _remark(self) -> str:
        for remark in lint_env(self.setup.env, environ=self.setup.shell):
            if remark.certain or remark.reference == self._exercise.reference:
                return f"{remark.where}: {remark.why}"
        return ""

    # A certificate belongs to the running mock, so a bad one needs a new mock; a fault is switched
    # off.
    def _remove_defect(self) -> None:
        if "tls" in self._exercise.defect.options:
            self.setup.mend()
        else:
            self.setup.wych.fault_off()

    def _end(self, points: int) -> None:
        if not self.is_over:
            seconds = round(self._clock() - self._began, 1)
            when = datetime.now(UTC).isoformat(timespec="seconds")
            self.result = Result(self._exercise.reference, when, seconds, self.hints, points)
            self._scores.add(self.result)


def _sentence(evidence: Sequence[str]) -> str:
    return f"{' '.join(evidence).rstrip('.')}."


def _attribute(name: str) -> str:
    return name.removeprefix("WYCH_").lower()


def _name(text: str) -> str:
    if not text.isidentifier():
        raise SettingInvalid(text, "is not a valid name", reference="setting-invalid")
    return text
