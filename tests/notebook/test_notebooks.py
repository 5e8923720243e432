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
# Seconds. It takes ten when the machine is idle and eighty when fifty others compete for two cores:
# only something that hangs takes this long.
HANGS = 600


@pytest.fixture(params=BOOKS, ids=lambda path: path.stem)
def book(request):
    """Each notebook, read."""
    return nbformat.read(request.param, 4)


def test_a_stored_notebook_holds_no_widget_and_was_run(book):
    """Every code cell was run in order, with the kernel that everybody has.

    It stores no widget state, no widget view and no error.
    """
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
    """A text cell has fewer than 90 words, diagrams apart; a code cell fewer than five statements."""
    for cell in book.cells:
        if cell.cell_type == "markdown":
            words = re.sub(r"```.*?```", "", cell.source, flags=re.DOTALL).split()
            assert len(words) < 90, cell.source
        else:
            assert len(ast.parse(cell.source).body) < 5, cell.source


@pytest.mark.parametrize("name", STEPS)
def test_steps_have_the_same_order(name):
    """A diagram comes first, then the form, then plain httpx, then what to do if it failed."""
    text = "\n".join(cell.source for cell in nbformat.read(HERE / f"{name}.ipynb", 4).cells)
    order = [
        "```mermaid\n%%{init: ",
        f'kit.step("{name[2:]}")',
        "## What happens underneath",
        "import httpx",
        "## If it failed",
    ]
    positions = [text.index(part) for part in order]
    assert positions == sorted(positions)


def test_linked_notebooks_exist(book):
    """Every notebook that a cell links to exists."""
    linked = {
        name for cell in book.cells for name in re.findall(r"\]\((\S+?\.ipynb)\)", cell.source)
    }
    assert [name for name in linked if not (HERE / name).exists()] == []


def test_a_saved_notebook_holds_no_secret():
    """With all widget state saved, the notebook has the forms and neither password nor credentials."""
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
        settings = load_settings(path=Path(os.environ["WYCH_HOME"]).parent / ".env", environ={})
    saved = nbformat.writes(book)
    assert "PasswordModel" in saved
    assert "Client id" in saved
    assert CANARY.swapcase() not in saved
    assert settings.client_id in saved
    assert settings.client_secret.reveal() not in saved
    assert settings.api_key.reveal() not in saved
    assert re.search(r"eyJ[\w-]{20,}\.eyJ", saved) is None


def run_python(*arguments):
    """Run Python in the repository's root and return the finished process with its output."""
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=HANGS, check=False
    )


def run_pytest(folder):
    """Run the notebooks of another folder as tests, with the repository's configuration."""
    own = ("-q", "-p", "no:cacheprovider", "-n", "0")
    configuration = ("--rootdir", folder, "-c", ROOT / "pyproject.toml")
    return run_python("-m", "pytest", *own, *configuration, folder)


def test_a_notebook_with_different_output_fails(tmp_path):
    """A changed word in a stored output fails its cell.

    A cell that was never run is an error before anything runs.
    """
    folder = ROOT / "notebooks"
    for name in ("conftest.py", "4_first_call.ipynb"):
        shutil.copy(folder / name, tmp_path)
    path = tmp_path / "4_first_call.ipynb"
    good = path.read_text("utf-8")
    path.write_text(
        good.replace("your first authenticated call", "your second authenticated call"), "utf-8"
    )
    ran = run_pytest(tmp_path)
    assert ran.returncode == 1, ran.stdout
    assert "1 failed" in ran.stdout
    path.write_text(re.sub(r'"execution_count": 3', '"execution_count": null', good), "utf-8")
    ran = run_pytest(tmp_path)
    assert "cells never run" in ran.stderr + ran.stdout
    assert ran.returncode == 4


@pytest.mark.parametrize("name", ["3_token", "8_break_and_fix"])
def test_remaking_changes_nothing(tmp_path, name):
    """A notebook that is run again is the same file, byte for byte.

    The second one starts mocks of its own, on ports that differ with each run.
    """
    path = HERE / f"{name}.ipynb"
    copy = tmp_path / path.name
    shutil.copy(path, copy)
    remade = run_python("notebooks/remake.py", copy)
    assert remade.returncode == 0, remade.stderr
    assert remade.stdout == f"{name}.ipynb: as it was\n"
    assert copy.read_bytes() == path.read_bytes()
