"""Shares one token between threads, tasks and processes. Requests none."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import threading
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING

from wych_kit.client.backoff import MAX_WAIT
from wych_kit.client.token import Token
from wych_kit.errors import Refused, Unreachable, WychError
from wych_kit.secret import Secret
from wych_kit.settings import locations
from wych_kit.settings.private_files import write_private_file

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from filelock import BaseFileLock

_log = logging.getLogger(__name__)
_FAILURES: dict[str, type[Refused | Unreachable]] = {"Refused": Refused, "Unreachable": Unreachable}


class InFlightRequest:
    """One token request in flight in this process, which all callers share (singleflight)."""

    __slots__ = ("_leader", "_pid", "future")

    def __init__(self) -> None:
        self.future: Future[Token | WychError | None] = Future()
        # From here on, a waiting task that is cancelled cannot cancel it for the others.
        self.future.set_running_or_notify_cancel()
        self._pid = os.getpid()
        self._leader = threading.get_ident()

    @property
    def is_led_by_this_thread(self) -> bool:
        """True if the calling thread leads this request; waiting for it would deadlock."""
        return self._leader == threading.get_ident()

    @property
    def is_from_this_process(self) -> bool:
        """False in a forked child, where the thread that leads the request does not exist."""
        return self._pid == os.getpid()

    def resolve(self, outcome: Token | WychError | None) -> None:
        """Give the outcome to everybody who waits: the token, the error, or None if given up."""
        self.future.set_result(outcome)

    def wait(self) -> None:
        """Block the calling thread until there is an outcome, at most twice MAX_WAIT seconds."""
        with contextlib.suppress(TimeoutError):
            self.future.result(2 * MAX_WAIT)

    def outcome(self) -> Token | WychError | None:
        """Return the token or the error; None if given up or still in flight."""
        return self.future.result() if self.future.done() else None


def try_acquire(lock: BaseFileLock) -> bool:
    """Return True if the lock was free, or if the disk supports no locks. Does not wait."""
    from filelock import Timeout

    try:
        lock.acquire(blocking=False)
    except Timeout:
        return False
    except (OSError, NotImplementedError) as error:
        _log.warning("tokens cannot be locked in %s: %s", lock.lock_file, error)
    return True


class TokenFile:
    """A token in a file that only the user can read, and a lock so that one process renews it.

    Nothing that goes wrong with the disk stops a call: it is logged, and the token stays in memory.
    """

    def __init__(
        self, home: Path | None, issuer_url: str, client_id: str, client_secret: Secret
    ) -> None:
        # Named by a digest: another environment, client or secret has another file.
        folder = locations.tokens(home)
        name = hashlib.blake2b(
            json.dumps((issuer_url, client_id, client_secret.reveal())).encode(), digest_size=16
        ).hexdigest()
        self.path = folder / f"{name}.json"
        self._lock_path = folder / f"{name}.lock"

    def read(self) -> Token | None:
        """Return the token, or None if there is none or it has expired by this machine's clock."""
        facts = self._facts()
        try:
            left = facts["expires"] - time.time()
            # A clock that was set back must not stretch a token's life.
            if not 0 < left <= facts["lifetime"]:
                return None
            return Token(
                facts["access_token"], facts["lifetime"], time.monotonic() + left, facts["scope"]
            )
        except (KeyError, TypeError):
            return None

    def failure_since(self, moment: float) -> Refused | Unreachable | None:
        """Return how another process's request failed after `moment` (wall clock), or None."""
        facts = self._facts()
        try:
            return _FAILURES[facts["kind"]](**facts["failure"]) if facts["at"] >= moment else None
        except (KeyError, TypeError):
            return None

    def write(self, token: Token) -> None:
        """Write a token for the other processes."""
        facts = {
            "lifetime": token.lifetime,
            # Wall clock: the monotonic clocks of two processes need not agree.
            "expires": time.time() + token.seconds_left,
            "scope": token.scope,
        }
        self._put(Secret(json.dumps({"access_token": token.value.reveal(), **facts})))

    def write_failure(self, error: Refused | Unreachable) -> None:
        """Write why the request failed, for the processes that wait for the lock."""
        names = (
            "observed",
            "stage",
            "reference",
            *(("status", "code", "description") if isinstance(error, Refused) else ()),
        )
        facts = {name: getattr(error, name) for name in names}
        self._put(
            Secret(json.dumps({"kind": type(error).__name__, "failure": facts, "at": time.time()}))
        )

    def remove(self, token: Token | None = None) -> bool:
        """Remove the file, or only if it holds this token. Return True if something was removed."""
        stored = self._facts().get("access_token")
        if stored is None or (token is not None and stored != token.value):
            return False
        with contextlib.suppress(OSError):
            self.path.unlink()
        return True

    def lock(self) -> BaseFileLock | None:
        """Return a new lock object for the file, or None if its folder cannot be made.

        The operating system releases it when the process ends, however it ends.
        """
        # Costs 30 ms, and only a process without a token needs it.
        from filelock import FileLock

        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            _log.warning("the token is not shared through %s: %s", self.path.parent, error.strerror)
            return None
        # The soft fallback, a lock that is only a file, would outlive a killed process. Versions
        # without that fallback ignore the argument or refuse it.
        with contextlib.suppress(TypeError):
            return FileLock(self._lock_path, mode=0o600, thread_local=False, fallback_to_soft=False)
        return FileLock(self._lock_path, mode=0o600, thread_local=False)

    def _facts(self) -> dict[str, Any]:
        with contextlib.suppress(OSError, ValueError, TypeError, RecursionError):
            return dict(json.loads(self.path.read_bytes(), object_pairs_hook=_seal_token))
        return {}

    def _put(self, content: Secret) -> None:
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private_file(self.path, content)
        except OSError as error:
            _log.warning("the token could not be kept in %s: %s", self.path.parent, error.strerror)


def _seal_token(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {name: Secret(value) if name == "access_token" else value for name, value in pairs}
