"""What the notebook face costs: its import, its first form in a warm kernel, and what our hooks add to nbval alone."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
from measure import ROOT, Row, environment, milliseconds, ratio, whole_processes
from nbclient import NotebookClient

from wych_kit import mock

ROUNDS = 5
BASE = "import ipywidgets, httpx"
FACE = "from wych_kit.notebook import open_kit"
TOUR = "from wych_kit import notebook\nkit = notebook.open_kit()\nkit.tour()"


def rows() -> Iterator[Row]:
    """Import; first form; nbval with and without us."""
    seconds = whole_processes(
        {name: [sys.executable, "-c", code] for name, code in (("ours", FACE), ("base", BASE))}, 15
    )
    over = ratio(seconds["ours"], seconds["base"])
    yield Row(
        "import the notebook face ÷ ipywidgets and httpx",
        over,
        "≤ 1.3",
        f"both {milliseconds(seconds['base'])}",
    )
    yield first_form()
    yield nbval()


def first_form() -> Row:
    """From the start of the tour's cell in a kernel that runs to the end of the cell, which has displayed it; browser not included."""
    ours, plain = zip(*((first_cell(TOUR), first_cell(BASE)) for _ in range(ROUNDS)), strict=True)
    return Row(
        "first form in a warm kernel",
        milliseconds(ours),
        "≤ 1.0 s",
        f"importing ipywidgets and httpx {milliseconds(plain)}",
    )


def first_cell(code: str) -> float:
    """Seconds for a cell with this code, the first with content in its kernel."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "pyproject.toml").touch()
        book = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(text) for text in ("pass", code)]
        )
        quiet = ["--IPKernelApp.log_level=ERROR"]
        client = NotebookClient(
            book,
            kernel_name="python3",
            resources={"metadata": {"path": folder}},
            extra_arguments=quiet,
        )
        with client.setup_kernel(env=environment(WYCH_HOME=str(Path(folder, "home")))):
            client.execute_cell(book.cells[0], 0)
            began = time.perf_counter()
            client.execute_cell(book.cells[1], 1)
            return time.perf_counter() - began


def nbval() -> Row:
    """`pytest --nbval` on the notebooks with our hooks and a mock for each run, over the same with a mock that runs already."""
    names = ("issuer_url", "api_url", "portal_url", "connect_url")
    with tempfile.TemporaryDirectory() as folder, mock.running(seed=1, ephemeral=True) as wych:
        bare, ours = Path(folder, "bare"), Path(folder, "ours")
        shutil.copytree(
            ROOT / "notebooks", ours, ignore=shutil.ignore_patterns(".*", "__pycache__")
        )
        shutil.copytree(ours, bare, ignore=shutil.ignore_patterns("conftest.py", "sanitize.cfg"))
        settings = {f"WYCH_{name.upper()}": str(getattr(wych, name)) for name in names}
        taken: dict[Path, list[float]] = {bare: [], ours: []}
        for turn in range(ROUNDS + 1):
            for place, found in taken.items():
                wych.reset()
                for each in (".env", "pyproject.toml"):
                    (place / each).unlink(missing_ok=True)
                (place / "pyproject.toml").touch()
                found.append(
                    run(place, settings | {"WYCH_HOME": str(Path(folder, f"{place.name}{turn}"))})
                )
    books = len(list((ROOT / "notebooks").glob("*.ipynb")))
    added = [
        (with_us - without) / books
        for with_us, without in zip(taken[ours][1:], taken[bare][1:], strict=True)
    ]
    return Row(
        "nbval with our hooks, mock and sanitising ÷ bare",
        ratio(taken[ours][1:], taken[bare][1:]),
        "≤ 1.15",
        f"adds {milliseconds(added)} a notebook; ≤ 1 s",
    )


def run(place: Path, settings: dict[str, str]) -> float:
    """Seconds for all notebooks in one process. Bare, outputs are run and not compared, as ports differ; ours are, and must be equal."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--nbval-current-env",
        "--rootdir",
        str(place),
    ]
    command += (
        ["--nbval", "--nbval-sanitize-with=sanitize.cfg"]
        if (place / "sanitize.cfg").exists()
        else ["--nbval-lax"]
    )
    began = time.perf_counter()
    subprocess.run(
        [*command, "."],
        cwd=place,
        env=environment(**settings),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return time.perf_counter() - began
