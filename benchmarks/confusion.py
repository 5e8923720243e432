"""The table of confusion: what each way of looking names when one thing is broken, and what it says that it may be as well.

A count of references is no time: a mistake here is one that `tests/test_proof.py` shows too. Printed is what is worth reading: the
counts, where another name comes first, and where a runner-up is shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

from measure import Row

from wych_kit.breaking import BREAKS, SetUp, naming
from wych_kit.breaking.naming import Named
from wych_kit.client import backoff, wire
from wych_kit.ladder import climbing

LOOKS = {"check": naming.by_check, "lint": naming.by_lint, "step": naming.by_step, "exchanges": naming.by_exchanges}
"""In this order: a look at the exchanges judges what the steps sent, where the break sends nothing itself."""

Found = dict[str, dict[str, Named | None]]


def rows() -> Iterator[Row]:
    """How often each way named the right one first, and each entry off the diagonal or with a runner-up."""
    found = {reference: _looked(reference) for reference, way in BREAKS.items() if not way.why_not}
    first = sum(any(named and named.reference == reference for named in ways.values()) for reference, ways in found.items())
    yield Row("named right, first, by a way of looking", f"{first} of {len(found)}", "all")
    for way in LOOKS:
        said = {reference: named for reference, ways in found.items() if (named := ways[way])}
        right = sum(named.reference == reference for reference, named in said.items())
        wrong = sum(named.reference != reference and named.confidence == "certain" for reference, named in said.items())
        yield Row(f"  by {way}, of those it says something about", f"{right} of {len(said)}", "", f"wrong and certain: {wrong}")
    yield from _off_the_diagonal(found)
    for way in (each for each in BREAKS.values() if each.why_not):
        yield Row(f"  {way.reference}: not here", "", "", way.why_not)


def _off_the_diagonal(found: Found) -> Iterator[Row]:
    """A row for each name that comes first in another's place or with a runner-up, with the ways that say so."""
    for reference, ways in found.items():
        said: dict[Named, list[str]] = {}
        for way, named in ways.items():
            if named and (named.reference != reference or named.runner_up):
                said.setdefault(named, []).append(way)
        for named, by in said.items():
            first = "itself" if named.reference == reference else named.reference or "nothing known"
            yield Row(
                f"  {reference}, by {', '.join(by)}", first, named.confidence, f"or {named.runner_up}" if named.runner_up else ""
            )


def _looked(reference: str) -> dict[str, Named | None]:
    way = BREAKS[reference]
    with _impatience(), SetUp(**way.options) as set_up:
        way.apply(set_up)
        return {name: look(set_up) for name, look in LOOKS.items()}


@contextmanager
def _impatience() -> Iterator[None]:
    """Nobody waits here for what will not come."""
    with ExitStack() as stack:
        for module, name, value in ((climbing, "RUNG_SECONDS", 0.9), (wire, "ANSWER_SECONDS", 0.5), (backoff, "ATTEMPTS", 1)):
            stack.enter_context(patch.object(module, name, value))
        yield
