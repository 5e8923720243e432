"""Look-ups, connections, and a way through a proxy (CONNECT), without an HTTP client."""

from __future__ import annotations

import base64
import contextlib
import errno
import re
import selectors
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from wych_kit.diagnosis.connectivity.certificates import context

if TYPE_CHECKING:
    from ssl import SSLSocket

    from wych_kit.client.proxies import Proxy
    from wych_kit.errors import Stage

CONNECT_SECONDS = 3.0
_ANSWER_BYTES = 16 * 1024
Outcome = Literal["answers", "refused", "silent", "unreachable"]
Address = tuple[int, str]
_LOCALHOST: tuple[Address, ...] = ((socket.AF_INET6, "::1"), (socket.AF_INET, "127.0.0.1"))


@dataclass(frozen=True, slots=True)
class Target:
    """A host that has to be reached, and the proxy on the way to it, if any."""

    what: str
    stage: Stage
    host: str
    port: int
    tls: bool
    proxy: Proxy | None = None

    @property
    def where(self) -> str:
        """Host and port as they are written in an address."""
        return f"{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


def target(what: str, stage: Stage, address: str, proxy: Proxy | None) -> Target:
    """The host of a setting's address."""
    parts = urlsplit(address)
    tls = parts.scheme == "https"
    return Target(what, stage, parts.hostname or "", parts.port or (443 if tls else 80), tls, proxy)


def look_up(host: str, port: int) -> tuple[Address, ...]:
    """The host's addresses, each once, in the order in which they would be tried. Raises `OSError` or `UnicodeError`."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys((int(family), str(place[0])) for family, _, _, _, place in found))


def connected(host: str, port: int, addresses: tuple[Address, ...]) -> dict[str, Outcome]:
    """What each address says to a connection, all tried at once. For `localhost` both of its addresses are tried."""
    tried = tuple(dict.fromkeys((*addresses, *(_LOCALHOST if host == "localhost" else ()))))
    outcomes: dict[str, Outcome] = {}
    with selectors.DefaultSelector() as waiting, contextlib.ExitStack() as opened:
        for family, address in tried:
            outcomes[address] = "silent"
            try:
                probe = opened.enter_context(socket.socket(family, socket.SOCK_STREAM))
                probe.settimeout(0)
                code = probe.connect_ex((address, port))
            except OSError as error:
                outcomes[address] = _outcome(error.errno or errno.EHOSTUNREACH)
                continue
            if code in (
                errno.EINPROGRESS,
                errno.EWOULDBLOCK,
                errno.WSAEWOULDBLOCK if hasattr(errno, "WSAEWOULDBLOCK") else 0,
            ):
                waiting.register(probe, selectors.EVENT_WRITE, address)
            else:
                outcomes[address] = _outcome(code)
        ends = time.monotonic() + CONNECT_SECONDS
        while waiting.get_map() and (left := ends - time.monotonic()) > 0:
            for key, _ in waiting.select(left):
                probe = key.fileobj  # type: ignore[assignment]  # we registered sockets
                outcomes[key.data] = _outcome(probe.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
                waiting.unregister(probe)
    return outcomes


def _outcome(code: int) -> Outcome:
    if code == 0:
        return "answers"
    if code in (errno.ECONNREFUSED, getattr(errno, "WSAECONNREFUSED", errno.ECONNREFUSED)):
        return "refused"
    return "silent" if code == errno.ETIMEDOUT else "unreachable"


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
