"""Makes the widgets of one page. They share their looks, since each layout and style is one more thing for a browser to make."""

from __future__ import annotations

from typing import Any, TypeVar

import ipywidgets as w

_Made = TypeVar("_Made", bound=w.DOMWidget)


class Parts:
    """The looks that a page's widgets have in common: to be seen or not, and one style for all of a kind, the first one's."""

    def __init__(self) -> None:
        self._shown = w.Layout()
        self._hidden = w.Layout(display="none")
        self._styles: dict[type[w.DOMWidget], Any] = {}

    def make(self, kind: type[_Made], *given: Any, look: str = "", **traits: Any) -> _Made:
        """A widget of this kind. `look` is its CSS class; `given` and `traits` are what it is made from."""
        if kind in self._styles:
            traits["style"] = self._styles[kind]
        widget: _Made = kind(*given, **self.look(look), **traits)
        if widget.has_trait("style"):
            self._styles[kind] = widget.style
        return widget

    def look(self, name: str) -> dict[str, Any]:
        """What a widget with this CSS class is made with."""
        return {"layout": self._shown, "_dom_classes": (name,) if name else ()}

    def show(self, widget: w.DOMWidget, *, shown: bool) -> None:
        """Have it seen or not."""
        widget.layout = self._shown if shown else self._hidden
