"""Draws the token's remaining time once a second, for as long as there is a token."""

from __future__ import annotations

import logging
import threading
import weakref
from typing import TYPE_CHECKING

from wych_kit.notebook.step_run import locate_error

if TYPE_CHECKING:
    from wych_kit.notebook.session_model import SessionModel
    from wych_kit.notebook.widgets.page import Page

_log = logging.getLogger(__name__)


class Countdown:
    """One thread for all pages of a model. It ends with the token and starts with the next."""

    def __init__(self, model: SessionModel) -> None:
        self._model = model
        self._pages: weakref.WeakSet[Page] = weakref.WeakSet()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        model.observers.add(self)

    def show(self, page: Page) -> None:
        """Draw on this page too."""
        self._pages.add(page)
        self.refresh()

    def refresh(self) -> None:
        """Start the thread if there is a token that has not expired and a page to draw on."""
        with self._lock:
            if self._get_seconds_left() > 0 and self._pages and self._thread is None:
                self._thread = threading.Thread(
                    target=self._count, name="wych-kit-countdown", daemon=True
                )
                self._thread.start()

    def _get_seconds_left(self) -> float:
        token = self._model.session.token
        return token.seconds_left if token else 0.0

    def _count(self) -> None:
        pause = threading.Event()
        while not self._is_over():
            self._tick()
            pause.wait(1)
        # Once more, to show that the token has expired.
        self._tick()

    def _is_over(self) -> bool:
        # Deciding to end and leaving `_thread` empty are one act. A new token that arrives in
        # between would otherwise find a thread that no longer counts.
        with self._lock:
            if self._get_seconds_left() > 0:
                return False
            self._thread = None
            return True

    def _tick(self) -> None:
        for page in list(self._pages):
            try:
                page.tick()
            except Exception as error:  # noqa: BLE001 - the other pages go on, whatever it was
                _log.warning("A countdown could not be drawn: %s", locate_error(error))
