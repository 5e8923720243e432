"""A bundle from the settings in force: the check, what is gathered, the search, the file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from wych_kit.bundle import archive
from wych_kit.bundle.parts import gather
from wych_kit.bundle.searching import known, search
from wych_kit.history import History
from wych_kit.ladder import Report, climb

if TYPE_CHECKING:
    from collections.abc import Callable

    from wych_kit.bundle.parts import Part
    from wych_kit.bundle.searching import Found
    from wych_kit.settings import Settings

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
            size = sum(len(part.content) for part in self.parts)
            return [
                f"Written: {self.path} ({max(1, round(size / 1024))} KiB unpacked)",
                "It holds no secret and no customer's data that the kit knows of; look inside before you send it.",
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
    check: Report | str | bool = True,
    say: Callable[[str], None] = lambda _: None,
    now: datetime | None = None,
) -> Bundle:
    """Write a bundle to `to` (default: a name with the time, in this folder), unless the last look finds a secret.

    `check`: run it (20 seconds at most), or not; one that was run already; or a text, why there is none. `say` is told what is
    under way. What is wrong with the settings or the network is told in the bundle and stops nothing. Raises `SettingInvalid` when
    the file cannot be written, or is there already.
    """
    moment = now or datetime.now(UTC)
    place = (to or Path(f"wych-bundle-{moment:%Y%m%d-%H%M%S}.zip")).absolute()
    archive.refuse(place)
    history = History(settings.home)
    earlier = history.exchanges()
    report: Report | str | None = None
    if check is True:
        report = _checked(settings, say)
        if isinstance(report, Report):
            history.add(report.exchanges)
            earlier += report.exchanges
    elif check is not False:
        report = check
    secrets = known(settings)
    parts = gather(settings, earlier, report, moment, [name for name, _ in secrets])
    if found := search(parts, secrets):
        return Bundle(None, (), found)
    archive.write(archive.packed(parts, moment), place)
    return Bundle(place, tuple(parts))


def _checked(settings: Settings, say: Callable[[str], None]) -> Report | str:
    try:
        return climb(settings, say=say)
    except Exception as error:  # noqa: BLE001 - a bug of ours, or a machine nobody thought of: then this file is wanted most
        return f"it broke off with {type(error).__name__}, a mistake in wych-kit"
