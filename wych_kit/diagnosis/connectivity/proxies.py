"""Which proxy stands in between, as httpx reads the environment, and what it says to a CONNECT."""

from __future__ import annotations

import base64
import os
import re
import socket
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies

from wych_kit.diagnosis.connectivity.certificates import context
from wych_kit.diagnosis.connectivity.probes import CONNECT_SECONDS
from wych_kit.secret import Secret

if TYPE_CHECKING:
    from ssl import SSLSocket

_ANSWER_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy, and the variable that names it. Its user name and password are shown to nobody but itself."""

    scheme: str
    host: str
    port: int
    variable: str
    credentials: Secret = field(default_factory=lambda: Secret(""))

    @property
    def words(self) -> str:
        """Where it is and who says so."""
        return f"{self.host}:{self.port} ({self.variable})"


def proxy_for(address: str) -> Proxy | None:
    """The proxy on the way to an address, or `None`."""
    parts, known = urlsplit(address), getproxies()
    scheme = next((name for name in (parts.scheme, "all") if known.get(name)), None)
    if scheme is None or _left_out(parts.hostname or "", known.get("no", "")):
        return None
    text = known[scheme] if "://" in known[scheme] else f"http://{known[scheme]}"
    variable = next(
        (name for name in (f"{scheme}_proxy", f"{scheme.upper()}_PROXY") if os.environ.get(name)),
        "system settings",
    )
    try:
        found = urlsplit(text)
        port = found.port or (443 if found.scheme == "https" else 80)
    except ValueError:
        return Proxy("", "", 0, variable)
    login = Secret("")
    if found.username:
        login = Secret(f"{unquote(found.username)}:{unquote(found.password or '')}")
    return Proxy(found.scheme, found.hostname or "", port, variable, login)


def _left_out(host: str, exceptions: str) -> bool:
    for entry in (each.strip().lower() for each in exceptions.split(",")):
        if entry == "*":
            return True
        bare = entry.partition("://")[2] or entry
        if bare and (
            host == bare
            or (host.endswith(f".{bare.lstrip('.')}") and not re.fullmatch(r"[\d.]+", bare))
        ):
            return True
    return False


def tunnel(proxy: Proxy, host: str, port: int, seconds: float) -> tuple[socket.socket, int, str]:
    """Ask the proxy for a way to host and port: the connection, the status it answered (0 for no HTTP), and its reason.

    Raises `OSError` when the proxy cannot be reached or hangs up.
    """
    way: socket.socket | SSLSocket = socket.create_connection(
        (proxy.host, proxy.port), timeout=min(CONNECT_SECONDS, seconds)
    )
    try:
        way.settimeout(seconds)
        if proxy.scheme == "https":
            way = context().wrap_socket(way, server_hostname=proxy.host)
        where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        lines = [f"CONNECT {where} HTTP/1.1", f"Host: {where}"]
        if proxy.credentials:
            way.sendall(
                "\r\n".join([*lines, f"Proxy-Authorization: {_basic(proxy)}", "", ""]).encode()
            )
        else:
            way.sendall("\r\n".join([*lines, "", ""]).encode())
        status, reason = _answer(way, time.monotonic() + seconds)
    except BaseException:
        way.close()
        raise
    return way, status, reason


def _basic(proxy: Proxy) -> str:
    return "Basic " + base64.b64encode(proxy.credentials.reveal().encode()).decode()


def _answer(way: socket.socket, ends: float) -> tuple[int, str]:
    head = bytearray()
    while b"\r\n\r\n" not in head and len(head) < _ANSWER_BYTES:
        if time.monotonic() > ends:
            raise TimeoutError("the proxy's answer was not complete in time")
        if not (chunk := way.recv(1)):  # a byte at a time: what follows belongs to the handshake
            break
        head += chunk
    found = re.match(rb"HTTP/1\.[01] (\d{3}) ?([^\r\n]{0,80})", bytes(head))
    return (int(found[1]), found[2].decode("latin-1")) if found else (0, "")
