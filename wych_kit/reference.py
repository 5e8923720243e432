"""What `wych-kit explain` does: the catalogue in a terminal, as a list or one entry whole."""

from __future__ import annotations

import sys

from wych_kit.scenarios import SCENARIOS
from wych_kit.scenarios.page import STAGES, at, facts, nearest
from wych_kit.screen import Screen

DONE, USAGE = 0, 2


def explain(word: str | None, *, plain: bool = False) -> int:
    """One scenario, or the list of all by stage. 2 for a reference that is none; the nearest one is named."""
    screen = Screen(plain=plain)
    if word is None:
        for stage, title in STAGES.items():
            screen.say(title, "bold")
            screen.table((), [(each.reference, each.cause) for each in at(stage)])
        return DONE
    found = nearest(word)
    if found is None or found != word:
        meant = f"Did you mean {found}? wych-kit explain {found}" if found else "All there are: wych-kit explain"
        Screen(plain=plain, file=sys.stderr).say(f"No scenario is called {word}. {meant}")
        return USAGE
    screen.say(found, "bold")
    screen.table((), facts(SCENARIOS[found]))
    return DONE
