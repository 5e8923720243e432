"""Say what each way of looking at a set-up names as its defect, without knowing the defect."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

import httpx

from wych_kit.client.transport import create_client
from wych_kit.diagnosis import exchange_evidence
from wych_kit.diagnosis.connectivity import check_connectivity
from wych_kit.diagnosis.diagnose import diagnose
from wych_kit.diagnosis.lint import lint_env, lint_text
from wych_kit.journey.onboarding import STEPS
from wych_kit.journey.session import Session
from wych_kit.journey.step import Failed, run
from wych_kit.training.request_script import read_request

if TYPE_CHECKING:
    from wych_kit.diagnosis.diagnose import Confidence, Diagnosis
    from wych_kit.training.exercise_setup import ExerciseSetup


class Detection(NamedTuple):
    """A scenario's reference, how certain it is, and the scenario that looks the same."""

    reference: str | None
    confidence: Confidence
    runner_up: str | None = None


def detect_by_check(setup: ExerciseSetup) -> Detection | None:
    """Return the cause that the connectivity check reports, or None if every check passes."""
    with setup.shell_applied():
        return _detection(check_connectivity(setup.settings()).diagnosis)


def detect_by_step(setup: ExerciseSetup) -> Detection | None:
    """Return the cause at the first step that fails, or None if none does or one asks a person."""
    with setup.shell_applied():
        session = Session(setup.settings(), setup.env)
        # A program that ran before the defect has exchanges of its own; they must not mix.
        if not setup.journal.exchanges:
            session.journal = setup.journal
        try:
            outcomes = (run(step, session) for step in STEPS)
            failed = next((outcome for outcome in outcomes if isinstance(outcome, Failed)), None)
        finally:
            session.close()
    return _detection(failed.diagnosis) if failed else None


def detect_by_lint(setup: ExerciseSetup) -> Detection | None:
    """Return the first remark on `request.sh`, or on `.env` if there is none; None without remarks."""
    if setup.request.exists():
        text = setup.request.read_text("utf-8")
        remarks = lint_text(text, setup.request.name, setup.settings(), now=time.time())
    else:
        remarks = lint_env(setup.env, environ=setup.shell)
    if not remarks:
        return None
    return Detection(remarks[0].reference, "certain" if remarks[0].certain else "likely")


def detect_by_exchanges(setup: ExerciseSetup) -> Detection | None:
    """Return the cause that the journal shows; a `request.sh` is sent first. None if no call failed."""
    settings = setup.settings()
    if setup.request.exists():
        hooks = setup.journal.hooks()
        with (
            setup.shell_applied(),
            create_client(settings.issuer_url, settings.api_url, hooks=hooks) as client,
        ):
            try:
                text = setup.request.read_text("utf-8")
                client.send(read_request(setup, text, setup.journal))
            except httpx.HTTPError as error:
                setup.journal.record_failure(error)
    exchanges = setup.journal.exchanges
    if not exchange_evidence.find_last_failure(exchanges):
        return None
    return _detection(diagnose(exchanges, settings))


def _detection(diagnosis: Diagnosis | None) -> Detection | None:
    if diagnosis is None:
        return None
    return Detection(diagnosis.reference, diagnosis.confidence, diagnosis.runner_up)
