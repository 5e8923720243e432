"""Make the mock fail on purpose: one defect for each of its faults that is a scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wych_kit import mock
from wych_kit.client.api import WychClient
from wych_kit.diagnosis.scenarios import SCENARIOS
from wych_kit.training.defects.defect import Defect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wych_kit.mock import Fault
    from wych_kit.training.exercise_setup import ExerciseSetup

_UNTRUSTED = {"certificate-not-trusted", "self-signed-certificate", "tls-interception"}


def _defects() -> Iterator[Defect]:
    for name, fault in mock.FAULTS.items():
        if name in SCENARIOS and SCENARIOS[name].made_by == "fault":
            yield _SPECIAL.get(name) or (
                _certificate_defect(fault) if fault.tls else _fault_defect(fault)
            )


def _fault_defect(fault: Fault) -> Defect:
    return Defect(fault.name, "check", lambda setup: setup.wych.fault(fault.name))


def _certificate_defect(fault: Fault) -> Defect:
    def apply(setup: ExerciseSetup) -> None:
        if fault.name in _UNTRUSTED:
            del setup.shell["SSL_CERT_FILE"]

    return Defect(fault.name, "check", apply, {"tls": fault.tls})


def _revoke_token(setup: ExerciseSetup) -> None:
    """Revoke the token of a program that has one. It recovers, so only the journal shows it."""
    with WychClient(setup.settings(), journal=setup.journal) as client:
        client.token()
        setup.wych.fault("revoked-token")
        client.users()


_SPECIAL = {"revoked-token": Defect("revoked-token", "exchanges", _revoke_token)}
FAULT_DEFECTS = tuple(_defects())
