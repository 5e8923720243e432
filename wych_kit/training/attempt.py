"""One exercise under way: hints, repairs, the answer, the verdict."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from wych_kit.client.journal.history import History
from wych_kit.client.journal.redaction import Redactor
from wych_kit.diagnosis.connectivity import climb
from wych_kit.diagnosis.diagnose import diagnose
from wych_kit.diagnosis.lint import lint_env
from wych_kit.diagnosis.scenarios import SCENARIOS
from wych_kit.diagnosis.scenarios.documentation import nearest
from wych_kit.errors import SettingInvalid
from wych_kit.secret import Secret
from wych_kit.settings import validation
from wych_kit.settings.loading import NAMES, SECRET_NAMES
from wych_kit.training import edits
from wych_kit.training.defects import SetUp
from wych_kit.training.exercise_folder import home, laid_out
from wych_kit.training.exercises import Exercise, anything, possible
from wych_kit.training.request_script import send
from wych_kit.training.scores import MOST, Result, Scores

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from wych_kit.client.journal.recorder import Exchange
    from wych_kit.diagnosis.connectivity import Report

_SITUATION = (
    "It worked yesterday. Since this morning the first call fails. Find out why and put it right."
)
_IN_THE_FILE = (
    "Here the call works, and with the same .env other programs fail. Find out why and put it"
    " right."
)
_WRITTEN = (
    "Somebody wrote the request in request.sh by hand, and it is refused. Find out why and put it"
    " right."
)
_IN_THE_PAST = (
    "A call was refused this morning, and the next one worked. Find out why, and name it."
)
_A_CUSTOMER = (
    "The call works. This morning the data of one customer were refused. Find out why, and name it."
)
_NAME_IT = "No line here repairs it. Find its name (explain lists all), then: answer REFERENCE."


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a try: whether it is solved, what was seen, and what to do with that."""

    solved: bool
    seen: str
    next: str = ""


class Drill:
    """An exercise in a folder with a mock of its own. `begin` it, then `close()` it or use it in a `with`."""

    def __init__(
        self,
        exercise: Exercise,
        set_up: SetUp,
        *,
        mystery: bool,
        scores: Scores,
        clock: Callable[[], float],
    ) -> None:
        self.set_up = set_up
        self.mystery = mystery
        self.hints = 0
        self.result: Result | None = None
        self._opened = ExitStack()
        self._exercise = exercise
        self._named = not exercise.by_name
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
        """Break the thing of this reference in a set-up in the folder; without one, anything (`seed` makes the choice repeatable).

        A `mystery`, which the latter always is, does not say what was broken before it is over. Raises `SettingInvalid` for a
        reference that is no exercise or that this machine cannot make, and for a folder that is something else's or in use.
        """
        chosen = anything(seed) if reference is None else possible(reference)
        kept = Scores() if scores is None else scores
        folder = folder.absolute()
        with ExitStack() as opened:
            opened.enter_context(laid_out(folder))
            set_up = opened.enter_context(SetUp(folder, **chosen.made.options))
            chosen.made.apply(set_up)
            History(home(folder)).add(set_up.journal.exchanges)
            drill = cls(
                chosen, set_up, mystery=mystery or reference is None, scores=kept, clock=clock
            )
            drill._opened = opened.pop_all()
        return drill

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop the mock and take the folder away."""
        self._opened.close()

    @property
    def over(self) -> bool:
        """Whether it is solved or given up."""
        return self.result is not None

    @property
    def reference(self) -> str | None:
        """What is broken; of a mystery `None` until it is over."""
        return None if self.mystery and not self.over else self._exercise.reference

    @property
    def minutes(self) -> int | None:
        """How long it may take, an estimate; of a mystery `None`."""
        return None if self.mystery else self._exercise.minutes

    @property
    def by_hand(self) -> bool:
        """Whether it is about `request.sh`."""
        return self._exercise.by_hand

    @property
    def where(self) -> str:
        """Where it is, and about how long it may take."""
        minutes = f" About {self.minutes} minutes." if self.minutes else ""
        return (
            f"The folder is {self.set_up.folder.name}, with"
            f" {'request.sh and ' if self.by_hand else ''}a .env of its own.{minutes}"
        )

    @property
    def situation(self) -> str:
        """What a person is told in the beginning."""
        if self._exercise.by_hand:
            return _WRITTEN
        if self._exercise.in_the_past:
            return _A_CUSTOMER if self._exercise.scenario.made_by == "customer" else _IN_THE_PAST
        works = (
            self._exercise.made.shows == "lint" and self._exercise.reference != "shell-shadows-file"
        )
        return _IN_THE_FILE if works else _SITUATION

    def hint(self) -> str:
        """The next of three hints: where to look, then what one sees, then why and what to do. The last one stays."""
        hints = self._exercise.hints
        if not self.over:
            self.hints = min(self.hints + 1, len(hints))
        number = max(self.hints, 1)
        return f"Hint {number} of {len(hints)}. {hints[number - 1]}"

    def judge(self) -> Verdict:
        """Make a real call with what `.env` and `request.sh` say now, and see whether all is well. Solved once, it is over."""
        seen, well = self._look()
        if not self._named:
            return Verdict(solved=False, seen=seen, next=_NAME_IT)
        if not well:
            return Verdict(solved=False, seen=seen)
        self._end(MOST - self.hints)
        return Verdict(
            solved=True, seen=seen, next=f"It was {self.reference}. {self._exercise.scenario.cause}"
        )

    def answer(self, word: str) -> Verdict:
        """Name what is broken. When that is right and nobody here could repair it, it is taken away and the call is made.

        When it is not, what would be different is said. Raises `SettingInvalid` for a word that is no reference.
        """
        if word not in SCENARIOS:
            meant = nearest(word)
            raise SettingInvalid(
                word,
                f"is no reference{f': did you mean {meant}?' if meant else ''}",
                reference="setting-invalid",
            )
        if word != self._exercise.reference:
            seen, _ = self._look()
            return Verdict(
                solved=False,
                seen=f"It is not {word}. If it were, one would see: {SCENARIOS[word].symptom}",
                next=f"Seen is: {seen}",
            )
        if not self._named:
            self._named = True
            self._take_away()
        found = self.judge()
        return Verdict(
            found.solved,
            found.seen,
            found.next if found.solved else "It is that. Now put it right, then: done.",
        )

    def give_up(self) -> str:
        """The answer; there are no points then."""
        self._end(0)
        return f"It is {self._exercise.reference}. {self._exercise.hints[-1]}"

    def write(self, **values: str | Secret) -> str:
        """Write these settings into `.env`, by attribute name (`client_secret`); an empty value takes a line out. What was done.

        Raises `SettingInvalid` for a value whose name is no setting.
        """
        for attribute, value in values.items():
            if value and f"WYCH_{attribute.upper()}" not in NAMES:
                near = validation.nearest(attribute, [_attribute(name) for name in NAMES])
                raise SettingInvalid(attribute, f"is no setting{near}", reference="setting-invalid")
        return " ".join(
            self.edit(f"WYCH_{name.upper()}", Secret(value)) for name, value in values.items()
        )

    def edit(self, name: str, value: Secret) -> str:
        """Write a line of `.env`, or without a value take it out. What was done. Raises `SettingInvalid` for what is no name.

        A setting may be named in short, `client_secret`.
        """
        whole = f"WYCH_{_attribute(name.upper()).upper()}"
        return edits.write_line(self.set_up.env, whole if whole in NAMES else _name(name), value)

    def copy(self, name: str) -> str:
        """Take the value that Wych shows for a setting, as its copy button does, into `.env`. What was done.

        Raises `SettingInvalid` for a setting that Wych does not show.
        """
        attribute = _attribute(name.upper())
        source = self.set_up.wych if attribute.endswith("_url") else self.set_up.wych.credentials
        value = "mock" if attribute == "environment" else getattr(source, attribute, None)
        if f"WYCH_{attribute.upper()}" not in NAMES or not isinstance(value, str):
            raise SettingInvalid(
                name,
                f"is not shown by Wych{validation.nearest(name.upper(), NAMES)}",
                reference="setting-invalid",
            )
        return self.edit(f"WYCH_{attribute.upper()}", Secret(value))

    def export(self, name: str, value: str | None) -> str:
        """Set a variable of the exercise's shell, or unset it (None). What was done. Raises `SettingInvalid` for what is no name."""
        if value is None:
            return (
                f"{name} is unset."
                if self.set_up.shell.pop(name, None) is not None
                else f"{name} was not set."
            )
        self.set_up.shell[_name(name)] = value
        return f"{name} is set."

    def variables(self) -> list[tuple[str, str]]:
        """The exercise's shell, secrets masked."""
        return [
            (name, str(Secret(value)) if name in SECRET_NAMES else value)
            for name, value in self.set_up.shell.items()
        ]

    def replace(self, old: str, new: str) -> str:
        """Put other words in the place of these in `request.sh`, or in `.env` where there is none. What was done."""
        place = self.set_up.request if self.set_up.request.exists() else self.set_up.env
        return edits.replace_words(place, old, new)

    def request_text(self) -> str:
        """`request.sh` as it is, but for a token in it; empty when there is none."""
        request = self.set_up.request
        return (
            Redactor().text(request.read_text("utf-8", "replace").rstrip())
            if request.exists()
            else ""
        )

    def check(self) -> Report:
        """Climb every rung with the exercise's settings and shell."""
        with self.set_up.in_its_shell():
            report = climb(self.set_up.settings())
        History(home(self.set_up.folder)).add(report.exchanges)
        return report

    def exchanges(self) -> list[Exchange]:
        """What went over the wire in this exercise, secrets left out, the newest last."""
        return History(home(self.set_up.folder)).exchanges()

    def _look(self) -> tuple[str, bool]:
        """What is seen now, and whether all is well."""
        if self._exercise.by_hand:
            with self.set_up.in_its_shell():
                return send(
                    self.set_up, "token" if self._exercise.scenario.stage == "token" else "call"
                )
        if not self._named and self._exercise.in_the_past:
            return _sentence(diagnose(self.set_up.journal.exchanges).evidence), False
        report = self.check()
        if report.diagnosis is not None:
            return _sentence(report.diagnosis.evidence), False
        seen = f"The call came through: {report.rungs[-1].observed}."
        wrong = (
            next((str(problem) for problem in self.set_up.settings().problems()), "")
            or self._remark()
        )
        return (f"{seen} All the same: {wrong}", False) if wrong else (seen, True)

    def _remark(self) -> str:
        found = lint_env(self.set_up.env, environ=self.set_up.shell)
        ours = (
            each for each in found if each.certain or each.reference == self._exercise.reference
        )
        return next((f"{each.where}: {each.why}" for each in ours), "")

    def _take_away(self) -> None:
        if "tls" in self._exercise.made.options:
            self.set_up.mend()
        else:
            self.set_up.wych.fault_off()

    def _end(self, points: int) -> None:
        if not self.over:
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
        raise SettingInvalid(text, "is no name of a setting", reference="setting-invalid")
    return text
