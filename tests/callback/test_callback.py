"""What a browser brings back, read from any paste, and caught by a listener on this machine."""

from __future__ import annotations

import socket
import threading
from urllib.parse import quote, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wych_kit.callback import Listener, Return, browser_request, read
from wych_kit.errors import SettingInvalid

CONNECTION = "8c2c7d1a-77ad-4aa0-befd-fd1131851a9b"
USER = "0b0c2f5e-3f53-4d0e-9d1c-5a8d4c6c2a11"
QUERY = f"connection={CONNECTION}&state=ACTIVE"
ADDRESS = f"https://your.app/callback?{QUERY}"
ACTIVE = Return(CONNECTION, "ACTIVE")


@pytest.mark.parametrize(
    "pasted",
    [
        ADDRESS,
        f"  {ADDRESS}\r\n",
        f"<{ADDRESS}>",
        f'"{ADDRESS}"',
        f"\u201c{ADDRESS}\u201d,",
        f"\ufeff{ADDRESS}\u200b",
        f"It ended at {ADDRESS} and then nothing",
        ADDRESS.replace("&", "\n    &"),
        ADDRESS.replace("&", "&amp;"),
        f"{ADDRESS}#top",
        f"/callback?{QUERY}",
        f"?{QUERY}",
        QUERY,
    ],
)
def test_an_address_is_read_however_it_was_pasted(pasted):
    """White space, quotes, brackets, a sentence or a broken line around it change nothing; the query alone is enough."""
    assert read(pasted) == ACTIVE
    assert read(pasted).notes == ()


def test_the_user_is_optional():
    """With a user it is kept, without or with an empty one there is none."""
    assert read(f"{ADDRESS}&user={USER}") == Return(CONNECTION, "ACTIVE", USER)
    assert read(f"{ADDRESS}&user=").user is None


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("state=ACTIVE", "has no connection: paste the whole address"),
        ("connection=&state=ACTIVE", "has an empty connection"),
        (
            f"connection={CONNECTION}",
            "has no state: paste the whole address, to its end; in a shell",
        ),
        (f"connection={CONNECTION}&state=", "has an empty state"),
        (f"{QUERY}&state=REJECTED", "has state more than once"),
        (f"{QUERY}&connection={USER}", "has connection more than once"),
        (
            f"connection={CONNECTION}&state=af0ifjsldkj-31",
            "looks like OAuth's; here it is a status, ACTIVE, PENDING or REJECTED",
        ),
        ("code=abc&state=af0ifjsldkj-31", "is that of a login (it has code)"),
        ("x=1&" * 101 + QUERY, "more than 100 parameters"),
    ],
)
def test_what_is_missing_or_odd_is_named(query, says):
    """The error says which parameter it is about and what to do, and is one of the catalogue."""
    with pytest.raises(SettingInvalid) as raised:
        read(f"https://your.app/callback?{query}")
    assert says in raised.value.observed
    assert (raised.value.stage, raised.value.reference) == ("call", "callback-incomplete")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        ("kim", "is no address"),
        ("https://your.app/callback", "has nothing after a ?"),
        (f"https://your.app/callback#{QUERY}", "after a #, which no server gets to see"),
        ("x" * 70_000, "is longer than 64 KiB"),
    ],
)
def test_what_is_no_return_is_said(text, says):
    """Nothing, no address, no query and a fragment instead of it each have their own words."""
    with pytest.raises(SettingInvalid) as raised:
        read(text)
    assert says in raised.value.observed


@pytest.mark.parametrize(
    ("query", "notes"),
    [
        (
            f"connection={CONNECTION}&state=EXPIRED",
            ["The state EXPIRED is none that is documented"],
        ),
        (f"connection={CONNECTION}&state=active", ["It is documented in capitals."]),
        ("connection=42&state=ACTIVE", ["connection: Ids here are documented as UUIDs."]),
        (f"{QUERY}&utm=1", ["parameters besides connection, state and user"]),
        (f"connection={CONNECTION}&state=REJECTED", []),
    ],
)
def test_what_is_odd_without_being_wrong_is_noted(query, notes):
    """An unknown state is kept as it came and named; a documented one gives no note."""
    came = read(f"?{query}")
    assert len(came.notes) == len(notes)
    assert all(part in note for part, note in zip(notes, came.notes, strict=True))
    assert f"state={came.state}" in query
    assert came.is_known == (came.state == came.state.upper() != "EXPIRED")


def test_another_host_is_noted():
    """An address that is not the callback URL's is taken, and it is said; the owner's own parameters are not the return's."""
    assert "another host or port" in read(ADDRESS, "https://other.example/callback").notes[0]
    assert "another path" in read(ADDRESS, "https://your.app/back").notes[0]
    assert read(ADDRESS, "https://your.app/callback").notes == ()
    assert (
        read(
            f"https://your.app/callback?from=wych&{QUERY}", "https://your.app/callback?from=wych"
        ).notes
        == ()
    )


@given(st.text(max_size=300), st.text(max_size=40), st.text(max_size=40))
def test_no_text_breaks_it(text, state, extra):
    """Any text gives a return or the one error."""
    for pasted in (
        text,
        f"https://{text}",
        f"?connection={text}&state={state}",
        f"{ADDRESS}&{extra}={text}",
    ):
        try:
            assert read(pasted, "https://your.app/callback").connection
        except SettingInvalid:
            continue


@pytest.fixture
def listener():
    """A listener at any free port, with somebody waiting: `came()` is what they got."""
    with Listener("http://localhost/callback") as made:
        got = []
        waiting = threading.Thread(target=lambda: got.append(made.wait(20)))
        waiting.start()

        def came():
            waiting.join(20)
            return got[0]

        made.came = came
        yield made
        made.close()
        waiting.join(20)


def raw(listener, *pieces):
    """What the listener answers to these bytes."""
    with socket.create_connection(
        ("127.0.0.1", urlsplit(listener.url).port), timeout=20
    ) as connection:
        for piece in pieces:
            connection.sendall(piece)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_a_browser_is_caught_and_told(listener):
    """The return is what `wait` gives; the page names what came, and loads nothing from anywhere."""
    page = httpx.get(f"{listener.url}?{QUERY}&user={USER}")
    assert listener.came() == Return(CONNECTION, "ACTIVE", USER)
    assert page.status_code == 200
    assert "You can close this tab." in page.text
    assert CONNECTION in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "src=" not in page.text
    assert "href=" not in page.text


def test_nothing_is_reflected_unescaped(listener):
    """Script in a return is shown as text."""
    script = "<script>\"'alert(1)</script>"
    page = httpx.get(listener.url, params={"connection": script, "state": script})
    assert listener.came() == Return(script, script)
    assert "<script" not in page.text
    assert "&lt;script&gt;&quot;" in page.text


def test_other_visits_do_not_end_the_wait(listener):
    """A favicon, another method, something that is no HTTP and a visit without parameters are answered, and the wait goes on."""
    root = listener.url.removesuffix("/callback")
    assert httpx.get(f"{root}/favicon.ico").status_code == 404
    for method in ("HEAD", "POST", "OPTIONS"):
        answer = httpx.request(method, f"{listener.url}?{QUERY}")
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET")
    assert raw(listener, b"hello\r\n\r\n").startswith(b"HTTP/1.1 400 ")
    bare = httpx.get(listener.url)
    assert (bare.status_code, "Something is missing" in bare.text) == (400, True)
    assert listener.problem.reference == "callback-incomplete"
    httpx.get(f"{listener.url}?{QUERY}")
    assert listener.came() == ACTIVE


def test_a_browser_that_sends_nothing_blocks_nobody(listener):
    """Connections opened ahead, half a request, and more callers than are kept at once leave the door open for the one that comes."""
    project = ("127.0.0.1", urlsplit(listener.url).port)
    idle = [socket.create_connection(project, timeout=20) for _ in range(40)]
    idle[-1].sendall(b"GET /callback?conn")
    assert httpx.get(f"{listener.url}?{QUERY}", timeout=20).status_code == 200
    assert listener.came() == ACTIVE
    for each in idle:
        each.close()


def test_a_slow_caller_is_let_go(listener, monkeypatch):
    """Whoever does not finish a request in the time for one is hung up on."""
    monkeypatch.setattr(browser_request, "PATIENCE", 0.2)
    assert raw(listener, b"GET /callback?conn") == b""


def test_headers_have_a_limit(listener):
    """An address of 8 kB is taken, headers without end are not."""
    assert raw(listener, b"GET / HTTP/1.1\r\n", b"x: " + b"y" * 40_000).startswith(b"HTTP/1.1 431 ")
    assert httpx.get(f"{listener.url}?{QUERY}&x={'y' * 8000}").status_code == 200
    assert listener.came() == ACTIVE


def test_a_request_in_pieces_and_a_whole_address_are_taken(listener):
    """What arrives byte by byte, or as a proxy writes it, is the same request."""
    text = f"GET http://localhost/callback?{QUERY} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    assert raw(listener, *(text[at : at + 1] for at in range(len(text)))).startswith(
        b"HTTP/1.1 200 "
    )
    assert listener.came() == ACTIVE


def test_nobody_comes():
    """When the time is over `wait` gives nothing, also while somebody dawdles; afterwards it can be called again."""
    with Listener("http://127.0.0.1/") as quiet:
        with socket.create_connection(("127.0.0.1", urlsplit(quiet.url).port)):
            assert quiet.wait(0.1) is None
        assert quiet.wait(0) is None


def test_closing_wakes_who_waits(listener):
    """Another thread's `close` ends the wait without a return; the port is free again, and a second `close` is nothing."""
    port = urlsplit(listener.url).port
    listener.close()
    assert listener.came() is None
    assert listener.wait(5) is None
    listener.close()
    Listener(f"http://127.0.0.1:{port}/").close()


def test_two_returns_in_a_row():
    """A customer who said no and then yes comes back twice; each is one wait."""
    with Listener("http://127.0.0.1/back%20here?from=wych") as door:
        for state in ("REJECTED", "ACTIVE"):
            answers = []
            address = f"{door.url}&connection={CONNECTION}&state={state}"
            visit = threading.Thread(
                target=lambda to, got: got.append(httpx.get(to)), args=(address, answers)
            )
            visit.start()
            came = door.wait(20)
            visit.join(20)
            assert (came, came.notes) == (Return(CONNECTION, state), ())
            assert answers[0].status_code == 200


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("https://127.0.0.1/callback", "paste the address at which the browser ends instead"),
        ("http://your.app/callback", "nothing can be caught on this machine"),
        ("http://[::1]/callback", "nothing can be caught on this machine"),
        ("myapp://back", "must start with https:// or http://"),
        (f"http://127.0.0.1/{quote('<', safe='')}#x", "fragment"),
    ],
)
def test_only_this_machine_can_be_listened_at(url, says):
    """A callback URL that leads elsewhere is refused, and what to do instead is said."""
    with pytest.raises(SettingInvalid) as raised:
        Listener(url)
    assert says in raised.value.observed


def test_a_port_in_use_is_said():
    """The error names the port and what to do."""
    with (
        Listener("http://127.0.0.1/") as first,
        pytest.raises(SettingInvalid, match="is taken by another program") as raised,
    ):
        Listener(f"http://127.0.0.1:{urlsplit(first.url).port}/")
    assert "paste the address" in raised.value.observed
