"""What the mock received and why it refused. No header, query or body is kept, so no secret is."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from wych_kit.mock.http.messages import Answer, Request

KEPT = 1000
_LONGEST = 2048  # of a path


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """One request: what was asked, what was answered (status 0: nothing), which row of the wire facts that follows ("A3-4"), and why, in words.

    `at` is when, in seconds since 1970; `app_id` is whose call it was, of a refusal, when that is known.
    """

    method: str
    path: str
    status: int
    row: str
    reason: str
    at: float = 0.0
    app_id: str = ""

    def __str__(self) -> str:
        """In a line, for a console."""
        fine = 0 < self.status < 400 and not self.reason.startswith("fault ")  # noqa: PLR2004 - where HTTP's refusals begin
        why = "" if fine else f"  {self.row} {self.reason}"
        line = f"{self.status or '---'} {self.method} {self.path}{why}".rstrip()
        return "".join(
            mark if mark.isprintable() else f"\\x{ord(mark):02x}" for mark in line
        )  # a path may hold what consoles obey


class RequestLog:
    """The last `KEPT` requests, oldest first and with no more than 2 KB of each path, and how many the token endpoint has seen in all."""

    def __init__(self) -> None:
        self._received: deque[ReceivedRequest] = deque(maxlen=KEPT)
        self.token_requests = 0
        # Called with each request as it is noted.
        self.on_request: Callable[[ReceivedRequest], None] = lambda _: None

    @property
    def requests(self) -> list[ReceivedRequest]:
        """A copy, so that it can be read while the server goes on."""
        return list(self._received)

    def list_refusals(self, app_id: str, most: int) -> list[ReceivedRequest]:
        """The last calls of an app that were refused, newest first."""
        return [received for received in reversed(self._received) if received.app_id == app_id][
            :most
        ]

    def note(self, request: Request, answer: Answer, at: float = 0.0, app_id: str = "") -> None:
        """Adds one."""
        received = ReceivedRequest(
            request.method,
            request.path[:_LONGEST],
            answer.status,
            answer.row,
            answer.reason,
            at,
            app_id,
        )
        self._received.append(received)
        self.on_request(received)

    def reset(self) -> None:
        """Forgets all."""
        self._received.clear()
        self.token_requests = 0
