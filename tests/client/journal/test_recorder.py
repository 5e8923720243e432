"""Every exchange, redacted as it is captured."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
import zlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wych_kit import Journal, Secret
from wych_kit.client.journal.recorder import MAX_HEADERS, Exchange
from wych_kit.client.journal.redaction import CAPTURE_BYTES, KEEP_CHARACTERS


def client(journal: Journal, answer: Any, **given: Any) -> httpx.Client:
    """A hooked client without sockets."""
    return httpx.Client(
        base_url="https://a.example",
        event_hooks=journal.hooks(),
        transport=httpx.MockTransport(answer),
        **given,
    )


def test_discovery_token_and_call_are_all_there(wych, auth_for, canaries) -> None:
    """In order, with method, address, status and time, and with marks where the secrets were."""
    journal = Journal()
    with client(journal, wych, auth=auth_for(wych)) as http:
        http.get(f"{wych.api_url}/users")
    discovery, token, call = journal.exchanges
    assert [(each.method, each.status) for each in journal.exchanges] == [
        ("GET", 200),
        ("POST", 200),
        ("GET", 200),
    ]
    assert discovery.url.endswith("/.well-known/openid-configuration")
    assert (
        token.request_body
        == "grant_type=client_credentials&client_id=me&client_secret=‹WYCH_CLIENT_SECRET›"
    )
    assert json.loads(token.response_body)["access_token"] == "‹WYCH_ACCESS_TOKEN›"
    assert dict(call.request_headers)["authorization"] == "Bearer ‹WYCH_ACCESS_TOKEN›"
    assert dict(call.request_headers)["x-api-key"] == "‹WYCH_API_KEY›"
    assert call.response_body == "[]"
    text = json.dumps([each.as_dict() for each in journal.exchanges], ensure_ascii=False)
    assert [secret for secret in (*canaries, *wych.tokens) if secret in text] == []
    for each in journal.exchanges:
        assert datetime.fromisoformat(each.started).tzinfo
        assert each.seconds is not None
        assert 0 <= each.seconds < 5


def test_tasks_are_heard_as_well(live, auth_for, canaries) -> None:
    """The asynchronous hooks keep the same, bodies included."""
    journal = Journal()

    async def main() -> None:
        async with httpx.AsyncClient(
            base_url=live.api_url, auth=auth_for(live), event_hooks=journal.async_hooks()
        ) as http:
            assert (await http.get("/users")).json() == []

    asyncio.run(main())
    assert [(each.method, each.status) for each in journal.exchanges] == [
        ("GET", 200),
        ("POST", 200),
        ("GET", 200),
    ]
    assert journal.exchanges[-1].response_body == "[]"
    assert [
        secret for secret in (*canaries, *live.tokens) if secret in repr(journal.exchanges)
    ] == []


def test_the_caller_reads_what_the_server_sent() -> None:
    """Overhearing takes nothing away: not from a stream, not from a body longer than is kept."""
    body = b"abcdefgh" * 40_000
    journal = Journal()
    with client(
        journal, lambda request: httpx.Response(200, stream=httpx.ByteStream(body))
    ) as http:
        assert http.get("/").content == body
        with http.stream("GET", "/") as response:
            assert journal.exchanges[-1].seconds is None
            assert b"".join(response.iter_bytes(7)) == body
        with http.stream("GET", "/"):
            pass
    read, streamed, unread = journal.exchanges
    assert read.response_body == streamed.response_body
    assert len(read.response_body) == KEEP_CHARACTERS + 1
    assert (unread.response_body, unread.status) == ("", 200)
    assert unread.seconds is not None


@pytest.mark.parametrize(
    "pack", [("gzip", gzip.compress), ("deflate", zlib.compress)], ids=lambda pack: pack[0]
)
def test_a_packed_answer_is_unpacked_and_redacted(pack: Any) -> None:
    """Secrets inside a compressed body are found; a small answer that unpacks into a huge one is not taken in whole."""
    name, squeeze = pack
    journal = Journal()
    answers = [b'{"access_token": "0paque-canary", "x": 1}', b"0" * 30_000_000]

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(
            200,
            headers={"Content-Encoding": name, "Content-Type": "application/json"},
            stream=httpx.ByteStream(squeeze(answers.pop(0))),
        )

    with client(journal, answer) as http:
        http.get("/")
        http.get("/")
    small, huge = journal.exchanges
    assert small.response_body == '{"access_token":"‹WYCH_ACCESS_TOKEN›","x":1}'
    assert len(huge.response_body) == KEEP_CHARACTERS + 1


@pytest.mark.parametrize(
    ("encoding", "content"),
    [("br", b"0paque-canary"), ("zstd", b"0paque-canary"), ("gzip", b"0paque-canary")],
)
def test_what_cannot_be_unpacked_is_not_kept(encoding: str, content: bytes) -> None:
    """A body nobody can look into may hold anything."""
    journal = Journal()
    headers = {"Content-Encoding": encoding}
    with (
        client(
            journal,
            lambda request: httpx.Response(200, headers=headers, stream=httpx.ByteStream(content)),
        ) as http,
        http.stream("GET", "/") as response,
    ):
        list(response.iter_raw())
    assert journal.exchanges[0].response_body == f"(13 bytes, compressed with {encoding}, not kept)"


def test_a_stream_as_body_is_not_kept_and_not_consumed(serve) -> None:
    """The server gets it whole; the journal says that it was one."""
    journal = Journal()
    sent: list[bytes] = []
    url = serve(lambda request: sent.append(request.content) or httpx.Response(200))
    with httpx.Client(event_hooks=journal.hooks(), trust_env=False) as http:
        http.post(url, content=iter([b"a", b"b"]), headers={"Content-Length": "2"})
    assert sent == [b"ab"]
    assert journal.exchanges[0].request_body == "(a stream, not kept)"
    assert journal.exchanges[0].request_lacks == "it was a stream"


@pytest.mark.parametrize(
    ("body", "lacks"),
    [
        ({"content": b""}, ""),
        ({"content": "é".encode()}, ""),
        ({"json": {"client_secret": "Zq9-secret"}}, ""),
        ({"content": b"\xff\x00"}, "it is not plain text"),
        ({"content": '{"a": 1}'.encode("utf-16-le")}, "it is not plain text"),
        ({"content": b"x" * (KEEP_CHARACTERS + 1)}, "it is too long"),
        ({"content": b" " * CAPTURE_BYTES}, "it is too long"),
    ],
)
def test_a_body_that_is_not_whole_says_so(body: dict[str, Any], lacks: str) -> None:
    """Whoever sends it again must know; secrets that were hidden are not lacking."""
    journal = Journal()
    with client(journal, lambda request: httpx.Response(200)) as http:
        http.post("/", **body)
    assert journal.exchanges[0].request_lacks == lacks


def test_an_exchange_of_an_earlier_release_can_be_read() -> None:
    """It has no word about what its body lacks."""
    facts = Exchange("", "GET", "", [], "").as_dict()
    del facts["request_lacks"]
    assert Exchange.from_dict(facts).request_lacks == ""


def test_an_exchange_without_answer_has_the_reason() -> None:
    """Whoever catches httpx's exception tells; the text is redacted, an exception without request is no exchange."""
    journal = Journal(known=[("api_key", Secret("k3y-canary"))])

    def broken(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route for k3y-canary", request=request)

    with client(journal, broken) as http, pytest.raises(httpx.ConnectError) as caught:
        http.get("/x", params={"token": "t0ken-canary"})
    journal.record_failure(caught.value)
    journal.record_failure(httpx.ConnectError("lost"))
    (exchange,) = journal.exchanges
    assert (exchange.status, exchange.error) == (None, "ConnectError: no route for ‹WYCH_API_KEY›")
    assert exchange.url == "https://a.example/x?token=‹WYCH_TOKEN›"
    assert exchange.seconds is not None


def test_only_the_last_are_kept() -> None:
    """Bounded in number; the oldest go first."""
    journal = Journal(keep=3)
    with client(journal, lambda request: httpx.Response(200)) as http:
        for number in range(5):
            http.get(f"/{number}")
    assert [exchange.url[-1] for exchange in journal.exchanges] == ["2", "3", "4"]


def test_it_can_be_read_while_others_write() -> None:
    """Threads call, one looks: nobody fails, and nothing is lost."""
    journal = Journal(keep=10_000)
    failures: list[BaseException] = []
    done = threading.Event()

    def look() -> None:
        try:
            while not done.is_set():
                assert all(exchange.method == "GET" for exchange in journal.exchanges)
        except BaseException as error:  # noqa: BLE001 - it is looked at below
            failures.append(error)

    def call() -> None:
        with client(journal, lambda request: httpx.Response(200, json={})) as http:
            for _ in range(100):
                http.get("/")

    looker = threading.Thread(target=look)
    callers = [threading.Thread(target=call) for _ in range(8)]
    for thread in (looker, *callers):
        thread.start()
    for thread in callers:
        thread.join(30)
    done.set()
    looker.join(10)
    assert failures == []
    assert len(journal.exchanges) == 800


texts = st.text(max_size=20)
headers = st.lists(st.tuples(texts, texts), max_size=4)
exchanges = st.builds(
    Exchange,
    started=texts,
    method=texts,
    url=texts,
    request_headers=headers,
    request_body=texts,
    status=st.none() | st.integers(100, 599),
    reason=texts,
    http_version=texts,
    response_headers=headers,
    response_body=texts,
    seconds=st.none() | st.floats(0, 1e6),
    error=texts,
    request_lacks=texts,
)


@given(exchanges)
def test_an_exchange_survives_json(exchange: Exchange) -> None:
    """Written and read again, it is equal."""
    assert Exchange.from_dict(json.loads(json.dumps(exchange.as_dict()))) == exchange


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"request_headers": [], "response_headers": [], "x": 1},
        {"request_headers": 7, "response_headers": []},
    ],
)
def test_what_is_no_exchange_is_refused(facts: dict[str, Any]) -> None:
    """As documented: `KeyError` or `TypeError`."""
    with pytest.raises((KeyError, TypeError)):
        Exchange.from_dict(facts)


@given(
    st.dictionaries(
        st.sampled_from(["X-A", "Authorization", "Cookie", "x-api-key"]),
        st.text("ab \x7f\xe9é", max_size=9),
        max_size=3,
    ),
    st.binary(max_size=40),
)
def test_capturing_never_breaks_a_call(given_headers: dict[str, str], body: bytes) -> None:
    """Odd headers and bodies in both directions: the call goes on, and the journal has it."""
    journal = Journal()
    odd = [(name.encode(), value.encode("utf-8")) for name, value in given_headers.items()]
    with client(
        journal, lambda request: httpx.Response(200, headers=odd, stream=httpx.ByteStream(body))
    ) as http:
        assert http.post("/", headers=odd, content=body).content == body
    json.dumps(journal.exchanges[0].as_dict()).encode()


def test_bodies_are_bounded() -> None:
    """Neither a long question nor a long answer fills the memory."""
    journal = Journal()
    long = b"x" * (4 * CAPTURE_BYTES)
    with client(journal, lambda request: httpx.Response(200, content=long)) as http:
        http.post("/", content=long)
    exchange = journal.exchanges[0]
    assert len(exchange.request_body) == len(exchange.response_body) == KEEP_CHARACTERS + 1


def test_an_answer_that_breaks_off_is_one_exchange() -> None:
    """With its status, what came of it, and what broke it off."""
    journal = Journal()

    def breaking() -> Iterator[bytes]:
        yield b"half"
        raise httpx.ReadError("gone")

    with client(journal, lambda request: httpx.Response(200, content=breaking())) as http:
        for _ in range(2):
            request = http.build_request("GET", "/")
            with pytest.raises(httpx.ReadError) as caught:
                http.send(request)
            journal.record_failure(caught.value)
    for exchange in journal.exchanges:
        assert (exchange.status, exchange.response_body, exchange.error) == (
            200,
            "half",
            "ReadError: gone",
        )
        assert exchange.seconds is not None
    assert len(journal.exchanges) == 2


def test_a_request_sent_again_is_another_exchange() -> None:
    """What fails the second time does not change what was answered the first time."""
    journal = Journal()

    def answer(request: httpx.Request) -> httpx.Response:
        if len(journal.exchanges) == 1:
            raise httpx.ConnectError("gone", request=request)
        return httpx.Response(200)

    with client(journal, answer) as http:
        request = http.build_request("GET", "/")
        http.send(request)
        with pytest.raises(httpx.ConnectError) as caught:
            http.send(request)
    journal.record_failure(caught.value)
    assert [(each.status, each.error) for each in journal.exchanges] == [
        (200, ""),
        (None, "ConnectError: gone"),
    ]


def test_addresses_and_headers_are_bounded() -> None:
    """In length and in number; a secret at the cut is hidden before the cut is made."""
    journal = Journal()
    token = "Zq9" + "x" * 40_000
    headers = [
        ("X-Long", "y" * 20_000),
        ("Location", f"/{'z' * (KEEP_CHARACTERS - 20)}?access_token={token}"),
        *[("X-Many", "1")] * 500,
    ]
    with client(journal, lambda request: httpx.Response(200, headers=headers)) as http:
        http.get("/", params={"a": "b" * 20_000}, headers=headers)
    (exchange,) = journal.exchanges
    assert len(exchange.url) == KEEP_CHARACTERS + 1
    for rows in (exchange.request_headers, exchange.response_headers):
        assert len(rows) == MAX_HEADERS
        assert max(len(value) for _, value in rows) == KEEP_CHARACTERS + 1
    assert "Zq9" not in repr(exchange)
