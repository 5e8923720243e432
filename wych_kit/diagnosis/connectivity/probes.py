"""Looks up names, connects sockets and opens tunnels through proxies, without an HTTP client."""

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

from wych_kit.diagnosis.connectivity.certificates import create_context

if TYPE_CHECKING:
    from wych_kit.client.proxies import Proxy
    from wych_kit.errors import Stage

CONNECT_SECONDS = 3.0
_MAX_RESPONSE_BYTES = 16 * 1024
Outcome = Literal["answers", "refused", "silent", "unreachable"]
Address = tuple[int, str]
_LOCALHOST: tuple[Address, ...] = ((socket.AF_INET6, "::1"), (socket.AF_INET, "127.0.0.1"))
# What a non-blocking connect returns while it is under way; the last one is Windows's.
_IN_PROGRESS = {
    errno.EINPROGRESS,
    errno.EWOULDBLOCK,
    getattr(errno, "WSAEWOULDBLOCK", errno.EWOULDBLOCK),
}
_REFUSED = {errno.ECONNREFUSED, getattr(errno, "WSAECONNREFUSED", errno.ECONNREFUSED)}


@dataclass(frozen=True, slots=True)
class Target:
    """A host that the kit has to reach, and the proxy on the way to it, if any.

    `owner` names it in a sentence: "the issuer".
    """

    owner: str
    stage: Stage
    host: str
    port: int
    tls: bool
    proxy: Proxy | None = None

    @classmethod
    def from_url(cls, url: str, *, owner: str, stage: Stage, proxy: Proxy | None) -> Target:
        """Return the target of a URL."""
        parts = urlsplit(url)
        tls = parts.scheme == "https"
        port = parts.port or (443 if tls else 80)
        return cls(owner, stage, parts.hostname or "", port=port, tls=tls, proxy=proxy)

    @property
    def where(self) -> str:
        """Host and port as they are written in a URL."""
        return _join(self.host, self.port)


def _join(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def look_up(host: str, port: int) -> tuple[Address, ...]:
    """Return the host's addresses, each once, in the order in which a client tries them.

    Raises `OSError` or `UnicodeError`.
    """
    entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys((int(family), str(end[0])) for family, _, _, _, end in entries))


def connect_to_all(host: str, port: int, addresses: tuple[Address, ...]) -> dict[str, Outcome]:
    """Return the outcome of a connection to each address, all tried at once.

    For `localhost` both of its addresses are tried, also one that the look-up did not return.
    """
    candidates = tuple(dict.fromkeys((*addresses, *(_LOCALHOST if host == "localhost" else ()))))
    outcomes: dict[str, Outcome] = {}
    with selectors.DefaultSelector() as selector, contextlib.ExitStack() as stack:
        for family, address in candidates:
            outcomes[address] = "silent"
            try:
                probe = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
                probe.settimeout(0)
                code = probe.connect_ex((address, port))
            except OSError as error:  # this machine has no IPv6, for example
                outcomes[address] = _classify(error.errno or errno.EHOSTUNREACH)
                continue
            if code in _IN_PROGRESS:
                selector.register(probe, selectors.EVENT_WRITE, address)
            else:
                outcomes[address] = _classify(code)
        ends = time.monotonic() + CONNECT_SECONDS
        while selector.get_map() and (left := ends - time.monotonic()) > 0:
            for key, _ in selector.select(left):
                probe = key.fileobj  # type: ignore[assignment]  # only sockets were registered
                outcomes[key.data] = _classify(probe.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
                selector.unregister(probe)
    return outcomes


def _classify(code: int) -> Outcome:
    if code == 0:
        return "answers"
    if code in _REFUSED:
        return "refused"
    return "silent" if code == errno.ETIMEDOUT else "unreachable"


def open_tunnel(
    proxy: Proxy, host: str, port: int, *, seconds: float
) -> tuple[socket.socket, int, str]:
    """Send CONNECT (RFC 9110 section 9.3.6), and return the connection, the status and the reason.

    The status is 0 for a response that is not HTTP. Raises `OSError` if the proxy cannot be reached
    or closes the connection.
    """
    timeout = min(CONNECT_SECONDS, seconds)
    connection = socket.create_connection((proxy.host, proxy.port), timeout=timeout)
    try:
        connection.settimeout(seconds)
        if proxy.scheme == "https":
            connection = create_context().wrap_socket(connection, server_hostname=proxy.host)
        where = _join(host, port)
        head = f"CONNECT {where} HTTP/1.1\r\nHost: {where}\r\n"
        # The credentials go straight into the call, where no traceback shows them.
        if proxy.credentials:
            connection.sendall(f"{head}Proxy-Authorization: {_basic(proxy)}\r\n\r\n".encode())
        else:
            connection.sendall(f"{head}\r\n".encode())
        status, reason = _read_status(connection, time.monotonic() + seconds)
    except BaseException:
        connection.close()
        raise
    return connection, status, reason


def _basic(proxy: Proxy) -> str:
    return "Basic " + base64.b64encode(proxy.credentials.reveal().encode()).decode()


def _read_status(connection: socket.socket, ends: float) -> tuple[int, str]:
    head = bytearray()
    while b"\r\n\r\n" not in head and len(head) < _MAX_RESPONSE_BYTES:
        if time.monotonic() > ends:
            raise TimeoutError("the proxy's response was not complete in time")
        # One byte at a time, because the bytes after the head belong to the TLS handshake.
        if not (chunk := connection.recv(1)):
            break
        head += chunk
    match = re.match(rb"HTTP/1\.[01] (\d{3}) ?([^\r\n]{0,80})", bytes(head))
    return (int(match[1]), match[2].decode("latin-1")) if match else (0, "")
