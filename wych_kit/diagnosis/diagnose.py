"""From an error, or from what went over the wire, to the cause, the evidence for it, and the next action."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from wych_kit.client.journal.recorder import Exchange
from wych_kit.diagnosis import exchange_evidence
from wych_kit.diagnosis.scenarios import SCENARIOS, Scenario
from wych_kit.errors import Refused, SettingInvalid, SettingMissing, Stage, Unreachable, WychError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wych_kit.client.endpoints import Basis
    from wych_kit.diagnosis.scenarios import Side
    from wych_kit.settings.loading import Settings


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

    @property
    def qualified_cause(self) -> str:
        """The cause, with how sure it is in front: "Likely: …", "Certain: …"; alone when nobody knows it."""
        return (
            self.cause
            if self.confidence == "unknown"
            else f"{self.confidence.capitalize()}: {self.cause}"
        )

    @property
    def provenance(self) -> str:
        """Source, basis and reference in a line, and the scenario that it may be as well."""
        named = f" · {self.reference}" if self.reference else ""
        other = f" · Or: {self.runner_up}" if self.runner_up else ""
        return f"{self.source} ({self.basis}){named}{other}"


_RESTS_ON = {
    # Which settings a refusal may be about: where your shell's value wins over another one, that is the first thing to look at.
    "unknown-client": ("WYCH_CLIENT_ID", "WYCH_ISSUER_URL"),
    "wrong-client-secret": ("WYCH_CLIENT_SECRET", "WYCH_CLIENT_ID", "WYCH_ISSUER_URL"),
    "wrong-realm": ("WYCH_ISSUER_URL",),
    "no-issuer-there": ("WYCH_ISSUER_URL",),
    "connection-refused": ("WYCH_ISSUER_URL", "WYCH_API_URL"),
    "api-key-refused": ("WYCH_API_KEY", "WYCH_API_URL"),
    "wrong-base-path": ("WYCH_API_URL",),
    "wrong-path": ("WYCH_API_URL", "WYCH_PARTNER_ID", "WYCH_APP_ID"),
}
_CERTAIN = frozenset(
    # What was observed is itself the cause: nothing else gives the same.
    {
        "setting-missing", "setting-invalid", "stray-whitespace", "placeholder-left", "not-https", "not-the-issuer", "not-a-base",
        "not-an-id", "trailing-slash", "unknown-setting", "shell-shadows-file", "env-file-bom", "env-file-line", "env-file-crlf", "env-file-missing",
        "env-file-unreadable", "env-file-unwritable", "env-file-committable", "mock-not-started", "answers-file",
        "registration-refused", "token-lock", "bad-address", "wrong-host", "certificate-expired",
        "certificate-wrong-host", "realm-disabled", "issuer-mismatch", "discovery-incomplete", "endpoint-elsewhere", "redirected",
        "answer-too-long", "no-token", "not-bearer", "odd-lifetime", "client-not-allowed", "duplicate-parameter", "wrong-method",
        "double-slash", "wrong-scope", "wrong-grant-type",
    }
)  # fmt: skip
_NOT_IN_A_BASIC = frozenset("+%:&")


def diagnose(
    subject: WychError | Sequence[Exchange], settings: Settings | None = None
) -> Diagnosis:
    """What an error means, or what exchanges show, with `settings` also in the light of where they came from.

    Of exchanges the last that failed is judged, by what was sent and then by what was answered; they may be any client's, see
    `wych_kit.client.journal.recorder`. Pure: no network, no clock, no files. An unknown answer is called unknown: a wrong cause, said with
    confidence, costs more than none.

    Raises `TypeError` for an exception that is not ours or anything else, `ValueError` for exchanges of which none failed.
    """
    if isinstance(subject, WychError):
        return _of_error(subject, settings)
    if isinstance(subject, list | tuple) and all(isinstance(each, Exchange) for each in subject):
        return _of_exchanges(subject, settings)
    raise TypeError(
        "only this kit's own errors, and exchanges of a journal, can be diagnosed, not"
        f" {type(subject).__name__}"
    )


def explain_reference(
    reference: str,
    stage: Stage,
    evidence: tuple[str, ...],
    settings: Settings | None = None,
    *,
    confidence: Confidence = "likely",
    runner_up: str | None = None,
    cause: str = "",
    action: str = "",
) -> Diagnosis:
    """The diagnosis of a reference, for whoever found out by other means. Raises `KeyError` for one that is not in the catalogue.

    `cause` and `action`: where more is known than the catalogue says.
    """
    known = SCENARIOS[reference]
    action, runner_up = _beside_the_shell(
        reference, settings, action or known.fix, confidence, runner_up
    )
    return Diagnosis(
        stage,
        reference,
        cause or known.cause,
        evidence,
        action,
        known.side,
        known.basis,
        known.source,
        confidence,
        runner_up,
    )


def _of_error(error: WychError, settings: Settings | None) -> Diagnosis:
    known = SCENARIOS.get(error.reference or "") or _unknown(error)
    action = known.fix
    if isinstance(error, SettingMissing):
        action = f"Set {error.name} in your shell or in .env; .env.example explains it."
    elif (
        isinstance(error, SettingInvalid) and error.reference == "setting-invalid" and error.origin
    ):
        action = f"Correct {error.name} ({error.origin})."
    elif isinstance(error, Refused) and error.retry_after:
        action = f"Wait {error.retry_after:.0f} seconds, as the server asks. {known.fix}"
    confidence, runner_up = _sureness(known, error.observed)
    action, runner_up = _beside_the_shell(error.reference, settings, action, confidence, runner_up)
    if isinstance(error, SettingMissing | SettingInvalid):
        runner_up = None  # nothing was sent, so nothing that comes of sending it can be meant
    return Diagnosis(
        error.stage,
        error.reference,
        known.cause,
        (error.observed,),
        action,
        known.side,
        known.basis,
        known.source,
        confidence,
        runner_up,
    )


def _of_exchanges(exchanges: Sequence[Exchange], settings: Settings | None) -> Diagnosis:
    failing = exchange_evidence.last_failure(exchanges)
    if failing is None:
        raise ValueError(
            "nothing is wrong with these exchanges: each has an answer, and none is a refusal"
        )
    found = exchange_evidence.assess(exchanges, failing)
    reference, runner_up = found.reference or "unknown-answer", found.runner_up
    if runner_up == "basic-not-encoded" and settings and settings.client_secret:
        # Seen only with the secret at hand: in the journal it is a mark.
        if _NOT_IN_A_BASIC & set(settings.client_secret.reveal()):
            reference, runner_up = runner_up, reference
        else:
            runner_up = None
    confidence, other = _sureness(SCENARIOS[reference], failing.url)
    if found.certain:
        confidence, other = "certain", None
    return explain_reference(
        reference,
        found.stage,
        found.evidence,
        settings,
        confidence=confidence,
        runner_up=runner_up or other,
    )


def _beside_the_shell(
    reference: str | None,
    settings: Settings | None,
    action: str,
    confidence: Confidence,
    runner_up: str | None,
) -> tuple[str, str | None]:
    """What to do, and what it may be as well: where your shell's value wins over another one that this may be about, that comes first."""
    for value in settings.values if settings else ():
        if value.differs and value.name in _RESTS_ON.get(reference or "", ()):
            first = (
                f"Your shell's {value.name} wins over {value.shadowed}, which differs: unset it, or"
                " correct it."
            )
            return first, runner_up if confidence == "certain" else "shell-shadows-file"
    return action, runner_up


def _sureness(known: Scenario, seen: str) -> tuple[Confidence, str | None]:
    """How sure a cause is by its reference alone, and what looks most alike where it is not certain."""
    if known.reference == "unknown-answer":
        return "unknown", None
    if known.reference in _CERTAIN:
        return "certain", None
    alike = (other for other in known.alike if other != "ipv6-localhost" or "localhost" in seen)
    return "likely", next(alike, None)


def _unknown(error: WychError) -> Scenario:
    return SCENARIOS["unreachable" if isinstance(error, Unreachable) else "unknown-answer"]
