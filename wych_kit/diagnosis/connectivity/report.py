"""What a climb found: each rung's state, what was observed there, and the diagnosis of the broken one."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from typing import Any

    from wych_kit.client.journal.recorder import Exchange
    from wych_kit.diagnosis.diagnose import Diagnosis

State = Literal["held", "broken", "skipped", "not reached"]

# Name and title of each rung, from the ground up. A rung keeps its number: exit statuses are made
# of it.
RUNGS = {
    "settings": "Settings",
    "name": "Host names",
    "connection": "Connection",
    "tls": "TLS",
    "proxy": "Proxy",
    "discovery": "Discovery document",
    "issuer": "Issuer",
    "clock": "Clock",
    "token-endpoint": "Token endpoint",
    "client": "Client id and secret",
    "token": "Token",
    "api-key": "API key",
    "permission": "Permission",
    "data": "Data",
}

# Beside the word, never instead of it.
SIGNS: dict[State, str] = {"held": "✓", "broken": "✗", "skipped": "–", "not reached": "○"}

# What is said when every rung held.
SOUND = "Nothing is broken: a first call works from here."

_USAGE = 2
_BROKEN = 10


@dataclass(frozen=True, slots=True)
class Rung:
    """One rung as it was found. `observed` is a sentence or two without secrets, empty where nobody got to."""

    name: str
    title: str
    state: State
    observed: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Report:
    """A climb. `diagnosis` is the broken rung's, `None` when none is; `exchanges` what went over the wire, redacted."""

    rungs: tuple[Rung, ...]
    diagnosis: Diagnosis | None
    exchanges: tuple[Exchange, ...]

    @property
    def broken(self) -> Rung | None:
        """The rung where the climb ended, if it did."""
        return next((rung for rung in self.rungs if rung.state == "broken"), None)

    @property
    def status(self) -> int:
        """The exit status: 0 when nothing is broken, 2 for the settings, 10 and the number of the rung for any other."""
        if self.broken is None:
            return 0
        number = self.rungs.index(self.broken) + 1
        return _USAGE if number == 1 else _BROKEN + number

    def as_dict(self) -> dict[str, Any]:
        """The same as plain data, fit for JSON."""
        return {
            "ok": self.broken is None,
            "status": self.status,
            "broken": self.broken.name if self.broken else None,
            "rungs": [
                {"number": number, **asdict(rung)} for number, rung in enumerate(self.rungs, 1)
            ],
            "diagnosis": asdict(self.diagnosis) if self.diagnosis else None,
            "exchanges": [exchange.as_dict() for exchange in self.exchanges],
        }
