"""A mock that misbehaves: each of its faults that is a scenario too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wych_kit import mock
from wych_kit.client.api import WychClient
from wych_kit.diagnosis.scenarios import SCENARIOS
from wych_kit.training.defects.defect import Break

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wych_kit.mock import Fault
    from wych_kit.training.exercise_setup import SetUp

_UNTRUSTED = {"certificate-not-trusted", "self-signed-certificate", "tls-interception"}


def _breaks() -> Iterator[Break]:
    for name, fault in mock.FAULTS.items():
        if name in SCENARIOS and SCENARIOS[name].made_by == "fault":
            yield _SPECIAL.get(name) or (_certificate(fault) if fault.tls else _switched_on(fault))


def _switched_on(fault: Fault) -> Break:
    return Break(fault.name, "check", lambda set_up: set_up.wych.fault(fault.name))


def _certificate(fault: Fault) -> Break:
    def apply(set_up: SetUp) -> None:
        if fault.name in _UNTRUSTED:
            del set_up.shell["SSL_CERT_FILE"]

    return Break(fault.name, "check", apply, {"tls": fault.tls})


def _taken_back(set_up: SetUp) -> None:
    """Of a program that has a token already. It puts that right by itself, as any should: only its journal shows it."""
    with WychClient(set_up.settings(), journal=set_up.journal) as client:
        client.token()
        set_up.wych.fault("revoked-token")
        client.users()


_SPECIAL = {"revoked-token": Break("revoked-token", "exchanges", _taken_back)}
FAULTS = tuple(_breaks())
