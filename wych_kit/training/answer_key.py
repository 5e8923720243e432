"""Write the facilitator's answer key, docs/facilitators-key.md, from the scenarios."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from wych_kit.diagnosis.scenarios import WHO_CAN_FIX
from wych_kit.diagnosis.scenarios.documentation import STAGES, escape_markdown
from wych_kit.training.defects import ExerciseSetup
from wych_kit.training.exercises import EXERCISES, LINE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wych_kit.training.exercises import Exercise

_ABOUT = """# Facilitator's answer key

Every exercise of `wych-kit drill` with its answer: the time, the defect, what it looks like, how to find it and how to repair it.

- `wych-kit drill REFERENCE` starts one. Add `--mystery` to keep its name from the person who solves it.
- `wych-kit drill` starts any of them. `wych-kit drill --scores` shows what was solved on a machine.
- "How to find it" is what to type at the exercise's prompt. The minutes are estimates.

`make docs` writes this page from the catalogue: change `wych_kit/diagnosis/scenarios/`, not the page.
"""


def render_answer_key() -> str:
    """Return the whole page as Markdown."""
    return "\n".join([_ABOUT, *_contents(), *_sections()])


def exercises_at(stage: str) -> list[Exercise]:
    """Return the exercises that show first at this stage, in the catalogue's order."""
    return [each for each in EXERCISES.values() if each.scenario.stage == stage]


def describe_exercise(exercise: Exercise) -> list[tuple[str, str]]:
    """Return an exercise as rows of label and text, for a facilitator."""
    scenario = exercise.scenario
    limits = (
        [("Only where", f"{exercise.defect.impossible_because}.")]
        if exercise.defect.impossible_because
        else []
    )
    return [
        ("Minutes", f"about {exercise.minutes}"),
        *limits,
        ("Defect", f"{_broken().get(exercise.reference, exercise.where)}. {scenario.cause}"),
        ("What you see", scenario.symptom),
        ("How to find it", f"{exercise.look}. Who can fix it: {WHO_CAN_FIX[scenario.side]}."),
        ("Repair", exercise.repair),
    ]


def _contents() -> Iterator[str]:
    for stage, title in STAGES.items():
        if exercises := exercises_at(stage):
            links = ", ".join(f"[{each.reference}](#{each.reference})" for each in exercises)
            yield f"- {title}, about {sum(each.minutes for each in exercises)} minutes: {links}"
    yield ""


def _sections() -> Iterator[str]:
    for stage, title in STAGES.items():
        if exercises := exercises_at(stage):
            yield f"## {title}\n"
            for each in exercises:
                yield f"### {each.reference}\n"
                yield from (
                    f"- {label}: {escape_markdown(text)}" for label, text in describe_exercise(each)
                )
                yield ""


@cache
def _broken() -> dict[str, str]:
    """Return which setting each defect changes, by reference: found out by applying every defect."""
    places = {}
    with ExerciseSetup() as setup:
        for each in EXERCISES.values():
            if each.where == LINE and not each.defect.options:
                before = set(setup.env.read_bytes().split(b"\n"))
                each.defect.apply(setup)
                changed = before - set(setup.env.read_bytes().split(b"\n"))
                names = [line.partition(b"=")[0].decode() for line in sorted(changed)]
                # A change of the first bytes, or of all line ends, belongs to no single setting.
                places[each.reference] = (
                    f"{names[0]} in .env"
                    if len(names) == 1 and each.defect.shows == "check"
                    else ".env"
                )
                setup.mend()
    return places
