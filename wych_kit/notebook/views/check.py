"""Shows the connectivity check of `kit.check()`."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from wych_kit import mock
from wych_kit.client.journal.history import History
from wych_kit.diagnosis.connectivity import check_connectivity
from wych_kit.diagnosis.connectivity.report import ALL_PASSED, STATE_LABELS, STATE_SYMBOLS
from wych_kit.notebook.views import html, text
from wych_kit.notebook.views.renderable import Renderable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wych_kit.diagnosis.connectivity import Report
    from wych_kit.notebook.session_model import SessionModel
    from wych_kit.notebook.views.html import Html
    from wych_kit.settings.environments import Environment

NOT_CONFIRMED = "Nothing is sent to production until you call kit.confirm()."


def run_check(model: SessionModel) -> Report | None:
    """Check every stage from DNS to data, and return the report; None if nothing may be sent.

    Changes no outcome of a step. Its exchanges are
    in the session's journal and in the history.
    """
    if not model.is_sending_allowed:
        return None
    # Without a mock the check itself reports that nothing answers, and where.
    with suppress(mock.CannotStart):
        model.start_mock()
    report = check_connectivity(model.session.settings, journal=model.session.journal)
    History(model.session.settings.home).add(report.exchanges)
    return report


class CheckView(Renderable):
    """A connectivity report. `report` is None when nothing was sent."""

    def __init__(self, environment: Environment, report: Report | None) -> None:
        self.report = report
        self._environment = environment

    def render_text(self) -> Iterator[str]:
        """Yield a line for each stage, then the diagnosis of the one that failed."""
        yield text.render_banner(self._environment)
        if self.report is None:
            yield NOT_CONFIRMED
            return
        for check in self.report.checks:
            observed = f": {check.observed}" if check.observed else ""
            yield f"{STATE_SYMBOLS[check.state]} {STATE_LABELS[check.state]}  {check.title}{observed}"
        if self.report.diagnosis is None:
            yield f"✓ {ALL_PASSED}"
        else:
            yield from text.render_diagnosis(self.report.diagnosis)

    def render_html(self) -> Iterator[Html]:
        """Yield a table of the stages, then the diagnosis of the one that failed."""
        yield html.render_banner(self._environment)
        if self.report is None:
            yield html.render_paragraph(NOT_CONFIRMED)
            return
        yield html.render_table(
            # The no-break space keeps the sign and its word in one line of a narrow column.
            (
                f"{STATE_SYMBOLS[check.state]}\N{NO-BREAK SPACE}{STATE_LABELS[check.state]}",
                check.title,
                check.observed,
            )
            for check in self.report.checks
        )
        diagnosis = self.report.diagnosis
        if diagnosis is None:
            yield html.render_paragraph(f"✓ {ALL_PASSED}")
        else:
            box = html.Html('<div class="wych-failed">{}</div>')
            yield box.format(html.render_diagnosis(diagnosis))
