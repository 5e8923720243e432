"""A result that a cell shows both as text and as HTML, without widgets."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from wych_kit.client.journal.transcript import escape_control_characters
from wych_kit.notebook.views.html import Html, render_paragraph

if TYPE_CHECKING:
    from collections.abc import Iterable


class Renderable(ABC):
    """A result that has a text and an HTML form.

    Neither has a time or a random id, so that
    two runs of a notebook read the same.
    """

    @abstractmethod
    def render_text(self) -> Iterable[str]:
        """Yield the lines of the text. They are escaped by the caller."""

    @abstractmethod
    def render_html(self) -> Iterable[Html]:
        """Yield the parts of the HTML."""

    def __repr__(self) -> str:
        return "\n".join(map(escape_control_characters, self.render_text()))

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        # A front end shows HTML where it can. The text is stored too, for diffs and terminals.
        return {"text/plain": repr(self), "text/html": str(Html().join(self.render_html()))}


class Message(Renderable):
    """A few lines of text, in a box of this CSS class if there is one."""

    def __init__(self, *texts: str, css_class: str = "") -> None:
        # A server's or a file's text may have several lines, and HTML would join them.
        self._lines = [line for text in texts for line in text.splitlines()]
        self._css_class = css_class

    def render_text(self) -> Iterable[str]:
        """Yield the lines."""
        return self._lines

    def render_html(self) -> Iterable[Html]:
        """Yield a paragraph for each line that is not empty."""
        paragraphs = Html().join(map(render_paragraph, self._lines))
        if not self._css_class:
            return [paragraphs]
        return [Html('<div class="{}">{}</div>').format(self._css_class, paragraphs)]
