"""`kit.bundle()`: the zip for a support ticket, as text and as a table."""

from __future__ import annotations

import zipfile

import pytest

from wych_kit import notebook
from wych_kit.client.journal.history import History
from wych_kit.errors import SettingInvalid
from wych_kit.notebook.views.check import NOT_CONFIRMED


def test_it_shows_what_it_wrote(ready, project):
    """Text and table name each file and the path. The check's exchanges are in the zip once."""
    ready.step("discover")
    found = ready.bundle("a.zip")
    shown = found._repr_mimebundle_()
    with zipfile.ZipFile(project.folder / "a.zip") as whole:
        names, lines = whole.namelist(), whole.read("exchanges.jsonl").decode().splitlines()
    assert str(project.folder / "a.zip") in shown["text/plain"]
    assert [
        name for name in names if name not in shown["text/plain"] or name not in shown["text/html"]
    ] == []
    assert len(lines) == len(History(project.home).read()) > 3


def test_production_is_not_asked_before_it_is_confirmed(project):
    """The bundle is written, without a check, and says why."""
    project.write_env(environment="production")
    kit = notebook.open_kit()
    try:
        kit.bundle("a.zip")
    finally:
        kit.close()
    with zipfile.ZipFile(project.folder / "a.zip") as whole:
        assert NOT_CONFIRMED in whole.read("check.txt").decode()


def test_an_existing_file_is_kept(ready, project):
    """It is said as an error of ours, and the file is as it was."""
    (project.folder / "a.zip").write_text("mine")
    with pytest.raises(SettingInvalid, match=r"a\.zip"):
        ready.bundle("a.zip")
    assert (project.folder / "a.zip").read_text() == "mine"
