"""One start of a step, how it is stopped, and where it broke."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wych_kit.journey.session import Session
    from wych_kit.journey.step import Step


class Stopped(Exception):
    """A person pressed Stop."""


class Run:
    """One start of a step, for the session that was there then: its stages so far, and whether it was told to stop."""

    def __init__(self, step: Step[Session], session: Session) -> None:
        self.step = step
        self.session = session
        self.stages: list[str] = []
        self.stopped = False
        self.ended = threading.Event()

    def go_on(self) -> None:
        """Raise `Stopped` when it was told to stop."""
        if self.stopped:
            raise Stopped


def place(error: Exception) -> str:
    """Kind and place of a mistake, without its text."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    found = (
        f"{trace.tb_frame.f_globals.get('__name__', '?')}, line {trace.tb_lineno}" if trace else "?"
    )
    return f"{type(error).__name__} at {found}"
