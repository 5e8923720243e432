"""Wych Kit: from nothing to a first authenticated call on the Wych open-banking API.

    settings      what you brought: shell over .env over default            load_settings, save_settings
    client        discovery, tokens, calls, the journal of exchanges        WychAuth, WychClient
    secret        a value that must never be shown                          Secret
    errors        what can go wrong, as facts                               WychError and its five kinds
    scenarios     what goes wrong in practice, and what to do about it
    diagnosis     from an error, or exchanges, to cause and next action     diagnose
    callback      what a browser brings back from the consent journey       callback.parse_callback, callback.Listener
    rehearsal     every return, played at your own handler                  rehearsal.rehearse
    steps         what a step is; knows nothing of Wych
    journey       register, discover, token, first_call
    terminal      the journey in a terminal
    notebook      the journey in a notebook                                 notebook.open_kit
    mock          a pretend Wych, reached only over HTTP                    mock.running

Nothing is imported before it is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wych_kit import callback, mock, notebook
    from wych_kit.client.api import WychClient
    from wych_kit.client.auth import WychAuth
    from wych_kit.client.journal.recorder import Journal
    from wych_kit.diagnosis import lint
    from wych_kit.diagnosis.diagnose import diagnose
    from wych_kit.errors import (
        Refused,
        SettingInvalid,
        SettingMissing,
        Unexpected,
        Unreachable,
        WychError,
    )
    from wych_kit.secret import Secret
    from wych_kit.settings.loading import Settings, load_settings, save_settings

__version__ = "0.1.0"

__all__ = [
    "Journal",
    "Refused",
    "Secret",
    "SettingInvalid",
    "SettingMissing",
    "Settings",
    "Unexpected",
    "Unreachable",
    "WychAuth",
    "WychClient",
    "WychError",
    "callback",
    "diagnose",
    "lint",
    "load_settings",
    "mock",
    "notebook",
    "save_settings",
]

_HOMES = {
    "Journal": "client.journal.recorder",
    "Refused": "errors",
    "Secret": "secret",
    "SettingInvalid": "errors",
    "SettingMissing": "errors",
    "Settings": "settings.loading",
    "Unexpected": "errors",
    "Unreachable": "errors",
    "WychAuth": "client.auth",
    "WychClient": "client.api",
    "WychError": "errors",
    "diagnose": "diagnosis.diagnose",
    "load_settings": "settings.loading",
    "save_settings": "settings.loading",
}

_SUBMODULES = {
    "callback": "callback",
    "lint": "diagnosis.lint",
    "mock": "mock",
    "notebook": "notebook",
}


def __getattr__(name: str) -> object:
    if name in _SUBMODULES:
        return import_module(f"wych_kit.{_SUBMODULES[name]}")
    if name not in _HOMES:
        raise AttributeError(f"module 'wych_kit' has no attribute {name!r}")
    value = getattr(import_module(f"wych_kit.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
