"""Parse the redirect from any paste, and catch it with a listener on this machine."""

from __future__ import annotations

import socket
import threading
from urllib.parse import quote, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wych_kit.callback import CallbackParameters, Listener, parse_callback
from wych_kit.callback import listener as listening
from wych_kit.errors import SettingInvalid

CONNECTION = "8c2c7d1a-77ad-4aa0-befd-fd1131851a9b"
USER = "0b0c2f5e-3f53-4d0e-9d1c-5a8d4c6c2a11"
QUERY = f"connection={CONNECTION}&state=ACTIVE"
ADDRESS = f"https://your.app/callback?{QUERY}"
ACTIVE = CallbackParameters(CONNECTION, "ACTIVE")


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
    assert parse_callback(pasted) == ACTIVE
    assert parse_callback(pasted).notes == ()


def test_the_user_is_optional():
    """With a user it is kept, without or with an empty one there is none."""
    assert parse_callback(f"{ADDRESS}&user={USER}") == CallbackParameters(
        CONNECTION, "ACTIVE", USER
    )
    assert parse_callback(f"{ADDRESS}&user=").user is None


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("state=ACTIVE", "no connection"),
        ("connection=&state=ACTIVE", "empty connection"),
        (f"connection={CONNECTION}", "no state"),
        (f"connection={CONNECTION}&state=", "empty state"),
        (f"{QUERY}&state=REJECTED", "state more than once"),
        (f"{QUERY}&connection={USER}", "connection more than once"),
        (f"connection={CONNECTION}&state=af0ifjsldkj-31", "OAuth"),
        ("code=abc&state=af0ifjsldkj-31", "login"),
        ("x=1&" * 101 + QUERY, "100"),
    ],
)
def test_a_missing_or_invalid_parameter_is_named(query, word):
    """The error names the parameter, and its reference is one of the catalogue."""
    with pytest.raises(SettingInvalid) as raised:
        parse_callback(f"https://your.app/callback?{query}")
    assert word in raised.value.observed
    assert (raised.value.stage, raised.value.reference) == ("call", "callback-incomplete")


@pytest.mark.parametrize(
    ("text", "reference", "word"),
    [
        ("", "bad-address", "empty"),
        ("kim", "bad-address", "https://"),
        ("https://your.app/callback", "callback-incomplete", "no parameters"),
        (f"https://your.app/callback#{QUERY}", "callback-incomplete", "#"),
        ("x" * 70_000, "callback-incomplete", "64 KiB"),
    ],
)
def test_a_text_that_is_no_redirect_is_refused(text, reference, word):
    """Nothing, no URL, no query and a fragment instead of it each have a reason of their own."""
    with pytest.raises(SettingInvalid) as raised:
        parse_callback(text)
    assert (raised.value.reference, word in raised.value.observed) == (reference, True)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        (f"connection={CONNECTION}&state=EXPIRED", ["EXPIRED"]),
        (f"connection={CONNECTION}&state=active", ["capitals"]),
        ("connection=42&state=ACTIVE", ["connection: "]),
        (f"{QUERY}&utm=1", ["parameters"]),
        (f"connection={CONNECTION}&state=REJECTED", []),
    ],
)
def test_what_is_unusual_but_not_wrong_is_noted(query, words):
    """An unknown state is kept as it came and named; a documented one gives no note."""
    parameters = parse_callback(f"?{query}")
    assert len(parameters.notes) == len(words)
    assert all(word in note for word, note in zip(words, parameters.notes, strict=True))
    assert f"state={parameters.state}" in query
    assert parameters.is_known == (parameters.state == parameters.state.upper() != "EXPIRED")


def test_a_note_repeats_no_value_that_is_not_a_plain_word():
    """Anything may have been pasted, so only an unknown state of plain words is shown."""
    parameters = parse_callback(f"connection={CONNECTION}&state=%3Cb%3E&user=s3cret-2")
    assert len(parameters.notes) == 2
    assert not any("<b>" in note or "s3cret" in note for note in parameters.notes)


def test_another_host_is_noted():
    """A URL that is not the callback URL's is accepted with a note; the owner's own parameters are ignored."""
    assert "host" in parse_callback(ADDRESS, "https://other.example/callback").notes[0]
    assert "path" in parse_callback(ADDRESS, "https://your.app/back").notes[0]
    assert "not valid" in parse_callback(ADDRESS, "https://your.app:port/back").notes[0]
    assert parse_callback(ADDRESS, "https://your.app/callback").notes == ()
    own = "https://your.app/callback?from=wych"
    assert parse_callback(f"{own}&{QUERY}", own).notes == ()


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
            assert parse_callback(pasted, "https://your.app/callback").connection
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
    assert listener.came() == CallbackParameters(CONNECTION, "ACTIVE", USER)
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
    assert listener.came() == CallbackParameters(script, script)
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
    assert listener.last_error.reference == "callback-incomplete"
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


def test_a_slow_connection_is_ended(listener, monkeypatch):
    """A request that is not complete in time gets no answer."""
    monkeypatch.setattr(listening, "MAX_CONNECTION_SECONDS", 0.2)
    assert raw(listener, b"GET /callback?conn") == b""


def test_headers_have_a_limit(listener):
    """A URL of 8 kB is accepted; a longer one than 64 kB, a longer header and 200 headers are not."""
    assert raw(listener, b"GET /", b"y" * 70_000).startswith(b"HTTP/1.1 414 ")
    assert raw(listener, b"GET / HTTP/1.1\r\nx: ", b"y" * 70_000).startswith(b"HTTP/1.1 431 ")
    headers = b"x: y\r\n" * 200
    assert raw(listener, b"GET / HTTP/1.1\r\n", headers).startswith(b"HTTP/1.1 431 ")
    assert httpx.get(f"{listener.url}?{QUERY}&x={'y' * 8000}").status_code == 200
    assert listener.came() == ACTIVE


def test_a_request_in_pieces_and_a_whole_address_are_taken(listener):
    """What arrives byte by byte, or as a proxy writes it, is the same request."""
    text = f"GET http://localhost/callback?{QUERY} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    assert raw(listener, *(text[at : at + 1] for at in range(len(text)))).startswith(
        b"HTTP/1.1 200 "
    )
    assert listener.came() == ACTIVE


def test_waiting_ends_in_time():
    """When the time is over `wait` returns None, also while a connection is idle; it can be called again."""
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
            responses = []
            address = f"{door.url}&connection={CONNECTION}&state={state}"
            visit = threading.Thread(
                target=lambda to, got: got.append(httpx.get(to)), args=(address, responses)
            )
            visit.start()
            came = door.wait(20)
            visit.join(20)
            assert (came, came.notes) == (CallbackParameters(CONNECTION, state), ())
            assert responses[0].status_code == 200


@pytest.mark.parametrize(
    ("url", "reference"),
    [
        ("https://127.0.0.1/callback", "wrong-host"),
        ("http://your.app/callback", "wrong-host"),
        ("http://[::1]/callback", "wrong-host"),
        ("myapp://back", "not-https"),
        (f"http://127.0.0.1/{quote('<', safe='')}#x", "not-a-base"),
    ],
)
def test_only_this_machine_can_be_listened_at(url, reference):
    """A callback URL of another machine is refused."""
    with pytest.raises(SettingInvalid) as raised:
        Listener(url)
    assert (raised.value.name, raised.value.reference) == ("WYCH_CALLBACK_URL", reference)


def test_a_port_in_use_is_named():
    """The error names the port and what to do instead."""
    with Listener("http://127.0.0.1/") as first:
        port = urlsplit(first.url).port
        with pytest.raises(SettingInvalid) as raised:
            Listener(f"http://127.0.0.1:{port}/")
    assert (raised.value.name, raised.value.reference) == ("WYCH_CALLBACK_URL", "setting-invalid")
    assert f"port {port}, which another program uses" in raised.value.reason
    assert "paste the URL" in raised.value.reason


def test_an_error_of_the_listener_carries_no_context():
    """The socket's own error is not part of it: a traceback is for bugs."""
    with Listener("http://127.0.0.1/") as first, pytest.raises(SettingInvalid) as raised:
        Listener(first.url)
    assert raised.value.__context__ is None
