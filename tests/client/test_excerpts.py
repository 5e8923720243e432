"""What a server said is repeated without the secrets of the request that it answers."""

from __future__ import annotations

from urllib.parse import quote, quote_plus

import httpx
import pytest

from wych_kit.client.excerpts import redact_response_text, redirect_target

SECRET = 'kea7 "w%+&=é'
KEY = "pip3+huia/="
TOKEN = "opaque-token-0815"


def answer(location="", **content):
    """An answer to a request with every kind of secret in it."""
    headers = {"Authorization": f"Bearer {TOKEN}", "x-api-key": KEY}
    request = httpx.Request(
        "POST",
        "https://wych.example/token",
        headers=headers,
        **(content or {"data": {"client_secret": SECRET}}),
    )
    return httpx.Response(400, request=request, headers={"Location": location} if location else {})


@pytest.mark.parametrize(
    "secret",
    [SECRET, KEY, TOKEN, quote(SECRET), quote_plus(SECRET), "eyJhbGciOiJSUzI1NiJ9.eyJhIjoxfQ.c2ln"],
)
def test_what_was_sent_is_not_repeated(secret):
    """Secret, key and bearer go, in every way of writing them, and so does any other token; the words round them stay."""
    text = redact_response_text(answer(), f"before {secret} after")
    assert secret not in text
    assert text.startswith("before ‹WYCH_")
    assert text.endswith("› after")


def test_a_password_in_json_is_not_repeated():
    """Registration sends JSON; a portal that repeats it does no harm."""
    assert "mou5tok2" not in redact_response_text(
        answer(json={"password": "mou5tok2", "email": "kim@example.com"}), "no: mou5tok2"
    )


@pytest.mark.parametrize("password", ["tok2", "20261125"])
def test_a_password_like_a_word_is_not_repeated(password):
    """In one server's answer to one request, better a word too few."""
    assert password not in redact_response_text(
        answer(json={"password": password}), f"no: {password}"
    )


def test_other_words_stay_as_they_are():
    """A server's own words come through, whatever characters are in them."""
    assert (
        redact_response_text(answer(), "Invalid client or Invalid client credentials ‹é›")
        == "Invalid client or Invalid client credentials ‹é›"
    )


def test_a_stream_that_was_sent_is_no_obstacle():
    """A body that is gone cannot be looked at; the headers can."""
    assert redact_response_text(answer(content=iter([b"gone"])), f"x {KEY}") == "x ‹WYCH_API_KEY›"


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("https://elsewhere.example/login?client_secret=x#y", "https://elsewhere.example/login"),
        ("/relative#access_token=x", "/relative"),
        (f"https://elsewhere.example/{KEY}", "https://elsewhere.example/‹WYCH_API_KEY›"),
        ("", "?"),
    ],
)
def test_a_redirects_target_is_shown_without_its_query(location, shown):
    """Where it points is worth knowing; what it repeats is not."""
    assert redirect_target(answer(location)) == shown
