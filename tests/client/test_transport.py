"""Limits on answers, Retry-After, and httpx's exceptions turned into ours."""

from __future__ import annotations

import gzip
import math
import socket
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wych_kit import Refused, SettingInvalid, Unexpected, Unreachable, WychError
from wych_kit.client import backoff, http_request, http_response, httpx_errors, transport

CANARY = "sk-canary-42"


@given(st.integers(0, 10**11))
def test_retry_after_in_seconds_is_those_seconds(seconds: int) -> None:
    """The first form of RFC 9110 §10.2.3 is taken to the second, spaces around it or not."""
    assert (
        backoff.parse_retry_after(str(seconds))
        == backoff.parse_retry_after(f" {seconds} ")
        == seconds
    )


@given(st.datetimes(datetime(1971, 1, 1), datetime(9998, 1, 1)), st.integers(-(10**6), 10**6))  # noqa: DTZ001 - the zone is put on below
def test_retry_after_as_a_date_is_the_time_until_then(date: datetime, ahead: int) -> None:
    """The second form is the time from now to the date, never negative."""
    now = date.replace(microsecond=0, tzinfo=UTC)
    written = format_datetime(now + timedelta(seconds=ahead), usegmt=True)
    assert backoff.parse_retry_after(written, now.timestamp()) == max(0, ahead)


@pytest.mark.parametrize(
    "written",
    ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"],
)
def test_all_three_old_forms_of_a_date_mean_gmt(
    written: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RFC 9110 §5.6.7: each of the three forms is the same moment, wherever this machine is."""
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    time.tzset()
    try:
        assert backoff.parse_retry_after(written, 784111777 - 60) == 60
    finally:
        monkeypatch.undo()
        time.tzset()


@given(
    st.text()
    | st.from_regex(
        r"\A[A-Z][a-z]{2}, \d{1,9} [A-Z][a-z]{2} \d{1,9} \d\d:\d\d:\d\d( GMT| [+-]\d{4,9})?\Z"
    )
)
@example("²")
@example("-1")
@example("1.5")
@example("Mon, 01 Jan 0001 00:00:00 +2359")
def test_retry_after_never_raises(text: str) -> None:
    """Whatever a server writes there, the answer is a number of seconds that can be waited, or nothing."""
    found = backoff.parse_retry_after(text)
    assert found is None or (found >= 0 and math.isfinite(found))


@pytest.mark.parametrize("text", [None, "", "soon", "-1", "1.5", "٣"])
def test_retry_after_that_says_nothing_is_none(text: str | None) -> None:
    """Neither form, no wish."""
    assert backoff.parse_retry_after(text) is None


def exceptions(kind: type[Exception] = Exception) -> list[type[Exception]]:
    """Every exception class of httpx."""
    found = [
        value
        for value in vars(httpx).values()
        if isinstance(value, type) and issubclass(value, kind)
    ]
    assert len(found) > 25
    return found


@pytest.mark.parametrize("kind", exceptions())
def test_every_exception_of_httpx_has_a_meaning(kind: type[Exception]) -> None:
    """Each becomes an error of ours, with the stage of its request, and without what the text or the address may hold."""
    request = http_request.build_plain_request(
        "GET", f"https://a.example/x?secret={CANARY}", "discovery"
    )
    if issubclass(kind, httpx.HTTPStatusError):
        error: Exception = kind("400", request=request, response=httpx.Response(400))
    elif issubclass(kind, httpx.RequestError):
        error = kind(
            (
                f"Illegal header value b'{CANARY}\\n'"
                if kind is httpx.LocalProtocolError
                else "broken"
            ),
            request=request,
        )
    elif issubclass(kind, httpx.HTTPError | httpx.StreamError):
        error = kind.__new__(kind)
        Exception.__init__(error, "broken")
        error._request = request  # type: ignore[attr-defined]  # as httpx keeps it
    else:
        error = kind("broken")
    meaning = httpx_errors.translate_httpx_error(error)  # type: ignore[arg-type]  # that is what is tested
    assert isinstance(meaning, Unreachable | Unexpected | Refused)
    assert CANARY not in f"{meaning} {meaning!r} {meaning.args}"
    assert meaning.stage == ("discovery" if isinstance(error, httpx.HTTPError) else "call")
    assert meaning.__context__ is None


@pytest.mark.parametrize(
    ("cause", "reference"),
    [
        (socket.gaierror(-2, "Name or service not known"), "name-not-found"),
        (ConnectionRefusedError(111, "Connection refused"), "connection-refused"),
        (ssl.SSLCertVerificationError(1, "self-signed certificate"), "certificate-not-trusted"),
        (ssl.SSLError(1, "wrong version number"), "tls-broken"),
        (OSError(101, "Network is unreachable"), "unreachable"),
    ],
)
def test_why_no_connection_could_be_made(cause: OSError, reference: str) -> None:
    """The operating system's reason, deep in the chain, decides the reference."""
    if isinstance(cause, ssl.SSLError):  # what the ssl module puts on the ones it makes
        cause.reason = "WRONG_VERSION_NUMBER"
    if isinstance(cause, ssl.SSLCertVerificationError):
        cause.verify_message = "self-signed certificate"
    error = httpx.ConnectError("no", request=httpx.Request("GET", "https://a.example"))
    error.__cause__ = Exception("between")
    error.__cause__.__cause__ = cause
    found = httpx_errors.translate_httpx_error(error)
    assert (type(found), found.reference) == (Unreachable, reference)
    assert str(found).startswith("a.example ")


@pytest.mark.parametrize(
    ("number", "reference"),
    [
        (9, "clock-behind"),
        (10, "certificate-expired"),
        (18, "self-signed-certificate"),
        (19, "tls-interception"),
        (20, "certificate-not-trusted"),
        (62, "certificate-wrong-host"),
        (66, "certificate-not-trusted"),
    ],
)
def test_what_is_wrong_with_a_certificate_is_told_by_its_number(
    number: int, reference: str
) -> None:
    """OpenSSL's number, not its words, which change."""
    cause = ssl.SSLCertVerificationError(1, "certificate verify failed")
    cause.verify_code, cause.verify_message = number, "in some words"
    error = httpx.ConnectError("no", request=httpx.Request("GET", "https://a.example"))
    error.__cause__ = cause
    assert httpx_errors.translate_httpx_error(error).reference == reference


def test_a_proxy_that_is_not_there_is_not_the_server(
    unused_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a proxy in the variables nothing else was connected to; its password is not repeated, and NO_PROXY counts."""
    monkeypatch.setenv("HTTPS_PROXY", unused_address.replace("//", "//kim:c4nary@"))
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with httpx.Client() as client, pytest.raises(WychError) as caught:
        transport.send_request(client, http_request.build_plain_request("GET", "https://a.example"))
    assert caught.value.reference == "proxy-unreachable"
    assert unused_address.partition("//")[2] in str(caught.value)
    assert "c4nary" not in str(caught.value)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with httpx.Client() as client, pytest.raises(WychError) as direct:
        transport.send_request(client, http_request.build_plain_request("GET", unused_address))
    assert direct.value.reference == "connection-refused"


@pytest.mark.parametrize(
    ("said", "reference"),
    [
        ("407 Proxy Authentication Required", "proxy-password"),
        ("401 Unauthorized", "proxy-password"),
        ("403 Forbidden", "proxy-refused"),
        ("502 Bad Gateway", "unreachable"),
        ("404 Not Found", "proxy-unreachable"),
        ("in some words", "proxy-refused"),
    ],
)
def test_a_proxy_that_wants_a_password_is_told_from_one_that_says_no(
    said: str, reference: str
) -> None:
    """By the status that the tunnel was refused with."""
    error = httpx.ProxyError(said, request=httpx.Request("GET", "https://a.example"))
    assert httpx_errors.translate_httpx_error(error).reference == reference


@pytest.mark.parametrize(
    ("said", "reference", "words"),
    [
        (
            "Server disconnected without sending a response.",
            "connection-cut",
            "before a whole HTTP answer had come",
        ),
        (
            (
                "peer closed connection without sending complete message body (received 407 bytes,"
                " expected 900)"
            ),
            "connection-cut",
            "",
        ),
        (
            "illegal status line: bytearray(b'220 mail.example ESMTP')",
            "unknown-answer",
            "not HTTP (220 mail.example ESMTP)",
        ),
        (
            r"illegal status line: bytearray(b'\x15\x03\x03\x00')",
            "unknown-answer",
            "with TLS",
        ),
        ("illegal header line", "unknown-answer", "not readable"),
    ],
)
def test_what_is_no_http_is_not_called_cut(said: str, reference: str, words: str) -> None:
    """An answer that cannot be read is told as one, in its words; one that ended early as that."""
    found = httpx_errors.translate_httpx_error(
        httpx.RemoteProtocolError(said, request=httpx.Request("GET", "https://a.example"))
    )
    assert found.reference == reference
    assert words in str(found)


def test_what_is_no_http_does_not_repeat_the_secret() -> None:
    """A server that echoes the form in place of an answer has its words told without the secret."""
    request = httpx.Request(
        "POST", "https://a.example/token", data={"client_secret": "Moa2Kea7Wek4Tui9Pip3"}
    )
    error = httpx.RemoteProtocolError(
        "illegal status line: bytearray(b'client_secret=Moa2Kea7Wek4Tui9Pip3')", request=request
    )
    assert "Moa2" not in str(httpx_errors.translate_httpx_error(error))


def reference_of(url: str) -> str | None:
    with httpx.Client(trust_env=False) as client, pytest.raises(WychError) as caught:
        transport.send_request(client, http_request.build_plain_request("GET", url))
    assert caught.value.__context__ is None
    return caught.value.reference


def test_real_failures_are_told_apart(serve) -> None:
    """Nobody there, TLS spoken to a plain port, a connection cut before and in the middle of an answer: each has its own name."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert reference_of(f"http://127.0.0.1:{port}") == "connection-refused"
    plain = serve(lambda request: httpx.Response(200))
    assert reference_of(plain.replace("http:", "https:")) == "tls-broken"

    def hang_up(request: httpx.Request) -> httpx.Response:
        raise ConnectionAbortedError

    assert reference_of(serve(hang_up)) == "connection-cut"
    half = httpx.Response(200, headers={"Content-Length": "50"}, content=iter([b"{"]))
    assert reference_of(serve(lambda request: half)) == "connection-cut"


BAD_ADDRESSES = [
    "https://xn--/x",
    "https://a..b/x",
    f"https://{'a' * 64}.example",
    "https://\x00/",
    "https://[::1",
    "https://999.1.1.1/",
]


@pytest.mark.parametrize("url", BAD_ADDRESSES)
def test_what_no_library_can_read_is_our_error(url: str) -> None:
    """Broken international names, empty and overlong labels, control characters: none of their own exceptions comes out."""
    assert reference_of(url) == "bad-address"


@pytest.mark.parametrize("url", BAD_ADDRESSES)
def test_an_issuer_or_api_that_is_no_address_is_our_error(auth_for, wych, url: str) -> None:
    """The issuer's when it is used, the API's when the object is made."""
    auth = auth_for(wych, issuer_url=url)
    with (
        httpx.Client(auth=auth, transport=httpx.MockTransport(wych)) as http,
        pytest.raises(Unexpected) as caught,
    ):
        http.get(f"{wych.api_url}/users")
    assert (caught.value.stage, caught.value.reference) == ("discovery", "bad-address")
    with pytest.raises(SettingInvalid) as made:
        auth_for(wych, api_url=url)
    assert made.value.reference == "bad-address"


@pytest.mark.parametrize(
    ("url", "plain"),
    [("HTTPS://a.example", False), ("https://a.example", False), ("HTTP://127.0.0.1", True)],
)
def test_a_scheme_may_be_in_capitals(
    monkeypatch: pytest.MonkeyPatch, url: str, *, plain: bool
) -> None:
    """RFC 3986 section 3.1: certificates and proxies are for https however it is written, and a plain address needs neither."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    with transport.create_client("http://127.0.0.1:8", None, url, hooks={}) as client:
        assert client.trust_env is not plain


def drip(seconds: float) -> Iterator[bytes]:
    end = time.monotonic() + seconds
    yield b"{"
    while time.monotonic() < end:
        time.sleep(0.01)
        yield b" "
    yield b"}"


def test_an_answer_that_drips_is_cut_off(serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte in time does not make the whole in time."""
    url = serve(lambda request: httpx.Response(200, content=drip(60)))
    monkeypatch.setattr(http_request, "ANSWER_SECONDS", 0.2)
    began = time.monotonic()
    assert reference_of(url) == "timeout"
    assert time.monotonic() - began < 30


def test_an_answer_too_long_is_cut_off(serve) -> None:
    """Nothing longer than the limit is taken in, with a length or without; just below the limit is."""
    limit = http_response.ANSWER_BYTES
    assert (
        reference_of(serve(lambda request: httpx.Response(200, content=b" " * (limit + 1))))
        == "answer-too-long"
    )
    assert (
        reference_of(
            serve(lambda request: httpx.Response(200, content=(b" " * 65536 for _ in range(100))))
        )
        == "answer-too-long"
    )
    url = serve(lambda request: httpx.Response(200, content=b" " * limit))
    with httpx.Client(trust_env=False) as client:
        assert (
            len(
                transport.send_request(client, http_request.build_plain_request("GET", url)).content
            )
            == limit
        )


def test_a_compressed_answer_is_not_unpacked(serve) -> None:
    """A small answer cannot become a huge one: no compression was asked for, so none is taken."""
    seen: list[httpx.Request] = []

    def bomb(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(
            200,
            headers={"Content-Encoding": "gzip"},
            stream=httpx.ByteStream(gzip.compress(b" " * 10**7)),
        )

    url = serve(bomb)
    with httpx.Client(trust_env=False) as client, pytest.raises(Unexpected, match="compressed"):
        transport.send_request(client, http_request.build_plain_request("GET", url))
    assert seen[0].headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<!doctype html><HTML><body>Sign in to the wifi", "a web page"),
        (b"", "something else"),
        (b'["a"]', "something else"),
        (b'"eyJhbGciOi"', "something else"),
        (b"[" * 100_000, "something else"),
        (b'{"a":' * 50_000, "something else"),
        (b"\xff\xfe\x00", "something else"),
        (b'{"a":' + b"1" * 5000 + b"}", "something else"),
    ],
)
def test_what_is_not_a_json_object_is_said(body: bytes, words: str) -> None:
    """A wifi portal's page, nothing, a list, a bottomless nest: one clear error, which does not repeat it."""
    response = httpx.Response(
        200, content=body, request=httpx.Request("GET", "https://login.example:8443/x")
    )
    with pytest.raises(Unexpected, match=words) as caught:
        http_response.require_json_object(response, "discovery")
    assert str(caught.value).startswith("login.example:8443 answered 200")
    reference = "captive-portal" if words == "a web page" else "not-json"
    assert (caught.value.reference, caught.value.__context__) == (reference, None)
    assert "eyJ" not in str(caught.value)


def test_plain_requests_carry_nothing_of_the_client(
    serve, monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    """Default headers, cookies, credentials and a .netrc of the client or the user do not go along."""
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password netrc-canary\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    seen: list[httpx.Request] = []
    url = serve(lambda request: seen.append(request) or httpx.Response(200, json={}))
    with httpx.Client(
        headers={"x-api-key": CANARY},
        cookies={"sid": CANARY},
        auth=("me", CANARY),
        params={"k": CANARY},
    ) as client:
        transport.send_request(client, http_request.build_plain_request("GET", url))
    sent = {name.lower() for name in seen[0].headers}
    assert sent <= {
        "host",
        "accept",
        "accept-encoding",
        "user-agent",
        "connection",
        "content-length",
    }
    assert seen[0].url.query == b""


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]"])
def test_loopback_is_this_machine(host: str) -> None:
    """The usual ways to write it."""
    assert http_request.is_loopback(host)


@pytest.mark.parametrize(
    "host",
    [
        "127.evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "10.0.0.1",
        "",
        "::2",
        "0.0.0.0",
    ],
)
def test_a_name_that_only_begins_like_loopback_is_not(host: str) -> None:
    """Credentials go over plain http to this machine only, not to a name made to look like it."""
    assert not http_request.is_loopback(host)
