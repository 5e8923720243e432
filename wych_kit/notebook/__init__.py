"""The journey in a notebook: `open_kit()` gives a kit, `kit.tour()` and `kit.step("token")` draw it, `drive()` presses the buttons.

    kit         what a notebook holds: opens, shows, catches up, switches environments
    desk        what all forms of one session share: outcomes, what is under way; draws nothing
    written     what is written in their fields, and what is wrong with it
    attempt     one start of a step
    page        one or more steps under one banner, and what viewers without widgets see instead
    panel       one step's form
    entry       one field of it;  parts  makes the widgets, with shared looks
    check       what kit.check() shows
    handover    what kit.bundle() shows
    recap       what was caught up, in a line a step
    slips       what was mistyped in a cell, in one line
    markup      HTML, escaped;  plain  the same as text
    countdown   the token's remaining life, once a second
    heartbeat   whether widgets come back from the front end
    driving     fills the real widgets and presses the real buttons

A skin, not a skeleton: where widgets do not show, the same cells work with keyword answers, `kit.step("register", email=…)`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wych_kit.notebook.autofill import Stuck, drive
    from wych_kit.notebook.kit import Kit, open_kit

__all__ = ["Kit", "Stuck", "drive", "open_kit"]

_HOMES = {"Kit": "kit", "Stuck": "autofill", "drive": "autofill", "open_kit": "kit"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
