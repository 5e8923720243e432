"""A working project, shell and mock, for an exercise to break."""

from __future__ import annotations

import contextlib
import os
import re
import socket
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Self

from wych_kit import mock
from wych_kit.client.journal.recorder import Journal
from wych_kit.secret import Secret
from wych_kit.settings.env_file_writer import quote_value
from wych_kit.settings.loading import load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wych_kit.settings.loading import Settings

_ADDRESSES = ("issuer_url", "api_url", "portal_url", "connect_url")
_CREDENTIALS = ("client_id", "client_secret", "api_key", "partner_id", "app_id")
# Variables that change how the kit reaches Wych; those of this process must not leak into an exercise.
_OF_A_SHELL = re.compile(r"WYCH_\w+|SSL_CERT_(FILE|DIR)|(https?|all|no)_proxy", re.IGNORECASE)
PRIVATE_CA = "private-ca"


class ExerciseSetup:
    """A folder with a working `.env`, the variables of a shell, and the mock that answers.

    Use it in a `with`, or `close()` it. Without `folder` a temporary one is created and removed.
    `options` are the mock's; with `tls` the shell's SSL_CERT_FILE makes the mock trusted. This
    process's own variables change only inside `shell_applied`.
    """

    def __init__(self, folder: Path | None = None, **options: Any) -> None:
        self._opened = contextlib.ExitStack()
        self._until_mended = self._opened.enter_context(contextlib.ExitStack())
        self.folder = folder or Path(
            self._opened.enter_context(
                TemporaryDirectory(prefix="wych-set-up-", ignore_cleanup_errors=True)
            )
        )
        self.env = self.folder / ".env"
        self.request = self.folder / "request.sh"
        self.shell: dict[str, str] = {}
        # The exchanges of a program that ran before the defect, and of every look at it since.
        self.journal = Journal()
        self.wych: mock.Mock
        self._values: dict[str, str] = {}
        self._start(options)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop the mock and all else that was started; remove a temporary folder."""
        self._until_mended.close()
        self.wych.stop()
        self._opened.close()

    def mend(self) -> None:
        """Undo every defect. A mock with a bad certificate is replaced; any other goes on."""
        self._until_mended.close()
        self.request.unlink(missing_ok=True)
        if self.wych.options.tls in (None, PRIVATE_CA):
            self.wych.reset()
            self._make_good()
        else:
            self.wych.stop()
            self._start({"tls": PRIVATE_CA})

    def settings(self) -> Settings:
        """Return the settings of this file and shell, without this process's own."""
        return load_settings(path=self.env, environ=self.shell)

    def write(self, **values: str | Secret | None) -> None:
        """Write `.env` with these changes, by attribute name; `None` removes a setting."""
        for name, value in values.items():
            self._values.pop(name, None)
            if value is not None:
                self._values[name] = Secret(value).reveal()
        lines = [
            f"WYCH_{name.upper()}={quote_value(value)}\n" for name, value in self._values.items()
        ]
        self.write_bytes("".join(lines).encode())

    def write_bytes(self, content: bytes) -> None:
        """Write `.env` with exactly these bytes, readable by its owner only."""
        self.env.write_bytes(content)
        self.env.chmod(0o600)

    def keep(self, opened: contextlib.AbstractContextManager[Any]) -> Any:
        """Enter a context that a defect needs; it is left on `mend` or `close`."""
        return self._until_mended.enter_context(opened)

    def closed_port(self) -> int:
        """Return a port on which nothing listens, and which no other process gets meanwhile."""
        held = self.keep(socket.socket())
        held.bind(("127.0.0.1", 0))
        port: int = held.getsockname()[1]
        return port

    @contextlib.contextmanager
    def shell_applied(self) -> Iterator[None]:
        """Temporarily apply the exercise's environment variables to this process.

        Variables that change how Wych is reached are restored afterwards.
        """
        before = {
            name: os.environ.pop(name) for name in list(os.environ) if _OF_A_SHELL.fullmatch(name)
        }
        held = {name: os.environ.get(name) for name in self.shell}
        os.environ |= self.shell
        try:
            yield
        finally:
            for name, value in held.items():
                os.environ.pop(name, None)
                if value is not None:
                    os.environ[name] = value
            os.environ |= before

    def _start(self, options: dict[str, Any]) -> None:
        self.wych = mock.start(ephemeral=True, **options)
        self._make_good()

    def _make_good(self) -> None:
        self.shell.clear()
        self.journal = Journal()
        if self.wych.ca_file:
            self.shell["SSL_CERT_FILE"] = self.wych.ca_file
        self._values = {"environment": "mock"} | {
            name: getattr(self.wych, name) for name in _ADDRESSES
        }
        self._values |= {name: getattr(self.wych.credentials, name) for name in _CREDENTIALS}
        self._values |= {"token_cache": "memory", "home": str(self.folder / "kit")}
        self.write()
