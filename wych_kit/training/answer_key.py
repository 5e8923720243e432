"""The facilitator's key, docs/facilitators-key.md, and the list of exercises; both follow from the catalogue."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from wych_kit.diagnosis.scenarios.documentation import STAGES, marked_up
from wych_kit.training.defects import SetUp
from wych_kit.training.exercises import EXERCISES, LINE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wych_kit.training.exercises import Exercise

_ABOUT = """# Facilitator's key

Every exercise of `wych-kit drill`, with its answer: how long it may take, what is broken, how that shows, how it is found, how it is repaired.

- `wych-kit drill REFERENCE` begins one; with `--mystery` too, the person in front of it is not told which.
- `wych-kit drill` alone begins any. `wych-kit drill --scores` shows what was solved on a machine.
- Found with: what to type at the prompt of the exercise. Minutes are an estimate by kind and stage; nobody has measured them.

This page is made from the catalogue by `make docs`: change `wych_kit/scenarios/`, not the page.
"""


def key() -> str:
    """The whole page as Markdown."""
    return "\n".join([_ABOUT, *_contents(), *_sections()])


def at(stage: str) -> list[Exercise]:
    """The exercises that show first at this stage, in the catalogue's order."""
    return [each for each in EXERCISES.values() if each.scenario.stage == stage]


def facts(exercise: Exercise) -> list[tuple[str, str]]:
    """What a facilitator needs to know of one, as rows of label and words."""
    known = exercise.scenario
    limits = [("Only where", f"{exercise.made.why_not}.")] if exercise.made.why_not else []
    return [
        ("Minutes", f"about {exercise.minutes}"),
        *limits,
        ("Broken", f"{_broken().get(exercise.reference, exercise.where)}. {known.cause}"),
        ("Seen", known.symptom),
        ("Found with", f"{exercise.look}. Whose side: {known.side}."),
        ("Repaired", exercise.repair),
    ]


def _contents() -> Iterator[str]:
    for stage, title in STAGES.items():
        if found := at(stage):
            links = ", ".join(f"[{each.reference}](#{each.reference})" for each in found)
            yield f"- {title}, about {sum(each.minutes for each in found)} minutes: {links}"
    yield ""


def _sections() -> Iterator[str]:
    for stage, title in STAGES.items():
        if found := at(stage):
            yield f"## {title}\n"
            for each in found:
                yield f"### {each.reference}\n"
                yield from (f"- {label}: {marked_up(words)}" for label, words in facts(each))
                yield ""


@cache
def _broken() -> dict[str, str]:
    """By reference, which settings of `.env` its break changes: found by doing it."""
    found = {}
    with SetUp() as set_up:
        for each in EXERCISES.values():
            if each.where == LINE and not each.made.options:
                before = set(set_up.env.read_bytes().split(b"\n"))
                each.made.apply(set_up)
                changed = before - set(set_up.env.read_bytes().split(b"\n"))
                names = [line.partition(b"=")[0].decode() for line in sorted(changed)]
                # The first bytes or all line ends are no one setting's.
                found[each.reference] = (
                    f"{names[0]} in .env"
                    if len(names) == 1 and each.made.shows == "check"
                    else ".env"
                )
                set_up.mend()
    return found
