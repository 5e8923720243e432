"""Whether widgets come back from the front end: a hidden player that only a browser can set going."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import ipywidgets as w

if TYPE_CHECKING:
    import asyncio

    from IPython.display import DisplayHandle

# Seconds in which the kernel was listening and nothing came back, until forms are taken to be
# invisible.
PATIENCE = 2.0
_BEAT = 0.25
WIDGET = "application/vnd.jupyter.widget-view+json"


class Heartbeat:
    """Asks the front end for a sign of life. `heard` is `None` until that is known, then whether widgets came back.

    ipywidgets has no message for it. A `Play` that is set going counts in the browser, once a view of it exists, and sends the count.
    """

    def __init__(self) -> None:
        self.heard: bool | None = None
        self.widget = w.Play(max=1_000_000, interval=1000, layout={"display": "none"})
        self.widget.observe(self._answer, "value")
        self._waiting: list[tuple[DisplayHandle, dict[str, Any]]] = []
        self._without: list[tuple[DisplayHandle, dict[str, Any]]] = []
        self._asking: threading.Thread | None = None

    def fitting(self, bundle: dict[str, Any]) -> dict[str, Any]:
        """What to show of this: all of it, or only what stands in for the widget where none comes back."""
        return (
            bundle
            if self.heard is not False
            else {kind: data for kind, data in bundle.items() if kind != WIDGET}
        )

    def show(self, handle: DisplayHandle | None, bundle: dict[str, Any]) -> None:
        """A bundle was shown: ask, if it is not known yet, and have it shown without the widget when nothing comes back.

        It stays as it was at that time, so that what is stored does not hang on how fast the notebook was run. Outside a kernel nobody
        answers, and nothing is asked.
        """
        import asyncio  # which every kernel has loaded

        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        if handle is not None and not self.heard:
            (self._waiting if self.heard is None else self._without).append((handle, bundle))
            if self._asking is None:
                self._asking = threading.Thread(
                    target=self._ask, args=(loop,), name="wych-kit-heartbeat", daemon=True
                )
                self._asking.start()

    def _ask(self, loop: asyncio.AbstractEventLoop) -> None:
        for _ in range(round(PATIENCE / _BEAT)):
            self.widget.playing = False
            self.widget.playing = True
            time.sleep(_BEAT)
            listening = threading.Event()
            loop.call_soon_threadsafe(listening.set)
            listening.wait()  # the time in which the kernel is busy with a cell does not count
            if self.heard:
                break
        self.widget.playing = False
        self._asking = None
        if not self.heard:
            self.heard = False
            self._draw(self._waiting)
            self._without += self._waiting
        self._waiting = []

    def _answer(self, _: dict[str, Any]) -> None:
        self.heard = True
        self._draw(self._without)
        self._without = []

    def _draw(self, shown: list[tuple[DisplayHandle, dict[str, Any]]]) -> None:
        for handle, bundle in shown:
            handle.update(self.fitting(bundle), raw=True)
