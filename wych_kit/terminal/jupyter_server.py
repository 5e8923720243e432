"""The notebooks in JupyterLab, or the tour alone in Voilà: `wych-kit lab`. What it starts, it stops."""

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
from wych_kit.terminal.notebook_files import lay_out

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
    """A server that shows notebooks. `ready` is a path that answers when it is up, `page` what a person opens, below the address."""

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
    """Open the notebooks until Ctrl-C, SIGTERM or the terminal's end; the exit status: 0 stopped as asked, 2 something to install or to correct.

    The address, with its token, is printed in any case. `port` 0 takes a free one. `app` serves the tour with Voilà, without code.
    """
    kind = _APP if app else _LAB
    if find_spec(kind.module) is None:
        return _say(
            f"This needs {kind.title}, which is not installed: pip install"
            f" 'wych-kit[{kind.extra}]'",
            status=2,
        )
    try:
        folder = lay_out(Path.cwd(), say=_say)
        with (
            tempfile.TemporaryDirectory(prefix="wych-lab-", ignore_cleanup_errors=True) as scratch,
            _stoppable(),
        ):
            return _serve(kind, folder, Path(scratch), _free(port), browser=browser)
    except KeyboardInterrupt:
        return _say("\nStopped.")
    except OSError as error:  # the folder cannot be written, the port is taken
        return _say(f"This cannot begin: {error}", status=2)


def _serve(kind: _Kind, folder: Path, scratch: Path, port: int, *, browser: bool) -> int:
    token, log = Secret(secrets.token_urlsafe(24)), scratch / "log"
    with _server(kind, folder, scratch, port, token) as process:
        if not _answers(process, f"http://127.0.0.1:{port}{kind.ready}", token):
            return _say(f"{kind.title} did not come up. Its last words:\n{_end_of(log)}", status=2)
        # Somebody has to see the token to use it: this one opens this server, on this machine, until it stops.
        _say(
            f"{kind.title}: http://127.0.0.1:{port}{kind.page}?token={token.reveal()}\nCtrl-C"
            " stops it."
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
    """The server as a process in a session of its own, so that Ctrl-C reaches us and it is us who stop it.

    Its workspaces are its own too: JupyterLab keeps one for all folders, and would open the tabs of another and start their kernels.
    """
    config = _configuration(scratch / "config", token)
    paths = [str(config), *filter(None, [os.environ.get("JUPYTER_CONFIG_PATH")])]
    options = [option.format(port=port, folder=folder) for option in kind.options]
    if kind is _LAB and getattr(os, "geteuid", lambda: 1)() == 0:
        options.append("--allow-root")  # in a container everybody is
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
    """What the servers read first, in a folder for our eyes only: a command line is for everybody to see, an environment for each kernel."""
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
    """End the server, which ends its kernels; a kernel whose server is killed notices and ends by itself."""
    with _deaf():  # a second Ctrl-C must not leave half of it running
        process.terminate()
        try:
            process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers(process: subprocess.Popen[bytes], url: str, token: Secret) -> bool:
    """Wait until the server does, for as long as it lives."""
    until = time.monotonic() + _PATIENCE
    with httpx.Client(trust_env=False, timeout=5) as client:  # a proxy is no way to this machine
        while time.monotonic() < until and process.poll() is None:
            with suppress(httpx.HTTPError):
                if client.get(url, headers={"Authorization": f"token {token.reveal()}"}).is_success:
                    return True
            time.sleep(0.1)
    return False


def _ends() -> list[signal.Signals]:
    """The signals that end us. Under `nohup` a closed terminal does not, and Windows has no such signal."""
    hang_up = getattr(signal, "SIGHUP", None)
    heard = hang_up is not None and signal.getsignal(hang_up) != signal.SIG_IGN
    return [signal.SIGINT, signal.SIGTERM, *([hang_up] if hang_up and heard else [])]


@contextmanager
def _stoppable() -> Iterator[None]:
    """SIGTERM and a closed terminal do what Ctrl-C does: what we started is in no session of the terminal's, and would stay."""

    def stop(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    before = {each: signal.signal(each, stop) for each in _ends()}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@contextmanager
def _deaf() -> Iterator[None]:
    before = {each: signal.signal(each, signal.SIG_IGN) for each in _ends()}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _free(port: int) -> int:
    """The port itself if it is free, and for 0 one that is. Raises `OSError`."""
    with socket.socket() as held:
        if os.name == "posix":
            held.setsockopt(
                socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
            )  # one that was just closed is free
        try:
            held.bind(("127.0.0.1", port))
        except OSError as error:
            raise OSError(
                f"port {port} is not free ({error.strerror}); leave --port away, and one is found"
            ) from None
        return int(held.getsockname()[1])


def _has_browser() -> bool:
    """Whether there is a browser with a window; one in the terminal would take it over."""
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


def _say(words: str, *, status: int = 0) -> int:
    with suppress(OSError):  # the terminal may be closed
        print(words, file=sys.stderr if status else sys.stdout, flush=True)
    return status
