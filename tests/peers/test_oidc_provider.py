"""The client against a server that none of us wrote: npm's `oidc-provider`, and an API that checks its tokens with npm's `jose`."""

from __future__ import annotations

import asyncio
import json
import secrets
import shutil
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from filelock import FileLock

from wych_kit import Refused, Secret, WychAuth, load_settings
from wych_kit.client import claims, discovery
from wych_kit.client.transport import send_request
from wych_kit.diagnosis.connectivity import check_connectivity

HERE = Path(__file__).parent
LEAST_NODE = 20

pytestmark = pytest.mark.peer


class Peer(NamedTuple):
    """The running server: where it is, and the client that it knows."""

    issuer_url: str
    api_url: str
    client_id: str
    client_secret: str
    api_key: str

    def auth(self, home: Path, **otherwise: str) -> WychAuth:
        """A WychAuth for it, with the credentials it knows unless told otherwise."""
        return WychAuth(**{**self._asdict(), **otherwise}, home=home)

    def counts(self) -> dict[str, int]:
        """What it has seen so far: tokens issued, token requests refused, API calls."""
        seen: dict[str, int] = httpx.get(f"{self.api_url}/counts", trust_env=False).json()
        return seen


@pytest.fixture(scope="module")
def peer() -> Iterator[Peer]:
    """Install the server if it is not there yet, and run it for this module."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("node and npm are not installed; Debian, Ubuntu: sudo apt install nodejs npm")
    version = subprocess.run(
        [node, "--version"], capture_output=True, text=True, check=True, timeout=30
    ).stdout.strip()
    if int(version.lstrip("v").split(".")[0]) < LEAST_NODE:
        pytest.skip(f"oidc-provider needs Node {LEAST_NODE} or newer, and this is {version}")
    with FileLock(HERE / "node_modules.lock"):  # pytest-xdist runs this in several processes
        install(npm)
    known = {
        "client_id": "ours",
        "client_secret": secrets.token_urlsafe(),
        "api_key": secrets.token_urlsafe(),
    }
    command = [node, "provider.mjs", json.dumps({**known, "lifetime": 900})]
    with subprocess.Popen(
        command,
        cwd=HERE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        giving_up = threading.Timer(30, process.kill)
        giving_up.start()
        assert process.stdout is not None
        line = process.stdout.readline()
        giving_up.cancel()
        if not line:
            pytest.fail(f"oidc-provider did not start: {process.communicate()[1]}")
        where = json.loads(line)
        yield Peer(where["issuer_url"], where["api_url"], **known)
        process.communicate("", timeout=30)


def install(npm: str) -> None:
    """Put the locked packages into node_modules, unless they are there."""
    lock, done = HERE / "package-lock.json", HERE / "node_modules" / ".wych-kit-lock"
    if done.exists() and done.read_bytes() == lock.read_bytes():
        return
    outcome = subprocess.run(
        [npm, "ci", "--ignore-scripts"],
        cwd=HERE,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    if outcome.returncode:
        pytest.skip(f"npm could not install oidc-provider: {outcome.stderr.strip()[:300]}")
    shutil.copyfile(lock, done)


def test_its_discovery_passes_our_checks(peer: Peer) -> None:
    """A document written by an unrelated OpenID provider is accepted by every check we make, none of them waived."""
    with httpx.Client(trust_env=False) as client:
        provider = discovery.check(
            send_request(client, discovery.request(peer.issuer_url)), peer.issuer_url
        )
    assert provider.issuer == peer.issuer_url
    assert provider.token_endpoint == f"{peer.issuer_url}/token"
    assert "client_credentials" in provider.grant_types


def test_one_token_serves_many_calls(peer: Peer, tmp_path: Path) -> None:
    """Fifty calls by eight threads are all let in by its API and cost it one token."""
    before = peer.counts()
    client = httpx.Client(base_url=peer.api_url, auth=peer.auth(tmp_path), trust_env=False)
    with client, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: client.get("/anything"), range(50)))
    after = peer.counts()
    assert {(answer.status_code, answer.json()["client"]) for answer in answers} == {
        (200, peer.client_id)
    }
    assert after["tokens"] - before["tokens"] == 1
    assert after["calls"] - before["calls"] == 50


def test_the_asynchronous_client_is_let_in(peer: Peer, tmp_path: Path) -> None:
    """The same object works in an `httpx.AsyncClient`: sixteen tasks, one token."""

    async def statuses() -> list[int]:
        async with httpx.AsyncClient(
            base_url=peer.api_url, auth=peer.auth(tmp_path), trust_env=False
        ) as client:
            answers = await asyncio.gather(*(client.get("/anything") for _ in range(16)))
        return [answer.status_code for answer in answers]

    before = peer.counts()["tokens"]
    assert asyncio.run(statuses()) == [200] * 16
    assert peer.counts()["tokens"] - before == 1


def test_its_token_is_read_and_verified(peer: Peer, tmp_path: Path) -> None:
    """What we say about a token holds for one that somebody else made: claims, life, and a signature that its own keys confirm."""
    with httpx.Client(trust_env=False) as client:
        auth = peer.auth(tmp_path)
        token = auth.obtain(client)
        assert auth.provider is not None
        signature = claims.verify(
            token.value, claims.fetch_keys(client, auth.provider.jwks_uri), peer.issuer_url
        )
    read = claims.read_claims(token.value)
    assert read is not None
    assert {claim.name: claim.value for claim in read[1]}["client_id"] == peer.client_id
    assert (signature.verified, token.lifetime) == (True, 900)


@pytest.mark.parametrize("wrong", ["client_secret", "client_id"])
def test_wrong_credentials_are_refused(peer: Peer, tmp_path: Path, wrong: str) -> None:
    """A wrong secret and an unknown client are `Refused` with the words of RFC 6749 §5.2, and are not tried twice."""
    before = peer.counts()
    with httpx.Client(
        base_url=peer.api_url, auth=peer.auth(tmp_path, **{wrong: "not-this-one"}), trust_env=False
    ) as client:
        for _ in range(2):
            with pytest.raises(Refused) as caught:
                client.get("/anything")
    after = peer.counts()
    assert (caught.value.stage, caught.value.status, caught.value.code) == (
        "token",
        401,
        "invalid_client",
    )
    assert caught.value.description
    assert after["refused"] - before["refused"] == 1
    assert after["calls"] == before["calls"]


def test_a_wrong_key_reaches_the_caller(peer: Peer, tmp_path: Path) -> None:
    """The API's own 403 is handed to the caller as it is, and costs no second token."""
    before = peer.counts()["tokens"]
    with httpx.Client(
        base_url=peer.api_url, auth=peer.auth(tmp_path, api_key="not-this-one"), trust_env=False
    ) as client:
        assert [client.get("/anything").status_code for _ in range(3)] == [403, 403, 403]
    assert peer.counts()["tokens"] - before == 1


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({}, ("data", "unknown-answer", "unknown")),  # its API has no users
        ({"client_secret": Secret("not-this-one")}, ("client", "unknown-answer", "unknown")),
        ({"client_id": "not-this-one"}, ("client", "unknown-answer", "unknown")),
        ({"client_id": "ours-elsewhere"}, ("client", "unknown-answer", "unknown")),
        ({"api_key": Secret("not-this-one")}, ("api-key", "api-key-refused", "likely")),
    ],
)
def test_the_check(
    peer: Peer, project: Any, changes: dict[str, Any], outcome: tuple[str, str, str]
) -> None:
    """Its words for a wrong secret, an unknown client and one without the grant are not Keycloak's: repeated, and not judged."""
    project.write_env(
        **peer._asdict(), environment="mock", partner_id="p1", app_id="a1", token_cache="memory"
    )
    report = check_connectivity(load_settings().with_(**changes))
    assert report.failed_check is not None
    assert report.diagnosis is not None
    assert (
        report.failed_check.name,
        report.diagnosis.reference,
        report.diagnosis.confidence,
    ) == outcome, report.failed_check
    if outcome[0] == "client":
        assert "client" in report.failed_check.observed.partition("(")[2]
