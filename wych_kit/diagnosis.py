"""From an error to its cause, the evidence for it, and the next action."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wych_kit.errors import Refused, SettingInvalid, SettingMissing, Stage, Unreachable, WychError
from wych_kit.scenarios import SCENARIOS, Scenario

if TYPE_CHECKING:
    from wych_kit.scenarios import Basis, Side


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is wrong, fit to be shown. `evidence` is what was observed, `action` the next thing to do, `side` who can do it.

    `basis` says how far the cause can be trusted and `source` where it comes from. `reference` is `None` when nothing in the
    catalogue fits: then `cause` says so and the evidence is all there is.
    """

    stage: Stage
    reference: str | None
    cause: str
    evidence: tuple[str, ...]
    action: str
    side: Side
    basis: Basis
    source: str


def diagnose(error: WychError) -> Diagnosis:
    """What an error means. Pure: no network, no clock, no files. Raises `TypeError` for an exception that is not ours.

    An unknown answer is called unknown: a wrong cause, said with confidence, costs more than none.
    """
    if not isinstance(error, WychError):
        raise TypeError(f"only this kit's own errors can be diagnosed, not {type(error).__name__}")
    known = SCENARIOS.get(error.reference or "") or _unknown(error)
    action = known.fix
    if isinstance(error, SettingMissing):
        action = f"Set {error.name} in your shell or in .env; .env.example explains it."
    elif isinstance(error, SettingInvalid) and error.reference == "setting-invalid" and error.origin:
        action = f"Correct {error.name} ({error.origin})."
    elif isinstance(error, Refused) and error.retry_after:
        action = f"Wait {error.retry_after:.0f} seconds, as the server asks. {known.fix}"
    return Diagnosis(error.stage, error.reference, known.cause, (error.observed,), action, known.side, known.basis, known.source)


def _unknown(error: WychError) -> Scenario:
    if isinstance(error, Unreachable):
        return SCENARIOS["unreachable"]
    return SCENARIOS["unknown-answer"]
