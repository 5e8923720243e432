"""The ladder, the steps and the journal before HAProxy, which none of us wrote: its own errors, its waits, and its TLS."""

from __future__ import annotations

import pytest
import trustme

STATUSES = (200, 400, 401, 403, 404, 405, 407, 408, 410, 413, 425, 429, 500, 501, 502, 503, 504)
PAGE = {"not-json"}
ALLOWED = {
    # (place, status): what may be said of HAProxy's page; where nothing is said here, that it is somebody's page.
    ("discovery", 200): {"captive-portal"},
    ("token", 200): {"captive-portal"},
    ("call", 200): {"captive-portal"},
    ("discovery", 404): {"no-issuer-there"},
    ("discovery", 407): {"proxy-password"},
    ("token", 407): {"proxy-password"},
    ("call", 407): {"proxy-password"},
    ("token", 429): {"too-many-token-requests"},
}

pytestmark = pytest.mark.foreign


@pytest.fixture
def haproxy(tmp_path, programs, document, unused_address, silent):
    """Starts a throw-away HAProxy: `/403/…` is its own 403 page, `/down/…` a server that is not there; gives its address."""
    port = programs.free_port()
    base = f"http://127.0.0.1:{port}"
    names = [*STATUSES, "login", "down", "slow"]
    rules = [
        "http-request return status 200 content-type application/json lf-string"
        f" '{quoted(document(base, name))}' if {{ path_beg /token/{name}/ }}"
        for name in names
    ]
    rules += [
        f"http-request deny deny_status {status} if {{ path_beg /{status}/ }}"
        for status in STATUSES
    ]
    rules += ["http-request auth realm staff if { path_beg /login/ }"]
    rules += [f"use_backend {name} if {{ path_beg /{name}/ }}" for name in ("down", "slow")]

    def start(*binds):
        frontends = [
            f"frontend secure\n mode http\n bind {bind}\n http-request deny" for bind in binds
        ]
        config = tmp_path / "haproxy.cfg"
        config.write_text(
            "\n".join(
                [
                    (
                        "defaults\n mode http\n retries 0\n timeout connect 1s\n timeout client"
                        " 5s\n timeout server 200ms"
                    ),
                    f"frontend pages\n bind 127.0.0.1:{port}\n " + "\n ".join(rules),
                    f"backend down\n server one {unused_address.partition('//')[2]}",
                    f"backend slow\n server one {silent}",
                    *frontends,
                    "",
                ]
            )
        )
        programs.start(
            "haproxy", "-db", "-f", config, port=port, package="Debian, Ubuntu: apt install haproxy"
        )
        return base

    return start


def quoted(text):
    """As HAProxy's configuration takes it between single quotes, where a percent sign begins a variable."""
    return text.replace("%", "%%")


@pytest.mark.parametrize("where", ["discovery", "token", "call"])
def test_its_own_pages(at, haproxy, where):
    """Each page has its status and words told at each place, and nothing is claimed for certain."""
    base = haproxy()
    for status in STATUSES:
        for told in at(where, base, status):
            assert told.reference in ALLOWED.get((where, status), PAGE), (status, told)
            assert told.confidence != "certain", (status, told)
            assert str(status) in told.words


@pytest.mark.parametrize("where", ["discovery", "token", "call"])
@pytest.mark.parametrize(("name", "status"), [("login", 401), ("down", 503), ("slow", 504)])
def test_what_is_behind_it(at, haproxy, where, name, status):
    """A password of its own that it wants, a server that is not there, and one that says nothing."""
    for told in at(where, haproxy(), name):
        assert (told.reference, told.confidence) == ("not-json", "likely"), told
        assert str(status) in told.words


@pytest.fixture
def secure(tmp_path, programs):
    """A certificate that nobody trusts, by an authority of this name, and HAProxy's words for a port that shows it."""
    authority = trustme.CA(organization_name="Example Corp")
    leaf = tmp_path / "leaf.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(leaf)
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    port = programs.free_port()
    return port, f"127.0.0.1:{port} ssl crt {leaf}", tmp_path / "authority.pem"


def test_a_certificate_nobody_trusts(tell, haproxy, secure):
    """Who made it is told, and that it may be a proxy's that opens TLS; neither is certain."""
    port, bind, _ = secure
    haproxy(bind)
    for told in tell("discover", issuer_url=f"https://127.0.0.1:{port}/realms/partner"):
        assert told.reference in {"tls-interception", "certificate-not-trusted"}, told
        assert told.confidence == "likely", told


@pytest.mark.parametrize(
    "more", ["ssl-max-ver TLSv1.1 ciphers ALL:@SECLEVEL=0", "verify required ca-file {authority}"]
)
def test_a_handshake_that_fails(tell, haproxy, secure, monkeypatch, more):
    """TLS of another age, or a certificate of ours that it wants: no TLS that works, and nobody's certificate is blamed."""
    port, bind, authority = secure
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    haproxy(f"{bind} {more.format(authority=authority)}")
    for told in tell("discover", issuer_url=f"https://127.0.0.1:{port}/realms/partner"):
        assert (told.reference, told.confidence) == ("tls-broken", "likely"), told


def test_its_tls_and_a_plain_port(tell, haproxy, secure, monkeypatch):
    """With its authority trusted the page is told; http at the TLS port is an answer that is no HTTP, or a page about it."""
    port, bind, authority = secure
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    haproxy(bind)
    for told in tell("discover", issuer_url=f"https://127.0.0.1:{port}/realms/partner"):
        assert (told.reference, told.confidence) == ("not-json", "likely"), told
    for told in tell("discover", issuer_url=f"http://127.0.0.1:{port}/realms/partner"):
        assert told.reference in {"connection-cut", "unknown-answer"}, told


def test_https_at_its_plain_port(tell, haproxy):
    """The port speaks no TLS."""
    for told in tell(
        "discover", issuer_url=f"{haproxy().replace('http:', 'https:')}/realms/partner"
    ):
        assert (told.reference, told.confidence) == ("tls-broken", "likely"), told
