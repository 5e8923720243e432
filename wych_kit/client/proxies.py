"""Finds the proxy between this machine and an address, by httpx's own rules."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies

import httpx

from wych_kit.client.http_request import parse_url
from wych_kit.secret import Secret


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy, and the variable that names it. Its credentials are for the proxy alone.

    `scheme` and `host` are empty, and `port` is 0, when the variable does not hold a URL.
    """

    scheme: str
    host: str
    port: int
    variable: str
    credentials: Secret = field(default_factory=lambda: Secret(""))

    @property
    def where(self) -> str:
        """Host and port, without credentials."""
        return f"{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    @property
    def words(self) -> str:
        """Host and port, and the variable that names them."""
        return f"{self.where} ({self.variable})"


def proxy_for(address: str | httpx.URL) -> Proxy | None:
    """Return the proxy that httpx would use for this address, or None for a direct connection.

    NO_PROXY is read as httpx reads it, which differs from curl and urllib: `example.com` covers
    the host and all below it, `.example.com` only those below, `https://example.com` that host and
    scheme alone, and a network such as `10.0.0.0/8` covers its first address only.
    """
    url = parse_url(address) if isinstance(address, str) else address
    if url is None:
        return None
    settings = getproxies()
    # httpx asks its patterns from the most to the least specific; the first that matches decides.
    for pattern, scheme in sorted(_patterns(settings), key=lambda row: _rank(row[0])):
        if _matches(pattern, url):
            return _read(settings[scheme], scheme) if scheme else None
    return None


def _patterns(settings: dict[str, str]) -> list[tuple[httpx.URL, str]]:
    """Return httpx's URL patterns, each with the proxy setting it leads to; "" for none."""
    schemes = {f"{name}://": name for name in ("http", "https", "all") if settings.get(name)}
    exceptions = [entry.strip() for entry in settings.get("no", "").split(",")]
    # One `*` among them turns every proxy off, whatever else the list says.
    if "*" in exceptions:
        return []
    # An exception may be written as one of the three keys above, and then takes its place.
    schemes |= {_pattern(entry): "" for entry in exceptions if entry}
    # httpx cannot make a client at all of an entry that is not a URL; others may still ask here.
    parsed = ((_parse(text), scheme) for text, scheme in schemes.items())
    return [(url, scheme) for url, scheme in parsed if url is not None]


def _pattern(entry: str) -> str:
    if "://" in entry:
        return entry
    try:
        host = ipaddress.ip_address(entry.partition("/")[0])
    except ValueError:
        return f"all://{'' if entry.lower() == 'localhost' else '*'}{entry}"
    is_ipv6 = isinstance(host, ipaddress.IPv6Address)
    return f"all://[{entry}]" if is_ipv6 else f"all://{entry}"


def _parse(text: str) -> httpx.URL | None:
    try:
        url = httpx.URL(text)
        _ = url.host  # a broken xn-- name raises only here
    except (httpx.InvalidURL, UnicodeError):
        return None
    return url


def _rank(pattern: httpx.URL) -> tuple[bool, int, int]:
    scheme = pattern.scheme.removeprefix("all")
    host = "" if pattern.host == "*" else pattern.host
    return pattern.port is None, -len(host), -len(scheme)


def _matches(pattern: httpx.URL, url: httpx.URL) -> bool:
    if pattern.scheme not in ("all", url.scheme) or pattern.port not in (None, url.port):
        return False
    if pattern.host.startswith("*."):
        return url.host.endswith(pattern.host[1:]) and url.host != pattern.host[1:]
    if pattern.host.startswith("*"):
        domain = pattern.host[1:]
        return not domain or url.host == domain or url.host.endswith(f".{domain}")
    return pattern.host in ("", url.host)


def _read(setting: str, scheme: str) -> Proxy:
    # On Windows and macOS a proxy may come from the system instead of a variable.
    variable = next(
        (name for name in (f"{scheme}_proxy", f"{scheme.upper()}_PROXY") if os.environ.get(name)),
        "system settings",
    )
    try:
        parts = urlsplit(setting if "://" in setting else f"http://{setting}")
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return Proxy("", "", 0, variable)
    login = Secret("")
    if parts.username:
        login = Secret(f"{unquote(parts.username)}:{unquote(parts.password or '')}")
    return Proxy(parts.scheme, parts.hostname or "", port, variable, login)
