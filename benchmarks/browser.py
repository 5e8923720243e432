"""What a person waits for: the tour's form in a browser, and all that lies between a clean clone and that form."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
from measure import ROOT, Row, environment, milliseconds, ratio

sys.path.insert(0, str(ROOT))  # for tests/browser, which knows how to use JupyterLab

from tests.browser.lab import CHROMIUM, Sheet, chromium, jupyter, project
from wych_kit import mock

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROUNDS = 5
PLAIN = ("jupyterlab", "ipywidgets", "httpx")


def rows() -> Iterator[Row]:
    """The form in a browser; the way there from nothing."""
    if CHROMIUM is None:
        yield Row(
            "first form usable in the browser", "not measured", "≤ 1.0 s", "no chromium on the path"
        )
        return
    yield form()
    yield from_nothing()


def form() -> Row:
    """From the start of the tour's cell, in a kernel that runs, to a Register button that can be pressed; and from Shift+Enter."""
    with (
        tempfile.TemporaryDirectory() as folder,
        mock.running(ephemeral=True) as wych,
        jupyter(Path(folder)) as lab,
        chromium() as browser,
    ):
        from_start, from_key = [], []
        for turn in range(ROUNDS):
            page = browser.new_page()
            starts: list[float] = []
            page.on(
                "websocket",
                lambda socket, starts=starts: socket.on(
                    "framereceived", lambda frame: _note(frame, starts)
                ),
            )
            sheet = Sheet(page, lab, project(lab.root / str(turn), wych))
            sheet.open()
            page.locator(".jp-CodeCell .cm-content").first.click()
            pressed = time.perf_counter()
            page.keyboard.press("Shift+Enter")
            sheet.button("Register").click(
                trial=True
            )  # waits until it could be pressed, and does not press
            ready = time.perf_counter()
            from_start.append(ready - starts[-1])
            from_key.append(ready - pressed)
            page.close()
            lab.end_kernels()
        slowest = f"slowest {max(from_start):.2f} s; from Shift+Enter {milliseconds(from_key)}"
        return Row(
            "first form usable in the browser, warm kernel",
            milliseconds(from_start),
            "≤ 1.0 s",
            slowest,
        )


def _note(frame: str | bytes, starts: list[float]) -> None:
    """Note the time when the kernel says that it starts a cell."""
    if b"execute_input" in (frame if isinstance(frame, bytes) else frame.encode()):
        starts.append(time.perf_counter())


def from_nothing() -> Row:
    """A clean clone's set-up for the lab and JupyterLab showing the form, over a plain venv with pip and JupyterLab answering. Both with pip."""
    ours, plain = [], []
    for _ in range(2):
        ours.append(our_way())
        plain.append(plain_way())
    return Row(
        "clean clone to the first form ÷ plain pip install",
        ratio(ours, plain),
        "≤ 1.1",
        f"{min(plain):.0f} s; ours {min(ours):.0f} s",
    )


def our_way() -> float:
    """Seconds for `make lab` without uv, from a clone with no venv, to the form in a browser."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder, "clone")
        subprocess.run(
            ["git", "clone", "-q", str(ROOT), str(clone)], check=True, capture_output=True
        )
        with chromium() as browser:
            page = browser.new_page()
            began = time.perf_counter()
            command = ["make", "--no-print-directory", "lab", "UV=", "ARGS=--no-browser"]
            env = environment(
                WYCH_HOME=str(Path(folder, "home")), HOME=folder, PIP_NO_CACHE_DIR="1"
            )
            with subprocess.Popen(
                command,
                cwd=clone,
                env=env,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            ) as lab:
                assert lab.stdout is not None
                try:
                    address = next(
                        word
                        for line in lab.stdout
                        for word in line.split()
                        if word.startswith("http://") and "/lab" in word
                    )
                    page.goto(address)
                    page.locator(".jp-CodeCell .cm-content").first.click(timeout=60_000)
                    page.get_by_text("| Idle").wait_for(
                        timeout=60_000
                    )  # the status bar, once the kernel is connected
                    page.keyboard.press("Shift+Enter")
                    page.get_by_role("button", name="Register", exact=True).wait_for(timeout=60_000)
                    return time.perf_counter() - began
                finally:
                    lab.terminate()


def plain_way() -> float:
    """Seconds for a venv, `pip install jupyterlab ipywidgets httpx`, JupyterLab and a form of one field in a browser."""
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        page = browser.new_page()
        python = Path(folder, "venv", "bin", "python")
        began = time.perf_counter()
        env = environment(PIP_NO_CACHE_DIR="1")
        subprocess.run([sys.executable, "-m", "venv", python.parents[1]], check=True, env=env)
        command = [python, "-m", "pip", "--disable-pip-version-check", "install", "-q", *PLAIN]
        subprocess.run(command, check=True, env=env, timeout=300)
        return time.perf_counter() - began + shown(page, python, Path(folder))


def shown(page: Page, python: Path, folder: Path) -> float:
    """Seconds to a form of one button in this environment's JupyterLab."""
    code = "import ipywidgets\nipywidgets.Button(description='Register')"
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    book.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3",
    }  # without it JupyterLab asks
    began = time.perf_counter()
    with jupyter(folder / "lab", python=python) as lab:
        nbformat.write(book, lab.root / "form.ipynb")
        sheet = Sheet(page, lab, lab.root / "form.ipynb")
        sheet.open()
        sheet.page.locator(".jp-CodeCell .cm-content").first.click()
        sheet.page.keyboard.press("Shift+Enter")
        sheet.page.get_by_role("button", name="Register", exact=True).wait_for()
        return time.perf_counter() - began
