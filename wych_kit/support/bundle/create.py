"""A bundle from the settings in force: the check, what is gathered, the search, the file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from wych_kit.client.journal.history import History
from wych_kit.diagnosis.connectivity import Report, check_connectivity
from wych_kit.support.bundle import archive
from wych_kit.support.bundle.parts import gather
from wych_kit.support.bundle.secret_check import known, search

if TYPE_CHECKING:
    from collections.abc import Callable

    from wych_kit.settings.loading import Settings
    from wych_kit.support.bundle.parts import Part
    from wych_kit.support.bundle.secret_check import Found

UNSENT = "Nothing was written."


@dataclass(frozen=True, slots=True)
class Bundle:
    """What came of it: the file, or `None` with the findings that stopped it; and the parts, which never hold what was found."""

    path: Path | None
    parts: tuple[Part, ...]
    found: tuple[Found, ...] = ()

    def lines(self) -> list[str]:
        """What is to be said of it under the table of its parts, or instead of it."""
        if self.path is not None:
            return [
                f"Written: {self.path}",
                "It holds no secret; customers' data is masked. Look inside before sending.",
            ]
        rows = [f"{each.part} line {each.line}: {each.what} [{each.mark}]" for each in self.found]
        of_wire = any(each.part.startswith(("exchanges", "requests")) for each in self.found)
        remedy = (
            "It was in an exchange: wych-kit forget --everything drops those."
            if of_wire
            else "Take it out of the setting it is in (wych-kit env shows where), and try again."
        )
        return [*dict.fromkeys(rows), f"There is a secret in it. {UNSENT} {remedy}"]


def make(
    settings: Settings,
    to: Path | None = None,
    *,
    check: Callable[[Settings], Report | str] | None = check_connectivity,
    now: datetime | None = None,
) -> Bundle:
    """Write a bundle to `to` (default: a name with the time, in this folder), unless the last look finds a secret.

    `check` gives a report (20 seconds at most), or says why there is none; with `None` the bundle has none.
    What is wrong with the settings or the network is told in the bundle and stops nothing. Raises `SettingInvalid` when the file cannot be written, or is there already.
    """
    moment = now or datetime.now(UTC)
    place = (to or Path(f"wych-bundle-{moment:%Y%m%d-%H%M%S}.zip")).absolute()
    archive.refuse(place)
    history = History(settings.home)
    report = _checked(settings, check) if check else None
    exchanges = history.read()
    if isinstance(report, Report):
        new = [each for each in report.exchanges if each not in exchanges]
        history.add(new)
        exchanges += new  # also when the disk takes no more
    secrets = known(settings)
    parts = gather(settings, exchanges, report, moment, [name for name, _ in secrets])
    if found := search(parts, secrets):
        return Bundle(None, (), found)
    archive.write(archive.packed(parts, moment), place)
    return Bundle(place, tuple(parts))


def _checked(settings: Settings, check: Callable[[Settings], Report | str]) -> Report | str:
    try:
        return check(settings)
    except Exception as error:  # noqa: BLE001 - a bug of ours, or a machine nobody thought of: then this file is wanted most
        return f"it broke off with {type(error).__name__}, a mistake in wych-kit"
