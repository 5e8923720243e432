"""Runs a token flow: sends what it yields, waits where it says so. Decides nothing."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import AsyncGenerator, Callable, Generator
from typing import TYPE_CHECKING, cast

import httpx

from wych_kit.client.backoff import MAX_WAIT
from wych_kit.client.destination import refuse_redirects
from wych_kit.client.http_response import limit_answer
from wych_kit.client.httpx_errors import translate_httpx_error
from wych_kit.client.token_source import Pause
from wych_kit.errors import WychError

if TYPE_CHECKING:
    from wych_kit.client.token import Token
    from wych_kit.client.token_cache import InFlightRequest
    from wych_kit.client.token_source import Flow

Requests = Generator[httpx.Request, httpx.Response, "Token"]


def drive(
    flow: Flow,
    send: Callable[[httpx.Request], httpx.Response],
    sleep: Callable[[float], None] | None = None,
) -> Token:
    """Run a flow to its end in this thread and return its token.

    `send` may return a response that is still to be read. `sleep` is `time.sleep` unless given; it
    may raise, where waiting is of no use. Raises what the flow or `send` raises.
    """
    requests = yield_requests(flow, sleep)
    try:
        request = next(requests)
        while True:
            with contextlib.closing(send(request)) as response:
                request = requests.send(response)
    except StopIteration as end:
        return cast("Token", end.value)
    finally:
        requests.close()


def yield_requests(
    flow: Flow,
    sleep: Callable[[float], None] | None = None,
    *,
    unread: httpx.Request | None = None,
) -> Requests:
    """Run a flow in this thread, as httpx wants it: yield each request, be sent its response.

    Every response is read within the limits, except the one to `unread`: the caller's own request,
    whose response may be a stream of any length.
    """
    try:
        effect = next(flow)
        while True:
            response = None
            if isinstance(effect, httpx.Request):
                started = time.monotonic()
                refuse_redirects(effect, tasks=False)
                response = yield effect
                if effect is not unread:
                    limit_answer(response, started).read()
            elif isinstance(effect, Pause):
                (sleep or time.sleep)(effect.seconds)
            else:
                effect.wait()
            effect = flow.send(response)
    except StopIteration as end:
        return cast("Token", end.value)
    except BaseException as stop:
        _abandon(flow, _failure_behind(stop))
        raise


async def yield_requests_async(
    flow: Flow, *, unread: httpx.Request
) -> AsyncGenerator[httpx.Request, httpx.Response]:
    """Run a flow in a task of asyncio or trio, as `yield_requests` does in a thread."""
    try:
        effect = next(flow)
        while True:
            response = None
            if isinstance(effect, httpx.Request):
                started = time.monotonic()
                refuse_redirects(effect, tasks=True)
                response = yield effect
                if effect is not unread:
                    await limit_answer(response, started).aread()
            elif isinstance(effect, Pause):
                await _sleep(effect.seconds)
            else:
                await _await_in_flight(effect)
            effect = flow.send(response)
    except StopIteration:
        return
    except GeneratorExit:
        pass
    except BaseException as stop:
        _abandon(flow, _failure_behind(stop))
        raise
    # What httpx is handling as it closes us: Python 3.11 leaves it out of GeneratorExit's context.
    _abandon(flow, _failure_behind(sys.exc_info()[1]))


def _abandon(flow: Flow, failure: WychError | None) -> None:
    # Those who wait for its token get the failure; without one, the first of them asks instead.
    if failure is not None:
        with contextlib.suppress(WychError, StopIteration):
            flow.throw(failure)
    flow.close()


def _failure_behind(stop: BaseException | None) -> WychError | None:
    # httpx closes a flow, with GeneratorExit, after whatever stopped the sending.
    while isinstance(stop, GeneratorExit):
        stop = stop.__context__
    if isinstance(stop, httpx.HTTPError):
        return translate_httpx_error(stop)
    return stop if isinstance(stop, WychError) else None


async def _sleep(seconds: float) -> None:
    import anyio  # httpx brings it, and only its asynchronous side needs it

    await anyio.sleep(seconds)


async def _await_in_flight(request: InFlightRequest) -> None:
    import asyncio  # 8 ms that a program with threads only does not need

    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        # trio has no way to wait for a Future of another thread, so it looks now and then.
        ends = time.monotonic() + 2 * MAX_WAIT
        while not request.future.done() and time.monotonic() < ends:
            await _sleep(0.01)
        return
    await asyncio.wait([asyncio.wrap_future(request.future, loop=loop)], timeout=2 * MAX_WAIT)
