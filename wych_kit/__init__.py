"""Wych Kit takes you from nothing to a first authenticated call on the Wych open-banking API.

    secret, errors  a value that must not be shown; what can go wrong     Secret, WychError
    settings/       your settings: shell, `.env`, defaults                load_settings
    client/         discovery, tokens, calls, and the journal of them     WychAuth, WychClient
    callback/       what a browser brings back after consent              callback.read
    diagnosis/      what is wrong, why, and what to do                    diagnose, lint
    journey/        the steps from registering to customer data
    support/        what leaves this machine: ticket bundle, secret scan
    training/       exercises, each with one defect to find and repair
    terminal/       the `wych-kit` command
    notebook/       the steps as forms in Jupyter                         notebook.open_kit
    mock/           a local simulation of Wych                            mock.running

A name is imported when it is first used, so that `import wych_kit` stays fast.
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
