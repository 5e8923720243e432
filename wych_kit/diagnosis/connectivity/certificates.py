"""A handshake, and what a certificate that does not hold says of who made it."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
from cryptography import x509
from cryptography.x509.oid import NameOID

from wych_kit.client.httpx_errors import classify_certificate_error

if TYPE_CHECKING:
    import socket

# Words in the names of authorities that everybody trusts. A certificate of theirs that does not
# verify lacks a link, no more.
PUBLIC = (
    "let's encrypt", "isrg", "digicert", "amazon", "google trust", "globalsign", "sectigo", "comodo", "usertrust", "godaddy",
    "go daddy", "starfield", "entrust", "microsoft", "zerossl", "ssl.com", "geotrust", "thawte", "rapidssl", "buypass", "identrust",
    "certum", "quovadis", "swisssign", "actalis", "telekom security", "gandi", "cloudflare",
)  # fmt: skip

# The chain ends in a root that this machine does not know, as it does where a proxy opens TLS. A
# public one is only too new here.


@dataclass(frozen=True, slots=True)
class Certificate:
    """Who a certificate is for, who made it, and its last day."""

    subject: str
    issuer: str
    expires: str

    @property
    def words(self) -> str:
        """Issuer and last day."""
        return f"certificate by {self.issuer}, good until {self.expires}"

    @property
    def public(self) -> bool:
        """Whether an authority that everybody trusts seems to have made it."""
        return any(word in self.issuer.lower() for word in PUBLIC)


def context() -> ssl.SSLContext:
    """What httpx verifies with, SSL_CERT_FILE and SSL_CERT_DIR included."""
    return httpx.create_ssl_context()


def shaken(way: socket.socket, host: str) -> Certificate:
    """Shake hands as a call would, and show the certificate. Raises `ssl.SSLError` and other `OSError`s. `way` is closed."""
    with context().wrap_socket(way, server_hostname=host) as safe:
        return _read(safe.getpeercert(binary_form=True))


def looked_at(way: socket.socket, host: str) -> Certificate | None:
    """The certificate without believing it: nothing is sent. `None` when it cannot be had. `way` is closed."""
    blind = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    blind.check_hostname, blind.verify_mode = False, ssl.CERT_NONE
    try:
        with blind.wrap_socket(way, server_hostname=host) as safe:
            return _read(safe.getpeercert(binary_form=True))
    except (OSError, ValueError):
        return None


def reference(error: ssl.SSLCertVerificationError, found: Certificate | None) -> str:
    """The scenario that a certificate that does not verify is one of."""
    known = classify_certificate_error(error)
    # A root that is not known here, of an authority that everybody trusts, is only newer than this
    # machine's store: no proxy made it.
    public = known == "tls-interception" and found is not None and found.public
    return "certificate-not-trusted" if public else known


def _read(der: bytes | None) -> Certificate:
    found = x509.load_der_x509_certificate(der or b"")
    return Certificate(
        _name(found.subject), _name(found.issuer), f"{found.not_valid_after_utc:%Y-%m-%d}"
    )


def _name(name: x509.Name) -> str:
    for kind in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME):
        if held := name.get_attributes_for_oid(kind):
            return str(held[0].value)[:80]
    return name.rfc4514_string()[:80] or "nobody named"
