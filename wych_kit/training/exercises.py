"""What can be broken, how long it may take, and with what one looks at it; all of it follows from the catalogue."""

from __future__ import annotations

import random
import zlib
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from wych_kit.diagnosis.scenarios import SCENARIOS
from wych_kit.diagnosis.scenarios.documentation import STAGES, nearest
from wych_kit.errors import SettingInvalid
from wych_kit.training.defects import BREAKS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wych_kit.diagnosis.scenarios import Scenario
    from wych_kit.training.defects import Break

# An estimate: reading a line of settings is quicker than reading a request, and what is outside
# one's own reach takes longest.
_MINUTES = {"values": 4, "request": 6, "fault": 5, "customer": 5, "network": 7}
# Everything before it holds, and has to be ruled out first.
_MORE = {"call": 1}
# A wrong value that stands in a request.
_BY_HAND = {"wrong-host"}
_IN_THE_SHELL = {"shell-shadows-file", "proxy-refused", "proxy-password", "proxy-unreachable"}
LINE = "A line of .env"
_PLACES = {
    "values": LINE,
    "request": "request.sh",
    "fault": "The mock, which misbehaves",
    "customer": "A customer's connection, or how the data were asked for",
    "network": LINE,
}
_NAMED = {"fault", "customer"}
_NAME_IT = "In the exercise no line repairs it: name it with answer REFERENCE."


@dataclass(frozen=True, slots=True)
class Exercise:
    """One thing to find and put right."""

    scenario: Scenario
    made: Break

    @property
    def reference(self) -> str:
        """Its name in the catalogue."""
        return self.scenario.reference

    @property
    def minutes(self) -> int:
        """How long it may take; an estimate."""
        return _MINUTES[self.scenario.made_by] + _MORE.get(self.scenario.stage, 0)

    @property
    def by_hand(self) -> bool:
        """Whether it is about a request in `request.sh`, and not about the settings."""
        return self.scenario.made_by == "request" or self.reference in _BY_HAND

    @property
    def by_name(self) -> bool:
        """Whether it is solved by naming it, as nothing in the set-up could repair it."""
        return self.scenario.made_by in _NAMED

    @property
    def in_the_past(self) -> bool:
        """Whether only the journal still shows it."""
        return self.by_name and self.made.shows == "exchanges"

    @property
    def where(self) -> str:
        """Where it is broken."""
        if self.reference in _IN_THE_SHELL:
            return "A variable of the shell"
        return _PLACES["request" if self.by_hand else self.scenario.made_by]

    @property
    def look(self) -> str:
        """The commands that show it."""
        if self.in_the_past:
            return "journal"
        if self.made.shows == "exchanges":
            return "done, then journal 1"
        if self.made.shows == "lint":
            return "lint request.sh" if self.by_hand else "env and lint"
        return "check"

    @property
    def hints(self) -> tuple[str, str, str]:
        """Where to look and with what; what one sees there and whose side it is; why, and what to do."""
        scenario = self.scenario
        return (
            f"It shows at: {STAGES[scenario.stage]}. Look with: {self.look}.",
            f"Seen: {scenario.symptom} Whose side: {scenario.side}.",
            f"Cause: {scenario.cause} Do: {self.repair}",
        )

    @property
    def repair(self) -> str:
        """What puts it right."""
        return f"{self.scenario.fix} {_NAME_IT}" if self.by_name else self.scenario.fix


# An exercise for each scenario that is not a condition of this kit itself, in the catalogue's
# order.
EXERCISES: Mapping[str, Exercise] = MappingProxyType(
    {
        name: Exercise(each, BREAKS[name])
        for name, each in SCENARIOS.items()
        if each.made_by != "kit" and name in BREAKS
    }
)


def known(reference: str) -> Exercise:
    """The exercise of this reference. Raises `SettingInvalid` for what is none; the nearest one is named."""
    found = EXERCISES.get(reference)
    if found is None:
        meant = nearest(reference)
        words = (
            f": did you mean {meant}?"
            if meant in EXERCISES
            else ": wych-kit drill --list shows all"
        )
        raise SettingInvalid(reference, f"is no exercise{words}", reference="setting-invalid")
    return found


def possible(reference: str) -> Exercise:
    """The same, if this machine can make it. Raises `SettingInvalid` with the reason if not."""
    found = known(reference)
    if found.made.why_not:
        raise SettingInvalid(
            reference, f"cannot be made here: {found.made.why_not}", reference="setting-invalid"
        )
    return found


def anything(seed: int | None = None) -> Exercise:
    """One that this machine can make. With a seed by a checksum, so that a scenario that is added seldom changes the choice."""
    fit = [each for each in EXERCISES.values() if not each.made.why_not]
    if seed is None:
        return random.choice(fit)  # noqa: S311 - no secret hangs on it
    return min(fit, key=lambda each: zlib.crc32(f"{seed} {each.reference}".encode()))
