"""Measures things beside their base in the same run: on a busy machine a ratio survives, a number of milliseconds does not."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
ROOT = HERE.parent
FOREIGN = (
    "WYCH_",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
)

Command = Sequence[str | Path]


class Row(NamedTuple):
    """One line of the table: what was measured, ours, what must be reached, and what others came to in the same run."""

    what: str
    ours: str
    target: str = ""
    others: str = ""


def environment(**more: str) -> dict[str, str]:
    """The environment for a child: bytecode is written and used, nobody's settings or proxies leak in."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(FOREIGN) and name != "PYTHONDONTWRITEBYTECODE"
    }
    return {**kept, "PYTHONPATH": str(ROOT), **more}


def said(script: str, *arguments: Any, python: str | Path = sys.executable) -> Any:
    """The JSON that a script of this folder prints, given the arguments as JSON."""
    command: Command = [python, HERE / script, *map(json.dumps, arguments)]
    outcome = subprocess.run(
        command, env=environment(), stdout=subprocess.PIPE, text=True, check=True, timeout=120
    )
    return json.loads(outcome.stdout)


def whole_processes(
    commands: Mapping[str, Command], rounds: int, settings: Mapping[str, str] | None = None
) -> dict[str, list[float]]:
    """Seconds from spawning each command to its end, all commands in turn, `rounds` times.

    Each runs in an empty folder of its own, with an empty WYCH_HOME. One round before warms the caches and writes the bytecode.
    Raises `CalledProcessError` when one fails.
    """
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds + 1):
        for name, command in commands.items():
            seconds[name].append(_one_process(command, settings or {}))
    return {name: found[1:] for name, found in seconds.items()}


def _one_process(command: Command, settings: Mapping[str, str]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder, "home")
        home.mkdir()
        env = environment(WYCH_HOME=str(home), **settings)
        began = time.perf_counter()
        subprocess.run(
            command,
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
            timeout=120,
        )
        return time.perf_counter() - began


def paired(first: Callable[[], float], second: Callable[[], float], pairs: int) -> list[float]:
    """Ratios first ÷ second, one for each pair; who goes first alternates."""
    ratios = []
    for turn in range(pairs):
        if turn % 2:
            below = second()
            above = first()
        else:
            above = first()
            below = second()
        ratios.append(above / below)
    return ratios


def ratio(above: Sequence[float], below: Sequence[float]) -> str:
    """The median of the ratios of what was measured next to each other, as text."""
    return f"{statistics.median(a / b for a, b in zip(above, below, strict=True)):.2f}"


def milliseconds(seconds: Sequence[float]) -> str:
    """The median, as text."""
    return f"{statistics.median(seconds) * 1000:.0f} ms"
