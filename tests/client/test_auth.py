"""`WychAuth` in a `httpx.Client`: one token for everybody, one more after a 401, patience with a busy endpoint, a grudge after a no."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from typing import Any

import httpx
import pytest

from wych_kit import Refused, Secret, SettingInvalid, Unexpected, Unreachable, WychAuth, WychError
from wych_kit.client.backoff import ATTEMPTS
from wych_kit.client.token import Token
from wych_kit.client.token_cache import InFlightRequest
from wych_kit.client.token_source import REFUSAL_COOLDOWN

CROWD = 64


def client(wych, auth: httpx.Auth, **given: Any) -> httpx.Client:
    """A client without sockets."""
    return httpx.Client(
        base_url=wych.api_url, auth=auth, transport=httpx.MockTransport(wych), **given
    )


def crowd(call: Callable[[int], Any], people: int = CROWD) -> list[Any]:
    """Let so many threads do the same at the same moment; what each got or raised."""
    start = threading.Barrier(people)

    def one(number: int) -> Any:
        start.wait(10)
        try:
            return call(number)
        except Exception as error:  # noqa: BLE001 - what was raised is the result
            return error

    with ThreadPoolExecutor(people) as pool:
        return list(pool.map(one, range(people), timeout=30))


def test_both_credentials_are_on_every_call(wych, auth_for, canaries) -> None:
    """The header names are Wych's; the token is the one that was issued; nothing was sent before the first call."""
    auth = auth_for(wych)
    assert wych.seen == []
    with client(wych, auth) as http:
        assert http.get("/users").json() == []
    request = wych.seen[-1]
    assert (request.headers["Authorization"], request.headers["x-api-key"]) == (
        "Bearer 0paque.t0ken-0",
        canaries[1],
    )


def test_the_key_is_never_in_the_clients_own_headers(wych, auth_for, canaries) -> None:
    """Their `repr` would show it; `repr` of the auth shows neither secret."""
    auth = auth_for(wych)
    with client(wych, auth) as http:
        http.get("/users")
        assert "x-api-key" not in http.headers
        shown = f"{http.headers!r} {auth!r} {auth.provider!r} {vars(auth)!r} {vars(auth._source)!r}"
    assert [secret for secret in (*canaries, "0paque.t0ken-0") if secret in shown] == []


def test_discovery_and_token_requests_carry_nothing_of_the_call(wych, auth_for) -> None:
    """No API key, no cookie, no default header of the user's client goes to the identity provider."""
    with client(
        wych, auth_for(wych), headers={"X-Mine": "1"}, cookies={"sid": "1"}, params={"a": "1"}
    ) as http:
        http.get("/users")
    for request in wych.seen[:2]:
        assert not {"x-api-key", "authorization", "cookie", "x-mine"} & {
            name.lower() for name in request.headers
        }
        assert request.url.query == b""


def test_fifty_calls_with_a_token_of_thirty_seconds(wych, auth_for) -> None:
    """One token request: a short life is no reason to ask each time."""
    wych.lifetime = 30
    with client(wych, auth_for(wych)) as http:
        assert {http.get("/users").status_code for _ in range(50)} == {200}
    assert (wych.token_requests, wych.count("discovery")) == (1, 1)


def test_a_token_is_renewed_shortly_before_its_end(wych, auth_for, clock) -> None:
    """Once at the margin; discovery is not repeated."""
    with client(wych, auth_for(wych)) as http:
        for ahead, requests in ((0, 1), (860, 1), (880, 2), (1700, 2), (1760, 3)):
            clock.ahead = ahead
            assert http.get("/users").status_code == 200
            assert wych.token_requests == requests
    assert wych.count("discovery") == 1


def test_a_token_without_life_is_used_once(wych, auth_for) -> None:
    """`expires_in` 0: every call asks, and every call works."""
    wych.lifetime = 0
    with client(wych, auth_for(wych)) as http:
        assert [http.get("/users").status_code for _ in range(3)] == [200] * 3
    assert wych.token_requests == 3


def test_sixty_four_threads_cold_and_at_expiry(live, auth_for, clock) -> None:
    """One token request for all of them, and one more when it has run out; all calls succeed."""
    live.token_pause = 0.1
    with httpx.Client(
        base_url=live.api_url, auth=auth_for(live), limits=httpx.Limits(max_connections=CROWD)
    ) as http:
        for requests in (1, 2):
            answers = crowd(lambda _: http.get("/users").status_code)
            assert answers == [200] * CROWD
            assert (live.token_requests, live.count("discovery")) == (requests, 1)
            clock.ahead += 1000


def test_threads_with_clients_of_their_own_share_as_well(wych, auth_for) -> None:
    """The token belongs to the `WychAuth`, not to the client that it was asked for through."""
    auth = auth_for(wych)
    wych.token_pause = 0.05

    def call(_: int) -> int:
        with client(wych, auth) as http:
            return http.get("/users").status_code

    assert crowd(call) == [200] * CROWD
    assert wych.token_requests == 1


# After a 401 -------------------------------------------------------------------------------------------------------------------


def test_a_revoked_token_is_replaced_within_the_call(wych, auth_for) -> None:
    """The next call succeeds with one token request more; so does the one after the next revocation."""
    with client(wych, auth_for(wych)) as http:
        for requests in (1, 2, 3):
            assert http.get("/users").status_code == 200
            assert wych.token_requests == requests
            wych.revoke()
    assert wych.count("api") == 5


def test_a_revoked_token_is_replaced_once_for_all_threads(live, auth_for) -> None:
    """Sixty-four 401 make one token request."""
    live.token_pause = 0.1
    with httpx.Client(
        base_url=live.api_url, auth=auth_for(live), limits=httpx.Limits(max_connections=CROWD)
    ) as http:
        http.get("/users")
        live.revoke()
        assert crowd(lambda _: http.get("/users").status_code) == [200] * CROWD
    assert live.token_requests == 2


def test_the_refused_token_is_not_taken_from_another_flight(wych, auth_for) -> None:
    """Who waits because of a 401, for somebody who asked before it, may get the same token again: then another is asked for."""
    source = auth_for(wych)._source
    old = Token(Secret("old"), 900.0, time.monotonic() + 900)
    flight = source._flight = InFlightRequest()
    follower = source.acquire(refused=old, blocks=False)
    assert next(follower) is flight
    source._flight = None
    flight.resolve(Token(Secret("old"), 900.0, time.monotonic() + 900))
    assert isinstance(follower.send(None), httpx.Request)
    follower.close()


def test_a_server_that_always_says_401_is_not_hammered(wych, auth_for, clock) -> None:
    """Two tries and two tokens at first, then one try a call and no token until the grudge is over; once well, all is well."""
    always = [lambda request: httpx.Response(401)] * 40
    wych.answers["api"] += always
    with client(wych, auth_for(wych)) as http:
        assert http.get("/users").status_code == 401
        assert (wych.token_requests, wych.count("api")) == (2, 2)
        assert {http.get("/users").status_code for _ in range(20)} == {401}
        clock.ahead = REFUSAL_COOLDOWN + 1
        assert {http.get("/users").status_code for _ in range(5)} == {401}
        assert (wych.token_requests, wych.count("api")) == (3, 28)
        wych.answers["api"].clear()
        assert http.get("/users").status_code == 200


def test_a_token_revoked_during_an_outage_is_replaced_after_it(wych, auth_for, clock) -> None:
    """Two 401 in a row, no success in between, and then a real revocation: half a minute later it is healed, not at expiry."""
    wych.answers["api"] += [httpx.Response(401)] * 2
    with client(wych, auth_for(wych)) as http:
        assert http.get("/users").status_code == 401
        wych.revoke()
        clock.ahead = REFUSAL_COOLDOWN + 1
        assert http.get("/users").status_code == 200
    assert wych.token_requests == 3


def test_a_second_try_without_an_answer_leaves_no_trace(wych, auth_for) -> None:
    """The renewed token's first call dies on the network and the token is revoked as well: the next call gets another one."""

    def cut_off(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("cut off", request=request)

    wych.answers["api"] += [httpx.Response(401), cut_off]
    with client(wych, auth_for(wych)) as http:
        with pytest.raises(httpx.ReadError):
            http.get("/users")
        wych.revoke()
        assert http.get("/users").status_code == 200
    assert wych.token_requests == 3


def test_forget_begins_anew(wych, auth_for) -> None:
    """Nor is it remembered that a new token did not help: after `forget` a 401 is answered with a new one again."""
    wych.answers["api"] += [httpx.Response(401)] * 2
    auth = auth_for(wych)
    with client(wych, auth) as http:
        assert http.get("/users").status_code == 401
        auth.forget()
        assert http.get("/users").status_code == 200
        wych.revoke()
        assert http.get("/users").status_code == 200
    assert wych.token_requests == 4


def test_one_path_that_always_says_401_makes_no_storm(wych, auth_for, clock) -> None:
    """Calls to other paths succeed in between, and still there is no new token for each 401: one in half a minute at most."""

    def here_not(request: httpx.Request) -> httpx.Response:
        return httpx.Response(401 if request.url.path.endswith("/closed") else 200)

    wych.answers["api"] += [here_not] * 200
    with client(wych, auth_for(wych)) as http:
        for _ in range(20):
            assert http.get("/closed").status_code == 401
            assert http.get("/users").status_code == 200
        assert wych.token_requests == 2
        clock.ahead = REFUSAL_COOLDOWN + 1
        assert http.get("/closed").status_code == 401
    assert wych.token_requests == 3


def test_a_403_asks_for_no_token(wych, auth_for) -> None:
    """RFC 9110 §15.5.4: other credentials of the same kind would not help."""
    with client(wych, auth_for(wych, api_key="wrong")) as http:
        assert [http.get("/users").status_code for _ in range(3)] == [403] * 3
    assert (wych.token_requests, wych.count("api")) == (1, 3)


def test_a_body_is_sent_again_as_it_was(wych, auth_for) -> None:
    """After a 401 the same JSON, form or file goes out once more; the caller's own headers stay."""
    with client(wych, auth_for(wych)) as http:
        http.get("/users")
        for content in (
            {"json": {"email": "ä@b.example"}},
            {"data": {"a": "ä b"}},
            {"content": b"\x00\xff"},
        ):
            wych.revoke()
            http.post("/user", headers={"X-Mine": "1"}, **content)
            first, second = [
                request for request in wych.seen if request.url.path.endswith("/user")
            ][-2:]
            assert first.content == second.content != b""
            assert second.headers["X-Mine"] == "1"
            assert (
                len(second.headers.get_list("x-api-key"))
                == len(second.headers.get_list("Authorization"))
                == 1
            )


def test_a_stream_is_not_sent_again_but_the_next_call_works(live, auth_for) -> None:
    """What was read away cannot be repeated: the caller gets the 401, and the refused token is not used any more."""

    def stream() -> Iterator[bytes]:
        yield b"once"

    def read(request: httpx.Request) -> httpx.Response:
        return httpx.Response(401)

    with httpx.Client(base_url=live.api_url, auth=auth_for(live)) as http:
        http.get("/users")
        live.revoke()
        live.answers["api"].append(read)
        assert (
            http.post("/user", content=stream(), headers={"Content-Length": "4"}).status_code == 401
        )
        assert live.token_requests == 1
        assert http.get("/users").status_code == 200
        assert live.token_requests == 2
        live.answers["api"] += [read, read]
        for _ in range(2):
            http.post("/user", content=stream(), headers={"Content-Length": "4"})
        assert http.get("/users").status_code == 200
    assert live.token_requests == 2


def test_a_401_that_a_hook_raises_for_ends_the_token_too(wych, auth_for) -> None:
    """With the common `raise_for_status` hook there is no second try, but the next call has a new token; one in half a minute."""
    hooks = {"response": [lambda response: response.raise_for_status()]}
    with client(wych, auth_for(wych), event_hooks=hooks) as http:
        http.get("/users")
        wych.revoke()
        with pytest.raises(httpx.HTTPStatusError):
            http.get("/users")
        assert http.get("/users").status_code == 200
        wych.answers["api"] += [httpx.Response(401)] * 5
        for _ in range(5):
            with pytest.raises(httpx.HTTPStatusError):
                http.get("/users")
    assert wych.token_requests == 2


# A busy endpoint, and one that refuses -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("where", ["token", "discovery"])
def test_retry_after_is_honoured_twice_then_it_works(
    wych, auth_for, clock, status: int, where: str
) -> None:
    """In seconds and as a date: the waits are as the server asks, and the call succeeds."""
    wych.answers[where] += [
        httpx.Response(status, headers={"Retry-After": "1"}),
        lambda request: httpx.Response(
            status, headers={"Retry-After": formatdate(int(time.time()) + 3, usegmt=True)}
        ),
    ]
    with client(wych, auth_for(wych)) as http:
        assert http.get("/users").status_code == 200
    assert clock.naps[0] == 1
    assert 1.5 < clock.naps[1] <= 3
    assert wych.count(where) == 3


def test_a_busy_endpoint_without_a_wish_is_left_alone_for_longer_each_time(
    wych, auth_for, clock
) -> None:
    """With jitter, so many times and no more; what it said is in the error."""
    wych.answers["token"] += [httpx.Response(503)] * 50
    with client(wych, auth_for(wych)) as http, pytest.raises(Refused) as caught:
        http.get("/users")
    assert (caught.value.status, caught.value.reference, caught.value.stage) == (
        503,
        "too-many-token-requests",
        "token",
    )
    assert wych.token_requests == ATTEMPTS
    assert len(clock.naps) == ATTEMPTS - 1
    assert sum(clock.naps) < 60


def test_a_wish_beyond_patience_is_told_instead_of_slept(wych, auth_for, clock) -> None:
    """An hour is the caller's to wait, not ours: the error says how long."""
    wych.answers["token"].append(httpx.Response(429, headers={"Retry-After": "3600"}))
    with client(wych, auth_for(wych)) as http, pytest.raises(Refused) as caught:
        http.get("/users")
    assert (caught.value.retry_after, clock.naps, wych.token_requests) == (3600, [], 1)


def test_waiting_threads_share_the_patience_of_one(live, auth_for) -> None:
    """Sixty-four calls against a busy endpoint: three requests, as one call would make."""
    live.answers["token"] += [httpx.Response(429, headers={"Retry-After": "0"})] * 2
    live.token_pause = 0.05
    with httpx.Client(
        base_url=live.api_url, auth=auth_for(live), limits=httpx.Limits(max_connections=CROWD)
    ) as http:
        assert crowd(lambda _: http.get("/users").status_code) == [200] * CROWD
    assert live.token_requests == 3


def wrong_secret(request: httpx.Request) -> httpx.Response:
    return httpx.Response(
        401,
        json={
            "error": "unauthorized_client",
            "error_description": "Invalid client or Invalid client credentials",
        },
    )


def test_a_refused_secret_is_sent_once(wych, auth_for, clock) -> None:
    """By sixty-four threads together, and by nobody until the grudge is over or someone says `forget`."""
    wych.answers["token"] += [wrong_secret] * 50
    wych.token_pause = 0.05
    auth = auth_for(wych)
    with client(wych, auth) as http:
        errors = crowd(lambda _: http.get("/users"))
        assert {(type(error), error.status, error.reference) for error in errors} == {
            (Refused, 401, "wrong-client-secret")
        }
        assert wych.token_requests == 1
        with pytest.raises(Refused):
            http.get("/users")
        assert wych.token_requests == 1
        clock.ahead = REFUSAL_COOLDOWN + 1
        with pytest.raises(Refused):
            http.get("/users")
        assert wych.token_requests == 2
        auth.forget()
        wych.answers.clear()
        assert http.get("/users").status_code == 200
    assert wych.token_requests == 3


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_broken_server_is_no_reason_for_a_grudge(wych, auth_for, status: int) -> None:
    """The secret was not judged: the next call asks again, and works."""
    wych.answers["token"].append(httpx.Response(status))
    with client(wych, auth_for(wych)) as http:
        with pytest.raises(Refused):
            http.get("/users")
        assert http.get("/users").status_code == 200


def test_the_errors_of_a_crowd_are_each_their_own(wych, auth_for) -> None:
    """Raising one error in many threads would mix their tracebacks."""
    wych.answers["token"] += [wrong_secret] * 50
    wych.token_pause = 0.05
    with client(wych, auth_for(wych)) as http:
        errors = crowd(lambda _: http.get("/users"), 8)
    assert len({id(error) for error in errors}) == 8
    assert {error.__context__ for error in errors} == {None}


# When the one who asks fails ---------------------------------------------------------------------------------------------------


def test_a_failed_connection_is_everybodys(wych, auth_for) -> None:
    """The one who asked gets httpx's exception, the sixty-three who waited get ours, and only one attempt was made."""
    attempts: list[httpx.Request] = []

    def broken(request: httpx.Request) -> httpx.Response:
        attempts.append(request)
        time.sleep(0.2)
        raise httpx.ConnectError("refused", request=request)

    auth = auth_for(wych)
    with httpx.Client(
        base_url=wych.api_url, auth=auth, transport=httpx.MockTransport(broken)
    ) as http:
        errors = crowd(lambda _: http.get("/users"))
    assert len(attempts) == 1
    assert sorted(type(error).__name__ for error in errors) == ["ConnectError"] + [
        "Unreachable"
    ] * (CROWD - 1)
    assert {error.stage for error in errors if isinstance(error, Unreachable)} == {"discovery"}
    with client(wych, auth) as http:
        assert http.get("/users").status_code == 200


def test_a_connection_cut_in_the_middle_of_the_answer_is_everybodys(live, auth_for) -> None:
    """The same when the token endpoint's answer breaks off."""
    live.token_pause = 0.2
    live.answers["token"] += [
        httpx.Response(200, headers={"Content-Length": "50"}, content=iter([b"{"]))
    ]
    with httpx.Client(
        base_url=live.api_url, auth=auth_for(live), limits=httpx.Limits(max_connections=CROWD)
    ) as http:
        errors = crowd(lambda _: http.get("/users"), 16)
        assert (
            sorted(type(error).__name__ for error in errors)
            == ["RemoteProtocolError"] + ["Unreachable"] * 15
        )
        assert live.token_requests == 1
        assert http.get("/users").status_code == 200


@pytest.mark.parametrize("stop", [ValueError("a hook of the user's"), KeyboardInterrupt()])
def test_when_only_the_caller_goes_away_another_asks(wych, auth_for, stop: BaseException) -> None:
    """A bug in the leader's own hook, or Ctrl-C: the others are not told that the server failed, and nobody hangs."""
    auth = auth_for(wych)
    inside, waiting = threading.Event(), threading.Event()

    def hook(request: httpx.Request) -> None:
        inside.set()
        assert waiting.wait(10)
        time.sleep(0.1)
        raise stop

    def lead() -> None:
        with client(wych, auth, event_hooks={"request": [hook]}) as http, pytest.raises(type(stop)):
            http.get("/users")

    leader = threading.Thread(target=lead)
    leader.start()
    assert inside.wait(10)

    def follow(_: int) -> int:
        waiting.set()
        with client(wych, auth) as http:
            return http.get("/users").status_code

    assert crowd(follow, 8) == [200] * 8
    leader.join(10)
    assert wych.token_requests == 1


@pytest.mark.parametrize("cache", ["memory", "disk"])
def test_a_hook_may_call_with_the_same_auth(wych, auth_for, cache: str) -> None:
    """While it looks at the token request, its call waits for nobody, least of all for itself: it asks for a token of its own."""
    auth = auth_for(wych, token_cache=cache)
    inner: list[int] = []

    def hook(request: httpx.Request) -> None:
        if request.method == "POST":
            with client(wych, auth) as http:
                inner.append(http.get("/users").status_code)

    with client(wych, auth, event_hooks={"request": [hook]}) as http:
        outer = threading.Thread(
            target=lambda: inner.append(http.get("/users").status_code), daemon=True
        )
        outer.start()
        outer.join(10)
    assert inner == [200, 200]
    assert wych.token_requests == 2


def test_who_waited_long_enough_is_told(wych, auth_for, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one who asks never comes back: those who wait for it get an error, and do not wait again."""
    monkeypatch.setattr("wych_kit.client.token_cache.MAX_WAIT", 0.01)
    auth = auth_for(wych)
    leader = threading.Thread(target=lambda: setattr(auth._source, "_flight", InFlightRequest()))
    leader.start()
    leader.join()
    with client(wych, auth) as http, pytest.raises(Unreachable) as caught:
        http.get("/users")
    assert (caught.value.stage, caught.value.reference) == ("token", "token-lock")
    assert wych.seen == []


def test_an_old_failure_being_handled_is_not_taken_for_the_cause(wych, auth_for) -> None:
    """A caller may be in the middle of handling last time's connection error when Ctrl-C comes: nobody else is told of it."""
    auth = auth_for(wych)
    stopped = auth.sync_auth_flow(httpx.Request("GET", f"{wych.api_url}/users"))
    next(stopped)
    flight = auth._source._flight

    before = signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # a job in a shell's background ignores it

    def interrupted() -> None:
        try:
            httpx.Response(
                503, request=httpx.Request("GET", "https://a.example")
            ).raise_for_status()  # an hour ago
        except httpx.HTTPStatusError:
            try:
                signal.raise_signal(signal.SIGINT)
            finally:
                stopped.close()

    try:
        with pytest.raises(KeyboardInterrupt):
            interrupted()
    finally:
        signal.signal(signal.SIGINT, before)
    assert flight.future.result(0) is None


def test_a_hook_that_raises_for_status_tells_the_crowd_too(wych, auth_for) -> None:
    """The common `raise_for_status` hook hides the answer from us; a refused secret is sent once all the same."""
    wych.answers["token"] += [wrong_secret] * 50
    wych.token_pause = 0.1
    hooks = {"response": [lambda response: response.raise_for_status()]}
    with client(wych, auth_for(wych), event_hooks=hooks) as http:
        errors = crowd(lambda _: http.get("/users"), 8)
    assert sorted(type(error).__name__ for error in errors) == ["HTTPStatusError"] + ["Refused"] * 7
    assert wych.token_requests == 1


@pytest.mark.slow
def test_fork_in_the_middle_of_a_token_request(live, tmp_path) -> None:
    """The child does not wait for a thread that only its parent has: both finish, in memory and with the shared file."""
    script = textwrap.dedent("""
        import os, sys, threading, time, httpx
        from pathlib import Path
        from wych_kit.client.auth import WychAuth
        url, cache, home = sys.argv[1:]
        auth = WychAuth(issuer_url=url + "/realms/partner", client_id="me", client_secret="s", api_key="k", token_cache=cache, home=Path(home))
        def call():
            with httpx.Client(base_url=url + "/v3", auth=auth, trust_env=False, verify=False, timeout=60) as http:
                return http.get("/users").status_code
        leader = threading.Thread(target=call)
        leader.start()
        while auth._source._flight is None: time.sleep(0.001)
        time.sleep(0.1)
        child = os.fork()
        if child == 0:
            os._exit(0 if call() == 403 else 1)
        leader.join()
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) or call() != 403)
    """)
    live.token_pause = 0.4
    for cache, requests in (("memory", 2), ("disk", 3)):
        done = subprocess.run(
            [sys.executable, "-c", script, live.url, cache, str(tmp_path)], timeout=120, check=False
        )
        assert done.returncode == 0
        assert live.token_requests == requests


@pytest.mark.skipif(not hasattr(os, "fork"), reason="fork is of Unix")
def test_fork_while_another_thread_holds_the_lock() -> None:
    """The child has a lock of its own: nobody there could let go of the one it saw held."""
    script = textwrap.dedent("""
        import os, sys
        from wych_kit.client.auth import WychAuth
        auth = WychAuth(issuer_url="https://a.example", client_id="me", client_secret="s", api_key="k", token_cache="memory")
        with auth._source._lock:
            child = os.fork()
            if child == 0:
                os._exit(0 if auth._source._lock.acquire(timeout=10) else 1)
            sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """)
    assert subprocess.run([sys.executable, "-c", script], timeout=120, check=False).returncode == 0


# Asking for the token itself ---------------------------------------------------------------------------------------------------


def test_obtain_gives_the_token_of_the_next_call(wych, auth_for) -> None:
    """Asked for if need be, through the client, and then used."""
    auth = auth_for(wych)
    with client(wych, auth) as http:
        token = auth.obtain(http)
        assert auth.obtain(http) is token
        http.get("/users")
        assert wych.seen[-1].headers["Authorization"] == f"Bearer {token.value.reveal()}"
    assert wych.token_requests == 1
    assert auth.provider
    assert auth.provider.grant_types == (
        "authorization_code",
        "refresh_token",
        "client_credentials",
    )


def test_obtain_lets_go_of_the_connection_when_it_fails(live, auth_for) -> None:
    """An answer that is thrown away does not keep its connection: with room for one, the next try gets through."""
    live.answers["token"].append(httpx.Response(200, content=b" " * 300_000))
    auth = auth_for(live)
    responses: list[httpx.Response] = []
    hooks = {"response": [responses.append]}  # as long as somebody knows it, nobody else closes it
    with httpx.Client(
        limits=httpx.Limits(max_connections=1), timeout=2, trust_env=False, event_hooks=hooks
    ) as http:
        with pytest.raises(Unexpected, match="longer"):
            auth.obtain(http)
        assert auth.obtain(http).fresh
    assert {response.is_closed for response in responses} == {True}


def test_forget_says_whether_there_was_something(wych, auth_for) -> None:
    """The next call asks again, discovery included."""
    auth = auth_for(wych)
    with client(wych, auth) as http:
        assert auth.forget() is False
        http.get("/users")
        assert auth.forget() is True
        assert auth.provider is None
        http.get("/users")
    assert (wych.token_requests, wych.count("discovery")) == (2, 2)


# What cannot be right ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "odd", ["k\n", "k\r\nx-evil: 1", " k", "k ", "k\u201d", "k\x00", "ä", "k\ud800"]
)
@pytest.mark.parametrize("name", ["api_key", "client_secret"])
def test_a_secret_no_header_can_carry_is_refused_before_any_use(
    wych, auth_for, name: str, odd: str
) -> None:
    """Otherwise h11 or a codec would repeat it in its own error. The reason names the oddity only."""
    with pytest.raises(SettingInvalid) as caught:
        auth_for(
            wych,
            **{name: f"c4nary{odd}c4nary" if odd.startswith("\r") else odd.replace("k", "c4nary")},
        )
    assert caught.value.name == f"WYCH_{name.upper()}"
    assert "c4nary" not in str(caught.value)
    assert caught.value.__context__ is None


def test_strings_and_secrets_serve_alike(wych, auth_for, canaries) -> None:
    """Anything else is a mistake that is told at once."""
    with pytest.raises(TypeError, match="a secret is a text"):
        auth_for(wych, client_secret=None)


def test_anyones_own_errors_pass_through(wych, auth_for) -> None:
    """The call's own failure is httpx's, in a client that is not ours."""

    def broken(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("slow", request=request)

    wych.answers["api"].append(broken)
    with client(wych, auth_for(wych)) as http, pytest.raises(httpx.ReadTimeout):
        http.get("/users")


def test_what_a_crowd_raises_is_ours_or_httpx(wych, auth_for) -> None:
    """Nothing else comes out when the identity provider talks nonsense, and nobody asks on for everybody in turn."""
    wych.answers["discovery"] += [httpx.Response(200, content=b"<html>wifi")] * 50
    with client(wych, auth_for(wych)) as http:
        errors = crowd(lambda _: http.get("/users"), 8)
    assert {type(error) for error in errors} == {Unexpected}
    assert isinstance(errors[0], WychError)


def test_one_request_may_be_sent_again_and_again(wych, auth_for) -> None:
    """A poller's single `Request` object does not grow with every sending."""
    with client(wych, auth_for(wych)) as http:
        request = http.build_request("GET", "/users")
        for _ in range(1200):
            assert http.send(request).status_code == 200
        assert len(request.headers.get_list("x-api-key")) == 1


def test_it_is_an_auth_of_httpx() -> None:
    """So it fits wherever httpx takes one."""
    assert issubclass(WychAuth, httpx.Auth)
