"""List the exercises, with their time, place and hints; all follows from the scenarios."""

from __future__ import annotations

import random
import zlib
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from wych_kit.diagnosis.scenarios import SCENARIOS, WHO_CAN_FIX
from wych_kit.diagnosis.scenarios.documentation import STAGES, nearest_reference
from wych_kit.errors import SettingInvalid
from wych_kit.training.defects import DEFECTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wych_kit.diagnosis.scenarios import Scenario
    from wych_kit.training.defects import Defect

# An estimate: reading a line of settings is quicker than reading a request, and what is outside
# one's own reach takes longest.
# An estimate, measured by nobody: a line of settings is read faster than a request, and the network
# takes longest.
_MINUTES = {"values": 4, "request": 6, "fault": 5, "customer": 5, "network": 7}
# Everything before it holds, and has to be ruled out first.
# A defect that shows at the first call takes longer: every earlier stage must be ruled out first.
_MORE = {"call": 1}
# A wrong value that stands in a request.
# Scenarios of a wrong value that stands in a request, not in a setting.
_BY_HAND = {"wrong-host"}
_IN_THE_SHELL = {"shell-shadows-file", "proxy-refused", "proxy-password", "proxy-unreachable"}
LINE = "A line of .env"
_PLACES = {
    "values": LINE,
    "request": "request.sh",
    "fault": "The mock, which fails on purpose",
    "customer": "A customer's connection, or the request for the data",
    "network": LINE,
}
# Nothing in the set-up can repair these, so the person names the cause instead.
_NAMED = {"fault", "customer"}
_NAME_IT = "In the exercise no edit repairs this. Name the cause: answer REFERENCE."


@dataclass(frozen=True, slots=True)
class Exercise:
    """One defect to find and repair."""

    scenario: Scenario
    defect: Defect

    @property
    def reference(self) -> str:
        """Return the scenario's reference."""
        return self.scenario.reference

    @property
    def minutes(self) -> int:
        """Return the estimated minutes."""
        return _MINUTES[self.scenario.made_by] + _MORE.get(self.scenario.stage, 0)

    @property
    def is_hand_written(self) -> bool:
        """Return True if the defect is in `request.sh` and not in the settings."""
        return self.scenario.made_by == "request" or self.reference in _BY_HAND

    @property
    def is_named_only(self) -> bool:
        """Return True if the exercise is solved by naming the cause, because no edit repairs it."""
        return self.scenario.made_by in _NAMED

    @property
    def is_past(self) -> bool:
        """Return True if only the journal still shows the defect."""
        return self.is_named_only and self.defect.shows == "exchanges"

    @property
    def where(self) -> str:
        """Return where the defect is."""
        if self.reference in _IN_THE_SHELL:
            return "A variable of the shell"
        return _PLACES["request" if self.is_hand_written else self.scenario.made_by]

    @property
    def look(self) -> str:
        """Return the commands that show the defect."""
        if self.is_past:
            return "journal"
        if self.defect.shows == "exchanges":
            return "done, then journal 1"
        if self.defect.shows == "lint":
            return "lint request.sh" if self.is_hand_written else "env and lint"
        return "check"

    @property
    def hints(self) -> tuple[str, str, str]:
        """Return three hints: where to look; what you see there; the cause and the repair."""
        scenario = self.scenario
        return (
            f"The failure shows at: {STAGES[scenario.stage]}. Use: {self.look}.",
            f"You see: {scenario.symptom} Who can fix it: {WHO_CAN_FIX[scenario.side]}.",
            f"Cause: {scenario.cause} Fix: {self.repair}",
        )

    @property
    def repair(self) -> str:
        """Return what repairs the defect."""
        return f"{self.scenario.fix} {_NAME_IT}" if self.is_named_only else self.scenario.fix


# An exercise for each scenario that is not a condition of this kit itself, in the catalogue's
# order.
EXERCISES: Mapping[str, Exercise] = MappingProxyType(
    {
        name: Exercise(each, DEFECTS[name])
        for name, each in SCENARIOS.items()
        if each.made_by != "kit" and name in DEFECTS
    }
)


def get_exercise(reference: str) -> Exercise:
    """Return the exercise of this reference.

    Raises `SettingInvalid`, which names the nearest reference, if there is none.
    """
    exercise = EXERCISES.get(reference)
    if exercise is None:
        meant = nearest_reference(reference)
        suggestion = (
            f": did you mean {meant}?"
            if meant in EXERCISES
            else ": wych-kit drill --list shows all"
        )
        raise SettingInvalid(
            reference, f"is not an exercise{suggestion}", reference="setting-invalid"
        )
    return exercise


def get_feasible_exercise(reference: str) -> Exercise:
    """Return the exercise of this reference if this machine can run it.

    Raises `SettingInvalid` with the reason if not.
    """
    exercise = get_exercise(reference)
    if exercise.defect.impossible_because:
        raise SettingInvalid(
            reference,
            f"cannot run on this machine: {exercise.defect.impossible_because}",
            reference="setting-invalid",
        )
    return exercise


def choose_exercise(seed: int | None = None) -> Exercise:
    """Return an exercise that this machine can run: at random, or the same one for the same seed."""
    # A checksum, not random.seed: a scenario that is added later seldom changes the choice.
    fit = [each for each in EXERCISES.values() if not each.defect.impossible_because]
    if seed is None:
        return random.choice(fit)  # noqa: S311 - no secret hangs on it
    return min(fit, key=lambda each: zlib.crc32(f"{seed} {each.reference}".encode()))
