"""The mock as a server: RS256 tokens a second, start, memory; beside what npm has. One generator, the servers in turn."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import peers
from measure import HERE, Command, Row, ratio, said
from running import first_answer, memory, process

ROUNDS, SECONDS = 6, 1.2
STARTS = 7
KNOWN = {
    "client_id": "ours",
    "client_secret": "a-secret-of-this-run",
    "api_key": "none",
    "lifetime": 900,
}


class Server(NamedTuple):
    """How to start one, and what is worth knowing about it."""

    name: str
    command: Command
    folder: Path | None = None


def rows() -> Iterator[Row]:
    """Ours beside each peer that can be run here."""
    with tempfile.TemporaryDirectory() as folder:
        servers, left_out = cached(Path(folder))
        yield from running(servers)
        yield from starts(servers)
    for reason in left_out:
        yield Row("  left out", "", "", reason)


def cached(folder: Path) -> tuple[list[Server], list[str]]:
    """Our mock with a file in this folder, the peers, and why some are missing."""
    servers, left_out = (
        [Server("ours", [sys.executable, HERE / "wych_mock.py", folder / "mock.sqlite"])],
        [],
    )
    for name, script, arguments in (
        ("oauth2-mock-server", "oauth2_mock_server.mjs", []),
        ("oidc-provider", "provider.mjs", [json.dumps(KNOWN)]),
    ):
        try:
            where = peers.node_folder(name)
        except peers.LeftOut as reason:
            left_out.append(f"{name}: {reason}")
        else:
            servers.append(Server(name, [peers.node(), script, *arguments], where))
    return servers, left_out


def running(servers: list[Server]) -> Iterator[Row]:
    """Tokens a second at 16 connections and at one, and memory afterwards."""
    with ExitStack() as stack:
        facts = {
            server.name: stack.enter_context(process(server.command, server.folder))
            for server in servers
        }
        found: dict[tuple[str, int], list[float]] = defaultdict(list)
        for turn in range(ROUNDS):
            for name in (facts, reversed(facts))[turn % 2]:
                for connections in (16, 1):
                    found[name, connections].append(tokens_a_second(facts[name], connections))
        for connections, target in ((16, "≥ 1.5"), (1, "")):
            yield beside_others(
                {name: found[name, connections] for name in facts}, connections, target
            )
        sizes = {name: memory(fact["pid"]) for name, fact in facts.items()}
    yield Row(
        "memory after that",
        f"{sizes.pop('ours'):.0f} MiB",
        "≤ 70 MiB",
        ", ".join(f"{name} {size:.0f} MiB" for name, size in sizes.items()),
    )


def beside_others(rates: dict[str, list[float]], connections: int, target: str) -> Row:
    """Our tokens a second over those that oauth2-mock-server gave right before or after."""
    texts = {name: f"{statistics.median(found):.0f}/s" for name, found in rates.items()}
    base = rates.get("oauth2-mock-server")
    ours = f"{ratio(rates['ours'], base)} ({texts.pop('ours')})" if base else texts.pop("ours")
    others = ", ".join(f"{name} {version(name)} {text}" for name, text in texts.items())
    return Row(
        f"RS256 tokens/s, {connections} connections ÷ oauth2-mock-server", ours, target, others
    )


def tokens_a_second(facts: dict[str, Any], connections: int) -> float:
    """What the generator counted. oauth2-mock-server takes any client; the others are given one they know."""
    url = facts.get("token_url") or token_url(facts["issuer_url"])
    known = {**KNOWN, **facts}
    form = {
        "grant_type": "client_credentials",
        "client_id": known["client_id"],
        "client_secret": known["client_secret"],
    }
    rate: float = said("load.py", url, {}, urlencode(form), connections, SECONDS)
    return rate


def token_url(issuer_url: str) -> str:
    """Keycloak's, or oidc-provider's."""
    return (
        f"{issuer_url}/protocol/openid-connect/token"
        if "/realms/" in issuer_url
        else f"{issuer_url}/token"
    )


def starts(servers: list[Server]) -> Iterator[Row]:
    """From spawning to the first discovery document, and from having loaded everything to the same."""
    whole: dict[str, list[float]] = defaultdict(list)
    loaded: dict[str, list[float]] = defaultdict(list)
    for _ in range(STARTS):
        for server in servers:
            with process(server.command, server.folder) as facts:
                url = (
                    facts.get("discovery_url")
                    or f"{facts['issuer_url']}/.well-known/openid-configuration"
                )
                answered = first_answer(url)
                whole[server.name].append(answered - facts["began"])
                loaded[server.name].append(answered - facts["imported"])
    for what, seconds, target in (
        ("start to first answer, imports done", loaded, "≤ 200 ms"),
        ("  the same from spawning the process", whole, ""),
    ):
        texts = {
            name: f"{statistics.median(found) * 1000:.0f} ms" for name, found in seconds.items()
        }
        yield Row(
            what,
            texts.pop("ours"),
            target,
            ", ".join(f"{name} {text}" for name, text in texts.items()),
        )


def version(name: str) -> str:
    """Of an npm package that is installed, and the Node it runs on."""
    package = json.loads(
        (peers.node_folder(name) / "node_modules" / name / "package.json").read_text()
    )
    node = subprocess.run(
        [peers.node(), "--version"], capture_output=True, text=True, check=True, timeout=30
    ).stdout.strip()
    return f"{package['version']} on Node {node}"
