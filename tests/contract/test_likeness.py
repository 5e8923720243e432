"""The comparison itself, without Keycloak: it sees every difference but those it lists, and leaves no row out."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.contract import keycloak
from tests.contract.exchanges import EXCHANGES, NOT_PROVOKED
from tests.contract.likeness import ORDERS, VOLATILE, likeness
from tests.contract.servers import CERTS, CLIENT, DISCOVERY, GOOD, SECRET, TOKEN, Got, Server
from wych_kit import mock
from wych_kit.mock.state.clients import (
    DISABLED_REALM,
    EXERCISE_CLIENTS,
    READY_MADE,
    READY_MADE_SUBJECT,
)

WIRE = Path(__file__).parent.parent.parent / "docs" / "wire-facts.md"


@pytest.fixture(scope="module")
def answers():
    """What a mock says to a token request with all scopes, for its keys, and for its discovery."""
    with mock.running(ephemeral=True) as wych:
        server = Server(wych.port)
        token = server.post(TOKEN, GOOD | {"scope": "openid"})
        yield (
            wych.port,
            {
                "token": token,
                "keys": server.ask("GET", CERTS),
                "discovery": server.ask("GET", DISCOVERY),
            },
        )


def with_body(got: Got, change) -> Got:
    """The answer with its JSON changed, its length told right."""
    body = json.dumps(
        change(json.loads(got.body)), separators=(",", ":"), ensure_ascii=False
    ).encode()
    return got._replace(
        body=body,
        headers=[
            (name, str(len(body)) if name == "content-length" else value)
            for name, value in got.headers
        ],
    )


DIFFERENCES = {
    "status": ("token", lambda got: got._replace(status=201)),
    "a header more": ("token", lambda got: got._replace(headers=[*got.headers, ("Server", "x")])),
    "a header twice": ("token", lambda got: got._replace(headers=[*got.headers, got.headers[0]])),
    "a header less": (
        "token",
        lambda got: got._replace(headers=[pair for pair in got.headers if pair[0] != "pragma"]),
    ),
    "a header's value": (
        "token",
        lambda got: got._replace(
            headers=[(name, value.replace("no-store", "no-cache")) for name, value in got.headers]
        ),
    ),
    "a wrong length": (
        "token",
        lambda got: got._replace(
            headers=[
                (name, "1" if name == "content-length" else value) for name, value in got.headers
            ]
        ),
    ),
    "no length": (
        "token",
        lambda got: got._replace(
            headers=[pair for pair in got.headers if pair[0] != "content-length"]
        ),
    ),
    "white space": (
        "token",
        lambda got: got._replace(body=json.dumps(json.loads(got.body)).encode()),
    ),
    "a field more": (
        "token",
        lambda got: with_body(got, lambda body: body | {"refresh_token": "x"}),
    ),
    "fields in another order": (
        "token",
        lambda got: with_body(got, lambda body: dict(reversed(body.items()))),
    ),
    "a value": ("token", lambda got: with_body(got, lambda body: body | {"token_type": "bearer"})),
    "another life": ("token", lambda got: with_body(got, lambda body: body | {"expires_in": 300})),
    "a word of the scope": (
        "token",
        lambda got: with_body(got, lambda body: body | {"scope": body["scope"] + " phone"}),
    ),
    "openid last": (
        "token",
        lambda got: with_body(got, lambda body: body | {"scope": "email profile openid"}),
    ),
    "another token's hash": (
        "token",
        lambda got: with_body(
            got, lambda body: body | {"access_token": body["access_token"][:-4] + "AAAA"}
        ),
    ),
    "the id_token as access_token": (
        "token",
        lambda got: with_body(got, lambda body: body | {"access_token": body["id_token"]}),
    ),
    "one key": ("keys", lambda got: with_body(got, lambda body: {"keys": body["keys"][:1]})),
    "a key's length": (
        "keys",
        lambda got: with_body(
            got, lambda body: {"keys": [key | {"n": key["n"][1:]} for key in body["keys"]]}
        ),
    ),
    "an algorithm": (
        "discovery",
        lambda got: with_body(
            got, lambda body: body | {"grant_types_supported": body["grant_types_supported"][1:]}
        ),
    ),
    "an address": (
        "discovery",
        lambda got: with_body(
            got, lambda body: body | {"token_endpoint": body["token_endpoint"] + "/"}
        ),
    ),
}


@pytest.mark.parametrize("name", DIFFERENCES)
def test_a_difference_is_seen(answers, name) -> None:
    """A status, header, value, field or order that differs makes two answers unlike."""
    port, known = answers
    of, change = DIFFERENCES[name]
    assert likeness(change(known[of]), port) != likeness(known[of], port)


def test_what_is_volatile_is_not_seen(answers) -> None:
    """Two tokens, keys in another order, and another port are alike."""
    port, known = answers
    with mock.running(ephemeral=True) as wych:
        server = Server(wych.port)
        assert likeness(server.post(TOKEN, GOOD | {"scope": "openid"}), wych.port) == likeness(
            known["token"], port
        )
        assert likeness(server.ask("GET", DISCOVERY), wych.port) == likeness(
            known["discovery"], port
        )
    assert likeness(
        with_body(known["keys"], lambda body: {"keys": body["keys"][::-1]}), port
    ) == likeness(known["keys"], port)


def test_each_volatile_field_has_its_reason() -> None:
    """Why a field is put aside stands beside it, in words; the list stays short."""
    reasons = [*(volatile.why for volatile in VOLATILE.values()), *ORDERS.values()]
    assert [reason for reason in reasons if len(reason) < 12] == []
    assert len(reasons) <= 16


def test_every_row_is_asked_or_excused() -> None:
    """Rows 1 to 36 of A3 are each asked of both servers, or it is said why not; A1, A4 and A6 are asked too."""
    asked = {exchange.name.split()[0] for exchange in EXCHANGES}
    rows = set(re.findall(r"^\| (A3-\d+) ", WIRE.read_text(), re.MULTILINE))
    assert rows - asked == set(NOT_PROVOKED)
    assert {"A1", "A4", "A6"} <= asked
    assert len({exchange.name for exchange in EXCHANGES}) == len(EXCHANGES)


def test_the_realms_are_the_mocks() -> None:
    """Keycloak gets the mock's clients, each with its secret, its service account and its oddity, and nothing else."""
    realm, off = json.loads(keycloak.REALMS.read_text())
    assert (realm["realm"], realm["accessTokenLifespan"], off) == (
        "partner",
        900,
        {"realm": DISABLED_REALM, "enabled": False},
    )
    ours = {client.client_id: client for client in EXERCISE_CLIENTS.values()}
    theirs = {client["clientId"]: client for client in realm["clients"]}
    assert set(theirs) == {CLIENT, *ours}
    assert (CLIENT, SECRET, theirs[CLIENT]["secret"]) == (
        READY_MADE.client_id,
        READY_MADE.client_secret,
        READY_MADE.client_secret,
    )
    assert [
        name for name, client in ours.items() if not client.has_secret(theirs[name]["secret"])
    ] == []
    subjects = {user["serviceAccountClientId"]: user["id"] for user in realm["users"]}
    assert subjects.pop(CLIENT) == READY_MADE_SUBJECT
    assert {name: ours[name].subject for name in subjects} == subjects


def test_without_java_it_says_what_is_missing(tmp_path, monkeypatch) -> None:
    """On a machine without Java or Maven the reason is a sentence that says what to install."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with (
        pytest.raises(
            keycloak.NotHere, match="java is not installed; Debian, Ubuntu: sudo apt install"
        ),
        keycloak.running(tmp_path),
    ):
        pass
