"""`wych-kit drill`: starts an exercise, or lists exercises, scores and answers."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from wych_kit.errors import SettingInvalid
from wych_kit.terminal.context import execute
from wych_kit.terminal.exit_status import DONE, REFUSED, USAGE
from wych_kit.terminal.parser import add_examples, parse

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from wych_kit.terminal.screen import Screen
    from wych_kit.training import Exercise, Result


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.description = (
        "Find and fix one fault in a prepared exercise. Your own settings stay as they are."
    )
    parser.add_argument(
        "reference",
        metavar="REFERENCE",
        nargs="?",
        help="the exercise (default: any, without its name)",
    )
    parser.add_argument("--mystery", action="store_true", help="hide the name of the exercise")
    actions = parser.add_mutually_exclusive_group()
    for action, summary in (
        ("list", "list the exercises, their length and your best result"),
        ("scores", "show what was solved on this machine"),
        ("key", "show the facilitator's key: all answers, or one"),
    ):
        actions.add_argument(
            f"--{action}", dest="act", action="store_const", const=action, help=summary
        )
    add_examples(
        parser,
        "wych-kit drill",
        "wych-kit drill wrong-client-secret",
        "wych-kit drill throttled --mystery",
        "wych-kit drill --list",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run an exercise or show a list. 0 solved or shown, 1 unsolved, 2 it could not begin."""
    from wych_kit.terminal.screen import Screen

    screen = Screen(plain=arguments.plain)
    if arguments.act == "list":
        return _list_exercises(screen)
    if arguments.act == "scores":
        return _show_scores(screen)
    try:
        if arguments.act == "key":
            return _show_key(arguments.reference, screen)
        return _run_exercise(arguments.reference, screen, mystery=arguments.mystery)
    except SettingInvalid as error:
        # A mistyped reference, or a folder in the way: the catalogue has no more to say of it.
        message = error.observed
        errors = Screen(plain=arguments.plain, file=sys.stderr)
        errors.say(message if message.endswith("?") else f"{message}.")
        return USAGE


def _run_exercise(reference: str | None, screen: Screen, *, mystery: bool) -> int:
    from wych_kit.terminal.exercise_prompt import Prompt
    from wych_kit.training import FOLDER, ExerciseAttempt

    with ExerciseAttempt.begin(reference, FOLDER, mystery=mystery) as drill:
        screen.show_banner(drill.setup.settings().environment)
        screen.say(drill.situation, "bold")
        screen.say(f"{drill.where} For help, type help or hint.")
        solved = Prompt(drill, screen, _run_command_line).serve()
        if solved and drill.result:
            screen.say(f"{_describe(drill.result)}. All scores: wych-kit drill --scores")
    return DONE if solved else REFUSED


def _run_command_line(words: Sequence[str]) -> int:
    """Run one of the kit's commands inside the exercise."""
    arguments = parse(words)
    # The exercise has a mock of its own, and may be about one that does not answer.
    arguments.start_mock = False
    return execute(arguments)


def _list_exercises(screen: Screen) -> int:
    from wych_kit.diagnosis.scenarios.documentation import STAGES
    from wych_kit.training import EXERCISES, Scores
    from wych_kit.training.answer_key import exercises_at

    best = Scores().best()
    for stage, title in STAGES.items():
        exercises = exercises_at(stage)
        if exercises:
            screen.say(title, "bold")
            rows = [
                (
                    exercise.reference,
                    f"{exercise.minutes} min",
                    _best(exercise, best.get(exercise.reference)),
                )
                for exercise in exercises
            ]
            screen.show_table((), rows)
    solved = sum(1 for result in best.values() if result.points)
    screen.say(f"You solved {solved} of {len(EXERCISES)}. Minutes are an estimate.")
    screen.say("To start one: wych-kit drill REFERENCE")
    return DONE


def _show_scores(screen: Screen) -> int:
    from wych_kit.training import EXERCISES, Scores
    from wych_kit.training.scores import MAX_POINTS

    best = Scores().best()
    if not best:
        screen.say("No exercise is solved yet. To start one: wych-kit drill")
        return DONE
    rows = sorted(
        (
            name,
            str(result.points),
            str(result.hints),
            _duration(result.seconds),
            result.when[:10],
        )
        for name, result in best.items()
    )
    screen.show_table(("exercise", "points", "hints", "time", "day"), rows)
    points = sum(result.points for result in best.values())
    screen.say(f"{points} points of {MAX_POINTS * len(EXERCISES)}.")
    return DONE


def _show_key(reference: str | None, screen: Screen) -> int:
    from wych_kit.training.answer_key import describe_exercise, render_answer_key
    from wych_kit.training.exercises import get_exercise

    if reference is None:
        print(render_answer_key(), end="")  # noqa: T201 - a page of Markdown, for a file or a pager
        return DONE
    rows = describe_exercise(get_exercise(reference))
    screen.say(reference, "bold")
    screen.show_table((), rows)
    return DONE


def _best(exercise: Exercise, result: Result | None) -> str:
    if exercise.defect.impossible_because:
        return f"only where {exercise.defect.impossible_because.partition(',')[0]}"
    return _describe(result) if result else ""


def _describe(result: Result) -> str:
    from wych_kit.training.scores import MAX_POINTS

    return f"{result.points} of {MAX_POINTS} points, {_duration(result.seconds)}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
