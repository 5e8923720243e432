"""`kit.check()`: the rungs from the host's name to the data, as text and as a table. No times: two runs read the same."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from wych_kit import mock
from wych_kit.client.journal.history import History
from wych_kit.client.journal.transcript import escape_control_characters
from wych_kit.diagnosis.connectivity import check_connectivity
from wych_kit.diagnosis.connectivity.report import ALL_PASSED, STATE_LABELS, STATE_SYMBOLS
from wych_kit.notebook.views import html, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wych_kit.diagnosis.connectivity import Report
    from wych_kit.notebook.session_model import Desk
    from wych_kit.settings.environments import Environment

NOT_BEFORE = "Nothing is sent to production before kit.confirm()."


def climbed(desk: Desk) -> Report | None:
    """Check every rung from the host's name to the data; `None` while nothing may be sent. Changes no outcome."""
    if not desk.open:
        return None
    with suppress(mock.CannotStart):
        desk.stand_in()
    report = check_connectivity(desk.session.settings, journal=desk.session.journal)
    History(desk.session.settings.home).add(report.exchanges)
    return report


class Check:
    """What one climb found. No widget: it looks the same everywhere. `report` has all of it; `None` when nothing was sent."""

    def __init__(self, environment: Environment, report: Report | None) -> None:
        self.report = report
        self._environment = environment

    def __repr__(self) -> str:
        return "\n".join(
            escape_control_characters(line)
            for line in (text.banner(self._environment), *self._lines())
        )

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": "".join(self._html())}

    def _rows(self) -> list[tuple[str, str, str]]:
        return [
            (
                f"{STATE_SYMBOLS[check.state]} {STATE_LABELS[check.state]}",
                check.title,
                check.observed,
            )
            for check in (self.report.checks if self.report else ())
        ]

    def _lines(self) -> Iterator[str]:
        if self.report is None:
            yield NOT_BEFORE
            return
        for state, title, observed in self._rows():
            yield f"{state}  {title}{f': {observed}' if observed else ''}"
        if (found := self.report.diagnosis) is None:
            yield f"✓ {ALL_PASSED}"
        else:
            yield from text.diagnosis(found)

    def _html(self) -> Iterator[str]:
        yield html.banner(self._environment)
        if self.report is None:
            yield html.paragraph(NOT_BEFORE)
            return
        yield html.table(
            (state.replace(" ", "\N{NO-BREAK SPACE}"), title, seen)
            for state, title, seen in self._rows()
        )
        found = self.report.diagnosis
        yield (
            f'<div class="wych-failed">{html.diagnosis(found)}</div>'
            if found
            else html.paragraph(f"✓ {ALL_PASSED}")
        )
