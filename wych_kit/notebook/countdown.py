"""The token's remaining life, drawn once a second while there is a token and somebody to see it."""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wych_kit.notebook.desk import Desk
    from wych_kit.notebook.page import Page


class Countdown:
    """One thread for all pages of a desk. It ends with the token and starts again with the next."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._pages: weakref.WeakSet[Page] = weakref.WeakSet()
        self._thread: threading.Thread | None = None
        desk.watch(self)

    def show(self, page: Page) -> None:
        """Draw on this page too."""
        self._pages.add(page)
        self.refresh()

    def refresh(self) -> None:
        """Start, when there is something to count."""
        token = self._desk.session.token
        if token is not None and token.seconds_left > 0 and self._pages and self._thread is None:
            self._thread = threading.Thread(target=self._count, name="wych-kit-countdown", daemon=True)
            self._thread.start()

    def _count(self) -> None:
        pause = threading.Event()
        while (token := self._desk.session.token) is not None:
            for page in list(self._pages):
                page.tick()
            if token.seconds_left <= 0:
                break
            pause.wait(1)
        self._thread = None
