"""Simulate Wych on this computer, reached over HTTP only.

`running()` is for tests, `start()` returns a mock that you stop yourself, and `python -m
wych_kit.mock` is a process.

The mock is as strict as the real identity provider (Keycloak 26.7) and an AWS gateway, down to the
bytes; docs/wire-facts.md records them. What nobody outside Wych knows is invented, and marked as
such. Importing this package loads nothing: the server is loaded at the first use of a name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wych_kit.mock.faults.catalogue import FAULTS, Fault
    from wych_kit.mock.http.server import CannotStart
    from wych_kit.mock.server import Mock, running, serve, start
    from wych_kit.mock.state.clients import READY_MADE, Credentials

__all__ = [
    "FAULTS",
    "READY_MADE",
    "CannotStart",
    "Credentials",
    "Fault",
    "Mock",
    "running",
    "serve",
    "start",
]

# Loaded on first use: the server imports Starlette, uvicorn and SQLAlchemy, which the command line
# must not pay for at its start.
_HOME = (
    dict.fromkeys(__all__, "server")
    | dict.fromkeys(("READY_MADE", "Credentials"), "state.clients")
    | dict.fromkeys(("FAULTS", "Fault"), "faults.catalogue")
    | {"CannotStart": "http.server"}
)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    try:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    except ModuleNotFoundError as error:
        needs = (
            f"the mock needs {error.name}, which comes with its extra: pip install '.[mock]' where"
            " wych-kit's source is"
        )
        raise ModuleNotFoundError(needs, name=error.name) from None
