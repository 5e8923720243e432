"""The ladder below HTTP, with real sockets: addresses, handshakes, proxies, and servers that drip or say nothing."""

from __future__ import annotations

import contextlib
import datetime as dt
import ipaddress
import socket
import ssl
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from wych_kit import Secret, Unreachable, WychClient, diagnose, load_settings
from wych_kit.diagnosis.connectivity import check, check_connectivity, network_checks, probes
from wych_kit.diagnosis.connectivity.certificates import Certificate
from wych_kit.diagnosis.connectivity.state import CheckState

PASSWORD = "Pip3%20Hui6"
NOW = dt.datetime.now(dt.UTC)
DAY = dt.timedelta(days=1)


class Server:
    """Answers each connection with `act(connection)`, in a thread of its own, and counts them."""

    def __init__(self, act, host="127.0.0.1"):
        self.seen = []
        self._act = act
        self._listener = socket.create_server(
            (host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET
        )
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection):
        with connection, contextlib.suppress(OSError):
            self._act(connection, self.seen)

    def close(self):
        """Take no more connections."""
        self._listener.close()


@pytest.fixture
def serve():
    """Starts throw-away servers, and closes them."""
    with contextlib.ExitStack() as stack:

        def start(act, **options):
            server = Server(act, **options)
            stack.callback(server.close)
            return server

        yield start


@pytest.fixture
def settings(project, mock_wych, monkeypatch):
    """Settings that work on the mock, some changed, with no proxy of this machine's."""
    for name in (
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "ALL_PROXY",
        "no_proxy",
        "NO_PROXY",
        "SSL_CERT_DIR",
    ):
        monkeypatch.delenv(name, raising=False)

    def make(**changes):
        project.ready_on(mock_wych, token_cache="memory")
        return load_settings().with_(**changes)

    return make


class Authority:
    """Makes certificates, as somebody of this name."""

    def __init__(self, name):
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = named(name)
        self.certificate = signed(
            (self._name, self._name), self._key.public_key(), self._key, days=1
        )

    def context(self, folder, *, host="127.0.0.1", days=1, alone=False, begins=-9):
        """A server's side of TLS. `alone`: signed by its own key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = named("alone" if alone else "a server")
        issuer, signer = (subject, key) if alone else (self._name, self._key)
        leaf = signed(
            (subject, issuer), key.public_key(), signer, days=days, host=host, begins=begins
        )
        chain = folder / f"chain-{host}-{days}-{alone}.pem"
        private = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        chain.write_bytes(
            key.private_bytes(serialization.Encoding.PEM, *private)
            + leaf.public_bytes(serialization.Encoding.PEM)
        )
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(chain)
        return made

    def trusted(self, folder, monkeypatch):
        """Have this machine trust it."""
        path = folder / "authority.pem"
        path.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        monkeypatch.setenv("SSL_CERT_FILE", str(path))


def named(text):
    """An X.509 name."""
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, text)])


def signed(names, public, signer, *, days, host=None, begins=-9):
    """A certificate for the first name by the second, that begins and ends in so many days; without a host, an authority's."""
    subject, issuer = names
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public)
    made = (
        made.serial_number(x509.random_serial_number())
        .not_valid_before(NOW + begins * DAY)
        .not_valid_after(NOW + days * DAY)
    )
    made = made.add_extension(
        x509.BasicConstraints(ca=host is None, path_length=None), critical=True
    )
    if host:
        name = (
            x509.IPAddress(ipaddress.ip_address(host)) if host[0].isdigit() else x509.DNSName(host)
        )
        made = made.add_extension(x509.SubjectAlternativeName([name]), critical=False)
    return made.sign(signer, hashes.SHA256())


def over_tls(context):
    """Shakes hands, then answers every request with 404."""

    def act(connection, seen):
        with context.wrap_socket(connection, server_side=True) as safe:
            answered(safe, seen)

    return act


def answered(connection, seen):
    """404 to one request."""
    head = b""
    while b"\r\n\r\n" not in head:
        if not (chunk := connection.recv(4096)):
            return
        head += chunk
    seen.append(head)
    connection.sendall(
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
    )


def at(report):
    """The broken rung and its cause."""
    return report.failed_check.name, report.diagnosis.reference


def words(report, name):
    """State and observation of a rung."""
    return next((rung.state, rung.observed) for rung in report.checks if rung.name == name)


# TLS ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "case",
    [
        ("Example Gateway", True, {"days": -1}, "certificate-expired"),
        ("Example Gateway", True, {"host": "other.example"}, "certificate-wrong-host"),
        ("Example Gateway", True, {"host": "127.0.0.2"}, "certificate-wrong-host"),
        ("Example Gateway", False, {"alone": True}, "self-signed-certificate"),
        ("Example Gateway", False, {}, "certificate-not-trusted"),
        ("Example Gateway", True, {"begins": 1, "days": 2}, "clock-behind"),
        ("DigiCert Inc", False, {}, "certificate-not-trusted"),
    ],
)
def test_certificates(settings, serve, tmp_path, monkeypatch, case):
    """Each way in which a certificate does not hold has its name; who made it and until when is shown, and nothing is sent."""
    authority, trusted, how, reference = case
    maker = Authority(authority)
    if trusted:
        maker.trusted(tmp_path, monkeypatch)
    server = serve(over_tls(maker.context(tmp_path, **how)))
    report = check_connectivity(
        settings(issuer_url=f"https://127.0.0.1:{server.port}/realms/partner")
    )
    assert at(report) == ("tls", reference)
    assert (
        f"by {'alone' if how.get('alone') else authority}, and expires on"
        f" {NOW + how.get('days', 1) * DAY:%Y-%m-%d}" in report.failed_check.observed
    )
    assert server.seen == []


def test_a_good_certificate(settings, serve, tmp_path, monkeypatch):
    """Issuer and last day are shown, and the climb goes on with the document."""
    maker = Authority("Example Gateway")
    maker.trusted(tmp_path, monkeypatch)
    server = serve(over_tls(maker.context(tmp_path)))
    report = check_connectivity(
        settings(issuer_url=f"https://127.0.0.1:{server.port}/realms/partner")
    )
    state, seen = words(report, "tls")
    assert (state, at(report)) == ("held", ("discovery", "no-issuer-there"))
    assert f"by Example Gateway, expires on {NOW + DAY:%Y-%m-%d}" in seen
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("act", "reference"),
    [
        (
            lambda connection, _: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
            "tls-broken",
        ),
        (lambda connection, _: connection.recv(9999), "tls-broken"),
        (lambda connection, _: threading.Event().wait(3), "timeout"),
    ],
)
def test_no_handshake(settings, serve, monkeypatch, act, reference):
    """A port that speaks something else, hangs up, or says nothing."""
    monkeypatch.setattr(check, "CHECK_SECONDS", 0.8)
    server = serve(act)
    assert at(
        check_connectivity(settings(issuer_url=f"https://127.0.0.1:{server.port}/realms/partner"))
    ) == (
        "tls",
        reference,
    )


@pytest.mark.parametrize(
    ("issuer", "public"), [("Let's Encrypt", True), ("Zscaler Inc.", False), ("Kea Ltd", False)]
)
def test_who_is_a_public_authority(issuer, public):
    """Known by name; anybody else made it for themselves."""
    assert Certificate("a", issuer, "2030-01-01").is_public is public


# Addresses ----------------------------------------------------------------------------------------------------------------


def localhost_is(monkeypatch, *addresses):
    """What `localhost` is looked up as."""
    families = {True: socket.AF_INET6, False: socket.AF_INET}
    found = [(families[":" in each], socket.SOCK_STREAM, 6, "", (each, 0)) for each in addresses]
    monkeypatch.setattr(probes.socket, "getaddrinfo", lambda *_, **__: found)


def test_localhost_that_answers_on_the_other_address(settings, mock_wych, monkeypatch):
    """The name is ::1 here and the server listens on 127.0.0.1: said for certain, with the address that answers."""
    localhost_is(monkeypatch, "::1")
    report = check_connectivity(
        settings(issuer_url=mock_wych.issuer_url.replace("127.0.0.1", "localhost"))
    )
    assert at(report) == ("connection", "ipv6-localhost")
    assert report.diagnosis.confidence == "certain"
    assert "127.0.0.1 port" in report.failed_check.observed


def test_localhost_that_answers_on_one_of_two(settings, mock_wych, monkeypatch):
    """Where the connection is made all the same, it is a remark."""
    with monkeypatch.context() as patch:
        localhost_is(patch, "::1", "127.0.0.1")
        state = CheckState(settings(), None)
        state.targets = (
            probes.Target.from_url(
                f"http://localhost:{mock_wych.port}",
                owner="the issuer",
                stage="discovery",
                proxy=None,
            ),
        )
        network_checks.check_names(state)
        found = network_checks.check_connection(state)
    assert found.state == "held"
    assert "not over IPv6" in found.observed
    assert "ipv6-localhost" in found.observed


@pytest.mark.parametrize(
    ("outcome", "reference"),
    [("silent", "timeout"), ("unreachable", "unreachable"), ("refused", "connection-refused")],
)
def test_no_address_answers(settings, monkeypatch, outcome, reference):
    """Silence, no route and a refusal are three things."""
    monkeypatch.setattr(
        probes,
        "connect_to_all",
        lambda _host, _port, addresses: {each: outcome for _, each in addresses},
    )
    assert at(check_connectivity(settings())) == ("connection", reference)


# Proxies ------------------------------------------------------------------------------------------------------------------


def saying(line):
    """A proxy that answers every CONNECT so."""

    def act(connection, seen):
        seen.append(connection.recv(4096))
        connection.sendall(line)

    return act


def behind(settings, monkeypatch, port, variable="HTTPS_PROXY"):
    """Settings for hosts that only the proxy knows."""
    monkeypatch.setenv(variable, f"http://kim:{PASSWORD}@127.0.0.1:{port}")
    return settings(
        issuer_url="https://login.wych.invalid/realms/partner",
        api_url="https://login.wych.invalid/v3",
    )


@pytest.mark.parametrize(
    ("line", "due"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "proxy-password"),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", "proxy-refused"),
        (b"HTTP/1.1 429 Too Many Requests\r\n\r\n", "proxy-refused"),
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", "unreachable"),
        (b"HTTP/1.1 404 Not Found\r\n\r\n", "proxy-unreachable"),
    ],
)
def test_a_proxy_that_refuses(settings, serve, monkeypatch, line, due):
    """What the proxy said, and which variable names it; its password is sent to it and shown to nobody.

    A step and the exchange name the same.
    """
    proxy = serve(saying(line))
    report = check_connectivity(behind(settings, monkeypatch, proxy.port))
    assert at(report) == ("proxy", due)
    assert [words(report, name)[0] for name in ("name", "connection", "tls")] == [
        "held",
        "skipped",
        "skipped",
    ]
    assert "(HTTPS_PROXY)" in report.failed_check.observed
    assert b"CONNECT login.wych.invalid:443" in proxy.seen[0]
    assert b"Proxy-Authorization: Basic a2ltOlBpcDMgSHVpNg==" in proxy.seen[0]
    assert "Hui6" not in repr(report)
    assert len(proxy.seen) == 1
    with WychClient(settings(issuer_url="https://login.wych.invalid/realms/partner")) as client:
        with pytest.raises(Unreachable) as raised:
            client.discover()
        assert raised.value.reference == diagnose(client.journal.exchanges).reference == due


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            b"HTTP/1.1 403 Forbidden",
            ("proxy-refused", "certain", "rejected the request"),
        ),
        (
            b"HTTP/1.1 407 Proxy Authentication Required",
            ("proxy-password", "likely", "the name and password in HTTPS"),
        ),
        (
            b"HTTP/1.0 401 Unauthorized",
            ("proxy-password", "likely", "the name and password in HTTPS"),
        ),
        (
            b"HTTP/1.0 500 Unable to connect",
            ("unreachable", "likely", "could not reach login.wych.invalid"),
        ),
        (
            b"HTTP/1.1 502 Bad Gateway",
            ("unreachable", "likely", "could not reach login.wych.invalid"),
        ),
        (
            b"HTTP/1.1 503 Service Unavailable",
            ("unreachable", "likely", "could not reach login.wych.invalid"),
        ),
        (
            b"HTTP/1.1 504 Gateway Timeout",
            ("unreachable", "likely", "could not reach login.wych.invalid"),
        ),
        (
            b"HTTP/1.1 404 Not Found",
            ("proxy-unreachable", "likely", "does not answer as a proxy does"),
        ),
        (
            b"HTTP/1.1 405 Not Allowed",
            ("proxy-unreachable", "likely", "does not answer as a proxy does"),
        ),
        (
            b"HTTP/1.0 501 Unsupported method ('CONNECT')",
            ("proxy-unreachable", "likely", "does not answer as a proxy does"),
        ),
        (b"SSH-2.0-OpenSSH_9", ("proxy-unreachable", "likely", "does not answer as a proxy does")),
        (b"HTTP/1.1 302 Found", ("proxy-refused", "likely", "rejected the request")),
        (
            b"HTTP/1.1 511 Network Authentication Required",
            ("captive-portal", "likely", "Wi-Fi"),
        ),
    ],
)
def test_what_a_proxy_may_mean(settings, serve, monkeypatch, line, told):
    """Its policy, a password, a host that it could not reach, and what is no proxy are told apart; only its own will is certain."""
    found = check_connectivity(
        behind(settings, monkeypatch, serve(saying(line + b"\r\n\r\n")).port)
    ).diagnosis
    assert (found.reference, found.confidence) == told[:2]
    assert told[2] in found.cause


def test_a_proxy_that_hangs_up(settings, serve, monkeypatch):
    """Not a word: whether it is a proxy nobody knows."""
    found = check_connectivity(
        behind(settings, monkeypatch, serve(lambda connection, _: connection.recv(4096)).port)
    ).diagnosis
    assert (found.reference, found.confidence) == ("proxy-unreachable", "likely")


def test_a_proxy_that_is_not_there(settings, unused_address, monkeypatch):
    """Nothing listens where the variable points."""
    report = check_connectivity(
        behind(settings, monkeypatch, unused_address.rpartition(":")[2], "all_proxy")
    )
    assert at(report) == ("proxy", "proxy-unreachable")
    assert "(all_proxy)" in report.failed_check.observed


def test_a_proxy_of_another_kind(settings, serve, monkeypatch):
    """A kind that this kit does not use is said before httpx stumbles over it."""
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    settings_behind = settings(issuer_url="https://login.wych.invalid/realms/partner")
    assert at(check_connectivity(settings_behind)) == ("proxy", "proxy-unreachable")


def test_a_proxy_that_lets_us_through(settings, serve, tmp_path, monkeypatch):
    """The handshake is made through it, and so is the request."""
    maker = Authority("Example Gateway")
    maker.trusted(tmp_path, monkeypatch)
    context = maker.context(tmp_path, host="login.wych.invalid")

    def act(connection, seen):
        seen.append(connection.recv(4096))
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        over_tls(context)(connection, seen)

    proxy = serve(act)
    report = check_connectivity(behind(settings, monkeypatch, proxy.port))
    assert words(report, "proxy")[0] == "held"
    assert "by Example Gateway" in words(report, "proxy")[1]
    assert at(report) == ("discovery", "no-issuer-there")


def test_no_proxy_on_this_machine(settings, unused_address, monkeypatch):
    """Plain http on loopback goes past every proxy, as the client does."""
    monkeypatch.setenv("HTTP_PROXY", unused_address)
    assert check_connectivity(settings()).diagnosis is None


# Slow servers ---------------------------------------------------------------------------------------------------------------


def drip(connection, seen):
    """An answer that never ends."""
    seen.append(connection.recv(4096))
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")
    for _ in range(200):
        connection.sendall(b" ")
        threading.Event().wait(0.02)


def silence(connection, seen):
    """No answer."""
    seen.append(connection.recv(4096))
    threading.Event().wait(3)


@pytest.mark.parametrize("act", [drip, silence, lambda *_: None])
def test_servers_that_never_finish(settings, serve, monkeypatch, act):
    """Dripping, silent, or hung up at once: the document's rung says so, asked once, and no secret was sent."""
    monkeypatch.setattr(check, "CHECK_SECONDS", 0.8)
    server = serve(act)
    report = check_connectivity(
        settings(
            issuer_url=f"http://127.0.0.1:{server.port}/realms/partner",
            client_secret=Secret("Moa2Kea7Wek4Tui9Pip3"),
        )
    )
    assert at(report) == (
        "discovery",
        "connection-cut" if act not in (drip, silence) else "timeout",
    )
    assert (
        len([each for each in server.seen if each]) <= 1
    )  # the connection's own rung sends nothing
    assert b"Moa2" not in b"".join(server.seen)
