"""Provides kits on the mock, and runs the notebook of this folder as those in notebooks/ are run."""

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
    monkeypatch.setattr(kits, "_OPEN_KITS", {})
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
    """Writes answers into a form's inputs, as the browser does when they are left."""

    def write(form, **answers):
        for entry in form.inputs:
            if entry.field.name in answers:
                entry.input.value = answers[entry.field.name]

    return write


@pytest.fixture
def press():
    """Presses a button and waits until nothing is under way."""

    def click(form, button=None):
        (button or form.button).click()
        assert form.model.wait_until_idle(60)

    return click


@pytest.fixture
def entry():
    """The entry of a form that has this name."""
    return lambda form, name: next(each for each in form.inputs if each.field.name == name)


@pytest.fixture
def told():
    """All that a widget and those in it say."""

    def words(widget):
        children = getattr(widget, "children", ())
        return f"{getattr(widget, 'value', '')}{''.join(map(words, children))}"

    return words
