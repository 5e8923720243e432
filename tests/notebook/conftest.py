"""Kits on the mock, as a notebook opens them; and a notebook here is run like those that people get."""

from __future__ import annotations

import pytest
from ipywidgets import Widget

from notebooks.conftest import (  # noqa: F401 - hooks, found by their names
    pytest_collection_modifyitems,
    pytest_runtest_call,
    pytest_runtest_makereport,
    pytest_runtest_setup,
    pytest_unconfigure,
)
from wych_kit import notebook
from wych_kit.notebook import kit as kits


@pytest.fixture(autouse=True)
def _nothing_open(monkeypatch):
    """Each test is a notebook of its own."""
    monkeypatch.setattr(kits, "_OPEN", {})
    yield
    Widget.close_all()


@pytest.fixture
def new(project, mock_wych):
    """An open kit that has registered nothing."""
    project.on(mock_wych)
    opened = notebook.open_kit()
    yield opened
    opened.close()


@pytest.fixture
def ready(project, mock_wych):
    """An open kit with the credentials of the mock's ready-made app."""
    project.ready_on(mock_wych)
    opened = notebook.open_kit()
    yield opened
    opened.close()


@pytest.fixture
def fill():
    """Writes answers into a panel's inputs, as the browser does when they are left."""

    def write(panel, **answers):
        for entry in panel.entries:
            if entry.field.name in answers:
                entry.input.value = answers[entry.field.name]

    return write


@pytest.fixture
def press():
    """Presses a button and waits until nothing is under way."""

    def click(panel, button=None):
        (button or panel.button).click()
        assert panel.desk.wait(20)

    return click


@pytest.fixture
def entry():
    """The entry of a panel that has this name."""
    return lambda panel, name: next(each for each in panel.entries if each.field.name == name)


@pytest.fixture
def told():
    """All that a widget and those in it say."""

    def words(widget):
        return f"{getattr(widget, 'value', '')}{''.join(words(child) for child in getattr(widget, 'children', ()))}"

    return words
