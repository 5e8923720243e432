"""Throw-away certificates: a good one from an authority nobody knows, and the usual bad ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import trustme

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Certificates:
    """What a server sends (`chain`, with its private key) and what a client may trust (`authority`), as PEM files for us only."""

    def __init__(self, sent: list[bytes], authority: bytes) -> None:
        self._folder = TemporaryDirectory(prefix="wych-mock-")  # mode 0700
        self.chain = Path(self._folder.name) / "chain.pem"
        self.authority = Path(self._folder.name) / "authority.pem"
        self.chain.write_bytes(b"\n".join(sent))
        self.authority.write_bytes(authority)

    def remove(self) -> None:
        """Deletes the files."""
        self._folder.cleanup()


def make_certificates(kind: str, host: str) -> Certificates:
    """Certificates of one of `wych_kit.mock.options.TLS`, made for `host` and loopback."""
    # Named after no maker: what gives an inspection away is that the root comes along and that nobody here knows it.
    name = "Example Corp TLS Inspection" if kind == "intercepted" else "Mock Wych"
    root = trustme.CA(
        organization_name=name, organization_unit_name="Throw-away authority, made at this start"
    )
    root_pem = root.cert_pem.bytes()
    if kind == "self-signed":
        return Certificates([root.private_key_pem.bytes(), root_pem], root_pem)
    names = ("other.example",) if kind == "wrong-host" else tuple(dict.fromkeys((host, *_LOOPBACK)))
    now = datetime.now(UTC)
    ended = now - timedelta(days=1) if kind == "expired" else None
    leaf = root.issue_cert(
        *names, not_before=now - timedelta(days=31), not_after=ended, organization_name=name
    )
    sent = [leaf.private_key_pem.bytes(), *(pem.bytes() for pem in leaf.cert_chain_pems)]
    return Certificates([*sent, root_pem] if kind == "intercepted" else sent, root_pem)
