"""What `wych-kit explain` and `wych-kit endpoints` do: the catalogue and the table of the API's paths in a terminal."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from wych_kit.client.endpoints import current_endpoints
from wych_kit.diagnosis.scenarios import SCENARIOS
from wych_kit.diagnosis.scenarios.documentation import STAGES, about, at, facts, nearest
from wych_kit.settings import endpoint_paths
from wych_kit.terminal.screen import Screen

if TYPE_CHECKING:
    from wych_kit.settings.loading import Settings

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
        told = about(word)
        if found:
            meant = f"Did you mean {found}? wych-kit explain {found}"
        else:
            meant = (
                f"These speak of it: {', '.join(told)}"
                if told
                else "All there are: wych-kit explain"
            )
        Screen(plain=plain, file=sys.stderr).say(f"No scenario is called {word}. {meant}")
        return USAGE
    screen.say(found, "bold")
    screen.table((), facts(SCENARIOS[found]))
    return DONE


def endpoints(settings: Settings, *, as_json: bool = False, plain: bool = False) -> int:
    """Every call with its path, its token, and what our knowledge of it rests on. 2 when a setting that corrects one is wrong."""
    table = current_endpoints(settings)
    problems = [problem for problem in settings.problems() if problem.name in endpoint_paths.NAMES]
    wrong = {problem.name for problem in problems}
    if as_json:
        rows = [
            {**asdict(each), "setting": each.setting}
            | ({"path": None} if each.setting in wrong else {})
            for each in table
        ]
        print(  # noqa: T201 - this is the output
            json.dumps(
                {"endpoints": rows, "problems": [str(problem) for problem in problems]},
                indent=2,
                ensure_ascii=False,
            )
        )
        return USAGE if problems else DONE
    screen = Screen(plain=plain)
    for each in table:
        # A wrong text may be anything, also a secret in the wrong place.
        shown = "(not usable, see below)" if each.setting in wrong else f"{each.method} {each.path}"
        screen.say(f"{each.name}: {each.basis}, {each.token} token", "bold")
        screen.table(
            (),
            [
                ("path", shown),
                ("source", each.source),
                *([("setting", each.setting)] if each.setting else []),
            ],
        )
    for problem in problems:
        screen.say(f"{'' if screen.plain else '✗ '}{problem}", "yellow")
    return USAGE if problems else DONE
