"""Describes the result of the connectivity check."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from typing import Any

    from wych_kit.client.journal.recorder import Exchange
    from wych_kit.diagnosis.diagnose import Diagnosis

State = Literal["held", "broken", "skipped", "not reached"]

# Name and title of each check, in order. Exit statuses are made of the numbers, so an order never
# changes.
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
_FIRST_STATUS = 10


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of one check. `observed` is a sentence or two, without secrets."""

    name: str
    title: str
    state: State
    observed: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Report:
    """The results of all checks, in order.

    `diagnosis` explains the check that failed, if any; `exchanges` are the requests and responses,
    without secrets.
    """

    checks: tuple[CheckResult, ...]
    diagnosis: Diagnosis | None
    exchanges: tuple[Exchange, ...]

    @property
    def failed_check(self) -> CheckResult | None:
        """The check that failed, or None. The checks after it did not run."""
        return next((check for check in self.checks if check.state == "broken"), None)

    @property
    def status(self) -> int:
        """The exit status: 0 if all passed, 2 for the settings, else 10 plus the check's number."""
        if self.failed_check is None:
            return 0
        number = self.checks.index(self.failed_check) + 1
        return _USAGE if number == 1 else _FIRST_STATUS + number

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain data, fit for JSON. Its keys and words do not change."""
        return {
            "ok": self.failed_check is None,
            "status": self.status,
            "broken": self.failed_check.name if self.failed_check else None,
            "rungs": [
                {"number": number, **asdict(check)} for number, check in enumerate(self.checks, 1)
            ],
            "diagnosis": asdict(self.diagnosis) if self.diagnosis else None,
            "exchanges": [exchange.as_dict() for exchange in self.exchanges],
        }
