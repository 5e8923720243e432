"""Through proxies that none of us wrote: tinyproxy, which wants a password, and mitmproxy, which opens TLS."""

from __future__ import annotations

import os

import pytest

from wych_kit import load_settings, mock
from wych_kit.diagnosis.connectivity import check_connectivity

WORD = "c4naryWek7"

pytestmark = pytest.mark.foreign


@pytest.fixture(scope="module")
def safe():
    """A mock that speaks https, with an authority of its own."""
    with mock.running(seed=1, ephemeral=True, tls="private-ca") as wych:
        yield wych


@pytest.fixture
def safely(project, safe, monkeypatch):
    """Settings that work on it."""
    safe.reset()
    project.ready_on(safe, token_cache="memory")
    monkeypatch.setenv("SSL_CERT_FILE", str(safe.ca_file))
    return load_settings()


@pytest.fixture
def tinyproxy(tmp_path, programs, monkeypatch):
    """Starts a throw-away tinyproxy with these lines in its configuration, and names it in HTTPS_PROXY."""

    def start(*lines, login=""):
        port = programs.free_port()
        config = tmp_path / "tinyproxy.conf"
        config.write_text(
            "\n".join(
                [f"Port {port}", "Listen 127.0.0.1", "Timeout 5", "LogLevel Critical", *lines, ""]
            )
        )
        programs.start(
            "tinyproxy",
            "-d",
            "-c",
            config,
            port=port,
            package="Debian, Ubuntu: apt install tinyproxy-bin",
        )
        monkeypatch.setenv("HTTPS_PROXY", f"http://{login}127.0.0.1:{port}")

    return start


@pytest.mark.parametrize(
    ("login", "outcome"),
    [
        ("", ("proxy-password", "certain")),
        ("kim:wrong@", ("proxy-password", "likely")),
        (f"kim:{WORD}@", None),
    ],
)
def test_a_password(safely, tinyproxy, login, outcome):
    """Without one it is asked for, with a wrong one it is doubted, with the right one every rung holds; it is shown to nobody."""
    tinyproxy(f"BasicAuth kim {WORD}", login=login)
    report = check_connectivity(safely)
    found = report.diagnosis
    assert (found and (found.reference, found.confidence)) == outcome, report.failed_check
    assert found is None or report.failed_check.name == "proxy"
    assert WORD not in repr(report)
    assert "wrong" not in repr(report)


@pytest.mark.parametrize("login", ["", "kim:wrong@"])
def test_a_password_at_the_failing_step(tell, tinyproxy, login):
    """The step that fails says the same as the check."""
    tinyproxy(f"BasicAuth kim {WORD}", login=login)
    for told in tell("discover", issuer_url="https://login.wych.invalid/realms/partner"):
        assert told.reference == "proxy-password", told
        assert told.by == "journal" or "he proxy 127.0.0.1:" in told.words, told


@pytest.mark.parametrize("nowhere", ["login.wych.invalid", "dead"])
def test_a_host_it_cannot_reach(tell, tinyproxy, unused_address, nowhere):
    """No such name, or nothing that listens: told as the proxy's failure to get through, and not as its refusal."""
    tinyproxy()
    host = unused_address.partition("//")[2] if nowhere == "dead" else nowhere
    for told in tell("discover", issuer_url=f"https://{host}/realms/partner"):
        assert (told.reference, told.confidence) == ("unreachable", "likely"), told
        assert told.by == "journal" or "he proxy 127.0.0.1:" in told.words, told


def test_a_port_it_does_not_pass_on(tell, tinyproxy):
    """Its policy, which the check is certain of."""
    tinyproxy("ConnectPort 8443")
    told = tell("discover", issuer_url="https://login.wych.invalid/realms/partner")
    assert {each.reference for each in told} == {"proxy-refused"}
    assert told[0].confidence == "certain"


@pytest.fixture
def mitmproxy(tmp_path, programs, monkeypatch):
    """A throw-away mitmproxy as HTTPS_PROXY; gives the file of the authority that it makes. It trusts every server."""
    port = programs.free_port()
    words = (
        "-q",
        "--listen-host",
        "127.0.0.1",
        "-p",
        port,
        "--set",
        f"confdir={tmp_path}",
        "--ssl-insecure",
    )
    programs.start(
        "mitmdump",
        *words,
        port=port,
        folder=os.environ.get("MITMPROXY_FOLDER", ""),
        package=(
            "install mitmproxy in a venv of its own and name its bin folder in MITMPROXY_FOLDER"
        ),
    )
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
    return tmp_path / "mitmproxy-ca-cert.pem"


@pytest.mark.usefixtures("safely", "mitmproxy")
def test_opened_tls(tell, safe):
    """Whoever does not trust it is told that somebody opens TLS, by its name; nothing is sent."""
    told = tell("discover", issuer_url=safe.issuer_url)
    assert {each.reference for each in told} <= {
        "tls-interception",
        "certificate-not-trusted",
        "self-signed-certificate",
    }, told
    assert {each.confidence for each in told} == {"likely"}
    assert told[0].reference == "tls-interception"
    assert "mitmproxy" in told[0].words
    assert safe.requests == []


def test_opened_tls_that_is_trusted(safely, mitmproxy, monkeypatch):
    """With its authority in SSL_CERT_FILE every rung holds."""
    monkeypatch.setenv("SSL_CERT_FILE", str(mitmproxy))
    report = check_connectivity(safely)
    assert report.diagnosis is None, report.failed_check


def test_opened_tls_before_a_server_that_is_not_there(tell, mitmproxy, monkeypatch, unused_address):
    """It answers in a page of its own, or refuses the way: either is told, and no certificate is blamed."""
    monkeypatch.setenv("SSL_CERT_FILE", str(mitmproxy))
    for told in tell("discover", issuer_url=unused_address.replace("http:", "https:")):
        assert told.reference in {"unreachable", "not-json"}, told
        assert told.confidence == "likely", told
