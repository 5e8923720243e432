"""Look-ups, connections and handshakes, without HTTP."""

from __future__ import annotations

import contextlib
import errno
import selectors
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from wych_kit.diagnosis.connectivity.proxies import Proxy
    from wych_kit.errors import Stage

CONNECT_SECONDS = 3.0
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
