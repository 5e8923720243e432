"""From an error to its cause, the evidence for it, and the next action."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from wych_kit.errors import Refused, SettingInvalid, SettingMissing, Stage, Unreachable, WychError
from wych_kit.scenarios import SCENARIOS, Scenario

if TYPE_CHECKING:
    from wych_kit.scenarios import Basis, Side
    from wych_kit.settings import Settings


Confidence = Literal["certain", "likely", "unknown"]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is wrong, fit to be shown. `evidence` is what was observed, `action` the next thing to do, `side` who can do it.

    `basis` says how far the cause can be trusted and `source` where it comes from. `reference` is `None` when nothing in the
    catalogue fits: then `cause` says so and the evidence is all there is.

    `confidence` is "certain" when what was observed allows no other cause, "likely" when it does, "unknown" when nothing fits;
    `runner_up` is the reference of the scenario that looks most alike, where there is one.
    """

    stage: Stage
    reference: str | None
    cause: str
    evidence: tuple[str, ...]
    action: str
    side: Side
    basis: Basis
    source: str
    confidence: Confidence = "likely"
    runner_up: str | None = None


_RESTS_ON = {
    # Which settings a refusal may be about: where your shell's value wins over another one, that is the first thing to look at.
    "unknown-client": ("WYCH_CLIENT_ID", "WYCH_ISSUER_URL"),
    "wrong-client-secret": ("WYCH_CLIENT_SECRET", "WYCH_CLIENT_ID", "WYCH_ISSUER_URL"),
    "wrong-realm": ("WYCH_ISSUER_URL",),
    "no-issuer-there": ("WYCH_ISSUER_URL",),
    "connection-refused": ("WYCH_ISSUER_URL", "WYCH_API_URL"),
    "api-key-refused": ("WYCH_API_KEY", "WYCH_API_URL"),
    "wrong-path": ("WYCH_API_URL", "WYCH_PARTNER_ID", "WYCH_APP_ID"),
}


def diagnose(error: WychError, settings: Settings | None = None) -> Diagnosis:
    """What an error means, with `settings` also in the light of where they came from. Pure: no network, no clock, no files.

    Raises `TypeError` for an exception that is not ours.

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
    for value in settings.values if settings else ():
        if value.differs and value.name in _RESTS_ON.get(error.reference or "", ()):
            action = f"Your shell's {value.name} wins over {value.shadowed}, which differs: unset it, or correct it."
    return Diagnosis(error.stage, error.reference, known.cause, (error.observed,), action, known.side, known.basis, known.source)


def _unknown(error: WychError) -> Scenario:
    if isinstance(error, Unreachable):
        return SCENARIOS["unreachable"]
    return SCENARIOS["unknown-answer"]
