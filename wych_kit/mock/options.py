"""State the options of a mock and check them."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path

# 9924 has no registered service; a fixed port lets a notebook find the mock that a terminal
# started.
PORT = 9924
# Each is a certificate problem that a client meets in practice; `http/certificates.py` makes them.
TLS = ("private-ca", "expired", "self-signed", "wrong-host", "intercepted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Options of `running`, `start` and the command. Raise `ValueError` for an invalid number or name.

    `port` 0 means any free port. `path` is the SQLite file (None: the user's own, see `memory`),
    and `ephemeral` stores nothing. `seed` makes ids, secrets and tokens repeatable. `expires_in`
    is the lifetime of a token in seconds. `rate` (calls a second), `burst` (calls at once) and
    `quota` (calls a day) limit each API key; None means no limit. `tls` is a kind of certificate
    from `TLS`; None means plain http. `control` opens a second port for `wych-kit fault`.

    Where Wych's pages contradict one another (API facts, section 8) the mock takes either side:
    `expires_in` is 900 or 3600 (row 1), `grants_joined` lists the grants in one text (6),
    `find_only` lets POST /user find users but create none (10), and without `callback_user` the
    callback has no user (12). Without `basis_header` no answer says what it rests on.
    """

    host: str = "127.0.0.1"
    port: int = 0
    path: str | Path | None = None
    ephemeral: bool = False
    seed: int | str | None = None
    expires_in: int = 900
    rate: float | None = None
    burst: int | None = None
    quota: int | None = None
    tls: str | None = None
    control: bool = False
    grants_joined: bool = False
    find_only: bool = False
    callback_user: bool = True
    basis_header: bool = True

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65535:  # noqa: PLR2004 - every port there is
            raise ValueError(f"port must be 0 to 65535, not {self.port}")
        for name, least in (("expires_in", 1), ("burst", 1), ("quota", 0)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise ValueError(f"{name} must be {least} or more, not {value}")
        if self.rate is not None and not 0 < self.rate < math.inf:  # excludes NaN too
            raise ValueError(f"rate must be more than 0 calls a second, not {self.rate}")
        if self.burst is not None and self.rate is None:
            raise ValueError("burst needs a rate to go with it")
        if self.tls is not None and self.tls not in TLS:
            raise ValueError(f"tls must be one of {', '.join(TLS)}, not {self.tls!r}")
        if self.ephemeral and self.path is not None:
            raise ValueError(
                "path names a file to store data in, and ephemeral stores nothing: use only one of them"
            )

    @property
    def memory(self) -> Path | None:
        """Return the SQLite file, or None when nothing is stored.

        The default is `mock.sqlite` in WYCH_HOME, or else in the user's data directory.
        """
        if self.ephemeral:
            return None
        if self.path is not None:
            return Path(self.path).expanduser()
        if home := os.environ.get("WYCH_HOME"):
            return Path(home).expanduser() / "mock.sqlite"
        # Only this default needs platformdirs, and a test with a path of its own is faster
        # without it.
        from platformdirs import user_data_path

        return user_data_path("wych-kit", appauthor=False) / "mock.sqlite"
