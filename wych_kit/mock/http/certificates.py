"""Create throw-away certificates: a valid one, and the usual invalid ones.

The authority of the valid one is not known to any client.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import trustme

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Certificates:
    """PEM files of one server, in a folder of this user only.

    `chain` is what the server sends, with its private key. `authority` is what a client may trust.
    """

    def __init__(self, sent: list[bytes], authority: bytes) -> None:
        self._folder = TemporaryDirectory(prefix="wych-mock-")  # mode 0700
        self.chain = Path(self._folder.name) / "chain.pem"
        self.authority = Path(self._folder.name) / "authority.pem"
        self.chain.write_bytes(b"\n".join(sent))
        self.authority.write_bytes(authority)

    def remove(self) -> None:
        """Delete the files."""
        self._folder.cleanup()


def make_certificates(kind: str, host: str) -> Certificates:
    """Create certificates for `host` and loopback; `kind` is one of `wych_kit.mock.options.TLS`."""
    # No real product's name. A client recognises TLS inspection by the root in the chain, which it
    # does not know.
    name = "Example Corp TLS Inspection" if kind == "intercepted" else "Mock Wych"
    root = trustme.CA(
        organization_name=name, organization_unit_name="Throw-away authority, made at this start"
    )
    root_pem = root.cert_pem.bytes()
    # A self-signed certificate is its own authority: the server sends the root itself.
    if kind == "self-signed":
        return Certificates([root.private_key_pem.bytes(), root_pem], root_pem)
    names = ("other.example",) if kind == "wrong-host" else tuple(dict.fromkeys((host, *_LOOPBACK)))
    # Valid for a month already: a clock that is a little behind must not see a second problem.
    now = datetime.now(UTC)
    expiry = now - timedelta(days=1) if kind == "expired" else None
    leaf = root.issue_cert(
        *names, not_before=now - timedelta(days=31), not_after=expiry, organization_name=name
    )
    sent = [leaf.private_key_pem.bytes(), *(pem.bytes() for pem in leaf.cert_chain_pems)]
    return Certificates([*sent, root_pem] if kind == "intercepted" else sent, root_pem)
