"""The mock's realm and a real Keycloak, asked the same, answer the same (wire facts A)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

import jwt
import pytest

from tests.contract import keycloak
from tests.contract.conftest import COMPARED, DIFFERENT
from tests.contract.exchanges import EXCHANGES
from tests.contract.likeness import likeness
from tests.contract.servers import CERTS, Exchange, Server
from wych_kit import mock

pytestmark = pytest.mark.contract


class Both(NamedTuple):
    """The two servers."""

    mock: Server
    real: Server


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """Both running. Where Keycloak cannot, the tests fail, or are skipped if WYCH_CONTRACT_MAY_SKIP is yes."""
    try:
        with (
            keycloak.running(tmp_path_factory.mktemp("keycloak")) as port,
            mock.running(ephemeral=True) as wych,
        ):
            yield Both(Server(wych.port), Server(port))
    except keycloak.NotHere as reason:
        told = f"the mock was not compared with a real Keycloak: {reason}"
        if os.environ.get("WYCH_CONTRACT_MAY_SKIP") == "yes":
            pytest.skip(told)
        pytest.fail(told, pytrace=False)


@pytest.mark.parametrize("exchange", EXCHANGES, ids=[exchange.name for exchange in EXCHANGES])
def test_both_answer_alike(both: Both, exchange: Exchange, request: pytest.FixtureRequest) -> None:
    """Status, headers and body are the same but for what is listed as volatile."""
    stash = request.config.stash
    stash[COMPARED] = stash.get(COMPARED, 0) + 1
    ours, theirs = (likeness(exchange.ask(server), server.port) for server in both)
    stash[DIFFERENT] = stash.get(DIFFERENT, 0) + (ours != theirs)
    assert ours == theirs


def test_keys_verify_the_tokens(both: Both) -> None:
    """At either server the published keys verify a token, with a library that is neither's."""
    for server in both:
        token = server.tokens()["access_token"]
        keys = jwt.PyJWKSet.from_json(server.ask("GET", CERTS).body.decode())
        key = keys[jwt.get_unverified_header(token)["kid"]]
        assert (
            jwt.decode(token, key, algorithms=["RS256"], audience="account")["azp"]
            == "mock-recipient"
        )
