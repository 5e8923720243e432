"""Explains an error, or recorded exchanges: the cause, the evidence and the next action."""

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
    """An explanation for people.

    `evidence` is what was observed; `action` is the next step, and `side` says who can take it.
    `reference` names the scenario, and is None if nothing in the catalogue fits. `basis` and
    `source` say what the cause rests on.

    `confidence` is "certain" if the evidence allows no other cause, "likely" if it does, and
    "unknown" if nothing fits. `runner_up` names the scenario that looks most alike, if any.
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
        """The cause after its confidence, such as "Likely: …"; alone if it is unknown."""
        if self.confidence == "unknown":
            return self.cause
        return f"{self.confidence.capitalize()}: {self.cause}"

    def rows(self) -> tuple[tuple[str, str], tuple[str, str], tuple[str, str]]:
        """Return the cause, the next step and the source, each with the label that people read."""
        return (
            ("Cause", self.qualified_cause),
            ("Next", self.action),
            ("Source", self.provenance),
        )

    @property
    def provenance(self) -> str:
        """The source, the basis and the references in one line."""
        known_as = f" · {self.reference}" if self.reference else ""
        runner_up = f" · Or: {self.runner_up}" if self.runner_up else ""
        return f"{self.source} ({self.basis}){known_as}{runner_up}"


# The settings that a refusal may be about. If a different value in the shell takes precedence over
# one of them, that is the first thing to look at.
_SETTINGS_INVOLVED = {
    "unknown-client": ("WYCH_CLIENT_ID", "WYCH_ISSUER_URL"),
    "wrong-client-secret": ("WYCH_CLIENT_SECRET", "WYCH_CLIENT_ID", "WYCH_ISSUER_URL"),
    "wrong-realm": ("WYCH_ISSUER_URL",),
    "no-issuer-there": ("WYCH_ISSUER_URL",),
    "connection-refused": ("WYCH_ISSUER_URL", "WYCH_API_URL"),
    "api-key-refused": ("WYCH_API_KEY", "WYCH_API_URL"),
    "wrong-base-path": ("WYCH_API_URL",),
    "wrong-path": ("WYCH_API_URL", "WYCH_PARTNER_ID", "WYCH_APP_ID"),
}
# What was observed is the cause itself: nothing else looks the same.
_CERTAIN = frozenset({
    "setting-missing", "setting-invalid", "stray-whitespace", "placeholder-left", "not-https",
    "not-the-issuer", "not-a-base", "not-an-id", "trailing-slash", "unknown-setting",
    "shell-shadows-file", "env-file-bom", "env-file-line", "env-file-crlf", "env-file-missing",
    "env-file-unreadable", "env-file-unwritable", "env-file-committable", "mock-not-started",
    "answers-file", "registration-refused", "token-lock", "bad-address", "wrong-host",
    "certificate-expired", "certificate-wrong-host", "realm-disabled", "issuer-mismatch",
    "discovery-incomplete", "endpoint-elsewhere", "redirected", "answer-too-long", "no-token",
    "not-bearer", "odd-lifetime", "client-not-allowed", "duplicate-parameter", "wrong-method",
    "double-slash", "wrong-scope", "wrong-grant-type",
})  # fmt: skip
# RFC 6749 section 2.3.1: in a Basic header these must be percent-encoded first.
_NEEDS_ENCODING = frozenset("+%:&")


def diagnose(
    subject: WychError | Sequence[Exchange], settings: Settings | None = None
) -> Diagnosis:
    """Return the diagnosis of an error, or of the last failure among recorded exchanges.

    The exchanges may be any client's (`wych_kit.client.journal.recorder`). With `settings`, the
    action also considers where their values come from. Uses no network, no clock and no files. A
    response that the kit does not know is called unknown: a wrong cause, said with confidence,
    costs more than none.

    Raises `TypeError` for any other subject, and `ValueError` if none of the exchanges failed.
    """
    if isinstance(subject, WychError):
        return _diagnose_error(subject, settings)
    if isinstance(subject, list | tuple) and all(isinstance(item, Exchange) for item in subject):
        return _diagnose_exchanges(subject, settings)
    raise TypeError(
        f"diagnose takes a WychError or the exchanges of a journal, not {type(subject).__name__}"
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
    """Return the diagnosis of a scenario that was recognised by other means.

    `cause` and `action` replace the catalogue's texts where more is known. Raises `KeyError` for a
    reference that is not in the catalogue.
    """
    scenario = SCENARIOS[reference]
    action, runner_up = _consider_shell(
        reference,
        settings,
        action=action or scenario.fix,
        confidence=confidence,
        runner_up=runner_up,
    )
    return Diagnosis(
        stage=stage,
        reference=reference,
        cause=cause or scenario.cause,
        evidence=evidence,
        action=action,
        side=scenario.side,
        basis=scenario.basis,
        source=scenario.source,
        confidence=confidence,
        runner_up=runner_up,
    )


def _diagnose_error(error: WychError, settings: Settings | None) -> Diagnosis:
    scenario = SCENARIOS.get(error.reference or "")
    if scenario is None:
        scenario = SCENARIOS["unreachable" if isinstance(error, Unreachable) else "unknown-answer"]
    action = scenario.fix
    if isinstance(error, SettingMissing):
        action = f"Set {error.name} in your shell or in .env. See .env.example for its meaning."
    elif isinstance(error, SettingInvalid):
        if error.reference == "setting-invalid" and error.origin:
            action = f"Correct {error.name} ({error.origin})."
    elif isinstance(error, Refused) and error.retry_after:
        action = f"Wait {error.retry_after:.0f} seconds, as the server asks. {scenario.fix}"
    confidence, runner_up = _rate(scenario, error.observed)
    action, runner_up = _consider_shell(
        error.reference, settings, action=action, confidence=confidence, runner_up=runner_up
    )
    if isinstance(error, SettingMissing | SettingInvalid):
        # Nothing was sent, so no scenario of a response can be meant.
        runner_up = None
    return Diagnosis(
        stage=error.stage,
        # None for an error that no scenario describes: its texts are those of an unknown one.
        reference=error.reference,
        cause=scenario.cause,
        evidence=(error.observed,),
        action=action,
        side=scenario.side,
        basis=scenario.basis,
        source=scenario.source,
        confidence=confidence,
        runner_up=runner_up,
    )


def _diagnose_exchanges(exchanges: Sequence[Exchange], settings: Settings | None) -> Diagnosis:
    failed = exchange_evidence.find_last_failure(exchanges)
    if failed is None:
        raise ValueError("None of these exchanges failed: each has a response that is no refusal")
    assessment = exchange_evidence.assess(exchanges, failed)
    reference = assessment.reference or "unknown-answer"
    runner_up = assessment.runner_up
    if runner_up == "basic-not-encoded" and settings and settings.client_secret:
        # Only the secret itself shows this: the journal has a placeholder in its place.
        if _NEEDS_ENCODING & set(settings.client_secret.reveal()):
            reference, runner_up = runner_up, reference
        else:
            runner_up = None
    confidence, alike = _rate(SCENARIOS[reference], failed.url)
    if assessment.is_certain:
        confidence, alike = "certain", None
    return explain_reference(
        reference,
        assessment.stage,
        assessment.evidence,
        settings,
        confidence=confidence,
        runner_up=runner_up or alike,
    )


def _consider_shell(
    reference: str | None,
    settings: Settings | None,
    *,
    action: str,
    confidence: Confidence,
    runner_up: str | None,
) -> tuple[str, str | None]:
    """Return action and runner-up, changed if a value in the shell may be the reason."""
    involved = _SETTINGS_INVOLVED.get(reference or "", ())
    for value in settings.values if settings else ():
        if value.differs and value.name in involved:
            action = (
                f"Unset or correct {value.name} in your shell: it takes precedence over"
                f" {value.shadowed}, which differs."
            )
            return action, runner_up if confidence == "certain" else "shell-shadows-file"
    return action, runner_up


def _rate(scenario: Scenario, observed: str) -> tuple[Confidence, str | None]:
    """Return the confidence of a scenario, and the scenario that looks most alike if not certain."""
    if scenario.reference == "unknown-answer":
        return "unknown", None
    if scenario.reference in _CERTAIN:
        return "certain", None
    alike = (
        reference
        for reference in scenario.alike
        if reference != "ipv6-localhost" or "localhost" in observed
    )
    return "likely", next(alike, None)
