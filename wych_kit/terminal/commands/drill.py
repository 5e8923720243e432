"""What `wych-kit drill` does: one exercise at a prompt, or a look at all of them. Each gives its exit status."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from wych_kit.diagnosis.scenarios.documentation import STAGES
from wych_kit.errors import SettingInvalid
from wych_kit.terminal.exercise_prompt import Prompt
from wych_kit.terminal.screen import Screen
from wych_kit.training import EXERCISES, FOLDER, ExerciseAttempt, Scores
from wych_kit.training.answer_key import describe_exercise, exercises_at, render_answer_key
from wych_kit.training.exercises import get_exercise
from wych_kit.training.scores import MAX_POINTS

if TYPE_CHECKING:
    from wych_kit.terminal.exercise_prompt import Run
    from wych_kit.training import Exercise, Result

DONE, UNSOLVED, USAGE = 0, 1, 2


def drill(reference: str | None, run: Run, *, mystery: bool = False, plain: bool = False) -> int:
    """One exercise, in a folder of its own below this one, until it is solved or left. 0 when it was solved, 2 when none could begin.

    `run` runs the kit's own commands.
    """
    screen = Screen(plain=plain)
    try:
        begun = ExerciseAttempt.begin(reference, FOLDER, mystery=mystery)
    except SettingInvalid as error:
        return _refused(error, plain=plain)
    with begun:
        screen.banner(begun.setup.settings().environment)
        screen.say(begun.situation, "bold")
        screen.say(f"{begun.where} Type help, or hint.")
        solved = Prompt(begun, screen, run).serve()
        if solved and begun.result:
            screen.say(f"{_told(begun.result)}. wych-kit drill --scores shows all.")
    return DONE if solved else UNSOLVED


def listing(*, plain: bool = False) -> int:
    """Every exercise by stage: about how many minutes, and the person's best."""
    screen = Screen(plain=plain)
    best = Scores().best()
    for stage, title in STAGES.items():
        if found := exercises_at(stage):
            screen.say(title, "bold")
            screen.table(
                (),
                [
                    (each.reference, f"{each.minutes} min", _best(each, best.get(each.reference)))
                    for each in found
                ],
            )
    solved = sum(1 for each in best.values() if each.points)
    screen.say(
        f"{solved} of {len(EXERCISES)} solved. Minutes are an estimate. wych-kit drill REFERENCE"
        " begins one."
    )
    return DONE


def results(*, plain: bool = False) -> int:
    """What was solved on this machine, the best of each exercise, and all points."""
    screen = Screen(plain=plain)
    best = Scores().best()
    if not best:
        screen.say("Nothing yet: wych-kit drill begins an exercise.")
        return DONE
    rows = [
        (name, str(each.points), str(each.hints), _time(each.seconds), each.when[:10])
        for name, each in best.items()
    ]
    screen.table(("exercise", "points", "hints", "time", "day"), sorted(rows))
    screen.say(
        f"{sum(each.points for each in best.values())} points of {MAX_POINTS * len(EXERCISES)}."
    )
    return DONE


def page(reference: str | None, *, plain: bool = False) -> int:
    """The facilitator's key: the whole page, or one exercise's part. 2 for a reference that is none."""
    if reference is None:
        print(render_answer_key(), end="")  # noqa: T201 - a page of Markdown, for a file or a pager
        return DONE
    try:
        rows = describe_exercise(get_exercise(reference))
    except SettingInvalid as error:
        return _refused(error, plain=plain)
    screen = Screen(plain=plain)
    screen.say(reference, "bold")
    screen.table((), rows)
    return DONE


def _refused(error: SettingInvalid, *, plain: bool) -> int:
    """A slip, or a folder in the way: nothing of the catalogue has more to say of it."""
    Screen(plain=plain, file=sys.stderr).say(
        error.observed if error.observed.endswith("?") else f"{error.observed}."
    )
    return USAGE


def _best(exercise: Exercise, best: Result | None) -> str:
    if exercise.defect.impossible_because:
        return f"only where {exercise.defect.impossible_because.partition(',')[0]}"
    return _told(best) if best else ""


def _told(result: Result) -> str:
    return f"{result.points} of {MAX_POINTS} points, {_time(result.seconds)}"


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
