"""`kit.bundle()`: what is in the zip for a support ticket, as text and as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wych_kit.client.journal.transcript import escape_control_characters
from wych_kit.notebook.views import html, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wych_kit.settings.environments import Environment
    from wych_kit.support.bundle import Bundle


class Handover:
    """What one bundle came to. No widget: it looks the same everywhere. `bundle` has all of it, its path included."""

    def __init__(self, environment: Environment, bundle: Bundle) -> None:
        self.bundle = bundle
        self._environment = environment

    def __repr__(self) -> str:
        rows = (f"{part.name}: {part.holds}" for part in self.bundle.parts)
        return "\n".join(
            escape_control_characters(line)
            for line in (text.banner(self._environment), *rows, *self.bundle.lines())
        )

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": "".join(self._html())}

    def _html(self) -> Iterator[str]:
        yield html.banner(self._environment)
        yield html.table(
            (part.name, part.holds, f"{len(part.content)} bytes") for part in self.bundle.parts
        )
        yield from map(html.paragraph, self.bundle.lines())
