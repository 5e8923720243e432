"""Runs JupyterLab and a browser, and drives a notebook in them, for tests and pictures."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from wych_kit.mock import Mock

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
)
SETTINGS = {
    # What the entry "Save Widget State Automatically" of the Settings menu sets. It is off by
    # default, and the worst case for secrets.
    "@jupyter-widgets/jupyterlab-manager/plugin": {"saveState": True},
    "@jupyterlab/apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
    "@jupyterlab/docmanager-extension/plugin": {"autosave": False},
}
READY = """() => { const w = window.jupyterapp?.shell?.currentWidget, s = w?.sessionContext, k = s?.session?.kernel;
  return !!(s && s.isReady && k && k.connectionStatus === 'connected' && k.status === 'idle' && w.content?.model?.cells?.length) }"""
COMMAND = "([name, args]) => window.jupyterapp.commands.execute(name, args)"
STORED = """async () => {
  const all = {local: {...localStorage}, session: {...sessionStorage}, databases: {}};
  for (const {name} of await indexedDB.databases()) {
    const db = await new Promise((yes, no) => { const r = indexedDB.open(name); r.onsuccess = () => yes(r.result); r.onerror = no });
    for (const store of db.objectStoreNames)
      all.databases[name + '/' + store] = await new Promise((yes, no) => {
        const r = db.transaction(store).objectStore(store).getAll(); r.onsuccess = () => yes(r.result); r.onerror = no });
    db.close();
  }
  return JSON.stringify(all) }"""


class Lab:
    """A running JupyterLab: its address, the token for it, the folder it shows, and its log."""

    def __init__(self, url: str, token: str, root: Path, log: Path) -> None:
        self.url = url
        self.token = token
        self.root = root
        self.log = log

    def request(self, path: str, method: str = "GET") -> bytes:
        """Send a request to the server's own API and return the response's body."""
        request = urllib.request.Request(
            f"{self.url}{path}", method=method, headers={"Authorization": f"token {self.token}"}
        )
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
            request, timeout=5
        ) as response:
            return response.read()

    def end_kernels(self) -> None:
        """Stop every kernel."""
        for session in json.loads(self.request("/api/sessions")):
            self.request(f"/api/sessions/{session['id']}", "DELETE")


@contextmanager
def jupyter(place: Path, python: str | Path = sys.executable):
    """Run JupyterLab with this Python, and with a home and settings of its own in the folder."""
    settings = place / "settings"
    for name, values in SETTINGS.items():
        path = settings / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))
    root, log, token = place / "root", place / "jupyter.log", secrets.token_urlsafe()
    root.mkdir()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    dropped = ("WYCH_", "JUPYTER", "IPYTHON", "PYTHONDONTWRITEBYTECODE")
    env = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    folders = {
        name: str(place / name.lower())
        for name in ("HOME", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
    }
    folders |= {
        "IPYTHONDIR": str(place / "ipython"),
        "JUPYTERLAB_WORKSPACES_DIR": str(place / "workspaces"),
    }
    env |= folders | {"JUPYTERLAB_SETTINGS_DIR": str(settings)}
    command = [
        str(python),
        "-m",
        "jupyterlab",
        "--no-browser",
        "--allow-root",
        "--ServerApp.ip=127.0.0.1",
    ]
    command += [
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--IdentityProvider.token={token}",
    ]
    command += [f"--ServerApp.root_dir={root}", "--LabApp.expose_app_in_browser=True"]
    with (
        log.open("wb") as out,
        subprocess.Popen(command, env=env, cwd=place, stdout=out, stderr=out) as server,
    ):
        lab = Lab(f"http://127.0.0.1:{port}", token, root, log)
        try:
            _await(lab, server)
            yield lab
            lab.end_kernels()
        finally:
            server.terminate()


def _await(lab: Lab, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            lab.request("/api")
        except (urllib.error.URLError, OSError):
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(
                    f"JupyterLab did not start:\n{lab.log.read_text()[-2000:]}"
                ) from None
            time.sleep(0.1)
        else:
            return


@contextmanager
def chromium():
    """Run a browser without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield browser
        browser.close()


def project(folder: Path, wych: Mock, book: str = "0_start_here.ipynb") -> Path:
    """Copy a notebook into this folder, with a `.env` for the mock. Return the copy's path."""
    folder.mkdir(parents=True)
    shutil.copy(NOTEBOOKS / book, folder)
    (folder / "pyproject.toml").touch()
    addresses = {
        name: getattr(wych, name) for name in ("issuer_url", "api_url", "portal_url", "connect_url")
    }
    write_env(folder / ".env", environment="mock", home=folder / "kit", **addresses)
    return folder / book


def write_env(path: Path, **values: object) -> None:
    """Write a settings file from values by attribute name."""
    path.write_text(
        "".join(f"WYCH_{name.upper()}='{value}'\n" for name, value in values.items()), "utf-8"
    )
    path.chmod(0o600)


class Sheet:
    """A notebook open in JupyterLab, and what a person does with it."""

    def __init__(self, page, lab: Lab, path: Path) -> None:
        self.page = page
        self.lab = lab
        self.path = path
        self.form = page.locator(".jp-OutputArea-output .wych-page").first

    def open(self) -> None:
        """Open it in a workspace of its own, and wait for its kernel."""
        name = self.path.relative_to(self.lab.root).as_posix()
        workspace = f"w{time.time_ns()}"
        self.page.goto(
            f"{self.lab.url}/lab/workspaces/{workspace}/tree/{name}?token={self.lab.token}"
        )
        self.ready()

    def ready(self) -> None:
        """Wait until the notebook can be used."""
        self.page.wait_for_function(READY, timeout=60_000)

    def command(self, name: str, **args) -> None:
        """Execute a command, as the entry of a menu does."""
        self.page.evaluate(COMMAND, [name, args])

    def run(self, shows: str = "Register") -> None:
        """Run the first code cell as a person does, and wait for a form with this button."""
        self.command("notebook:clear-all-cell-outputs")
        self.page.locator(".jp-CodeCell .cm-content").first.click()
        self.page.keyboard.press("Shift+Enter")
        self.button(shows).wait_for()

    def field(self, label: str):
        """Return the input that has this label."""
        return self.form.get_by_label(label, exact=True)

    def beside(self, label: str):
        """Return the help or the fault beside this field."""
        return self.form.locator(
            ".wych-entry", has=self.page.get_by_text(label, exact=True)
        ).locator(".widget-html")

    def fill(self, label: str, text: str) -> None:
        """Click into a field, type, and leave it."""
        self.field(label).click()
        self.page.keyboard.type(text)
        self.page.keyboard.press("Tab")

    def button(self, text: str):
        """Return the button with this text."""
        return self.form.get_by_role("button", name=text, exact=True)

    def done(self, number: int) -> None:
        """Wait until so many steps are done."""
        self.form.locator(".wych-road li.wych-done").nth(number - 1).wait_for()

    def go_through(self, first: str = "Register") -> None:
        """Press each step's button, as soon as it can be pressed."""
        for number, title in enumerate((first, "Discover", "Get a token", "First call"), 1):
            self.button(title).click()
            self.done(number)

    def unfold(self) -> None:
        """Open all that is folded."""
        self.form.evaluate(
            "form => form.querySelectorAll('details').forEach(part => { part.open = true })"
        )

    def tab_to(self, title: str) -> None:
        """Press Tab until this button has the focus; at most twenty times."""
        for _ in range(20):
            if self.button(title).evaluate("button => button === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab does not lead to {title}")

    def theme(self, name: str) -> None:
        """Change JupyterLab's theme, and wait for it."""
        self.command("apputils:change-theme", theme=name)
        self.page.locator(f"body[data-jp-theme-name='{name}']").wait_for(state="attached")
        self.page.locator("#jupyterlab-splash").wait_for(state="detached")

    def save(self) -> str:
        """Save the notebook and return the text of its file."""
        self.command("docmanager:save")
        return self.path.read_text("utf-8")
