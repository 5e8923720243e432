"""The notebook files themselves: short, run, and without anything that must not be in them."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from notebooks.conftest import HERE, surroundings
from wych_kit import mock
from wych_kit.settings.loading import load_settings

pytestmark = pytest.mark.slow


ROOT = HERE.parent
BOOKS = sorted([*HERE.glob("*.ipynb"), *Path(__file__).parent.glob("*.ipynb")])
WIDGET = "application/vnd.jupyter.widget-view+json"
STEPS = ("1_register", "2_discover", "3_token", "4_first_call")
CANARY = "canary-3f9c-Password"


@pytest.fixture(params=BOOKS, ids=lambda path: path.stem)
def book(request):
    """Each notebook, read."""
    return nbformat.read(request.param, 4)


def test_a_stored_notebook_holds_no_widget_and_was_run(book):
    """Every code cell was run in order; no widget state, no widget view, no error, and the kernel that everybody has."""
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert set(book.metadata) == {"kernelspec", "language_info"}
    assert book.metadata.kernelspec.name == "python3"
    outputs = [output for cell in code for output in cell.outputs]
    assert [
        output
        for output in outputs
        if WIDGET in output.get("data", {}) or output.output_type == "error"
    ] == []
    nbformat.validate(book)


def test_cells_are_short(book):
    """Text has fewer than 90 words a cell, code fewer than five statements; diagrams do not count."""
    for cell in book.cells:
        if cell.cell_type == "markdown":
            words = re.sub(r"```.*?```", "", cell.source, flags=re.DOTALL).split()
            assert len(words) < 90, cell.source
        else:
            assert len(ast.parse(cell.source).body) < 5, cell.source


@pytest.mark.parametrize("name", STEPS)
def test_each_step_is_told_the_same_way(name):
    """A diagram, the form, the same in plain httpx, and what to do if it failed."""
    text = "\n".join(cell.source for cell in nbformat.read(HERE / f"{name}.ipynb", 4).cells)
    order = [
        "```mermaid\n%%{init: ",
        f'kit.step("{name[2:]}")',
        "## What happens underneath",
        "import httpx",
        "## If it failed",
    ]
    places = [text.index(part) for part in order]
    assert places == sorted(places)


def test_links_lead_somewhere(book):
    """A notebook that is linked is there."""
    linked = {
        name for cell in book.cells for name in re.findall(r"\]\((\S+?\.ipynb)\)", cell.source)
    }
    assert [name for name in linked if not (HERE / name).exists()] == []


def test_a_saved_notebook_holds_no_secret():
    """With all widget state saved, after typing and after registering, the notebook has the forms and not the password."""
    source = (
        "from wych_kit import notebook\nkit = notebook.open_kit()\npage = kit.tour()",
        f"page.forms[0].inputs[3].input.value = '{CANARY}'.swapcase()",
        "page",
        "notebook.drive(page); page",
    )
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in source])
    with mock.running(seed=1, ephemeral=True) as wych, surroundings(wych):
        client = NotebookClient(book, kernel_name="python3", store_widget_state=True)
        client.execute()
        brought = load_settings(path=Path(os.environ["WYCH_HOME"]).parent / ".env", environ={})
    saved = nbformat.writes(book)
    assert "PasswordModel" in saved
    assert "Client id" in saved
    assert CANARY.swapcase() not in saved
    assert brought.client_id in saved
    assert brought.client_secret.reveal() not in saved
    assert brought.api_key.reveal() not in saved
    assert re.search(r"eyJ[\w-]{20,}\.eyJ", saved) is None


def run(folder, *options):
    """`pytest` on notebooks in another folder, with our configuration."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-n",
        "0",
        *options,
        str(folder),
    ]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )


def test_a_notebook_that_shows_something_else_is_red(tmp_path):
    """One word changed in a stored output fails its cell; a cell that was never run is an error before anything runs."""
    folder = ROOT / "notebooks"
    for name in ("conftest.py", "4_first_call.ipynb"):
        shutil.copy(folder / name, tmp_path)
    path = tmp_path / "4_first_call.ipynb"
    good = path.read_text("utf-8")
    path.write_text(
        good.replace("your first authenticated call", "your second authenticated call"), "utf-8"
    )
    ran = run(tmp_path, "--rootdir", str(tmp_path), "-c", str(ROOT / "pyproject.toml"))
    assert ran.returncode == 1, ran.stdout
    assert "1 failed" in ran.stdout
    path.write_text(re.sub(r'"execution_count": 3', '"execution_count": null', good), "utf-8")
    ran = run(tmp_path, "--rootdir", str(tmp_path), "-c", str(ROOT / "pyproject.toml"))
    assert "cells never run" in ran.stderr + ran.stdout
    assert ran.returncode == 4


@pytest.mark.parametrize("name", ["3_token", "8_break_and_fix"])
def test_remaking_changes_nothing(tmp_path, name):
    """A notebook that is run again is the same file, byte for byte, also one that starts mocks of its own."""
    path = HERE / f"{name}.ipynb"
    copy = tmp_path / path.name
    shutil.copy(path, copy)
    done = subprocess.run(
        [sys.executable, "notebooks/remake.py", copy],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == f"{name}.ipynb: as it was\n"
    assert copy.read_bytes() == path.read_bytes()
