"""What a rung says, and what later rungs know from earlier ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from wych_kit.diagnosis.diagnose import Diagnosis, explain_reference

if TYPE_CHECKING:
    import httpx

    from wych_kit.client.discovery import Provider
    from wych_kit.client.token import Token
    from wych_kit.diagnosis.connectivity.bounded_client import BoundedClient
    from wych_kit.diagnosis.connectivity.probes import Address, Target
    from wych_kit.errors import Stage, WychError
    from wych_kit.settings.loading import Settings


@dataclass(frozen=True, slots=True)
class Finding:
    """A rung that is not broken, and what was observed there."""

    state: Literal["held", "skipped"]
    observed: str


class Broken(Exception):
    """A rung that is broken, with its diagnosis."""

    def __init__(self, diagnosis: Diagnosis) -> None:
        super().__init__(" ".join(diagnosis.evidence))
        self.diagnosis = diagnosis


@dataclass
class State:
    """What is known so far. `postponed` is an error that was met early and belongs to a later rung, by that rung's name."""

    settings: Settings
    asking: BoundedClient
    targets: tuple[Target, ...] = ()
    provider: Provider | None = None
    token: Token | None = None
    response: httpx.Response | None = None
    postponed: dict[str, WychError] = field(default_factory=dict)
    addresses: dict[str, tuple[Address, ...]] = field(default_factory=dict)

    def broken(
        self,
        reference: str,
        stage: Stage,
        *evidence: str,
        confidence: Literal["certain", "likely", "unknown"] = "likely",
        runner_up: str | None = None,
        cause: str = "",
        action: str = "",
    ) -> Broken:
        """The end of the climb, to be raised. `cause` and `action`: where more is known than the catalogue says."""
        found = explain_reference(
            reference,
            stage,
            evidence,
            self.settings,
            confidence=confidence,
            runner_up=runner_up,
            cause=cause,
            action=action,
        )
        return Broken(found)


def held(observed: str) -> Finding:
    """The rung holds."""
    return Finding("held", observed)


def skipped(observed: str) -> Finding:
    """There was nothing to try here, and why."""
    return Finding("skipped", observed)
