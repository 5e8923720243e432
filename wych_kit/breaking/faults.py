"""A mock that misbehaves: each of its faults that is a scenario too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wych_kit import mock
from wych_kit.breaking.entry import Break
from wych_kit.scenarios import SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wych_kit.breaking.set_up import SetUp
    from wych_kit.mock import Fault

_ONLY_ON_THE_WIRE = {"revoked-token"}
"""This kit puts it right by itself, as any program should."""
_UNTRUSTED = {"certificate-not-trusted", "self-signed-certificate", "tls-interception"}


def _breaks() -> Iterator[Break]:
    for name, fault in mock.FAULTS.items():
        if name in SCENARIOS and SCENARIOS[name].made_by == "fault":
            yield _certificate(fault) if fault.tls else _switched_on(fault)


def _switched_on(fault: Fault) -> Break:
    shows = "exchanges" if fault.name in _ONLY_ON_THE_WIRE else "check"
    return Break(fault.name, shows, lambda set_up: set_up.wych.fault(fault.name))  # type: ignore[arg-type]  # one of two words


def _certificate(fault: Fault) -> Break:
    def apply(set_up: SetUp) -> None:
        if fault.name in _UNTRUSTED:
            del set_up.shell["SSL_CERT_FILE"]

    return Break(fault.name, "check", apply, {"tls": fault.tls})


FAULTS = tuple(_breaks())
