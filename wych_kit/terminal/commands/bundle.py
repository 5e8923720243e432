"""`wych-kit bundle`: what it prints, and its exit status."""

from __future__ import annotations

import contextlib
import json
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

from wych_kit.diagnosis.connectivity import climb
from wych_kit.errors import SettingInvalid
from wych_kit.support.bundle.create import UNSENT, Bundle, make
from wych_kit.terminal.screen import Screen, Waiting

if TYPE_CHECKING:
    from pathlib import Path

    from wych_kit.settings.loading import Settings

_DONE, _STOPPED, _USAGE = 0, 1, 2


def bundle(
    settings: Settings,
    to: Path | None,
    *,
    check: bool = True,
    as_json: bool = False,
    plain: bool = False,
) -> int:
    """Make it and say what is in it. 0 written, 1 stopped by a secret, 2 when it cannot be written there."""
    screen = Screen(plain=plain)
    try:
        with (
            contextlib.nullcontext(Waiting())
            if as_json or not check
            else screen.waiting("Checking")
        ) as waiting:
            made = make(settings, to, check=partial(climb, say=waiting.now) if check else None)
    except SettingInvalid as error:
        if as_json:
            _print({"ok": False, "reason": error.observed})
        else:
            Screen(plain=plain, file=sys.stderr).say(f"{error.observed}. {UNSENT}")
        return _USAGE
    if as_json:
        _print(_facts(made))
    elif made.path is None:
        for line in made.lines():
            Screen(plain=plain, file=sys.stderr).say(line)
    else:
        screen.banner(settings.environment)
        screen.table(
            (), [(part.name, part.holds, f"{len(part.content)} bytes") for part in made.parts]
        )
        for line in made.lines():
            screen.say(line)
    return _STOPPED if made.path is None else _DONE


def _facts(made: Bundle) -> dict[str, Any]:
    if made.path is None:
        return {"ok": False, "found": [each._asdict() for each in made.found]}
    parts = [
        {"name": part.name, "holds": part.holds, "bytes": len(part.content)} for part in made.parts
    ]
    return {"ok": True, "path": str(made.path), "parts": parts}


def _print(facts: dict[str, Any]) -> None:
    print(json.dumps(facts, indent=2, ensure_ascii=False))  # noqa: T201 - this is the output
