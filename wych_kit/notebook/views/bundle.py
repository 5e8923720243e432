"""Makes and shows the zip for a support ticket of `kit.bundle()`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from wych_kit.notebook.views import html, text
from wych_kit.notebook.views.check import NOT_CONFIRMED, run_check
from wych_kit.notebook.views.renderable import Renderable
from wych_kit.support.bundle import create_bundle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wych_kit.notebook.session_model import SessionModel
    from wych_kit.notebook.views.html import Html
    from wych_kit.settings.environments import Environment
    from wych_kit.support.bundle import Bundle


def write_bundle(model: SessionModel, to: str | Path | None) -> BundleView:
    """Write the zip, with a check if anything may be sent. Raises `SettingInvalid`."""
    settings = model.session.settings
    # The check is the notebook's own, so that its exchanges are in this session's journal too, and
    # nothing is sent to a production that nobody has confirmed.
    bundle = create_bundle(
        settings, Path(to) if to else None, check=lambda _: run_check(model) or NOT_CONFIRMED
    )
    return BundleView(settings.environment, bundle)


class BundleView(Renderable):
    """The parts of a bundle, and the path of the file. `bundle` is the bundle itself."""

    def __init__(self, environment: Environment, bundle: Bundle) -> None:
        self.bundle = bundle
        self._environment = environment

    def render_text(self) -> Iterator[str]:
        """Yield a line for each part, then where the file is."""
        yield text.render_banner(self._environment)
        for part in self.bundle.parts:
            yield f"{part.name}: {part.description}"
        yield from self.bundle.lines()

    def render_html(self) -> Iterator[Html]:
        """Yield a table of the parts with their sizes, then where the file is."""
        yield html.render_banner(self._environment)
        yield html.render_table(
            (part.name, part.description, f"{len(part.content)} bytes")
            for part in self.bundle.parts
        )
        yield from map(html.render_paragraph, self.bundle.lines())
