"""Log what the mock received and why it refused.

No header, query or body is stored, so no secret is.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from wych_kit.mock.http.messages import Answer, Request

# Bounded, because a mock may run for days under a load test.
MAX_REQUESTS = 1000
# In characters. A path may be as long as the server's header limit allows.
_MAX_PATH = 2048


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """A request and its answer; status 0 means that nothing was answered.

    `row` is the row of the wire facts that the answer follows ("A3-4"), and `reason` says in words
    why. `at` is in seconds since 1970. `app_id` is the app whose call was refused, when that is
    known.
    """

    method: str
    path: str
    status: int
    row: str
    reason: str
    at: float = 0.0
    app_id: str = ""

    def __str__(self) -> str:
        """Return one line for a console."""
        # A fault can be answered with a 200, and its name is what the reader looks for.
        is_fault = self.reason.startswith("fault ")
        is_success = 0 < self.status < HTTPStatus.BAD_REQUEST and not is_fault
        why = "" if is_success else f"  {self.row} {self.reason}"
        line = f"{self.status or '---'} {self.method} {self.path}{why}".rstrip()
        # A path may hold escape sequences, which a terminal would obey.
        return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in line)


class RequestLog:
    """The last `MAX_REQUESTS` requests, oldest first, with at most 2 KB of each path.

    `token_requests` counts all requests that the token endpoint has seen.
    """

    def __init__(self) -> None:
        self._received: deque[ReceivedRequest] = deque(maxlen=MAX_REQUESTS)
        self.token_requests = 0
        # Called in the event loop with each request: it must be quick.
        self.on_request: Callable[[ReceivedRequest], None] = lambda _: None

    @property
    def requests(self) -> list[ReceivedRequest]:
        """Return a copy, which can be read while the server goes on."""
        return list(self._received)

    def list_refusals(self, app_id: str, most: int) -> list[ReceivedRequest]:
        """Return the last calls of an app that were refused, newest first."""
        return [received for received in reversed(self._received) if received.app_id == app_id][
            :most
        ]

    def note(self, request: Request, answer: Answer, at: float = 0.0, app_id: str = "") -> None:
        """Add a request and report it to `on_request`."""
        received = ReceivedRequest(
            request.method,
            request.path[:_MAX_PATH],
            answer.status,
            answer.row,
            answer.reason,
            at,
            app_id,
        )
        self._received.append(received)
        self.on_request(received)

    def reset(self) -> None:
        """Remove everything."""
        self._received.clear()
        self.token_requests = 0
