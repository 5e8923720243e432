"""A pretend Wych, reached only over HTTP: `running()` for tests, `start()` to hold on to it, `python -m wych_kit.mock` as a process.

Strict where the real identity provider (Keycloak 26.7) and an AWS gateway are, down to the bytes, as the wire facts record it;
invented where nobody outside Wych knows, and marked so. Importing this costs nothing; the server is loaded when first used.
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
