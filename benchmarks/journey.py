"""The whole journey, nobody at the keyboard: from process start, by way of a mock of its own, to a first call and out again."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

from measure import Row, milliseconds, whole_processes

ROUNDS = 7


def rows() -> Iterator[Row]:
    """Register, discover, token, first call, in an empty folder."""
    commands = {
        "pass": [sys.executable, "-c", "pass"],
        "start": [sys.executable, "-m", "wych_kit", "start"],
    }
    try:
        seconds = whole_processes(commands, ROUNDS)
    except subprocess.CalledProcessError as failure:
        last = (failure.stderr or failure.stdout).decode(errors="replace").strip().splitlines()[-1:]
        yield Row(
            "wych-kit start </dev/null, whole process",
            "failed",
            "",
            f"status {failure.returncode}: {' '.join(last)}",
        )
    else:
        yield Row("wych-kit start </dev/null, whole process", milliseconds(seconds["start"]))
