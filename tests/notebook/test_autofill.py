"""The driver presses real buttons: it registers with the forms, and says so when a button is dead."""

from __future__ import annotations

import time

import pytest

from wych_kit import notebook
from wych_kit.journey.step import Done, Failed
from wych_kit.secret import Secret


def test_it_fills_the_forms_from_an_answers_file(new, project):
    """The same file that `wych-kit start --answers` takes drives the whole tour."""
    (project.folder / "answers.toml").write_text(
        '[register]\napp_name = "From a file"\npassword = "canary-in-a-file"\n'
    )
    outcomes = notebook.drive(new.tour(), "answers.toml")
    assert [(name, type(outcome)) for name, outcome in outcomes.items()] == [
        (name, Done) for name in ("register", "discover", "token", "first_call")
    ]
    assert new.session.settings.app_name == "From a file"


def test_what_is_done_is_not_pressed_again(ready, mock_wych):
    """A page that was driven to its end gives the same outcomes, and nothing is sent."""
    page = ready.tour()
    first = notebook.drive(page)
    before = len(mock_wych.requests)
    assert notebook.drive(page) == first
    assert len(mock_wych.requests) == before


def test_it_stops_at_the_first_failure(project, mock_wych):
    """A step that does not come through ends the drive, and its outcome says why."""
    project.ready_on(mock_wych, client_secret=Secret("not-the-secret-of-this-app-0001").reveal())
    kit = notebook.open_kit()
    outcomes = notebook.drive(kit.tour())
    assert [type(outcome) for outcome in outcomes.values()] == [Done, Done, Failed]
    kit.close()


def test_wrong_answers_stay_in_the_form(new, mock_wych):
    """An invalid answer ends the drive before the portal is asked. A valid one lets it continue."""
    page = new.step("register")
    outcomes = notebook.drive(page, {"nzbn": "123"})
    assert list(outcomes["register"].faults) == ["nzbn"]
    assert [each.path for each in mock_wych.requests if each.path.startswith("/portal")] == []
    assert isinstance(notebook.drive(page, {"nzbn": "9429000000109"})["register"], Done)


def test_a_dead_button_is_noticed(ready):
    """A button that does nothing is an error, not a success."""
    page = ready.tour()
    page.forms[1].button._click_handlers.callbacks.clear()
    with pytest.raises(notebook.Stuck, match="button 'Discover'"):
        notebook.drive(page)


def test_it_can_be_watched(ready):
    """With a pace, every button is waited for."""
    before = time.monotonic()
    notebook.drive(ready.tour(), pace=0.05)
    assert time.monotonic() - before >= 0.2
