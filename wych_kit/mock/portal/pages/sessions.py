"""Who is signed in to the pages, by cookie: kept hashed, in memory only, and gone after half an hour without a visit."""

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


def drawn() -> str:
    """128 random bits as text. The system's own also in a seeded mock: a cookie that could be repeated could be guessed."""
    return secrets.token_urlsafe(16)


def _kept_as(world: str, value: str) -> bytes:
    return hashlib.sha256(f"{world}/{value}".encode("utf-8", "surrogatepass")).digest()


@dataclass(slots=True)
class Session:
    """One browser's visit. `subject` is who is signed in ("" for nobody), `csrf` what its forms must send, `notes` what later pages need."""

    seen: float
    subject: str = ""
    csrf: str = field(default_factory=drawn, repr=False)
    notes: dict[str, Any] = field(default_factory=dict, repr=False)
    forms: dict[str, None] = field(default_factory=dict, repr=False)

    def form(self) -> str:
        """A mark for a form that may be sent once."""
        mark = drawn()
        self.forms[mark] = None
        if len(self.forms) > _MOST_FORMS:
            del self.forms[next(iter(self.forms))]
        return mark

    def take(self, mark: str) -> bool:
        """Whether this form has not been sent before; it has been then."""
        return self.forms.pop(mark, self) is None

    def owns(self, csrf: str) -> bool:
        """Whether a form came from one of this visit's pages."""
        return compare_digest(self.csrf.encode(), csrf.encode("utf-8", "surrogatepass"))


class Sessions:
    """The last thousand visits; those where nobody signed in go first. A session counts only in its own `world`: the portal, or one app's pages. Idle time is the mock's clock's."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open: dict[bytes, Session] = {}

    def find(self, world: str, value: str) -> Session | None:
        """The session of a cookie, which counts as a visit; None when it is unknown or was idle too long."""
        session = self._open.get(_kept_as(world, value))
        if session is None:
            return None
        now = self._clock.now()
        if (
            not -IDLE < now - session.seen <= IDLE
        ):  # a clock that was moved back far is no reason to stay signed in
            self.end(world, value)
            return None
        session.seen = now
        self._open[_kept_as(world, value)] = self._open.pop(_kept_as(world, value))
        return session

    def begin(self, world: str, subject: str = "") -> tuple[str, Session]:
        """A new session and the value for its cookie, which is kept nowhere else."""
        value, session = drawn(), Session(self._clock.now(), subject)
        if len(self._open) >= _MOST:
            oldest = next(
                (key for key, old in self._open.items() if not old.subject), next(iter(self._open))
            )
            del self._open[oldest]
        self._open[_kept_as(world, value)] = session
        return value, session

    def end(self, world: str, value: str) -> None:
        """Forgets a session."""
        self._open.pop(_kept_as(world, value), None)

    def reset(self) -> None:
        """Signs everybody out."""
        self._open.clear()
