"""Something that others draw, and that tells them when it changed."""

from __future__ import annotations

import logging
import threading
import weakref
from typing import Protocol

from wych_kit.notebook.step_run import place

_log = logging.getLogger(__name__)


class View(Protocol):
    """Something that draws."""

    def refresh(self) -> None:
        """Draw anew."""


class Watched:
    """Tells its views, from whichever thread."""

    def __init__(self) -> None:
        self._telling = threading.RLock()
        self._views: weakref.WeakSet[View] = weakref.WeakSet()

    def watch(self, view: View) -> None:
        """Tell this one whenever something changed, for as long as somebody holds it."""
        self._views.add(view)

    def tell(self) -> None:
        """Have everybody draw anew. One that cannot costs the others nothing, and the step neither."""
        with self._telling:
            for view in list(self._views):
                try:
                    view.refresh()
                except Exception as error:  # noqa: BLE001 - whatever it was, the step goes on; its text may hold anything
                    _log.warning("A form could not be drawn: %s", place(error))
