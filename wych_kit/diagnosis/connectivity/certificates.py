"""Makes TLS handshakes, and reads who issued a certificate that is not trusted."""

from __future__ import annotations

import re
import ssl
import warnings
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import certifi
import httpx
from cryptography import x509
from cryptography.x509.oid import NameOID

from wych_kit.client.httpx_errors import classify_certificate_error

if TYPE_CHECKING:
    import socket

# Public authorities that issue under their own name, below a root with a different name.
_PUBLIC_RESELLERS = ("Let's Encrypt", "ZeroSSL", "Cloudflare", "Gandi", "GEANT Vereniging")
_LEGAL_FORM = re.compile(
    r",? (inc|llc|ltd|limited|corp|corporation|gmbh|ag|sas?|s\.a|s\.p\.a|nv-sa|bv|b\.v)\.?(/\d+)?$|\.com,? inc\.?$"
)
_MAX_NAME = 80


@dataclass(frozen=True, slots=True)
class Certificate:
    """The owner of a certificate, its issuer, and its last day (ISO date)."""

    subject: str
    issuer: str
    expires: str

    def __str__(self) -> str:
        return f"certificate by {self.issuer}, expires on {self.expires}"

    @property
    def is_public(self) -> bool:
        """True if the issuer has the name of an authority that browsers trust."""
        return _normalise(self.issuer) in _list_public_issuers()


@cache
def _list_public_issuers() -> frozenset[str]:
    # certifi has Mozilla's list of root certificates, and httpx brings it.
    with warnings.catch_warnings():
        # Some old roots have a serial number that RFC 5280 no longer allows.
        warnings.simplefilter("ignore")
        roots = x509.load_pem_x509_certificates(certifi.contents().encode())
    names = [_get_name(root.subject) for root in roots]
    return frozenset(map(_normalise, (*names, *_PUBLIC_RESELLERS)))


def _normalise(name: str) -> str:
    """Return a company's name without its legal form, which differs between its certificates."""
    return _LEGAL_FORM.sub("", name.strip().lower()).strip(" ,.")


def create_context() -> ssl.SSLContext:
    """Return the context that httpx verifies with, SSL_CERT_FILE and SSL_CERT_DIR included."""
    return httpx.create_ssl_context()


def verify_certificate(connection: socket.socket, host: str) -> Certificate:
    """Shake hands as an API call does, and return the certificate. Closes the connection.

    Raises `ssl.SSLError` and other `OSError`s.
    """
    with create_context().wrap_socket(connection, server_hostname=host) as secure:
        return _parse(secure.getpeercert(binary_form=True))


def read_certificate(connection: socket.socket, host: str) -> Certificate | None:
    """Return the certificate without trusting it, or None if there is none to read.

    Sends nothing after the handshake. Closes the connection.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with context.wrap_socket(connection, server_hostname=host) as secure:
            return _parse(secure.getpeercert(binary_form=True))
    except (OSError, ValueError):
        return None


def classify_certificate(
    error: ssl.SSLCertVerificationError, certificate: Certificate | None
) -> str:
    """Return the scenario reference for a certificate that is not valid."""
    reference = classify_certificate_error(error)
    # If a public authority issued it, this machine's list of roots is old, or the server left out an
    # intermediate certificate. No proxy made it.
    if reference == "tls-interception" and certificate is not None and certificate.is_public:
        return "certificate-not-trusted"
    return reference


def _parse(der: bytes | None) -> Certificate:
    certificate = x509.load_der_x509_certificate(der or b"")
    return Certificate(
        subject=_get_name(certificate.subject),
        issuer=_get_name(certificate.issuer),
        expires=f"{certificate.not_valid_after_utc:%Y-%m-%d}",
    )


def _get_name(name: x509.Name) -> str:
    for kind in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME):
        if attributes := name.get_attributes_for_oid(kind):
            return str(attributes[0].value)[:_MAX_NAME]
    return name.rfc4514_string()[:_MAX_NAME] or "no name"
