"""Defines what a check returns or raises, and what later checks know from earlier ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from wych_kit.diagnosis.diagnose import Diagnosis, explain_reference

if TYPE_CHECKING:
    import httpx

    from wych_kit.client.discovery import Provider
    from wych_kit.client.token import Token
    from wych_kit.diagnosis.connectivity.bounded_client import BoundedClient
    from wych_kit.diagnosis.connectivity.probes import Address, Target
    from wych_kit.errors import Stage, WychError
    from wych_kit.settings.loading import Settings

# The words of the JSON report, which programs read. People read "passed".
PASSED: Final = "held"
SKIPPED: Final = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of a check that did not fail: its state and a sentence for people."""

    state: Literal["held", "skipped"]
    observed: str


class CheckFailed(Exception):
    """A check failed, with its diagnosis."""

    def __init__(self, diagnosis: Diagnosis) -> None:
        super().__init__(" ".join(diagnosis.evidence))
        self.diagnosis = diagnosis


@dataclass
class CheckState:
    """What earlier checks found.

    `deferred_errors` are errors that occurred early and belong to a later check, by its name.
    """

    settings: Settings
    client: BoundedClient
    targets: tuple[Target, ...] = ()
    provider: Provider | None = None
    token: Token | None = None
    response: httpx.Response | None = None
    deferred_errors: dict[str, WychError] = field(default_factory=dict)
    addresses: dict[str, tuple[Address, ...]] = field(default_factory=dict)

    def failure(
        self,
        reference: str,
        stage: Stage,
        *evidence: str,
        confidence: Literal["certain", "likely", "unknown"] = "likely",
        runner_up: str | None = None,
        cause: str = "",
        action: str = "",
    ) -> CheckFailed:
        """Return the exception that ends the checks.

        `cause` and `action` replace the catalogue's texts where the check knows more.
        """
        diagnosis = explain_reference(
            reference,
            stage,
            evidence,
            self.settings,
            confidence=confidence,
            runner_up=runner_up,
            cause=cause,
            action=action,
        )
        return CheckFailed(diagnosis)
