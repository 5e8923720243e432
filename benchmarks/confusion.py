"""What is named where each scenario is made to happen, by every way of looking: right or not, how sure, and what it may be as well."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from unittest.mock import patch

from measure import Row

from wych_kit.client import backoff, http_request
from wych_kit.diagnosis.connectivity import check
from wych_kit.training import detection
from wych_kit.training.defects import DEFECTS, Defect, ExerciseSetup

LOOKS = {
    "check": detection.detect_by_check,
    "lint": detection.detect_by_lint,
    "step": detection.detect_by_step,
    "exchanges": (
        detection.detect_by_exchanges
    ),  # the last: it judges what the steps sent, where the break sends nothing itself
}
Found = dict[str, detection.Detection]


def rows() -> Iterator[Row]:
    """A line for each scenario; then how many were named right, first, where they show, and nowhere wrongly with certainty."""
    right, made, open_ones, coarse = 0, 0, [], []
    with impatient():
        for reference, way in DEFECTS.items():
            if way.impossible_because:
                yield Row(
                    f"  {reference}",
                    "not made here",
                    "",
                    f"{way.impossible_because}; the tests fake it",
                )
                continue
            found = looked_at(way)
            made += 1
            right += (is_right := named_right(way, found))
            if any(named.runner_up for named in found.values()):
                open_ones.append(reference)
            if any(named.reference != reference for named in found.values()):
                coarse.append(reference)
            yield Row(
                f"  {reference}", "right" if is_right else "WRONG", "", told(reference, found)
            )
    yield Row("named right, first, by the way that shows it", f"{right} of {made}", "all")
    yield Row(
        "  a way that sees less names another, not certain", str(len(coarse)), "", ", ".join(coarse)
    )
    yield Row("  a runner-up is shown", str(len(open_ones)), "", ", ".join(open_ones))


@contextlib.contextmanager
def impatient() -> Iterator[None]:
    """Nobody waits for what will not come."""
    with (
        patch.object(check, "CHECK_SECONDS", 0.9),
        patch.object(http_request, "ANSWER_SECONDS", 0.5),
        patch.object(backoff, "ATTEMPTS", 1),
    ):
        yield


def looked_at(way: Defect) -> Found:
    """What each way that says anything says of a set-up that is broken this way."""
    with ExerciseSetup(**way.options) as setup:
        way.apply(setup)
        said = {look: name(setup) for look, name in LOOKS.items()}
    return {look: named for look, named in said.items() if named}


def named_right(way: Defect, found: Found) -> bool:
    """Whether it is named where it shows, and nothing else is named as certain anywhere."""
    shown = found.get(way.shows)
    others = [named for named in found.values() if named.reference != way.reference]
    return (
        shown is not None
        and shown.reference == way.reference
        and not any(named.confidence == "certain" for named in others)
    )


def told(reference: str, found: Found) -> str:
    """The ways in a line: what is named where it is another one, how sure, and the runner-up."""
    return " · ".join(f"{look} {one(reference, named)}" for look, named in found.items())


def one(reference: str, named: detection.Detection) -> str:
    """What one way says."""
    other = "" if named.reference == reference else f"{named.reference or 'nothing known'}, "
    return f"{other}{named.confidence}{f', or {named.runner_up}' if named.runner_up else ''}"
