"""Define a defect: one way to break a set-up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from wych_kit.training.exercise_setup import ExerciseSetup

# What names it: the check of every rung (and then the step that it stops), a look at the file
# before anything is sent, or only a look at what went over the wire.
Shows = Literal["check", "lint", "exchanges"]


@dataclass(frozen=True, slots=True)
class Defect:
    """One way to break a set-up so that the scenario `reference` occurs.

    `options` go to `ExerciseSetup(**options)`; then `apply` is called with the set-up.
    `impossible_because` says what this machine lacks, if that cannot be had without privileges.
    """

    reference: str
    shows: Shows
    apply: Callable[[ExerciseSetup], None]
    options: Mapping[str, str] = field(default_factory=dict)
    impossible_because: str = ""
