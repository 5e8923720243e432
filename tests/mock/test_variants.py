"""Either side of each contradiction in what Wych has published, and a wire without the mock's own mark."""

from __future__ import annotations

import socket

import pytest

from wych_kit import mock
from wych_kit.mock.__main__ import main
from wych_kit.mock.options import Options

DISCOVERY = "/realms/partner/.well-known/openid-configuration"


def test_grants_in_one_text(caller, caller_for):
    """With `grants_joined` the discovery document lists its grants as one text, and is otherwise the same, whole and of the right length."""
    listed = caller.ask("GET", DISCOVERY).json
    with mock.running(ephemeral=True, grants_joined=True) as wych:
        got = caller_for(wych).ask("GET", DISCOVERY)
        refused = caller_for(wych).ask("POST", DISCOVERY)
    assert got.json["grant_types_supported"] == [" ".join(listed["grant_types_supported"])]
    assert list(got.json) == list(listed)
    assert got.headers["content-length"] == str(len(got.body))
    assert refused == refused._replace(status=404)


def test_users_that_are_only_found(caller_for):
    """With `find_only` POST /user answers 404 for an address that nobody has, and makes no user."""
    with mock.running(ephemeral=True, find_only=True) as wych:
        caller = caller_for(wych)
        known = caller.call("/users").json
        got = caller.call("/user", "POST", b'{"email":"new@example.com"}')
        assert (got.status, got.json["error"]) == (404, "user_not_found")
        assert (
            caller.call("/user", "POST", b'{"email":"%b"}' % known[1]["email"].encode()).json
            == known[1]
        )
        assert caller.call("/users").json == known


@pytest.mark.parametrize("seconds", [900, 3600])
def test_either_life_of_a_token(caller_for, seconds):
    """A token of either kind says that it lives as long as it does."""
    with mock.running(ephemeral=True, expires_in=seconds) as wych:
        caller = caller_for(wych)
        assert caller.token_request().json["expires_in"] == seconds
        user = caller.call("/users").json[0]["id"]
        assert caller.call(f"/user/{user}/token", "POST").json["expires_in"] == seconds


def test_a_pure_wire(caller_for):
    """Without the basis no answer has the mock's own header: of the application, its refusals, the portal, a fault."""
    asked = (
        ("GET", "@/users"),
        ("GET", "@/connection/x"),
        ("GET", "/portal/api/none"),
        ("GET", DISCOVERY),
    )
    marked = []
    for basis in (True, False):
        with mock.running(ephemeral=True, basis_header=basis) as wych:
            caller = caller_for(wych)
            for fault in (None, "consent-pending"):
                if fault:
                    wych.fault(fault)
                got = [
                    caller.ask(method, path.replace("@", caller.base), caller.headers())
                    for method, path in asked
                ]
                marked.append([one.headers.get("x-wych-mock-basis") for one in got])
    assert marked[:2] == [
        ["documented", "invented", "invented", None],
        ["invented", "invented", "invented", None],
    ]
    assert marked[2:] == [[None] * 4] * 2


def test_a_pure_wire_when_it_breaks(caller_for):
    """An answer that a fault breaks off in its body has no mark either."""
    heads = []
    for basis in (True, False):
        with mock.running(ephemeral=True, basis_header=basis) as wych:
            headers = caller_for(wych).headers()
            wych.fault("connection-cut", at="body")
            with socket.create_connection(("127.0.0.1", wych.port), timeout=10) as connection:
                lines = [
                    f"GET {caller_for(wych).base}/users HTTP/1.1",
                    "Host: x",
                    *(f"{name}: {text}" for name, text in headers.items()),
                ]
                connection.sendall("\r\n".join([*lines, "", ""]).encode())
                heads.append(connection.recv(65536).lower())
    assert [b"x-wych-mock-basis" in head for head in heads] == [True, False]
    assert all(b"x-amzn-requestid" in head for head in heads)


def test_realm_and_gateway_never_carry_the_mark(caller):
    """What imitates Keycloak or AWS byte for byte says nothing of the mock: successes and refusals."""
    for got in (
        caller.token_request(),
        caller.token_request(client_secret="wrong"),
        caller.call("/none"),
        caller.call("/users", **{"x-api-key": None}),
    ):
        assert "x-wych-mock-basis" not in got.headers


def test_the_command_takes_each_side(monkeypatch):
    """Each side has a word on the command line; what is not said stays as the mock does it."""
    taken = []
    monkeypatch.setattr(mock.server, "serve", lambda **options: taken.append(options) or 0)
    sides = ("grants_joined", "find_only", "callback_user", "basis_header")
    assert (
        main([])
        == main(["--grants-joined", "--find-only", "--no-callback-user", "--no-basis"])
        == 0
    )
    assert [[options[side] for side in sides] for options in taken] == [
        [False, False, True, True],
        [True, True, False, False],
    ]
    assert [getattr(Options(), side) for side in sides] == [taken[0][side] for side in sides]
