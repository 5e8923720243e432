"""Creates a support bundle: runs the check, collects the parts, searches them, writes the file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from wych_kit.client.journal.history import History
from wych_kit.diagnosis.connectivity import Report, check_connectivity
from wych_kit.support.bundle import archive
from wych_kit.support.bundle.parts import collect_parts
from wych_kit.support.bundle.secret_check import find_secrets, list_secrets

if TYPE_CHECKING:
    from collections.abc import Callable

    from wych_kit.settings.loading import Settings
    from wych_kit.support.bundle.parts import Part
    from wych_kit.support.bundle.secret_check import Finding

NOTHING_WRITTEN = "Nothing was written."


@dataclass(frozen=True, slots=True)
class Bundle:
    """The result: the file and its parts, or the findings that stopped it.

    `path` is None if a secret was found. `parts` is empty then, so that nobody hands them on.
    """

    path: Path | None
    parts: tuple[Part, ...]
    findings: tuple[Finding, ...] = ()

    def lines(self) -> list[str]:
        """Return what to say below the table of parts, or instead of it."""
        if self.path is not None:
            return [
                f"Written: {self.path}",
                "It contains no secrets, and customers' data is masked.",
                "Look inside before you send it.",
            ]
        rows = [
            f"{finding.part} line {finding.line}: {finding.kind} [{finding.digits}]"
            for finding in self.findings
        ]
        recorded = ("exchanges", "requests")
        if any(finding.part.startswith(recorded) for finding in self.findings):
            remedy = "It is in a recorded request or response. To delete these: wych-kit forget --everything"
        else:
            remedy = "Remove it from the setting that contains it. To see which: wych-kit env"
        # One secret is often found in several forms at one place.
        return [
            *dict.fromkeys(rows),
            f"The bundle would contain a secret. {NOTHING_WRITTEN} {remedy}",
        ]


def create_bundle(
    settings: Settings,
    to: Path | None = None,
    *,
    check: Callable[[Settings], Report | str] | None = check_connectivity,
    now: datetime | None = None,
) -> Bundle:
    """Write a bundle, unless the final search finds a secret in it.

    `to`: the file (default: a name with the time, in this folder). `check` returns a report within
    20 seconds, or a text that says why there is none; None leaves the check out. Problems of the
    settings or the network are reported in the bundle and stop nothing.

    Raises `SettingInvalid` if the file cannot be written or exists already.
    """
    moment = now or datetime.now(UTC)
    path = (to or Path(f"wych-bundle-{moment:%Y%m%d-%H%M%S}.zip")).absolute()
    # Before the check, which takes seconds.
    archive.refuse_unusable(path)
    history = History(settings.home)
    report = _run_check(settings, check) if check else None
    exchanges = history.read()
    if isinstance(report, Report):
        new = [exchange for exchange in report.exchanges if exchange not in exchanges]
        history.add(new)
        # The history may not have stored them, if the disk is full.
        exchanges += new
    secrets = list_secrets(settings)
    parts = collect_parts(settings, exchanges, report, moment, [name for name, _ in secrets])
    if findings := find_secrets(parts, secrets):
        return Bundle(None, (), findings)
    archive.write_archive(archive.pack(parts, moment), path)
    return Bundle(path, tuple(parts))


def _run_check(settings: Settings, check: Callable[[Settings], Report | str]) -> Report | str:
    try:
        return check(settings)
    except Exception as error:  # noqa: BLE001 - a bug of the kit: then the bundle is needed most
        return f"it stopped with {type(error).__name__}, which is a mistake in wych-kit"
