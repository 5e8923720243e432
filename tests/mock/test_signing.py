"""Signing for one caller and for many at once, and the key that both use."""

from __future__ import annotations

import asyncio
import http.client
import json
import threading
from contextlib import closing

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from wych_kit import mock
from wych_kit.mock.tokens import keys, signing

CALLERS = 8


def request_tokens_at_once(caller, count):
    """Send token requests that the server receives together: it is blocked until all are sent."""
    connections = [
        http.client.HTTPConnection("127.0.0.1", caller.wych.port, timeout=10) for _ in range(count)
    ]
    for connection in connections:
        connection.request("GET", "/")  # so that the server has accepted it
        connection.getresponse().read()
    gate = threading.Event()
    caller.wych._server.loop.result().call_soon_threadsafe(gate.wait, 10)
    body = "&".join(f"{name}={value}" for name, value in caller.form.items())
    for connection in connections:
        connection.request(
            "POST",
            "/realms/partner/protocol/openid-connect/token",
            body,
            {"Content-Type": "application/x-www-form-urlencoded"},
        )
    gate.set()
    try:
        return [connection.getresponse().read() for connection in connections]
    finally:
        for connection in connections:
            connection.close()


def list_signer_threads():
    return [thread for thread in threading.enumerate() if thread.name == "mock-wych-signer"]


def test_many_callers_are_served_by_threads_that_end_with_the_mock(caller_for):
    """One caller starts no thread, several at once do; stopping the mock ends the threads."""
    others = len(list_signer_threads())  # of mocks that other tests left running
    with mock.running(ephemeral=True) as wych:
        caller = caller_for(wych)
        caller.token()
        assert len(list_signer_threads()) == others
        answers = request_tokens_at_once(caller, CALLERS)
        assert len(list_signer_threads()) == others + signing.THREADS
        key = jwt.PyJWKSet.from_dict(
            caller.ask("GET", "/realms/partner/protocol/openid-connect/certs").json
        ).keys[0]
    assert len(list_signer_threads()) == others
    tokens = [json.loads(answer)["access_token"] for answer in answers]
    claims_of_all = [
        jwt.decode(token, key, algorithms=["RS256"], audience="account") for token in tokens
    ]
    assert len({claims["jti"] for claims in claims_of_all}) == CALLERS


def test_a_caller_that_hung_up_does_not_stop_the_signers(caller_for):
    """A signature that nobody waits for is dropped, and the next is delivered."""
    with mock.running(ephemeral=True) as wych:
        caller = caller_for(wych)
        request_tokens_at_once(caller, CALLERS)
        loop = wych._server.loop.result()
        given_up = loop.create_future()
        loop.call_soon_threadsafe(given_up.cancel)
        wych._app.signer._jobs.put((b"a.b", given_up))
        assert len(request_tokens_at_once(caller, CALLERS)) == CALLERS


def test_a_signature_without_a_caller_is_dropped():
    """Delivering to a caller that gave up raises nothing, so nothing is logged."""
    with closing(asyncio.new_event_loop()) as loop:
        given_up = loop.create_future()
        given_up.cancel()
        signing._deliver(given_up, b"signature")
    assert given_up.cancelled()


def test_shipped_key_is_sound():
    """The key, which is loaded unchecked, is valid, is RSA-2048, and is the published one."""
    from importlib.resources import files

    key = load_pem_private_key((files(keys.__name__) / "signing.pem").read_bytes(), None)
    assert key.key_size == 2048
    numbers = key.public_key().public_numbers()
    published = jwt.PyJWK(keys._JWKS["keys"][0]).key.public_numbers()
    assert (numbers.n, numbers.e) == (published.n, published.e)


@pytest.mark.parametrize(
    "token", ["", "a.b", "a.b.c", "..", "é.b.c", "W10.W10.c", "bnVsbA.bnVsbA.c", "a.b.c.d"]
)
def test_an_invalid_token_is_none(token):
    """Text that this key did not sign is None, and raises nothing."""
    assert keys.verify(token) is None
