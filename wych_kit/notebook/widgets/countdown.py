"""The token's remaining life, drawn once a second while there is a token and somebody to see it."""

from __future__ import annotations

import logging
import threading
import weakref
from typing import TYPE_CHECKING

from wych_kit.notebook.step_run import place

if TYPE_CHECKING:
    from wych_kit.notebook.session_model import Desk
    from wych_kit.notebook.widgets.page import Page

_log = logging.getLogger(__name__)


class Countdown:
    """One thread for all pages of a desk. It ends with the token and starts again with the next."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._pages: weakref.WeakSet[Page] = weakref.WeakSet()
        self._thread: threading.Thread | None = None
        self._deciding = threading.Lock()
        desk.watch(self)

    def show(self, page: Page) -> None:
        """Draw on this page too."""
        self._pages.add(page)
        self.refresh()

    def refresh(self) -> None:
        """Start, when there is something to count."""
        with self._deciding:
            if self._left() > 0 and self._pages and self._thread is None:
                self._thread = threading.Thread(
                    target=self._count, name="wych-kit-countdown", daemon=True
                )
                self._thread.start()

    def _left(self) -> float:
        token = self._desk.session.token
        return token.seconds_left if token else 0.0

    def _count(self) -> None:
        pause = threading.Event()
        while not self._ended():
            self._tick()
            pause.wait(1)
        self._tick()

    def _ended(self) -> bool:
        """Whether there is nothing more to count. Whoever brings a new token meanwhile waits, and then starts anew."""
        with self._deciding:
            if self._left() > 0:
                return False
            self._thread = None
            return True

    def _tick(self) -> None:
        for page in list(self._pages):
            try:
                page.tick()
            except Exception as error:  # noqa: BLE001 - the other pages go on; its text may hold anything
                _log.warning("A countdown could not be drawn: %s", place(error))
