"""What these tests stand on: programs that others wrote, each a test's own, and the three who say what came of their answers."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from typing import NamedTuple

import pytest

from wych_kit import WychClient, WychError, diagnose, load_settings
from wych_kit.client import backoff
from wych_kit.diagnosis.connectivity import check_connectivity

PLACES = "/usr/sbin:/usr/bin:/usr/local/bin:/usr/local/sbin:/opt/homebrew/bin:/opt/homebrew/sbin"


class Told(NamedTuple):
    """What one of three said: `check`, the step that fails, or `diagnose` of what went over the wire."""

    by: str
    reference: str
    confidence: str
    words: str


@pytest.fixture(autouse=True)
def _no_proxy_of_this_machine(monkeypatch):
    """Only what a test sets is on the way."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        for spelling in (name, name.upper()):
            monkeypatch.delenv(spelling, raising=False)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)


class Programs:
    """Starts programs that others wrote, on ports of their own."""

    def __init__(self, running):
        self._running = running

    def free_port(self):
        """A port number at which nothing listens."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return probe.getsockname()[1]

    def start(self, name, *arguments, port, package, folder=PLACES):
        """Start one and wait until it listens. Skips the test where it is not installed."""
        program = shutil.which(name, path=f"{folder}:{os.environ.get('PATH', '')}")
        if program is None:
            pytest.skip(f"{name} is not installed; {package}")
        command = [program, *map(str, arguments)]
        process = self._running.enter_context(
            subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        )
        self._running.callback(process.terminate)
        ends = time.monotonic() + 20
        while not listens(port):
            if process.poll() is not None or time.monotonic() > ends:
                process.terminate()
                pytest.fail(f"{name} did not start: {process.communicate()[1]}")
            time.sleep(0.02)


@pytest.fixture
def programs():
    """Starts programs; ends each by its number when the test is over."""
    with contextlib.ExitStack() as running:
        yield Programs(running)


def listens(port):
    """Whether something takes connections there."""
    with socket.socket() as probe:
        probe.settimeout(0.1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def tell(project, mock_wych, monkeypatch):
    """What all three say where these settings differ from good ones. Nothing is tried a second time."""
    monkeypatch.setattr(backoff.Backoff, "pause", lambda *_: None)

    def tell(step="users", **changes):
        project.ready_on(mock_wych, token_cache="memory")
        settings = load_settings().with_(**changes)
        report = check_connectivity(settings)
        assert report.diagnosis is not None, report.checks
        said = [("check", report.diagnosis)]
        with contextlib.suppress(ValueError):  # none of the exchanges is a failure in itself
            said.append(("journal", diagnose(report.exchanges, settings)))
        if step:
            with WychClient(settings) as client, pytest.raises(WychError) as caught:
                getattr(client, step)()
            said.append(("step", diagnose(caught.value, settings)))
        return [
            Told(by, each.reference or "unknown-answer", each.confidence, " ".join(each.evidence))
            for by, each in said
        ]

    return tell


@pytest.fixture
def at(tell):
    """The same for a server that has its answer below `/403/` and, below `/token/403`, a document that names it an endpoint."""

    def at(where, base, name, **more):
        if where == "discovery":
            return tell(**{"step": "discover", **more}, issuer_url=f"{base}/{name}/realms/partner")
        if where == "token":
            return tell(**{"step": "token", **more}, issuer_url=f"{base}/token/{name}")
        return tell(**{"step": "users", **more}, api_url=f"{base}/{name}/v3")

    return at


@pytest.fixture
def document():
    """The discovery document of an issuer whose token endpoint is below `/403/` of the same server."""

    def make(base, name):
        return (
            f'{{"issuer": "{base}/token/{name}", "token_endpoint": "{base}/{name}/token",'
            f' "jwks_uri": "{base}/{name}/certs", "grant_types_supported": ["client_credentials"]}}'
        )

    return make


@pytest.fixture
def silent():
    """Host and port of one that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
