"""Is this text a fit address? One function for each use; each gives the reason against it, or `None`.

An address is repeated in a reason only to say what to write instead, and never when it holds a user name or password.
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from wych_kit.secret import MASK
from wych_kit.settings.copy_mistakes import Finding, in_plain_text

if TYPE_CHECKING:
    from wych_kit.secret import Secret

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_HTTPS_ONLY = "must start with https:// (http is fine only for 127.0.0.1, ::1 and localhost)"
_PASTED = (
    ("/.well-known", "the discovery document"),
    ("/protocol/openid-connect", "one of its endpoints"),
)


def without_password(address: str) -> str:
    """The address, or any text, fit to be shown: a user name and password in it are masked."""
    return re.sub(r"(?s)(?<=//).*@", f"{MASK}@", address)


def issuer(text: Secret) -> Finding | None:
    """An issuer: https, nothing after the path (RFC 8414 section 2), and not the address of the document or an endpoint."""
    for mark, what in _PASTED:
        if mark in text.reveal() and "@" not in text.reveal():
            before = text.reveal().partition(mark)[0]
            return Finding(
                f"is the address of {what}; the issuer is the part before that: write {before}",
                "not-the-issuer",
            )
    found = base(text)
    if found and found.reference == "trailing-slash":
        why = (
            "it has to equal the issuer in the document, character by character (RFC 8414 section"
            " 3.3)"
        )
        return found._replace(reason=f"{found.reason}; {why}")
    return found


def api(text: Secret) -> Finding | None:
    """Where paths are added to: not the address of a whole call."""
    if found := base(text):
        return found
    before, mark, _ = text.reveal().partition("/partner/")
    return (
        Finding(
            f"is the address of a call; only the part before /partner is wanted: write {before}",
            "not-a-base",
        )
        if mark
        else None
    )


def connect(text: Secret) -> Finding | None:
    """What all apps' consent links begin with: not the link of one app."""
    if found := base(text):
        return found
    link = re.fullmatch(r"(.+)/([^/]+)/connection", text.reveal())
    return (
        Finding(
            f"is one app's link: write {link[1]} here and {link[2]} in WYCH_APP_NAME", "not-a-base"
        )
        if link
        else None
    )


def base(text: Secret) -> Finding | None:
    """An address that others are built on: no query, no slash at its end, none doubled (wire facts D6)."""
    parts = _parts(text)
    if isinstance(parts, Finding):
        return parts
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        return Finding(_HTTPS_ONLY, "not-https")
    if "?" in text.reveal():
        return Finding("must end before the ?", "not-a-base")
    if parts.path.endswith("/"):
        return Finding(
            f"must not end in a slash: write {text.reveal().rstrip('/')}", "trailing-slash"
        )
    return (
        Finding("has two slashes together in its path: write one", "double-slash")
        if "//" in parts.path
        else None
    )


def callback(text: Secret) -> Finding | None:
    """Where a browser comes back to; plain http and a query are the app owner's own affair."""
    parts = _parts(text)
    if not isinstance(parts, Finding):
        return None
    return (
        parts._replace(reason="must start with https:// or http://")
        if parts.reference == "not-https"
        else parts
    )


def host(text: Secret) -> str:
    """The host in small letters; empty when there is none."""
    try:
        return urlsplit(text.reveal()).hostname or ""
    except ValueError:
        return ""


def _parts(text: Secret) -> SplitResult | Finding:
    if found := in_plain_text(text):
        return found
    if (
        "\\" in text.reveal()
    ):  # browsers take it for a slash, libraries do not: two readings of one host
        return Finding("has a backslash: write /", "odd-characters")
    try:
        parts = urlsplit(text.reveal())
        _ = parts.port  # read late: this is what raises
    except ValueError:
        return Finding("is no address: look at its port, or at the brackets in it", "bad-address")
    if "@" in parts.netloc:
        return Finding(
            "must not hold a user name or password: take away what is before the @", "not-a-base"
        )
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return Finding(_HTTPS_ONLY, "not-https")
    if not _can_be_called(parts.hostname):
        return Finding(
            "has a host name that cannot be: look at the dots, and at what is between them",
            "bad-address",
        )
    return Finding("must end before the #", "not-a-base") if "#" in text.reveal() else parts


def _can_be_called(host: str) -> bool:
    """Whether the host is an IP address, or a name whose labels the look-up of names can take (RFC 1035 section 2.3.4)."""
    if re.fullmatch(r"[0-9.]+|.*:.*", host):
        with contextlib.suppress(ValueError):
            return bool(ipaddress.ip_address(host))
        return False
    return all(
        re.fullmatch(r"(?!xn--$)[^\s.]{1,63}", label) for label in host.removesuffix(".").split(".")
    )
