"""The journey through every face, and the client in a program of one's own, leave no secret behind."""

from __future__ import annotations

import io

import pytest

from tests.silence.checks import LeavesNoSecret
from tests.silence.collector import (
    SECRETS,
    Leftover,
    fail_once,
    keep_history,
    objects,
    sign_up,
    tracebacks,
    use_good_credentials,
)
from wych_kit import WychAuth, WychClient, load_settings
from wych_kit.errors import SettingInvalid
from wych_kit.journey.registration import ACCOUNT_FIELDS, demonstration_answers
from wych_kit.journey.session import Session
from wych_kit.terminal.screen import Screen
from wych_kit.terminal.walkthrough import PreparedAnswers, walk

pytestmark = pytest.mark.slow


def use(collector):
    """Walk the journey through every face, look around, and use the library."""
    walk_every_face(collector)
    look_around(collector)
    use_the_library(collector)
    fail_once(collector)


def walk_every_face(collector):
    """Register from a file, as JSON, as a person who makes a typing mistake, and in colour."""
    answers = sign_up(collector)
    assert collector.run("start", "--json", "--new", "--answers", str(answers)) == 0
    typed = "".join(
        "Kim\x7f\x7f\r" if each.name == "first_name" else "\r"
        for each in ACCOUNT_FIELDS
        if each.name != "password"
    )
    wrong, right = SECRETS["wrong secret"], SECRETS["password"]
    typed = typed.split("\r")
    keys = "\r".join([*typed[:3], wrong, *typed[3:-1], right]) + "\r"
    assert collector.run("start", "--new", typed=keys + "\r" * 3) == 0
    assert (
        collector.run("start", "--new", typed="\r\r\r" + SECRETS["password"][:12] + "\x03") == 130
    )

    class Tty(io.StringIO):
        def isatty(self):
            return True

    screen = Screen(file=Tty())
    session = Session(load_settings(), collector.env, register_again=True)
    walked = walk(
        session,
        screen,
        PreparedAnswers(demonstration_answers() | {"password": SECRETS["password"]}),
    )
    assert walked.status == 0
    collector.alive += [
        session,
        screen,
        walked,
    ]  # so that they are there when objects are looked at
    session.close()
    collector.leftovers.append(Leftover("in colour", screen.console.file.getvalue()))
    collector.leftovers += objects()


def look_around(collector):
    """Run every command that shows something."""
    assert collector.run("call", "GET", "users", "-v") == 0
    assert (
        collector.run("call", "POST", "user", "--json", '{"email": "kim@example.com"}', "-v") == 0
    )
    assert collector.run("check") == 0
    assert collector.run("check", "--json") == 0
    assert collector.run("token") == 0
    assert collector.run("token", "--raw", keep_out=False) == 0
    assert collector.run("env") == 0
    assert collector.run("env", "--json") == 0
    keep_history(collector)
    for changes in (
        {"client_id": SECRETS["API key"]},
        {"api_key": collector.credentials["client_secret"]},
    ):
        collector.settings(**collector.credentials | changes)
        collector.run("env")
        collector.run("env", "--json")


def use_the_library(collector):
    """Use the client in a program of one's own, and look at its objects while they are alive."""
    use_good_credentials(collector)
    with WychClient(load_settings()) as client:
        client.users()
        user = client.find_or_create_user("kim@example.com")
        collector.tokens.add(client.user_token(user.id).value.reveal())
        made = WychAuth(
            issuer_url=collector.wych.issuer_url,
            client_id="c",
            client_secret=SECRETS["client secret"],
            api_key=SECRETS["API key"],
        )
        collector.alive += [client, made, client.auth, client.token(), client.journal]
        collector.leftovers += objects()
        collector.leftovers.append(
            Leftover(
                "httpx client", f"{client.http!r} {client.http.headers!r} {vars(client.http)!r}"
            )
        )
        for name in ("client_secret", "api_key"):
            odd = {"client_secret": "x", "api_key": "y", name: SECRETS["client secret"] + "\n"}
            try:
                WychAuth(issuer_url=collector.wych.issuer_url, client_id="c", **odd)
            except SettingInvalid as error:
                del odd
                inner = error.with_traceback(error.__traceback__.tb_next)
                collector.leftovers += tracebacks("an odd secret", inner)


class TestFaces(LeavesNoSecret):
    """No face leaves a secret behind."""
