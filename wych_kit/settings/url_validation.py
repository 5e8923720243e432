"""Checks the text of a URL setting, one function for each kind of URL; opens no connection.

A reason repeats a URL only to show the correct one, and never when it contains a user name or
password.
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from wych_kit.secret import MASK
from wych_kit.settings.copy_mistakes import Finding, find_in_text

if TYPE_CHECKING:
    from wych_kit.secret import Secret

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_HTTPS_ONLY = (
    "must start with https://. Plain http is allowed only for 127.0.0.1, ::1 and localhost"
)
# What people paste in place of the issuer, by the part of the URL that shows it.
_NOT_THE_ISSUER = (
    ("/.well-known", "the discovery document"),
    ("/protocol/openid-connect", "an endpoint"),
)


def mask_password(text: str) -> str:
    """Return the text with the user name and password of every URL in it masked."""
    return re.sub(r"(?s)(?<=//).*@", f"{MASK}@", text)


def check_issuer(text: Secret) -> Finding | None:
    """Return what is wrong with an issuer (RFC 8414 section 2), or None."""
    for mark, what in _NOT_THE_ISSUER:
        if mark in text.reveal() and "@" not in text.reveal():
            issuer = text.reveal().partition(mark)[0]
            reason = f"is the URL of {what}. The issuer is {issuer}"
            return Finding(reason, "not-the-issuer", correction=issuer)
    finding = check_base(text)
    if finding and finding.reference == "trailing-slash":
        why = (
            "The issuer must equal the one in the discovery document, character by character"
            " (RFC 8414 section 3.3)"
        )
        return finding._replace(reason=f"{finding.reason}. {why}")
    return finding


def check_api(text: Secret) -> Finding | None:
    """Return what is wrong with the URL that paths of the API are appended to, or None."""
    if finding := check_base(text):
        return finding
    before, mark, _ = text.reveal().partition("/partner/")
    if not mark:
        return None
    return Finding(
        f"is the URL of a whole call. Use only the part before /partner: {before}",
        "not-a-base",
        correction=before,
    )


def check_connect(text: Secret) -> Finding | None:
    """Return what is wrong with the common beginning of all consent links, or None."""
    if finding := check_base(text):
        return finding
    link = re.fullmatch(r"(.+)/([^/]+)/connection", text.reveal())
    if link is None:
        return None
    return Finding(
        f"is the consent link of one app. Use {link[1]} here, and {link[2]} for WYCH_APP_NAME",
        "not-a-base",
        correction=link[1],
    )


def check_base(text: Secret) -> Finding | None:
    """Return what is wrong with a URL that others are built on (wire facts D6), or None."""
    parts = _split(text)
    if isinstance(parts, Finding):
        return parts
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        return Finding(_HTTPS_ONLY, "not-https")
    if "?" in text.reveal():
        return Finding("has a query. Remove everything from the ? on", "not-a-base")
    if parts.path.endswith("/"):
        stripped = text.reveal().rstrip("/")
        return Finding(f"ends in a slash. Use {stripped}", "trailing-slash", correction=stripped)
    if "//" in parts.path:
        return Finding("has two slashes in a row in its path. Remove one", "double-slash")
    return None


def check_callback(text: Secret) -> Finding | None:
    """Return what is wrong with a callback URL, or None."""
    # Plain http and a query are allowed: the URL is the app owner's own, and often an internal one.
    parts = _split(text)
    if not isinstance(parts, Finding):
        return None
    if parts.reference == "not-https":
        return parts._replace(reason="must start with https:// or http://")
    return parts


def hostname(text: Secret) -> str:
    """Return the host in lower case, or "" if there is none."""
    try:
        return urlsplit(text.reveal()).hostname or ""
    except ValueError:
        return ""


def _split(text: Secret) -> SplitResult | Finding:
    if finding := find_in_text(text):
        return finding
    # Browsers read a backslash as a slash and libraries do not, so the two would see other hosts.
    if "\\" in text.reveal():
        return Finding("contains a backslash. Use / instead", "odd-characters")
    try:
        parts = urlsplit(text.reveal())
        # Splitting does not look at the port; reading it raises for one that is no number.
        _ = parts.port
    except ValueError:
        return Finding("is not a valid URL. Check its port and its brackets", "bad-address")
    if "@" in parts.netloc:
        return Finding(
            "contains a user name or password. Remove everything between // and @", "not-a-base"
        )
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return Finding(_HTTPS_ONLY, "not-https")
    if not _is_valid_host(parts.hostname):
        return Finding(
            "has an invalid host name. Check its dots and the parts between them", "bad-address"
        )
    if "#" in text.reveal():
        return Finding("has a fragment. Remove everything from the # on", "not-a-base")
    return parts


def _is_valid_host(host: str) -> bool:
    """Return True for an IP address, and for a name that DNS can hold (RFC 1035 section 2.3.4)."""
    if re.fullmatch(r"[0-9.]+|.*:.*", host):
        with contextlib.suppress(ValueError):
            return bool(ipaddress.ip_address(host))
        return False
    return all(
        # "xn--" alone decodes to an empty label, which the IDNA codec refuses with its own error.
        re.fullmatch(r"(?!xn--$)[^\s.]{1,63}", label)
        for label in host.removesuffix(".").split(".")
    )
