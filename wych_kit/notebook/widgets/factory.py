"""Makes the widgets of one page, which share layouts and styles.

Each layout and each style is one more object that a browser has to
make before it can draw the form, and a page has about forty widgets.
"""

from __future__ import annotations

from typing import Any, TypeVar

import ipywidgets as w

_Widget = TypeVar("_Widget", bound=w.DOMWidget)


class WidgetFactory:
    """Makes widgets with one of two layouts, shown or hidden, and one style for each class."""

    def __init__(self) -> None:
        self._shown = w.Layout()
        self._hidden = w.Layout(display="none")
        self._styles: dict[type[w.DOMWidget], Any] = {}

    def make(
        self, widget_class: type[_Widget], *args: Any, css_class: str = "", **traits: Any
    ) -> _Widget:
        """Return a new widget. The first one of a class sets the style of all that follow."""
        if widget_class in self._styles:
            traits["style"] = self._styles[widget_class]
        widget: _Widget = widget_class(*args, **self.get_look(css_class), **traits)
        if widget.has_trait("style"):
            self._styles[widget_class] = widget.style
        return widget

    def get_look(self, css_class: str) -> dict[str, Any]:
        """Return the arguments that give a widget this CSS class and the shared layout."""
        return {"layout": self._shown, "_dom_classes": (css_class,) if css_class else ()}

    def show(self, widget: w.DOMWidget, *, shown: bool) -> None:
        """Show or hide the widget.

        Assigns one of the shared layouts: changing
        the widget's own would hide all that share it.
        """
        widget.layout = self._shown if shown else self._hidden
