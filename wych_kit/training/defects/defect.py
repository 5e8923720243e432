"""What is said of one way to break a set-up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from wych_kit.training.exercise_setup import SetUp

# What names it: the check of every rung (and then the step that it stops), a look at the file
# before anything is sent, or only a look at what went over the wire.
Shows = Literal["check", "lint", "exchanges"]


@dataclass(frozen=True, slots=True)
class Break:
    """One way to break a set-up so that the scenario `reference` comes about.

    `options` are for `SetUp(**options)`, before `apply` is called with it. `why_not`: what has to be so on this machine besides, and
    cannot be made without privileges.
    """

    reference: str
    shows: Shows
    apply: Callable[[SetUp], None]
    options: Mapping[str, str] = field(default_factory=dict)
    why_not: str = ""
