"""`kit.check()`: the checks as text and as a table, the same in every run."""

from __future__ import annotations

import re

from wych_kit import notebook
from wych_kit.diagnosis.connectivity.report import ALL_PASSED
from wych_kit.notebook.views.check import NOT_CONFIRMED


def shown(check):
    """Text and HTML."""
    found = check._repr_mimebundle_()
    return found["text/plain"], found["text/html"]


def test_all_holds(ready):
    """Every check has a row in both forms, with sign and word."""
    text, html = shown(ready.check())
    assert text.splitlines()[-2:] == [
        "✓ passed  Data: The call returned 3 users.",
        f"✓ {ALL_PASSED}",
    ]
    assert f"✓ {ALL_PASSED}" in html
    assert html.count("<tr>") == 14
    assert "✓\N{NO-BREAK SPACE}passed" in html


def test_two_runs_read_the_same(ready):
    """No time and no random id is in either form."""
    ready.check()  # the first asks for the token
    assert shown(ready.check()) == shown(ready.check())


def test_what_is_broken_is_explained(project, mock_wych):
    """Cause and action are under the table, escaped."""
    project.ready_on(mock_wych, client_id="<b>nobody")
    kit = notebook.open_kit()
    try:
        text, html = shown(kit.check())
    finally:
        kit.close()
    assert "✗ failed" in text
    assert re.search(r"Cause: .*\n  Next: ", text)
    assert "<b>nobody" not in html
    assert 'role="alert"' in html


def test_nothing_is_sent_to_production_unasked(project, mock_wych):
    """Production is confirmed first, as for every step."""
    project.write_env(environment="production")
    kit = notebook.open_kit()
    try:
        before = kit.check()
        kit.confirm()
        after = kit.check()
    finally:
        kit.close()
    assert before.report is None
    assert NOT_CONFIRMED in shown(before)[0]
    assert NOT_CONFIRMED in shown(before)[1]
    assert after.report.diagnosis.reference == "setting-missing"


def test_outcomes_stay(ready):
    """A check changes nothing of what the steps brought; its exchanges are in the kit's journal."""
    ready.step("discover")
    outcomes = dict(ready.model.outcomes)
    check = ready.check()
    assert ready.model.outcomes == outcomes
    assert ready.session.journal.exchanges[-len(check.report.exchanges) :] == check.report.exchanges
