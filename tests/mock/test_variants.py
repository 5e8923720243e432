"""Both sides of each contradiction in Wych's pages, and answers without the mock's own header."""

from __future__ import annotations

import socket

import pytest

from wych_kit import mock
from wych_kit.mock.__main__ import main
from wych_kit.mock.options import Options

DISCOVERY = "/realms/partner/.well-known/openid-configuration"


def test_grants_in_one_text(caller, caller_for):
    """With `grants_joined` the grant types are one string; the rest of the document is the same."""
    listed = caller.ask("GET", DISCOVERY).json
    with mock.running(ephemeral=True, grants_joined=True) as wych:
        response = caller_for(wych).ask("GET", DISCOVERY)
        refused = caller_for(wych).ask("POST", DISCOVERY)
    assert response.json["grant_types_supported"] == [" ".join(listed["grant_types_supported"])]
    assert list(response.json) == list(listed)
    assert response.headers["content-length"] == str(len(response.body))
    assert refused == refused._replace(status=404)


def test_find_only(caller_for):
    """With `find_only`, POST /user returns 404 for an unknown address and creates no user."""
    with mock.running(ephemeral=True, find_only=True) as wych:
        caller = caller_for(wych)
        known = caller.call("/users").json
        response = caller.call("/user", "POST", b'{"email":"new@example.com"}')
        assert (response.status, response.json["error"]) == (404, "user_not_found")
        assert (
            caller.call("/user", "POST", b'{"email":"%b"}' % known[1]["email"].encode()).json
            == known[1]
        )
        assert caller.call("/users").json == known


@pytest.mark.parametrize("seconds", [900, 3600])
def test_both_lifetimes_of_a_token(caller_for, seconds):
    """Both kinds of token state the lifetime that they have."""
    with mock.running(ephemeral=True, expires_in=seconds) as wych:
        caller = caller_for(wych)
        assert caller.token_request().json["expires_in"] == seconds
        user = caller.call("/users").json[0]["id"]
        assert caller.call(f"/user/{user}/token", "POST").json["expires_in"] == seconds


def test_no_basis_header(caller_for):
    """Without the basis no answer has the mock's own header."""
    calls = (
        ("GET", "@/users"),
        ("GET", "@/connection/x"),
        ("GET", "/portal/api/none"),
        ("GET", DISCOVERY),
    )
    headers_seen = []
    for basis in (True, False):
        with mock.running(ephemeral=True, basis_header=basis) as wych:
            caller = caller_for(wych)
            for fault in (None, "consent-pending"):
                if fault:
                    wych.fault(fault)
                response = [
                    caller.ask(method, path.replace("@", caller.base), caller.headers())
                    for method, path in calls
                ]
                headers_seen.append([one.headers.get("x-wych-mock-basis") for one in response])
    assert headers_seen[:2] == [
        ["documented", "invented", "invented", None],
        ["invented", "invented", "invented", None],
    ]
    assert headers_seen[2:] == [[None] * 4] * 2


def test_no_basis_header_on_a_cut_answer(caller_for):
    """An answer that a fault cuts off has no such header either."""
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


def test_realm_and_gateway_never_send_the_basis_header(caller):
    """Answers that imitate Keycloak or AWS byte for byte never have the header."""
    for response in (
        caller.token_request(),
        caller.token_request(client_secret="wrong"),
        caller.call("/none"),
        caller.call("/users", **{"x-api-key": None}),
    ):
        assert "x-wych-mock-basis" not in response.headers


def test_the_command_has_an_option_for_each_side(monkeypatch):
    """Each side has an option; without one the default stays."""
    calls = []
    monkeypatch.setattr(mock.server, "serve", lambda **options: calls.append(options) or 0)
    sides = ("grants_joined", "find_only", "callback_user", "basis_header")
    assert (
        main([])
        == main(["--grants-joined", "--find-only", "--no-callback-user", "--no-basis"])
        == 0
    )
    assert [[options[side] for side in sides] for options in calls] == [
        [False, False, True, True],
        [True, True, False, False],
    ]
    assert [getattr(Options(), side) for side in sides] == [calls[0][side] for side in sides]
