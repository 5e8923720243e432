"""How many token requests it takes, and what happens when a token ends early or the endpoint says "not now"."""

from __future__ import annotations

import functools
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import peers
from measure import HERE, Command, Row, environment

from wych_kit import mock

PEERS = {"Authlib": "authlib", "httpx-auth": "httpx_auth"}
LIFE = {"threads": 2, "tasks": 2, "processes": 5}
WAIT = 0.5


def rows() -> Iterator[Row]:
    """Ours, and the peers where they try to do the same."""
    for kind, life in LIFE.items():
        beside = others(functools.partial(crowd, kind=kind, life=life)) if kind == "threads" else ""
        yield Row(
            f"token requests, 64 {kind}: cold, at expiry",
            crowd("wych_auth", kind, life),
            "1, 1",
            beside,
        )
    for what, target, trial in (
        ("token requests for 50 calls, a token living 30 s", "1", fifty),
        ("token revoked: next call, token requests for it", "200, 1", revoked),
        ("429 with Retry-After: 1, twice: first call, its seconds", "200, 2.0", busy),
    ):
        yield Row(what, trial("wych_auth"), target, others(trial))
    yield from stalls()


def others(trial: Callable[[str], str]) -> str:
    """The same trial with the peers."""
    try:
        peers.python()
    except peers.LeftOut as reason:
        return f"left out: {reason}"
    return "; ".join(f"{name} {trial(who)}" for name, who in PEERS.items())


def crowd(who: str, kind: str, life: float) -> str:
    """Token requests in the two rounds, and how many calls failed if any did."""
    counts = []
    with (
        somewhere(expires_in=life) as (wych, where),
        talking("crowd.py", who, kind, where, life) as ask,
    ):
        for _ in range(2):
            before = wych.token_requests
            failed = 64 - ask()["succeeded"]
            counts.append(
                f"{wych.token_requests - before}{f' ({failed} failed)' if failed else ''}"
            )
    return ", ".join(counts)


def fifty(who: str) -> str:
    """Calls one after the other, well within the life of the first token."""
    with somewhere(expires_in=30) as (wych, where), talking("single.py", who, where) as ask:
        statuses = {ask() for _ in range(50)}
        return f"{wych.token_requests}" if statuses == {"200"} else f"{statuses}"


def revoked(who: str) -> str:
    """One call, then the server forgets its tokens, then one more."""
    with somewhere() as (wych, where), talking("single.py", who, where) as ask:
        ask()
        before = wych.token_requests
        wych.revoke_tokens()
        return f"{ask()}, {wych.token_requests - before}"


def busy(who: str) -> str:
    """A first call while the token endpoint is busy."""
    with somewhere() as (wych, where), talking("single.py", who, where) as ask:
        wych.answer_next("token", status=429, headers={"Retry-After": "1"}, times=2)
        began = time.perf_counter()
        return f"{ask()}, {time.perf_counter() - began:.1f}"


def stalls() -> Iterator[Row]:
    """The longest time for which the event loop was kept from anything else, less what 64 bare calls at once do to it."""
    ours, base = ([], [])
    for _ in range(5):
        ours.append(stall("wych_auth"))
        base.append(stall("bare"))
    made = statistics.median(a - b for a, b in zip(ours, base, strict=True)) * 1000
    beside = others(lambda who: f"{stall(who) * 1000:.0f} ms in all")
    own, bare = (statistics.median(found) * 1000 for found in (ours, base))
    yield Row(
        f"longest stall, 64 tasks wait {WAIT} s for a token, less base",
        f"{made:.0f} ms ({own:.0f} - {bare:.0f})",
        "< 10 ms",
        beside,
    )


def stall(who: str) -> float:
    """Seconds, at a mock that takes its time over the token."""
    with somewhere() as (wych, where), talking("crowd.py", who, "tasks", where, 0) as ask:
        form = {
            "grant_type": "client_credentials",
            **{name: where[name] for name in ("client_id", "client_secret")},
        }
        answer = httpx.post(where["token_url"], data=form, trust_env=False)
        headers = {"Content-Type": "application/json"}
        wych.answer_next(
            "token", status=200, headers=headers, body=answer.content, delay=WAIT, times=64
        )
        return float(ask()["stall"])


@contextmanager
def somewhere(**options: Any) -> Iterator[tuple[mock.Mock, dict[str, str]]]:
    """A mock, and where its things are, as `clients` wants them."""
    with mock.running(ephemeral=True, **options) as wych, tempfile.TemporaryDirectory() as home:
        own = wych.credentials
        where = {name: str(getattr(own, name)) for name in ("client_id", "partner_id", "app_id")}
        where |= {
            "client_secret": own.client_secret,
            "api_key": own.api_key,
            "issuer_url": wych.issuer_url,
            "home": home,
        }
        where["token_url"] = f"{wych.issuer_url}/protocol/openid-connect/token"
        where["api_url"] = f"{wych.api_url}/partner/{own.partner_id}/app/{own.app_id}/users"
        yield wych, where


@contextmanager
def talking(script: str, who: str, *arguments: Any) -> Iterator[Callable[[], Any]]:
    """Run a script of this folder; each call of what is yielded lets it do one thing and gives what it prints."""
    python = peers.python() if who in PEERS.values() else Path(sys.executable)
    command: Command = [python, HERE / script, *map(json.dumps, (who, *arguments))]
    with subprocess.Popen(
        command, env=environment(), text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        say, heard = child.stdin, child.stdout

        def ask() -> Any:
            say.write("\n")
            say.flush()
            return json.loads(heard.readline())

        yield ask
        say.close()
