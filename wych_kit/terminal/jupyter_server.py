"""Runs JupyterLab or Voilà for `wych-kit lab`, and stops what it started."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import webbrowser
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

import httpx

from wych_kit.secret import Secret
from wych_kit.terminal.notebook_files import copy_notebooks

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST = "0_start_here.ipynb"
# Seconds until the server has to answer. It takes two or three; the first start on a cold disk
# takes longest.
_PATIENCE = 60.0
# Seconds that the server has for stopping its kernels.
_GRACE = 8.0
# Asking Jupyter's site for news would put a question over a corner of the page.
_QUIET = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False}
}


class _Kind(NamedTuple):
    """A program that serves notebooks.

    `ready` is a path that answers when it is up, `page` the path that a person opens.
    """

    module: str
    title: str
    extra: str
    ready: str
    page: str
    options: tuple[str, ...]


_LAB = _Kind(
    "jupyterlab",
    "JupyterLab",
    "notebook",
    "/api",
    f"/lab/tree/{FIRST}",
    (
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        "--ServerApp.root_dir={folder}",
    ),
)
_APP = _Kind(
    "voila",
    "Voilà",
    "app",
    "/voila/static/voila.js",
    "/",
    ("--Voila.ip=127.0.0.1", "--port={port}", "--Voila.port_retries=0", FIRST),
)


def serve_notebooks(*, port: int = 0, browser: bool = True, app: bool = False) -> int:
    """Serve the notebooks until Ctrl-C, SIGTERM or the end of the terminal.

    Returns 0 when stopped like that, 2 if something must be installed or corrected. The address
    with its token is printed in any case. `port` 0 takes a free port. `app` serves the tour with
    Voilà, without code.
    """
    kind = _APP if app else _LAB
    if find_spec(kind.module) is None:
        return _say(
            f"This command needs {kind.title}, which is not installed."
            f" Run: pip install 'wych-kit[{kind.extra}]'",
            status=2,
        )
    try:
        folder = copy_notebooks(Path.cwd(), say=_say)
        with (
            tempfile.TemporaryDirectory(prefix="wych-lab-", ignore_cleanup_errors=True) as scratch,
            _stoppable(),
        ):
            return _serve(kind, folder, Path(scratch), _free_port(port), browser=browser)
    except KeyboardInterrupt:
        return _say("\nStopped.")
    except OSError as error:
        # The folder cannot be written, or the port is taken.
        return _say(f"The notebooks cannot be served: {error}", status=2)


def _serve(kind: _Kind, folder: Path, scratch: Path, port: int, *, browser: bool) -> int:
    token, log = Secret(secrets.token_urlsafe(24)), scratch / "log"
    with _server(kind, folder, scratch, port, token) as process:
        if not _wait_until_up(process, f"http://127.0.0.1:{port}{kind.ready}", token):
            return _say(
                f"{kind.title} did not start. The end of its log:\n{_end_of(log)}", status=2
            )
        # A person needs the token to open the page. It opens only this server, until it stops.
        _say(
            f"{kind.title}: http://127.0.0.1:{port}{kind.page}?token={token.reveal()}\n"
            "To stop it, press Ctrl-C."
        )
        if browser and _has_browser():
            webbrowser.open(f"http://127.0.0.1:{port}{kind.page}?token={token.reveal()}")
        process.wait()
        return _say(
            f"{kind.title} has stopped.\n{_end_of(log) if process.returncode else ''}".rstrip(),
            status=2 if process.returncode else 0,
        )


@contextmanager
def _server(
    kind: _Kind, folder: Path, scratch: Path, port: int, token: Secret
) -> Iterator[subprocess.Popen[bytes]]:
    """Run the server in a session of its own, so that Ctrl-C reaches us and we stop it.

    It gets its own workspaces: JupyterLab keeps one for all folders, and would open the tabs of
    another folder and start their kernels.
    """
    config = _configuration(scratch / "config", token)
    paths = [str(config), *filter(None, [os.environ.get("JUPYTER_CONFIG_PATH")])]
    options = [option.format(port=port, folder=folder) for option in kind.options]
    if kind is _LAB and getattr(os, "geteuid", lambda: 1)() == 0:
        # In a container the user is most often root, which Jupyter refuses by default.
        options.append("--allow-root")
    with (scratch / "log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - no shell, and this same Python
            [sys.executable, "-m", kind.module, "--no-browser", *options],
            cwd=folder,
            env={
                **os.environ,
                "JUPYTER_CONFIG_PATH": os.pathsep.join(paths),
                "JUPYTERLAB_WORKSPACES_DIR": str(scratch / "workspaces"),
            },
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        _stop(process)


def _configuration(folder: Path, token: Secret) -> Path:
    """Write the servers' configuration into `folder` and return it.

    The token is in a file: every user can read a command line, and every kernel the environment.
    """
    (folder / "labconfig").mkdir(parents=True)
    (folder / "labconfig" / "default_setting_overrides.json").write_text(
        json.dumps(_QUIET), "utf-8"
    )
    (folder / "jupyter_server_config.json").write_text(
        json.dumps({"IdentityProvider": {"token": token.reveal()}}), "utf-8"
    )
    (folder / "voila.json").write_text(json.dumps({"Voila": {"token": token.reveal()}}), "utf-8")
    return folder


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the server, which ends its kernels; a kernel whose server was killed ends by itself."""
    # A second Ctrl-C must not leave half of it running.
    with _signals_ignored():
        process.terminate()
        try:
            process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_up(process: subprocess.Popen[bytes], url: str, token: Secret) -> bool:
    """Wait until the server answers; return False if it ends or takes too long."""
    until = time.monotonic() + _PATIENCE
    # No proxy leads to this machine, so the proxy variables of the shell are ignored.
    with httpx.Client(trust_env=False, timeout=5) as client:
        while time.monotonic() < until and process.poll() is None:
            with suppress(httpx.HTTPError):
                if client.get(url, headers={"Authorization": f"token {token.reveal()}"}).is_success:
                    return True
            time.sleep(0.1)
    return False


def _end_signals() -> list[signal.Signals]:
    """Return the signals that end this program.

    A closed terminal sends SIGHUP; under `nohup` it is ignored, and Windows has no such signal.
    """
    hang_up = getattr(signal, "SIGHUP", None)
    signals = [signal.SIGINT, signal.SIGTERM]
    if hang_up is not None and signal.getsignal(hang_up) != signal.SIG_IGN:
        signals.append(hang_up)
    return signals


@contextmanager
def _stoppable() -> Iterator[None]:
    """Let SIGTERM and a closed terminal do what Ctrl-C does.

    The server is in a session of its own, so it would keep running otherwise.
    """

    def stop(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in _end_signals()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _signals_ignored() -> Iterator[None]:
    before = {number: signal.signal(number, signal.SIG_IGN) for number in _end_signals()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _free_port(port: int) -> int:
    """Return the port, or a free one for 0. Raises `OSError` if it is taken."""
    with socket.socket() as listener:
        if os.name == "posix":
            # Without this a port that was just closed counts as taken.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError as error:
            raise OSError(
                f"port {port} is taken ({error.strerror}). Without --port, a free one is used"
            ) from None
        return int(listener.getsockname()[1])


def _has_browser() -> bool:
    """Return True if there is a browser with a window: one in the terminal would take it over."""
    if not (
        sys.platform in ("win32", "darwin")
        or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")))
    ):
        return False
    with suppress(webbrowser.Error):
        webbrowser.get()
        return True
    return False


def _end_of(log: Path) -> str:
    return "\n".join(log.read_text("utf-8", "replace").splitlines()[-12:])


def _say(message: str, *, status: int = 0) -> int:
    # The terminal may be closed.
    with suppress(OSError):
        print(message, file=sys.stderr if status else sys.stdout, flush=True)
    return status
