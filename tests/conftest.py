"""What the tests of the faces stand on: a folder of their own, one mock, and the command run in this process."""

from __future__ import annotations

import io
import os
import shlex
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import NamedTuple

import hypothesis
import pytest

from wych_kit import mock
from wych_kit.terminal import cli

hypothesis.settings.register_profile("kit", deadline=None)  # a busy machine is not a wrong answer
hypothesis.settings.load_profile("kit")

LEAKING = (
    "NO_COLOR",
    "FORCE_COLOR",
    "COLUMNS",
    "LINES",
    "TTY_COMPATIBLE",
    "TTY_INTERACTIVE",
    "COLORTERM",
    "HTTP_PROXY",
    "HTTPS_PROXY",
)
ADDRESSES = ("issuer_url", "api_url", "portal_url", "connect_url")
CREDENTIALS = ("client_id", "client_secret", "api_key", "partner_id", "app_id")


# Tests with one of these are slow too; so are the cells of notebooks.
SLOW = {"browser", "contract", "foreign", "peer", "schemathesis"}


def pytest_collection_modifyitems(items):
    """Mark as slow all that starts other programs or notebooks, so that `-m "not slow"` leaves it out."""
    for item in items:
        if item.path.suffix == ".ipynb" or not SLOW.isdisjoint(m.name for m in item.iter_markers()):
            item.add_marker("slow")


class Ran(NamedTuple):
    """What a command gave: its exit status, and what it wrote."""

    status: int
    out: str
    err: str


class Tty(io.StringIO):
    """Takes text like a terminal."""

    def isatty(self):
        return True


class Project:
    """A project's folder with a `.env`, and the kit's own folder beside it."""

    def __init__(self, folder, home):
        self.folder = folder
        self.home = home
        self.env = folder / ".env"

    def write_env(self, **values):
        """A `.env` with exactly these, by attribute name."""
        self.env.write_text(
            "".join(f"WYCH_{name.upper()}='{value}'\n" for name, value in values.items()), "utf-8"
        )
        self.env.chmod(0o600)

    def on(self, wych, **values):
        """A `.env` with the mock's addresses and these."""
        usual = {name: getattr(wych, name) for name in ADDRESSES}
        self.write_env(environment="mock", **(usual | values))

    def ready_on(self, wych, **changes):
        """A `.env` with the ready-made app's credentials too, some changed."""
        self.on(wych, **{name: getattr(wych.credentials, name) for name in CREDENTIALS} | changes)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """An empty project to stand in, with nothing of this machine's settings."""
    for name in [name for name in os.environ if name.startswith("WYCH_")] + list(LEAKING):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pyproject.toml").touch()
    monkeypatch.chdir(folder)
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.setenv("WYCH_HOME", str(tmp_path / "kit"))
    monkeypatch.setenv("TERM", "xterm")
    return Project(folder, tmp_path / "kit")


@pytest.fixture(scope="session")
def seeded():
    """One mock for all tests that give it back as it was; `pretend` does that."""
    with mock.running(seed=1, ephemeral=True) as wych:
        yield wych


@pytest.fixture
def mock_wych(seeded):
    """The mock, with nothing remembered."""
    seeded.reset()
    return seeded


@pytest.fixture
def kit(capsys):
    """Runs `wych-kit` with these words, in this process."""

    def run(*words):
        capsys.readouterr()
        try:
            status = cli.main([str(word) for word in words])
        except SystemExit as stop:
            status = stop.code
        return Ran(status, *capsys.readouterr())

    return run


@pytest.fixture
def parse():
    """Hands a line such as `wych-kit call GET users  # …` to the real parser, which exits if it is wrong."""

    def parse(line):
        words = shlex.split(line.partition(" < ")[0].replace("…", "x"), comments=True)
        starts = [number for number, word in enumerate(words) if word.endswith("wych-kit")]
        if not starts:  # curl with the token of `wych-kit token --raw` in a header
            assert "$(wych-kit token --raw)" in line
            return
        words = words[starts[0] + 1 :]
        if words[:1] == ["mock"]:  # it has a parser of its own
            with pytest.raises(SystemExit) as stop:
                cli.main([*words, "--help"])
            assert stop.value.code == 0
        else:
            cli.parser.parse(words)

    return parse


@pytest.fixture
def tty():
    """Makes something to write to that says it is a terminal."""
    return Tty


@pytest.fixture
def unused_address():
    """An address at which nothing listens: the port is bound, and no more, so that nobody else gets it."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


@pytest.fixture
def slow():
    """A portal that keeps its first request waiting until it is let go, then takes it, and counts."""
    waiting, go, paths = threading.Event(), threading.Event(), []

    class Slow(BaseHTTPRequestHandler):
        def do_POST(self):
            paths.append(self.path)
            waiting.set()
            go.wait(20)
            body = b'{"account_id": "1", "session": "s", "business_id": "b"}'
            self.send_response(201)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Slow)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port, waiting, go, paths
    go.set()
    server.shutdown()
    server.server_close()
    thread.join()
