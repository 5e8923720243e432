"""Run as a process: 64 threads, tasks or processes call at once, with nothing cached, and again when the token has expired.

Arguments, each as JSON: client, crowd, where, life of a token in seconds. Each line of input starts a round, after which it prints
how many calls succeeded and the longest time (seconds) for which the event loop was kept from anything else.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from clients import CLIENTS, Where, call, call_async

MANY = 64
Round = Callable[[], tuple[list[int], float]]


@contextmanager
def threads(who: str, where: Where) -> Iterator[Round]:
    """One client, many threads."""
    client = CLIENTS[who](where)

    def run(gate: threading.Barrier, statuses: list[int]) -> None:
        gate.wait()
        statuses.append(call(client, where["api_url"]))

    def one() -> tuple[list[int], float]:
        statuses: list[int] = []
        gate = threading.Barrier(MANY)
        crowd = [threading.Thread(target=run, args=(gate, statuses)) for _ in range(MANY)]
        for thread in crowd:
            thread.start()
        for thread in crowd:
            thread.join()
        return statuses, 0.0

    yield one


@contextmanager
def tasks(who: str, where: Where) -> Iterator[Round]:
    """One client, many tasks, and one more that notes when it was not let run."""
    client = CLIENTS[who](where, httpx.AsyncClient)
    with asyncio.Runner() as runner:
        yield lambda: runner.run(
            _tasks(client, where["api_url"], call_async if who != "bare" else _call_later)
        )


async def _tasks(client: Any, url: str, one_call: Callable[..., Any]) -> tuple[list[int], float]:
    stalls: list[float] = []
    watch = asyncio.create_task(_watch(stalls))
    await asyncio.sleep(0.05)
    statuses: list[Any] = await asyncio.gather(
        *(one_call(client, url) for _ in range(MANY)), return_exceptions=True
    )
    watch.cancel()
    return statuses, max(stalls)


async def _watch(stalls: list[float]) -> None:
    while True:
        began = time.perf_counter()
        await asyncio.sleep(0.001)
        stalls.append(time.perf_counter() - began - 0.001)


async def _call_later(client: Any, url: str) -> int:
    """The base for stalls: bare calls that start together half a second later, as they do when all wait for one token."""
    await asyncio.sleep(0.5)
    return await call_async(client, url)


@contextmanager
def processes(who: str, where: Where) -> Iterator[Round]:
    """Many processes, each with a client of its own; what they share is the user's cache folder."""
    family: Any = multiprocessing.get_context(
        "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"
    )
    gate, answers = family.Barrier(MANY + 1), family.SimpleQueue()
    crowd = [family.Process(target=_member, args=(who, where, gate, answers)) for _ in range(MANY)]
    for member in crowd:
        member.start()

    def one() -> tuple[list[int], float]:
        gate.wait()
        return [answers.get() for _ in range(MANY)], 0.0

    yield one
    for member in crowd:
        member.kill()
        member.join()


def _member(who: str, where: Where, gate: Any, answers: Any) -> None:
    client = CLIENTS[who](where)
    while True:
        gate.wait()
        answers.put(call(client, where["api_url"]))


def main() -> None:
    """A round for each line; before every one but the first, wait until the token has expired."""
    who, kind, where, life = map(json.loads, sys.argv[1:])
    with {"threads": threads, "tasks": tasks, "processes": processes}[kind](who, where) as one:
        for number, _line in enumerate(sys.stdin):
            if number:
                time.sleep(life)
            statuses, stall = one()
            print(json.dumps({"succeeded": statuses.count(200), "stall": stall}), flush=True)


if __name__ == "__main__":
    main()
