"""The ladder in front of nginx, which none of us wrote: its own error pages are told as somebody else's answer."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time

import pytest

from wych_kit import load_settings
from wych_kit.ladder import climb

STATUSES = (400, 401, 403, 404, 413, 414, 429, 500, 502, 503, 504)

pytestmark = pytest.mark.foreign


@pytest.fixture
def nginx(tmp_path):
    """A throw-away nginx that answers `/403/…` with its own 403 page; gives its address."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/bin")
    if program is None:
        pytest.skip("nginx is not installed; Debian, Ubuntu: sudo apt install nginx-light")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    pages = "".join(f"location /{status}/ {{ return {status}; }}" for status in STATUSES)
    paths = "".join(f"{name}_temp_path {tmp_path}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    config = tmp_path / "nginx.conf"
    config.write_text(
        f"daemon off; master_process off; pid {tmp_path}/pid; error_log {tmp_path}/errors; events {{}}"
        f"http {{ access_log off; {paths} server {{ listen 127.0.0.1:{port}; {pages} }} }}"
    )
    with subprocess.Popen([program, "-e", str(tmp_path / "errors"), "-p", str(tmp_path), "-c", str(config)]) as process:
        ends = time.monotonic() + 10
        while not answers(port) and time.monotonic() < ends:
            if process.poll() is not None:
                pytest.fail(f"nginx did not start: {(tmp_path / 'errors').read_text()}")
        yield f"http://127.0.0.1:{port}"
        process.terminate()


def answers(port):
    """Whether something takes connections there."""
    with socket.socket() as probe:
        probe.settimeout(0.1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def allowed(place, status):
    """What may be said of nginx's page with this status."""
    return {"no-issuer-there"} if (place, status) == ("discovery", 404) else {"not-json"}


@pytest.mark.parametrize("where", ["discovery", "call"])
def test_its_own_pages(place, pretend, nginx, where):
    """At discovery and at the API each page has its status and words told, and nothing is claimed for certain."""
    place.ready_on(pretend, token_cache="memory")
    for status in STATUSES:
        address = (
            {"issuer_url": f"{nginx}/{status}/realms/partner"} if where == "discovery" else {"api_url": f"{nginx}/{status}/v3"}
        )
        report = climb(load_settings().with_(**address))
        assert report.diagnosis.reference in allowed(where, status), (status, report.diagnosis)
        assert report.diagnosis.confidence != "certain"
        assert str(status) in report.broken.observed
        assert "text/html: " in report.broken.observed
        assert "nginx" in report.broken.observed
