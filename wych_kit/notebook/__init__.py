"""The journey in a notebook: `open_kit()` returns a kit, which draws its steps as forms.

    kit            what a notebook opens: shows steps, catches up, switches environments
    session_model  the state that all forms share
    drafts         the answers in the forms' fields, and their faults
    step_run       one start of a step, and the observers that it notifies
    views          what cells show, as text and as HTML
    widgets        the forms
    autofill       fills the forms and presses their buttons

Where widgets do not show, the same cells work with
answers in code: `kit.step("register", email=…)`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wych_kit.notebook.autofill import Stuck, drive
    from wych_kit.notebook.kit import Kit, open_kit

__all__ = ["Kit", "Stuck", "drive", "open_kit"]

_MODULES = {"Kit": "kit", "Stuck": "autofill", "drive": "autofill", "open_kit": "kit"}


def __getattr__(name: str) -> Any:
    # ipywidgets takes a while to import: only the name that is used pays for it.
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
