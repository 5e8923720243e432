"""Names the exit statuses of `wych-kit`, and finds the one of a failed step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wych_kit.errors import SettingInvalid, SettingMissing, Unreachable

if TYPE_CHECKING:
    from wych_kit.errors import WychError
    from wych_kit.journey.step import Failed

# Scripts depend on these numbers: they stay as they are.
DONE = 0
REFUSED = 1
USAGE = 2
UNREACHABLE = 3
# 128 and the number of SIGINT, as shells report a process that Ctrl-C ended.
INTERRUPTED = 130


def status_of_error(error: WychError) -> int:
    """Return the exit status for an error: 2 to correct something, 3 no response, else 1."""
    if isinstance(error, SettingMissing | SettingInvalid):
        return USAGE
    return UNREACHABLE if isinstance(error, Unreachable) else REFUSED


def status_of(failed: Failed) -> int:
    """Return the exit status for a failed step.

    Answers that were rejected before anything was sent count as wrong usage.
    """
    if failed.error is None or failed.faults:
        return USAGE
    return status_of_error(failed.error)
