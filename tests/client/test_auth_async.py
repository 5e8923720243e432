"""`WychAuth` in a `httpx.AsyncClient`: the same, for tasks, without holding the event loop up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
import trio

from wych_kit import Refused, Unexpected, Unreachable
from wych_kit.client import http_request, http_response
from wych_kit.client.backoff import ATTEMPTS
from wych_kit.client.token_cache import InFlightRequest

CROWD = 64
LIMITS = httpx.Limits(max_connections=CROWD)


def client(wych, auth: httpx.Auth, **given: Any) -> httpx.AsyncClient:
    """A client without sockets."""
    return httpx.AsyncClient(
        base_url=wych.api_url, auth=auth, transport=httpx.MockTransport(wych), **given
    )


async def crowd(call: Callable[[], Awaitable[Any]], people: int = CROWD) -> list[Any]:
    """Let so many tasks do the same; what each got or raised."""
    return await asyncio.wait_for(
        asyncio.gather(*(call() for _ in range(people)), return_exceptions=True), 30
    )


def hanging(moment: asyncio.Event, wych) -> Callable[[httpx.Request], Awaitable[httpx.Response]]:
    """Make a pretend server whose token endpoint answers when the moment has come."""

    async def handle(request: httpx.Request) -> httpx.Response:
        if request.method == "POST" and "/realms/" in request.url.path:
            await moment.wait()
        return wych(request)

    return handle


def test_both_credentials_are_on_every_call(wych, auth_for, canaries) -> None:
    """As in the other client; the client's own headers stay clean."""

    async def main() -> None:
        async with client(wych, auth_for(wych)) as http:
            assert (await http.get("/users")).json() == []
            assert "x-api-key" not in http.headers

    asyncio.run(main())
    request = wych.seen[-1]
    assert (request.headers["Authorization"], request.headers["x-api-key"]) == (
        "Bearer 0paque.t0ken-0",
        canaries[1],
    )


def test_sixty_four_tasks_cold_and_at_expiry(live, auth_for, clock) -> None:
    """One token request for all of them, and one more when it has run out."""
    live.token_pause = 0.1

    async def main() -> None:
        async with httpx.AsyncClient(
            base_url=live.api_url, auth=auth_for(live), limits=LIMITS
        ) as http:
            for requests in (1, 2):
                answers = await crowd(lambda: http.get("/users"))
                assert [answer.status_code for answer in answers] == [200] * CROWD
                assert (live.token_requests, live.count("discovery")) == (requests, 1)
                clock.ahead += 1000

    asyncio.run(main())


@pytest.mark.parametrize("cache", ["memory", "disk"])
def test_the_event_loop_goes_on_while_tasks_wait(live, auth_for, cache: str) -> None:
    """The token endpoint answers only after another task of this loop has run twenty times; sixty-four tasks wait for it."""
    live.token_gate.clear()

    async def tick() -> None:
        while live.token_requests == 0:  # noqa: ASYNC110 - the request arrives in a thread
            await asyncio.sleep(0.005)
        for _ in range(20):
            await asyncio.sleep(0.005)
        live.token_gate.set()

    async def main() -> None:
        async with httpx.AsyncClient(
            base_url=live.api_url, auth=auth_for(live, token_cache=cache), limits=LIMITS
        ) as http:
            ticking = asyncio.create_task(tick())
            assert [answer.status_code for answer in await crowd(lambda: http.get("/users"))] == [
                200
            ] * CROWD
            await ticking

    asyncio.run(main())
    assert live.token_requests == 1


def test_retry_after_is_waited_for_without_holding_the_loop(wych, auth_for) -> None:
    """Twice busy, then the call succeeds; other tasks run meanwhile."""
    wych.answers["token"] += [
        httpx.Response(429, headers={"Retry-After": "1"}),
        httpx.Response(503, headers={"Retry-After": "0"}),
    ]

    async def main() -> None:
        async with client(wych, auth_for(wych)) as http:
            call = asyncio.create_task(http.get("/users"))
            for _ in range(20):
                await asyncio.sleep(0.01)
            assert not call.done()
            assert (await call).status_code == 200

    began = time.monotonic()
    asyncio.run(main())
    assert time.monotonic() - began >= 1
    assert wych.token_requests == 3


def test_a_busy_endpoint_ends_in_a_refusal(wych, auth_for) -> None:
    """So many attempts and no more, for all who wait together."""
    wych.answers["token"] += [httpx.Response(503, headers={"Retry-After": "0"})] * 50

    async def main() -> list[Any]:
        async with client(wych, auth_for(wych)) as http:
            return await crowd(lambda: http.get("/users"), 16)

    assert {(type(error), error.status) for error in asyncio.run(main())} == {(Refused, 503)}
    assert wych.token_requests == ATTEMPTS


def test_a_revoked_token_is_replaced_once_for_all_tasks(live, auth_for) -> None:
    """Sixty-four 401 make one token request, and sixty-four successes."""

    async def main() -> None:
        async with httpx.AsyncClient(
            base_url=live.api_url, auth=auth_for(live), limits=LIMITS
        ) as http:
            await http.get("/users")
            live.revoke()
            live.token_pause = 0.1
            assert [answer.status_code for answer in await crowd(lambda: http.get("/users"))] == [
                200
            ] * CROWD

    asyncio.run(main())
    assert live.token_requests == 2


def test_a_stream_is_not_sent_again_but_the_next_call_works(live, auth_for) -> None:
    """What was read away cannot be repeated."""

    async def stream() -> AsyncIterator[bytes]:
        yield b"once"

    async def main() -> None:
        async with httpx.AsyncClient(base_url=live.api_url, auth=auth_for(live)) as http:
            await http.get("/users")
            live.revoke()
            assert (
                await http.post("/user", content=stream(), headers={"Content-Length": "4"})
            ).status_code == 401
            assert live.token_requests == 1
            assert (await http.post("/user", json={})).status_code == 200

    asyncio.run(main())
    assert live.token_requests == 2


def test_a_401_that_a_hook_raises_for_ends_the_token_too(wych, auth_for) -> None:
    """As in the other client: the call fails, the next one has a new token."""

    async def hook(response: httpx.Response) -> None:
        response.raise_for_status()

    async def main() -> None:
        async with client(wych, auth_for(wych), event_hooks={"response": [hook]}) as http:
            await http.get("/users")
            wych.revoke()
            with pytest.raises(httpx.HTTPStatusError):
                await http.get("/users")
            assert (await http.get("/users")).status_code == 200

    asyncio.run(main())
    assert wych.token_requests == 2


def test_always_401_is_bounded(wych, auth_for) -> None:
    """Two tokens at most, however many tasks and calls."""
    wych.answers["api"] += [httpx.Response(401)] * 500

    async def main() -> None:
        async with client(wych, auth_for(wych)) as http:
            for _ in range(2):
                assert {
                    answer.status_code for answer in await crowd(lambda: http.get("/users"))
                } == {401}

    asyncio.run(main())
    assert wych.token_requests == 2
    assert wych.count("api") <= 3 * CROWD


@pytest.mark.parametrize("way", ["cancel", "timeout"])
def test_when_the_leader_is_cancelled_another_asks(wych, auth_for, way: str) -> None:
    """The others go on and nobody hangs; the cancelled task is cancelled."""

    async def main() -> None:
        moment = asyncio.Event()
        transport = httpx.MockTransport(hanging(moment, wych))
        async with httpx.AsyncClient(
            base_url=wych.api_url, auth=auth_for(wych), transport=transport
        ) as http:
            if way == "cancel":
                leader = asyncio.create_task(http.get("/users"))
            else:
                leader = asyncio.create_task(asyncio.wait_for(http.get("/users"), 0.1))
            await asyncio.sleep(0.03)
            others = asyncio.create_task(crowd(lambda: http.get("/users"), 16))
            await asyncio.sleep(0.03)
            if way == "cancel":
                leader.cancel()
            with pytest.raises(asyncio.CancelledError if way == "cancel" else TimeoutError):
                await leader
            moment.set()
            assert [answer.status_code for answer in await others] == [200] * 16

    asyncio.run(main())
    assert wych.token_requests == 1


def test_a_waiting_task_that_is_cancelled_disturbs_nobody(wych, auth_for) -> None:
    """Not the leader, nor the others that wait."""

    async def main() -> None:
        moment = asyncio.Event()
        transport = httpx.MockTransport(hanging(moment, wych))
        async with httpx.AsyncClient(
            base_url=wych.api_url, auth=auth_for(wych), transport=transport
        ) as http:
            calls = [asyncio.create_task(http.get("/users")) for _ in range(8)]
            await asyncio.sleep(0.05)
            for call in calls[2:5]:
                call.cancel()
            await asyncio.sleep(0)
            moment.set()
            answers = await asyncio.gather(*calls, return_exceptions=True)
        assert [getattr(answer, "status_code", type(answer)) for answer in answers] == [200] * 2 + [
            asyncio.CancelledError
        ] * 3 + [200] * 3

    asyncio.run(main())
    assert wych.token_requests == 1


def broken(
    attempts: list[httpx.Request], sleep: Callable[[float], Awaitable[None]]
) -> httpx.MockTransport:
    """Make a network that is down."""

    async def handle(request: httpx.Request) -> httpx.Response:
        attempts.append(request)
        await sleep(0.1)
        raise httpx.ConnectError("refused", request=request)

    return httpx.MockTransport(handle)


def test_a_failed_connection_is_everybodys(wych, auth_for) -> None:
    """One attempt: the leader gets httpx's exception, the others ours. Then all is as before."""
    attempts: list[httpx.Request] = []

    async def main() -> list[Any]:
        auth = auth_for(wych)
        async with httpx.AsyncClient(
            base_url=wych.api_url, auth=auth, transport=broken(attempts, asyncio.sleep)
        ) as http:
            errors = await crowd(lambda: http.get("/users"))
        async with client(wych, auth) as http:
            assert (await http.get("/users")).status_code == 200
        return errors

    errors = asyncio.run(main())
    assert len(attempts) == 1
    assert sorted(type(error).__name__ for error in errors) == ["ConnectError"] + [
        "Unreachable"
    ] * (CROWD - 1)


def test_an_answer_that_breaks_off_is_everybodys(live, auth_for) -> None:
    """The token endpoint's answer ends in the middle, on a real connection."""
    live.token_pause = 0.2
    live.answers["token"] += [
        httpx.Response(200, headers={"Content-Length": "50"}, content=iter([b"{"]))
    ]

    async def main() -> list[Any]:
        async with httpx.AsyncClient(base_url=live.api_url, auth=auth_for(live)) as http:
            errors = await crowd(lambda: http.get("/users"), 16)
            assert (await http.get("/users")).status_code == 200
        return errors

    names = sorted(type(error).__name__ for error in asyncio.run(main()))
    assert names == ["RemoteProtocolError"] + ["Unreachable"] * 15


def test_limits_hold_for_tasks_too(live, auth_for, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token answer too long or too slow, read by an asynchronous client."""
    long = httpx.Response(200, content=b" " * (http_response.ANSWER_BYTES + 1))

    def slowly():
        yield b"{"
        for _ in range(300):
            time.sleep(0.01)
            yield b" "

    slow = httpx.Response(200, content=slowly())
    live.answers["token"] += [long, slow]

    async def main() -> None:
        async with httpx.AsyncClient(base_url=live.api_url, auth=auth_for(live)) as http:
            with pytest.raises(Unexpected) as caught:
                await http.get("/users")
            assert (caught.value.reference, caught.value.stage) == ("answer-too-long", "token")
            monkeypatch.setattr(http_request, "ANSWER_SECONDS", 0.2)
            with pytest.raises(Unreachable) as slowness:
                await http.get("/users")
            assert (slowness.value.reference, slowness.value.stage) == ("timeout", "token")

    asyncio.run(main())


def test_a_wrong_document_is_judged_for_tasks_too(wych, auth_for) -> None:
    """Every one of a crowd is told, with one discovery request."""
    wych.answers["discovery"] += [httpx.Response(404, json={"error": "Realm does not exist"})] * 50

    async def main() -> list[Any]:
        async with client(wych, auth_for(wych)) as http:
            return await crowd(lambda: http.get("/users"), 16)

    assert {(type(error), error.reference, error.stage) for error in asyncio.run(main())} == {
        (Refused, "wrong-realm", "discovery")
    }
    assert wych.count("discovery") == 1


def test_threads_and_tasks_share_one_token(live, auth_for) -> None:
    """One `WychAuth` in an event loop and in threads beside it: still one token request."""
    auth = auth_for(live)
    live.token_pause = 0.2

    def call() -> int:
        with httpx.Client(base_url=live.api_url, auth=auth) as http:
            return http.get("/users").status_code

    async def main() -> None:
        async with httpx.AsyncClient(base_url=live.api_url, auth=auth) as http:
            tasks = [http.get("/users") for _ in range(8)]
            threads = [asyncio.to_thread(call) for _ in range(8)]
            answers = await asyncio.gather(*threads, *tasks)
            assert {getattr(answer, "status_code", answer) for answer in answers} == {200}

    asyncio.run(main())
    assert live.token_requests == 1


def test_a_blocking_call_on_the_loop_of_the_leading_task(wych, auth_for) -> None:
    """It would hold up the very loop that has to bring the token: so it asks for itself, and both calls succeed."""
    auth = auth_for(wych)

    def blocking() -> int:
        with httpx.Client(
            base_url=wych.api_url, auth=auth, transport=httpx.MockTransport(wych)
        ) as http:
            return http.get("/users").status_code

    async def main() -> tuple[int, int]:
        moment = asyncio.Event()
        transport = httpx.MockTransport(hanging(moment, wych))
        async with httpx.AsyncClient(base_url=wych.api_url, auth=auth, transport=transport) as http:
            leading = asyncio.create_task(http.get("/users"))
            await asyncio.sleep(0.05)
            assert auth._source._flight
            status = blocking()
            moment.set()
            return status, (await leading).status_code

    assert asyncio.run(main()) == (200, 200)
    assert wych.token_requests == 2


@pytest.mark.parametrize("library", [asyncio, trio], ids=["asyncio", "trio"])
def test_a_task_that_waited_long_enough_is_told(
    wych, auth_for, monkeypatch: pytest.MonkeyPatch, library: Any
) -> None:
    """The one who asks never comes back: the waiting task gets an error, and does not wait again."""
    monkeypatch.setattr("wych_kit.client.drivers.MAX_WAIT", 0.01)
    auth = auth_for(wych)
    auth._source._flight = InFlightRequest()

    async def main() -> None:
        async with client(wych, auth) as http:
            with pytest.raises(Unreachable) as caught:
                await http.get("/users")
            assert caught.value.reference == "token-lock"

    library.run(main) if library is trio else asyncio.run(main())
    assert wych.seen == []


def test_two_event_loops_share_one_token(live, auth_for) -> None:
    """Each in its own thread, with its own client, at the same moment."""
    auth = auth_for(live)
    live.token_pause = 0.2

    async def main() -> set[int]:
        async with httpx.AsyncClient(base_url=live.api_url, auth=auth) as http:
            return {answer.status_code for answer in await crowd(lambda: http.get("/users"), 8)}

    async def both() -> None:
        assert await asyncio.gather(
            *(asyncio.to_thread(asyncio.run, main()) for _ in range(2))
        ) == [{200}, {200}]

    asyncio.run(both())
    assert live.token_requests == 1


# trio ----------------------------------------------------------------------------------------------------------------------------


async def trio_crowd(call: Callable[[], Awaitable[Any]], people: int) -> list[Any]:
    """Let so many trio tasks do the same; what each got or raised."""
    found: list[Any] = []

    async def one() -> None:
        try:
            found.append(await call())
        except Exception as error:  # noqa: BLE001 - what was raised is the result
            found.append(error)

    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            for _ in range(people):
                nursery.start_soon(one)
    return found


def test_trio_tasks_share_one_token(live, auth_for) -> None:
    """The same on the other event loop: one request cold, one after the revocation, and the loop goes on meanwhile."""

    async def tick() -> None:
        for requests in (1, 2):
            while live.token_requests < requests:  # noqa: ASYNC110 - as above
                await trio.sleep(0.005)
            for _ in range(20):
                await trio.sleep(0.005)
            live.token_gate.set()

    async def main() -> None:
        async with (
            httpx.AsyncClient(base_url=live.api_url, auth=auth_for(live)) as http,
            trio.open_nursery() as nursery,
        ):
            nursery.start_soon(tick)
            for requests in (1, 2):
                live.token_gate.clear()
                assert [
                    answer.status_code for answer in await trio_crowd(lambda: http.get("/users"), 8)
                ] == [200] * 8
                assert live.token_requests == requests
                live.revoke()

    trio.run(main)


def test_in_trio_too_another_asks_when_the_leader_is_cancelled(wych, auth_for) -> None:
    """And a failed connection is everybody's."""
    attempts: list[httpx.Request] = []

    async def main() -> None:
        auth = auth_for(wych)
        async with httpx.AsyncClient(
            base_url=wych.api_url, auth=auth, transport=broken(attempts, trio.sleep)
        ) as down:
            async with client(wych, auth) as http, trio.open_nursery() as nursery:

                async def lead() -> None:
                    with trio.move_on_after(0.05):
                        await down.get("/users")

                async def follow() -> None:
                    await trio.sleep(0.02)
                    assert (await http.get("/users")).status_code == 200

                nursery.start_soon(lead)
                nursery.start_soon(follow)
            auth.forget()
            attempts.clear()
            errors = await trio_crowd(lambda: down.get("/users"), 8)
        assert len(attempts) == 1
        assert (
            sorted(type(error).__name__ for error in errors)
            == ["ConnectError"] + ["Unreachable"] * 7
        )

    trio.run(main)
    assert wych.token_requests == 1


def test_trio_waits_for_a_busy_endpoint(wych, auth_for) -> None:
    """Its own way to sleep is used."""
    wych.answers["token"].append(httpx.Response(429, headers={"Retry-After": "1"}))

    async def main() -> None:
        async with client(wych, auth_for(wych)) as http:
            assert (await http.get("/users")).status_code == 200

    began = time.monotonic()
    trio.run(main)
    assert time.monotonic() - began >= 1
