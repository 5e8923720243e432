"""What it costs to check every rung, where all of them hold: over the same calls made with bare httpx and a new client."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
from clients import NO_TLS, Where
from measure import HERE, Row, milliseconds, paired
from running import process

from wych_kit import Settings, load_settings
from wych_kit.diagnosis.connectivity import check_connectivity

PAIRS = 40
NAMES = ("issuer_url", "api_url", "client_id", "client_secret", "api_key", "partner_id", "app_id")


def rows() -> Iterator[Row]:
    """`climb` on a healthy mock in another process, no token kept; once over httpx as it comes, once without certificates."""
    with (
        tempfile.TemporaryDirectory() as folder,
        process([sys.executable, HERE / "wych_mock.py", Path(folder, "mock.sqlite")]) as wych,
    ):
        variables = {f"WYCH_{name.upper()}": wych[name] for name in NAMES}
        settings = load_settings(
            path=Path(folder, ".env"),
            environ={**variables, "WYCH_HOME": folder, "WYCH_TOKEN_CACHE": "memory"},
        )
        check = timed(lambda: checked(settings))
        for _ in range(5):
            check(), timed(lambda: bare(wych))()
        as_it_comes = paired(check, timed(lambda: bare(wych)), PAIRS)
        lean = paired(check, timed(lambda: bare(wych, **NO_TLS)), PAIRS)
        took = milliseconds([check() for _ in range(PAIRS)])
    yield Row(
        "check, all holds ÷ its calls with bare httpx, new client",
        f"{statistics.median(as_it_comes):.2f} ({took})",
        "≤ 1.5",
    )
    yield Row("  ÷ bare httpx that loads no certificates either", f"{statistics.median(lean):.2f}")


def timed(act: Callable[[], None]) -> Callable[[], float]:
    """The same, giving the seconds it took."""

    def measured() -> float:
        began = time.perf_counter()
        act()
        return time.perf_counter() - began

    return measured


def checked(settings: Settings) -> None:
    """One climb. Raises `RuntimeError` unless all holds."""
    if (report := check_connectivity(settings)).broken is not None:
        raise RuntimeError(
            f"the check is broken at {report.failed_check.name}: {report.failed_check.observed}"
        )


def bare(where: Where, **options: object) -> None:
    """Discovery, a token, the users."""
    with httpx.Client(**options) as client:  # type: ignore[arg-type]  # httpx's own options
        document = client.get(f"{where['issuer_url']}/.well-known/openid-configuration").json()
        form = {"grant_type": "client_credentials"} | {
            name: where[name] for name in ("client_id", "client_secret")
        }
        token = client.post(document["token_endpoint"], data=form).json()["access_token"]
        users = f"{where['api_url']}/partner/{where['partner_id']}/app/{where['app_id']}/users"
        headers = {"Authorization": f"Bearer {token}", "x-api-key": where["api_key"]}
        client.get(users, headers=headers).raise_for_status()
