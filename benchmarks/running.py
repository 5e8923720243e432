"""Starts servers as processes and stops them again."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from measure import Command, environment


@contextmanager
def process(command: Command, cwd: Path | None = None, **settings: str) -> Iterator[dict[str, Any]]:
    """Run a server that prints one line of JSON once it listens, and yield that, with `pid` and `began` (seconds since 1970).

    Closing its input, or else SIGTERM, ends it. Raises `RuntimeError` when it prints nothing.
    """
    began = time.time()
    pipe, env = subprocess.PIPE, environment(**settings)
    with subprocess.Popen(
        command, cwd=cwd, env=env, text=True, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL
    ) as server:
        try:
            line = server.stdout.readline() if server.stdout else ""
            if not line:
                raise RuntimeError(f"{Path(command[-1]).name} did not start")
            yield {**json.loads(line), "pid": server.pid, "began": began}
        finally:
            server.terminate()


def first_answer(url: str) -> float:
    """The moment (seconds since 1970) at which a GET was answered."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=10) as answer:
        answer.read()
    return time.time()


def memory(pid: int) -> float:
    """What a process holds in memory, in MiB."""
    found = subprocess.run(
        ["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True, timeout=10
    )
    return int(found.stdout) / 1024
