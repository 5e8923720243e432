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
CHECK_TITLES = {
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

# JSON keeps the words of `State`, which programs read; people read these.
STATE_LABELS: dict[State, str] = {
    "held": "passed",
    "broken": "failed",
    "skipped": "skipped",
    "not reached": "not reached",
}

# Shown beside the label, never instead of it: screen readers and plain output have words only.
STATE_SYMBOLS: dict[State, str] = {"held": "✓", "broken": "✗", "skipped": "–", "not reached": "○"}

ALL_PASSED = "Every check passed. A first call works from here."

_USAGE = 2
_BROKEN = 10


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One rung as it was found. `observed` is a sentence or two without secrets, empty where nobody got to."""

    name: str
    title: str
    state: State
    observed: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Report:
    """A climb. `diagnosis` is the broken rung's, `None` when none is; `exchanges` what went over the wire, redacted."""

    checks: tuple[CheckResult, ...]
    diagnosis: Diagnosis | None
    exchanges: tuple[Exchange, ...]

    @property
    def failed_check(self) -> CheckResult | None:
        """The rung where the climb ended, if it did."""
        return next((rung for rung in self.checks if rung.state == "broken"), None)

    @property
    def status(self) -> int:
        """The exit status: 0 when nothing is broken, 2 for the settings, 10 and the number of the rung for any other."""
        if self.failed_check is None:
            return 0
        number = self.checks.index(self.failed_check) + 1
        return _USAGE if number == 1 else _BROKEN + number

    def as_dict(self) -> dict[str, Any]:
        """The same as plain data, fit for JSON."""
        return {
            "ok": self.failed_check is None,
            "status": self.status,
            "broken": self.failed_check.name if self.failed_check else None,
            "rungs": [
                {"number": number, **asdict(rung)} for number, rung in enumerate(self.checks, 1)
            ],
            "diagnosis": asdict(self.diagnosis) if self.diagnosis else None,
            "exchanges": [exchange.as_dict() for exchange in self.exchanges],
        }
