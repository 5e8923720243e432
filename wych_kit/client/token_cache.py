"""How one token is shared: by the threads and tasks of a process, and through a file by the processes of a user."""

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
    """A token request that is under way in this process, and what those who wait for it will get."""

    __slots__ = ("_leader", "_pid", "future")

    def __init__(self) -> None:
        self.future: Future[Token | WychError | None] = Future()
        self.future.set_running_or_notify_cancel()  # from here on a waiting task that is cancelled cannot cancel it for the others
        self._pid = os.getpid()
        self._leader = threading.get_ident()

    @property
    def is_led_by_this_thread(self) -> bool:
        """Whether it needs the calling thread to land: blocking that would be waiting for oneself."""
        return self._leader == threading.get_ident()

    @property
    def is_from_this_process(self) -> bool:
        """False in a forked child: whoever led it stayed in the parent."""
        return self._pid == os.getpid()

    def resolve(self, outcome: Token | WychError | None) -> None:
        """Tell everybody: the token, the error, or `None` for "given up"."""
        self.future.set_result(outcome)

    def wait(self) -> None:
        """Block the calling thread until it lands, or for as long as any token request may take."""
        with contextlib.suppress(TimeoutError):
            self.future.result(2 * MAX_WAIT)

    def outcome(self) -> Token | WychError | None:
        """What it brought, or `None` if that is still unknown."""
        return self.future.result() if self.future.done() else None


def try_acquire(lock: BaseFileLock) -> bool:
    """Whether the lock could be had at once. Where the disk knows no locks, everybody goes ahead."""
    from filelock import Timeout

    try:
        lock.acquire(blocking=False)
    except Timeout:
        return False
    except (OSError, NotImplementedError) as error:
        _log.warning("tokens cannot be locked in %s: %s", lock.lock_file, error)
    return True


class TokenFile:
    """A token in a file that only the user can read, and the lock that lets one process at a time renew it.

    The file's name is a digest over issuer, client id and secret, so another environment, client or secret has another file.
    Nothing that goes wrong with the disk stops a call: it is logged, and the token stays in memory.
    """

    def __init__(
        self, home: Path | None, issuer_url: str, client_id: str, client_secret: Secret
    ) -> None:
        folder = locations.tokens(home)
        name = hashlib.blake2b(
            json.dumps((issuer_url, client_id, client_secret.reveal())).encode(), digest_size=16
        ).hexdigest()
        self.path = folder / f"{name}.json"
        self._lock_path = folder / f"{name}.lock"

    def read(self) -> Token | None:
        """The token if there is one and it has time left by this machine's clock."""
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
        """How another process's request failed after `moment` (wall clock): asking again at once would bring the same."""
        facts = self._facts()
        try:
            return _FAILURES[facts["kind"]](**facts["failure"]) if facts["at"] >= moment else None
        except (KeyError, TypeError):
            return None

    def write(self, token: Token) -> None:
        """Keep a token for the other processes."""
        facts = {
            "lifetime": token.lifetime,
            "expires": time.time() + token.seconds_left,
            "scope": token.scope,
        }
        self._put(Secret(json.dumps({"access_token": token.value.reveal(), **facts})))

    def write_failure(self, error: Refused | Unreachable) -> None:
        """Tell the processes that are waiting for the lock what the server said, or that nothing answered."""
        told = (
            "observed",
            "stage",
            "reference",
            *(("status", "code", "description") if isinstance(error, Refused) else ()),
        )
        facts = {name: getattr(error, name) for name in told}
        self._put(
            Secret(json.dumps({"kind": type(error).__name__, "failure": facts, "at": time.time()}))
        )

    def remove(self, token: Token | None = None) -> bool:
        """Remove the file; with a token, only if it holds that one. Says whether there was something to remove."""
        found = self._facts().get("access_token")
        if found is None or (token is not None and found != token.value):
            return False
        with contextlib.suppress(OSError):
            self.path.unlink()
        return True

    def lock(self) -> BaseFileLock | None:
        """A new lock object on the file's name, or `None` where the disk allows none.

        The operating system frees it when its process ends, however it ends.
        """
        from filelock import FileLock  # costs 30 ms, and only a process without a token needs it

        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            _log.warning("the token is not shared through %s: %s", self.path.parent, error.strerror)
            return None
        # A lock that only is a file would outlive a killed process. Versions that know no such fallback ignore the word, or refuse it.
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
