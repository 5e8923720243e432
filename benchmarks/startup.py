"""What a start costs: whole processes, in turn, bytecode compiled. The client is measured with nothing but its own dependencies."""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import peers
from measure import HERE, Row, milliseconds, ratio, whole_processes
from running import process

ROUNDS = 15
IMPORTS = {
    "httpx": "import httpx",
    "ours": "from wych_kit import WychAuth",
    "httpx-auth": "from httpx_auth import OAuth2ClientCredentials",
    "Authlib": "from authlib.integrations.httpx_client import OAuth2Client",
}
OURS = """
from wych_kit import WychClient, load_settings
with WychClient(load_settings()) as client:
    assert client.users()
"""
BARE = """
import os, httpx
own = os.environ
with httpx.Client({options}) as client:
    found = client.get(own["WYCH_ISSUER_URL"] + "/.well-known/openid-configuration").json()
    form = {{"grant_type": "client_credentials", "client_id": own["WYCH_CLIENT_ID"], "client_secret": own["WYCH_CLIENT_SECRET"]}}
    token = client.post(found["token_endpoint"], data=form).json()["access_token"]
    users = own["WYCH_API_URL"] + f"/partner/{{own['WYCH_PARTNER_ID']}}/app/{{own['WYCH_APP_ID']}}/users"
    answer = client.get(users, headers={{"Authorization": "Bearer " + token, "x-api-key": own["WYCH_API_KEY"]}})
    assert answer.json()
"""
NO_CERTIFICATES = (
    "verify=__import__('ssl').SSLContext(__import__('ssl').PROTOCOL_TLS_CLIENT), trust_env=False"
)


def rows() -> Iterator[Row]:
    """The package and its command; then the client, alone."""
    codes = {"pass": "pass", "wych_kit": "import wych_kit", "httpx": "import httpx"}
    commands = {name: [sys.executable, "-c", code] for name, code in codes.items()}
    seconds = whole_processes(
        {**commands, "help": [sys.executable, "-m", "wych_kit", "--help"]}, ROUNDS
    )
    empty, httpx = milliseconds(seconds["pass"]), ratio(seconds["httpx"], seconds["pass"])
    yield Row(
        "import wych_kit ÷ python -c pass",
        ratio(seconds["wych_kit"], seconds["pass"]),
        "≤ 3",
        f"python -c pass {empty}",
    )
    yield Row(
        "wych-kit --help ÷ python -c pass",
        ratio(seconds["help"], seconds["pass"]),
        "≤ 7",
        f"import httpx {httpx}",
    )
    try:
        python, imported = peers.python(), IMPORTS
    except peers.LeftOut as reason:
        yield Row(
            "  with all extras beside the client, which make httpx slower",
            "",
            "",
            f"left out: {reason}",
        )
        python, imported = Path(sys.executable), {name: IMPORTS[name] for name in ("httpx", "ours")}
    yield imports(python, imported)
    yield from first_answer(python)


def imports(python: Path, codes: dict[str, str]) -> Row:
    """Each import over httpx's."""
    seconds = whole_processes(
        {name: [python, "-W", "ignore", "-c", code] for name, code in codes.items()}, ROUNDS
    )
    ratios = {
        name: ratio(found, seconds["httpx"]) for name, found in seconds.items() if name != "httpx"
    }
    return Row(
        "from wych_kit import WychAuth ÷ import httpx",
        ratios.pop("ours"),
        "≤ 1.4",
        ", ".join(map(" ".join, ratios.items())),
    )


def first_answer(python: Path) -> Iterator[Row]:
    """One process with nothing cached, at a mock in another; over a script that makes the same three requests with httpx."""
    with (
        tempfile.TemporaryDirectory() as folder,
        process([sys.executable, HERE / "wych_mock.py", Path(folder, "mock.sqlite")]) as wych,
    ):
        names = (
            "issuer_url",
            "api_url",
            "client_id",
            "client_secret",
            "api_key",
            "partner_id",
            "app_id",
        )
        settings = {f"WYCH_{name.upper()}": wych[name] for name in names}
        scripts = {
            "ours": OURS,
            "bare": BARE.format(options=""),
            "lean": BARE.format(options=NO_CERTIFICATES),
        }
        seconds = whole_processes(
            {name: [python, "-c", code] for name, code in scripts.items()}, ROUNDS, settings
        )
    took = statistics.median(seconds["ours"]) * 1000
    over_bare = f"{ratio(seconds['ours'], seconds['bare'])} ({took:.0f} ms)"
    yield Row(
        "process start to first answer, nothing cached ÷ bare httpx",
        over_bare,
        "≤ 1.15",
        f"bare {milliseconds(seconds['bare'])}",
    )
    over_lean = ratio(seconds["ours"], seconds["lean"])
    yield Row(
        "  ÷ bare httpx that loads no certificates either",
        over_lean,
        "",
        f"bare {milliseconds(seconds['lean'])}",
    )
