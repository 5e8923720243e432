"""The search that these tests stand on finds a secret in every way of writing it."""

from __future__ import annotations

import base64
import json
import urllib.parse

import pytest

from tests.silence.collector import BEARER, CORE, PART, SECRETS, Leftover, tracebacks
from tests.silence.search import search


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize(
    "write",
    [
        str,
        urllib.parse.quote,
        urllib.parse.quote_plus,
        json.dumps,
        repr,
        str.upper,
        lambda text: text[:CORE],
        lambda text: text[-CORE:],
        lambda text: text.encode().hex(),
        *(
            lambda text, n=n: base64.b64encode(b"id:"[:n] + text.encode()).decode()
            for n in range(4)
        ),
        lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    ],
)
def test_the_search_finds_what_it_looks_for(name, write):
    """It finds a secret however it is written, and in part; it finds nothing where there is nothing."""
    text = f"before {write(SECRETS[name])} after"
    assert search([Leftover("x", text)], {name: SECRETS[name]}, ()) == [f"{name} in x"]
    assert search([Leftover("x", "nothing here")], SECRETS, {BEARER}) == []


def test_the_search_finds_any_part_of_a_token():
    """Thirteen characters together, from its beginning, middle or end; twelve are too few to matter."""
    for at in range(len(BEARER) - PART + 1):
        assert search([Leftover("x", f"-{BEARER[at : at + PART]}-")], {}, {BEARER}) == [
            "a part of a token in x"
        ]
    assert search([Leftover("x", f"-{BEARER[:12]}-")], {}, {BEARER}) == []


def test_the_search_sees_locals():
    """A secret bound to a name does show in the tracebacks that are searched."""

    def careless(bound):
        return bound.index("not in it")

    try:
        careless(SECRETS["API key"])
    except ValueError as error:
        found = tracebacks("here", error)
    assert {
        hit.rpartition(": ")[2] for hit in search(found, {"API key": SECRETS["API key"]}, ())
    } == {"traceback", "rich"}
