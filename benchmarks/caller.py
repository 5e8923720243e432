"""Run as a process: the CPU time of a client's calls with a cached token over bare httpx's, printed as ratios.

Arguments, each as JSON: client, where, asynchronous, pairs, calls.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable

import httpx
from clients import CLIENTS, Where, call, call_async
from measure import paired


def timed(who: str, where: Where, calls: int) -> Callable[[], float]:
    """CPU seconds of some calls, one after the other. The first, which fetches the token, is made before."""
    client, url = CLIENTS[who](where), where["api_url"]
    assert call(client, url) == 200

    def run() -> float:
        began = time.process_time()
        for _ in range(calls):
            client.get(url)
        return time.process_time() - began

    return run


def timed_async(
    who: str, where: Where, calls: int, loop: asyncio.AbstractEventLoop
) -> Callable[[], float]:
    """The same in an event loop."""
    client, url = CLIENTS[who](where, httpx.AsyncClient), where["api_url"]
    assert loop.run_until_complete(call_async(client, url)) == 200

    async def run() -> float:
        began = time.process_time()
        for _ in range(calls):
            await client.get(url)
        return time.process_time() - began

    return lambda: loop.run_until_complete(run())


def main() -> None:
    """Print one ratio for each pair."""
    who, where, asynchronous, pairs, calls = map(json.loads, sys.argv[1:])
    if asynchronous:
        loop = asyncio.new_event_loop()
        first, second = (timed_async(name, where, calls, loop) for name in (who, "bare"))
    else:
        first, second = (timed(name, where, calls) for name in (who, "bare"))
    print(json.dumps(paired(first, second, pairs)))


main()
