"""The `wych-kit` command: parses the command line, runs the command, returns its exit status."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING

from wych_kit.terminal import parser
from wych_kit.terminal.context import execute
from wych_kit.terminal.exit_status import DONE, INTERRUPTED, USAGE

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(command_line: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status.

    0 done, 1 refused or findings, 2 wrong usage or settings, 3 no response, 130 Ctrl-C. `check`
    has more, see its help. Raises `SystemExit` for `--help` and for a wrong command line.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # On an old code page a sign that cannot be written must not end the command.
            stream.reconfigure(errors="backslashreplace")
    try:
        try:
            return _run(sys.argv[1:] if command_line is None else command_line)
        finally:
            # A broken pipe has to show here, while it can still be caught.
            sys.stdout.flush()
    except BrokenPipeError:
        # The reader, such as `head`, has closed the pipe: that is no error. Python flushes again
        # at exit and would print a traceback, so standard output now goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except KeyboardInterrupt:
        return INTERRUPTED


def _run(words: Sequence[str]) -> int:
    try:
        return execute(parser.parse(words))
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        # A module of ours that is missing is a bug, and no extra to install.
        if library == "wych_kit":
            raise
        extra = "terminal" if library in ("rich", "prompt_toolkit") else "mock"
        message = (
            f"This command needs {library}, which is not installed."
            f" In the folder of the source, run: pip install '.[{extra}]'"
        )
        print(message, file=sys.stderr)  # noqa: T201 - rich may be what is missing
        return USAGE
