"""Finds out if the front end shows widgets, with a hidden player that only a browser can start."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import ipywidgets as w

if TYPE_CHECKING:
    import asyncio

    from IPython.display import DisplayHandle

# Seconds without an answer, while the kernel was listening, after which there are no widgets.
MAX_WAIT = 2.0
_PAUSE = 0.25
WIDGET = "application/vnd.jupyter.widget-view+json"


class FrontEndProbe:
    """Asks the front end for a sign of life. `has_widgets` is None until the answer is known.

    ipywidgets has no message for this question. But a
    `Play` widget counts in the browser as soon as a view
    of it exists, and sends its count to the kernel.
    """

    def __init__(self) -> None:
        self.has_widgets: bool | None = None
        self.widget = w.Play(max=1_000_000, interval=1000, layout={"display": "none"})
        self.widget.observe(self._handle_answer, "value")
        self._waiting: list[tuple[DisplayHandle, dict[str, Any]]] = []
        self._without_widget: list[tuple[DisplayHandle, dict[str, Any]]] = []
        self._thread: threading.Thread | None = None

    def select_formats(self, bundle: dict[str, Any]) -> dict[str, Any]:
        """Return the bundle, without the widget where the front end does not show any."""
        if self.has_widgets is not False:
            return bundle
        return {mime_type: data for mime_type, data in bundle.items() if mime_type != WIDGET}

    def watch(self, handle: DisplayHandle | None, bundle: dict[str, Any]) -> None:
        """Ask, and have this display drawn without its widget if no answer arrives.

        It is drawn from `bundle`, as it was at the time of the cell:
        what is stored must not depend on how fast the notebook was
        run. Outside a kernel nothing is asked, as nobody would answer.
        """
        import asyncio  # every kernel has loaded it

        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        if handle is None or self.has_widgets:
            return
        # Kept also once it is known that there are none: a slow front end may answer after all.
        (self._waiting if self.has_widgets is None else self._without_widget).append(
            (handle, bundle)
        )
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._ask, args=(loop,), name="wych-kit-front-end-probe", daemon=True
            )
            self._thread.start()

    def _ask(self, loop: asyncio.AbstractEventLoop) -> None:
        for _ in range(round(MAX_WAIT / _PAUSE)):
            self.widget.playing = False
            self.widget.playing = True
            time.sleep(_PAUSE)
            # The time in which the kernel is busy with a cell does not count: it hears no answer.
            listening = threading.Event()
            loop.call_soon_threadsafe(listening.set)
            listening.wait()
            if self.has_widgets:
                break
        self.widget.playing = False
        self._thread = None
        if not self.has_widgets:
            self.has_widgets = False
            self._draw(self._waiting)
            self._without_widget += self._waiting
        self._waiting = []

    def _handle_answer(self, _: dict[str, Any]) -> None:
        self.has_widgets = True
        self._draw(self._without_widget)
        self._without_widget = []

    def _draw(self, displays: list[tuple[DisplayHandle, dict[str, Any]]]) -> None:
        for handle, bundle in displays:
            handle.update(self.select_formats(bundle), raw=True)
