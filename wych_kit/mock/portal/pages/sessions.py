"""Keep who is signed in to the pages, by cookie: as a hash, in memory, for half an hour."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wych_kit.mock.state.clock import Clock

IDLE = 30 * 60
_MOST = 1000
_MOST_FORMS = 50


def random_text() -> str:
    """Return 128 random bits as text.

    In a seeded mock they are the system's too: cookies must not repeat.
    """
    # OWASP asks for 64 bits of entropy or more in a session id.
    return secrets.token_urlsafe(16)


def _kept_as(world: str, value: str) -> bytes:
    return hashlib.sha256(f"{world}/{value}".encode("utf-8", "surrogatepass")).digest()


@dataclass(slots=True)
class Session:
    """One browser's visit.

    `subject` is who is signed in, or ""; `csrf` is what its forms must send; `notes` are for later
    pages.
    """

    seen: float
    subject: str = ""
    csrf: str = field(default_factory=random_text, repr=False)
    notes: dict[str, Any] = field(default_factory=dict, repr=False)
    forms: dict[str, None] = field(default_factory=dict, repr=False)

    def form(self) -> str:
        """Return a mark for a form that may be sent once."""
        mark = random_text()
        self.forms[mark] = None
        # A page that is loaded again and again must not fill the memory.
        if len(self.forms) > _MOST_FORMS:
            del self.forms[next(iter(self.forms))]
        return mark

    def take(self, mark: str) -> bool:
        """Return True the first time that a form with this mark is sent."""
        # The values are None, so any other default tells a known mark from an unknown one.
        return self.forms.pop(mark, self) is None

    def owns(self, csrf: str) -> bool:
        """Return True if a form came from one of this visit's pages."""
        # As bytes: `compare_digest` refuses text that is not ASCII.
        return compare_digest(self.csrf.encode(), csrf.encode("utf-8", "surrogatepass"))


class Sessions:
    """The last thousand visits; those without a sign-in are dropped first.

    A session is valid only in its own `world`: the portal, or one app's pages. Time is the mock's
    clock.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open: dict[bytes, Session] = {}

    def find(self, world: str, value: str) -> Session | None:
        """Return the session of a cookie and note the visit.

        None if it is unknown or was idle too long.
        """
        session = self._open.get(_kept_as(world, value))
        if session is None:
            return None
        now = self._clock.now()
        # The mock's clock can be moved back; that must not keep anybody signed in.
        if not -IDLE < now - session.seen <= IDLE:
            self.end(world, value)
            return None
        session.seen = now
        # Moved to the end: the dictionary is in order of the last visit.
        self._open[_kept_as(world, value)] = self._open.pop(_kept_as(world, value))
        return session

    def begin(self, world: str, subject: str = "") -> tuple[str, Session]:
        """Start a session and return the value of its cookie with it.

        The value is stored nowhere else.
        """
        value, session = random_text(), Session(self._clock.now(), subject)
        if len(self._open) >= _MOST:
            # A crawler without cookies must not push out people who are signed in.
            oldest = next(
                (key for key, old in self._open.items() if not old.subject), next(iter(self._open))
            )
            del self._open[oldest]
        self._open[_kept_as(world, value)] = session
        return value, session

    def end(self, world: str, value: str) -> None:
        """Forget a session."""
        self._open.pop(_kept_as(world, value), None)

    def reset(self) -> None:
        """Sign everybody out."""
        self._open.clear()
