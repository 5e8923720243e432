"""What it costs to call with a token that is there: client CPU time over bare httpx sending the same two headers."""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import peers
from measure import HERE, Row, said
from running import process

PAIRS, CALLS = 60, 60


def rows() -> Iterator[Row]:
    """Ours with httpx.Client and AsyncClient, then WychClient, whose journal is part of it."""
    with (
        process([sys.executable, HERE / "server.py"]) as server,
        tempfile.TemporaryDirectory() as home,
    ):
        url = server["url"]
        where = {
            "issuer_url": url,
            "token_url": f"{url}/token",
            "api_url": f"{url}/v3/users",
            "home": home,
        }
        where |= {"client_id": "me", "client_secret": "not-telling", "api_key": "k" * 40}
        yield Row(
            "call, token cached ÷ bare httpx (CPU)",
            measured("wych_auth", where),
            "≤ 1.03",
            others(where),
        )
        yield Row(
            "  the same with httpx.AsyncClient",
            measured("wych_auth", where, asynchronous=True),
            "≤ 1.03",
            others(where, asynchronous=True),
        )
        yield Row("  WychClient, which keeps a journal", measured("wych_client", where))
        yield Row("  bare httpx ÷ itself: the noise", measured("bare", where))


def measured(
    who: str,
    where: dict[str, str],
    python: str | Path = sys.executable,
    *,
    asynchronous: bool = False,
) -> str:
    """Median and middle half of the ratios."""
    low, middle, high = statistics.quantiles(
        said("caller.py", who, where, asynchronous, PAIRS, CALLS, python=python), n=4
    )
    return f"{middle:.3f} ({low:.2f}-{high:.2f})"


def others(where: dict[str, str], *, asynchronous: bool = False) -> str:
    """Authlib and httpx-auth, each over the bare httpx of its own process."""
    try:
        python = peers.python()
    except peers.LeftOut as reason:
        return f"left out: {reason}"
    named = {"Authlib": "authlib", "httpx-auth": "httpx_auth"}
    return ", ".join(
        f"{name} {measured(who, where, python, asynchronous=asynchronous).split()[0]}"
        for name, who in named.items()
    )
