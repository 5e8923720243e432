"""A mock that speaks https, with a good certificate and with the usual bad ones."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

import pytest

from wych_kit import mock
from wych_kit.mock.options import TLS


def shake(wych, *, trusting):
    """What comes of a handshake: the verification's code, 0 when all is well."""
    context = ssl.create_default_context(cafile=wych.ca_file if trusting else None)
    try:
        with (
            socket.create_connection(("127.0.0.1", wych.port), timeout=10) as plain,
            context.wrap_socket(plain, server_hostname="127.0.0.1") as secure,
        ):
            secure.sendall(b"GET /realms/partner HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert secure.recv(12) == b"HTTP/1.1 404"
    except ssl.SSLCertVerificationError as error:
        return error.verify_code
    return 0


# OpenSSL's X509_V_ERR_: 10 expired, 18 self-signed leaf, 19 self-signed in the chain, 20 no local issuer, 62 or 64 another name or address.
@pytest.mark.parametrize(
    ("kind", "without", "trusting"),
    [
        ("private-ca", {20}, {0}),
        ("expired", {20, 10}, {10}),
        ("self-signed", {18}, {62, 64}),
        ("wrong-host", {20}, {62, 64}),
        ("intercepted", {19}, {0}),
    ],
)
def test_what_each_kind_is_refused_for(kind, without, trusting):
    """Every kind fails in its own way, with real sockets; with `ca_file` trusted, only what is wrong besides is left."""
    with mock.running(ephemeral=True, tls=kind) as wych:
        assert all(
            address.startswith("https://127.0.0.1:")
            for address in (wych.url, wych.issuer_url, wych.api_url, wych.portal_url)
        )
        assert shake(wych, trusting=False) in without
        assert shake(wych, trusting=True) in trusting
        file = Path(wych.ca_file)
        assert "PRIVATE" not in file.read_text()
    assert not file.exists()


def test_every_kind_belongs_to_a_fault():
    """Each kind of certificate makes one fault of the catalogue, and is tried above."""
    assert {fault.tls for fault in mock.FAULTS.values() if fault.tls} == set(TLS)


def test_an_unknown_kind_is_refused():
    """A kind that there is not is named, with those that there are."""
    with pytest.raises(ValueError, match="one of private-ca, expired"):
        mock.start(ephemeral=True, tls="broken")


def test_connections_are_cut_under_tls_too():
    """The fault `connection-cut` ends a TLS connection without the goodbye that TLS has."""
    with mock.running(ephemeral=True, tls="private-ca") as wych:
        wych.fault("connection-cut")
        context = ssl.create_default_context(cafile=wych.ca_file)
        with (
            socket.create_connection(("127.0.0.1", wych.port), timeout=10) as plain,
            context.wrap_socket(
                plain, server_hostname="127.0.0.1", suppress_ragged_eofs=False
            ) as secure,
        ):
            secure.sendall(b"GET /realms/partner HTTP/1.1\r\nHost: x\r\n\r\n")
            with pytest.raises(OSError, match=r"reset|EOF|aborted"):
                secure.recv(1)


def test_plain_http_has_no_authority(wych):
    """Without TLS there is nothing to trust."""
    assert wych.ca_file is None
