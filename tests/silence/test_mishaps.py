"""Whatever goes wrong on the wire, no secret is left behind."""

from __future__ import annotations

import json
import urllib.parse

import pytest

from tests.silence.checks import LeavesNoSecret
from tests.silence.collector import (
    BEARER,
    ECHO,
    SECRETS,
    keep_history,
    sign_up,
    use_good_credentials,
)
from wych_kit import WychClient, load_settings

pytestmark = pytest.mark.slow


def use(collector):
    """Let everything go wrong that can, one after the other."""
    sign_up(collector)
    for name, act in MISHAPS.items():
        use_good_credentials(collector)
        collector.wych._app.canned.reset()
        act(collector)
        collector.doing = name
        keep_history(collector)
    use_good_credentials(collector)
    assert collector.run("call", "GET", "users") == 0


def canned(collector, where, status, body=b"", times=1, **headers):
    """Make the mock answer so."""
    collector.wych.answer_next(
        where,
        status=status,
        body=body if isinstance(body, bytes) else json.dumps(body).encode(),
        times=times,
        headers={
            name.replace("_", "-"): text
            for name, text in {"Content_Type": "application/json", **headers}.items()
        },
    )


def every_face(collector, *, out=True):
    """Run each command that sends something, each with a new token; return the exit statuses."""
    statuses = []
    for words in (("start",), ("start", "--json"), ("call", "GET", "users", "-v"), ("token",)):
        collector.run("forget")
        statuses.append(collector.run(*words, keep_out=out or words[0] != "call"))
    for words in (("check",), ("check", "--json")):
        collector.run("forget")
        collector.run(*words)
    return statuses


def wrong_secret(collector):
    collector.settings(**collector.credentials | {"client_secret": SECRETS["wrong secret"]})
    assert every_face(collector) == [1, 1, 1, 1]


def wrong_key(collector):
    collector.settings(**collector.credentials | {"api_key": SECRETS["wrong key"]})
    assert every_face(collector) == [1, 1, 1, 0]


def unreachable(collector):
    unused_address = "http://127.0.0.1:9"
    collector.settings(
        **collector.credentials
        | {
            "environment": "sandbox",
            "issuer_url": f"{unused_address}/realms/partner",
            "api_url": f"{unused_address}/v3",
        }
    )
    assert every_face(collector) == [3, 3, 3, 3]


def refused_by_the_portal(collector):
    collector.settings(client_id=None, partner_id=None, app_id=None)
    answers = collector.folder / "answers.toml"
    answers.write_text(f"password = {json.dumps(SECRETS['wrong secret'])}\n", "utf-8")
    assert collector.run("start", "--answers", str(answers)) == 2
    answers.write_text(f"frist_name = {json.dumps(SECRETS['password'])}\n", "utf-8")
    assert collector.run("start", "--answers", str(answers)) == 2
    answers.write_text(f"password = {json.dumps(SECRETS['password'])}\nnzbn = 1\n", "utf-8")
    assert collector.run("start", "--answers", str(answers), "--json") == 2
    answers.write_text(f"password = {json.dumps(SECRETS['password'])} oops\n", "utf-8")
    assert collector.run("start", "--answers", str(answers), "--json") == 2
    answers.write_text(f"password = {json.dumps(SECRETS['password'])}\n", "utf-8")
    for status, body in (
        (200, b"<html>"),
        (500, b""),
        (201, {"session": SECRETS["wrong key"]}),
        (422, {"errors": {"x": "y"}}),
    ):
        canned(collector, "portal", status, body)
        assert collector.run("start", "--answers", str(answers)) != 0


def malformed_tokens(collector):
    good_one = {"access_token": BEARER, "token_type": "Bearer", "expires_in": 900}
    for answer in (
        good_one | {"token_type": "mac"},
        good_one | {"expires_in": "soon"},
        good_one | {"access_token": [BEARER]},
        good_one | {"access_token": BEARER + "\n"},
        {"id_token": BEARER, "refresh_token": BEARER},
        [good_one],
        json.dumps(good_one).encode()[:-9],
        b"<html>" + BEARER.encode(),
    ):
        canned(collector, "token", 200, answer, times=4)
        assert every_face(collector) == [1, 1, 1, 1], answer


def malformed_discovery(collector):
    for status, body in (
        (200, b"{"),
        (200, {"issuer": "x"}),
        (404, b""),
        (302, b""),
        (200, b"\xff" * 300_000),
        (500, b""),
    ):
        canned(collector, "discovery", status, body, times=4, Location="https://elsewhere.example/")
        assert 0 not in every_face(collector)


def statuses(collector):
    for where, status in (
        ("api", 401),
        ("api", 403),
        ("api", 429),
        ("api", 500),
        ("token", 401),
        ("token", 403),
    ):
        canned(collector, where, status, {"message": "Forbidden"}, times=8)
        every_face(collector)
        collector.wych._app.canned.reset()
    canned(collector, "token", 429, b"", times=2, Retry_After="0")
    assert collector.run("call", "GET", "users", "-v") == 0


def redirected(collector):
    target = f"https://{ECHO}/?" + urllib.parse.urlencode(
        {"api_key": SECRETS["API key"], "access_token": BEARER}
    )
    for where, status in (("api", 307), ("api", 302), ("token", 307)):
        canned(collector, where, status, b"", times=4, Location=target)
        assert 0 not in every_face(collector)[:3]
        collector.wych._app.canned.reset()


def echoed(collector):
    """A server repeats what it was sent; the kit must not."""
    secret, key = SECRETS["client secret"], SECRETS["API key"]
    canned(
        collector,
        "token",
        400,
        {"error": "invalid_request", "error_description": f"bad client_secret {secret}"},
        times=4,
    )
    assert every_face(collector) == [1, 1, 1, 1]
    canned(collector, "token", 400, {"error": secret}, times=4)
    assert every_face(collector) == [1, 1, 1, 1]
    collector.wych._app.canned.reset()
    client = WychClient(load_settings())
    with client:
        bearer = client.token().value.reveal()
    for message in (
        f"the key {key} is not known",
        f"Invalid key=value pair in Authorization header: 'Bearer {bearer}'",
    ):
        canned(collector, "api", 403, {"message": message}, times=3)
        for words in (("start",), ("start", "--json"), ("call", "GET", "users", "-v")):
            assert collector.run(*words, keep_out=words[0] != "call") == 1
    canned(collector, "api", 200, {"users": bearer}, X_Echo=f"{ECHO} {key} {bearer}")
    assert collector.run("call", "GET", "users", "-v", keep_out=False) == 0


MISHAPS = {
    act.__name__: act
    for act in (
        wrong_secret,
        wrong_key,
        unreachable,
        refused_by_the_portal,
        malformed_tokens,
        malformed_discovery,
        statuses,
        redirected,
        echoed,
    )
}


class TestMishaps(LeavesNoSecret):
    """No mishap leaves a secret behind."""
