"""Secrets are taken out by name, by value and by shape, however they are written."""

from __future__ import annotations

import json
import threading
import time
from typing import Any
from urllib.parse import quote, quote_plus, unquote, urlencode

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wych_kit import Secret, mock
from wych_kit.client.journal import redaction
from wych_kit.client.journal.redaction import (
    CAPTURE_BYTES,
    KEEP_CHARACTERS,
    Redactor,
    format_placeholder,
    is_secret_name,
    split_placeholders,
)

NAMES = [
    "access_token", "refresh_token", "id_token", "client_secret", "clientSecret", "x-api-key", "X-API-Key", "api_key", "apiKey", "apikey",
    "Authorization", "authorization", "authorisation", "Proxy-Authorization", "Cookie", "Set-Cookie", "password", "passwd", "pwd",
    "client_assertion", "session", "session_state", "token", "token1", "accesstoken", "clientsecret", "X-Amz-Security-Token", "credentials",
    "code_verifier", "codeVerifier", "id_token_hint", "secret_key", "secretKey", "private_key", "passphrase", "tokens", "tokenValue", "jwt",
    "bearer", "X-Amz-Signature", "Ocp-Apim-Subscription-Key", "endpoint_token",
]  # fmt: skip
OPEN_NAMES = [
    "id",
    "email",
    "expires_in",
    "token_type",
    "tokens_left",
    "keyboard",
    "scope",
    "state",
    "code_challenge",
    "code",
    "refresh_expires_in",
    "not-before-policy",
    "client_assertion_type",
    "token_type_hint",
    "client_secret_expires_at",
    "accessTokenLifetime",
    "Access-Control-Allow-Credentials",
]

# Odd in every way a client secret may be (RFC 6749 App. A.2), with a beginning that nothing else here has.
secrets = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=6, max_size=40
).map(lambda text: "Zq9" + text.strip() + "9qZ")
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def encoded_forms(secret: str) -> set[str]:
    """List how a secret may stand in a text."""
    escaped = {
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        json.dumps(secret)[1:-1].replace("/", "\\/"),
    }
    quoted = {quote(secret), quote(secret, safe=""), quote_plus(secret)}
    address = "".join(
        mark if mark.isalnum() or mark in "!$&'()*+,;=:@" else quote(mark, safe="")
        for mark in secret
    )  # as httpx writes a path
    return {secret, *escaped, *quoted, address}


def shown(text: str, secret: str) -> list[str]:
    """List the ways in which it shows."""
    return [way for way in encoded_forms(secret) if way in text]


@pytest.mark.parametrize("name", NAMES)
def test_names_that_hold_secrets(name: str) -> None:
    """In any case and spelling, of headers and fields."""
    assert is_secret_name(name)


@pytest.mark.parametrize("name", OPEN_NAMES)
def test_names_that_hold_none(name: str) -> None:
    """What only sounds alike stays readable: people need it to see what happened."""
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("client_secret", "WYCH_CLIENT_SECRET"), ("clientSecret", "WYCH_CLIENT_SECRET"), ("X-API-Key", "WYCH_API_KEY"), ("api_key", "WYCH_API_KEY"),
        ("Authorization", "WYCH_ACCESS_TOKEN"), ("access_token", "WYCH_ACCESS_TOKEN"), ("refresh_token", "WYCH_REFRESH_TOKEN"),
        ("Set-Cookie", "WYCH_SET_COOKIE"), ("p4ss'word", "WYCH_P_SS_WORD"),
    ],
)  # fmt: skip
def test_a_mark_names_the_variable(name: str, variable: str) -> None:
    """One that a shell can have, whatever the field was called."""
    assert split_placeholders(f"a {format_placeholder(name)} b") == [
        (False, "a "),
        (True, variable),
        (False, " b"),
    ]


@given(secrets, st.sampled_from(NAMES), words)
@example("Zq9 %2B+&=\"'\\9qZ", "client_secret", "x")
def test_a_form_hides_secrets_by_name(secret: str, name: str, word: str) -> None:
    """The other fields stay as they were."""
    body = urlencode({"a": word, name: secret, "b": "readable"}).encode()
    text = Redactor().redact_body(body, "application/x-www-form-urlencoded; charset=utf-8")
    assert shown(text, secret) == []
    assert format_placeholder(name) in text
    assert "b=readable" in text


values = st.recursive(
    st.none() | st.booleans() | st.integers() | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
)


@given(
    secrets,
    st.sampled_from(NAMES),
    values,
    st.booleans(),
    st.sampled_from(["utf-8", "utf-16", "utf-32-le"]),
)
def test_json_hides_secrets_by_name_at_any_depth(
    secret: str,
    name: str,
    other: Any,
    ascii_only: bool,  # noqa: FBT001 - hypothesis gives it
    encoding: str,
) -> None:
    """Inside lists and objects, with escapes or without, in every encoding that JSON readers take."""
    document = {"a": other, "deep": [{"x": {name: secret}}], "b": "readable"}
    text = Redactor().redact_body(
        json.dumps(document, ensure_ascii=ascii_only).encode(encoding), "application/json"
    )
    assert shown(text, secret) == []
    assert json.loads(text)["b"] == "readable"


SECRET = "Zq9-s3cret-9qZ"
LOOSE = {
    "text form": ("text/plain", f"a=1&client_secret={SECRET}&b=readable"),
    "lines": ("text/plain", f"a=1\r\npassword={SECRET}\r\nb=readable"),
    "event stream": ("text/event-stream", f'event: x\ndata: {{"access_token": "{SECRET}", "b": "readable"}}\n\n'),
    "guarded JSON": ("application/json", f')]}}\'\n{{"access_token":"{SECRET}","b":"readable"}}'),
    "two documents": ("application/json", f'{{"access_token":"{SECRET}"}}\n{{"b":"readable"}}'),
    "JSON in JSON": ("application/json", json.dumps({"body": json.dumps({"access_token": SECRET, "b": "readable"})})),
    "address in JSON": ("application/json", json.dumps({"next": f"https://a.example/?code={SECRET}&b=readable"})),
    "page": ("text/html", f'<a href="/cb#access_token={SECRET}">readable</a>'),
    "repeated name": ("application/json", f'{{"access_token":"{SECRET}","access_token":null,"b":"readable"}}'),
    "repeated object": ("application/json", f'{{"a":{{"access_token":"{SECRET}"}},"a":null,"b":"readable"}}'),
    "multipart": (
        "multipart/form-data; boundary=x",
        f'--x\r\nContent-Disposition: form-data; name="password"\r\nX: y\r\n\r\n{SECRET}\r\n--x\r\nX: y; name="b"\r\n\r\nreadable\r\n--x--\r\n',
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LOOSE)
def test_a_body_of_any_other_kind_hides_secrets_by_name(name: str) -> None:
    """What looks like a field of JSON or of a form is one, whatever the body says it is; it is known from then on."""
    kind, body = LOOSE[name]
    redactor = Redactor()
    text = redactor.redact_body(body.encode(), kind)
    assert SECRET not in text
    assert "readable" in text
    assert redactor.redact_text(f"<{SECRET}>").startswith("<‹WYCH_")


def test_a_list_of_secrets_is_known_from_then_on() -> None:
    """Each text in it, however deep."""
    redactor = Redactor()
    assert (
        redactor.redact_body(
            b'{"tokens": ["Zq9-one-9qZ", ["Zq9-two-9qZ"], {"api_key": "Zq9-three"}]}'
        )
        == f'{{"tokens":"{format_placeholder("tokens")}"}}'
    )
    assert "Zq9" not in redactor.redact_text("Zq9-one-9qZ Zq9-two-9qZ Zq9-three")


@given(secrets, st.sampled_from(NAMES))
def test_headers_hide_secrets_by_name(secret: str, name: str) -> None:
    """The scheme of an authorization stays; a header before that repeats the secret is cleaned as well."""
    rows = Redactor().redact_headers([("X-Echo", f"<{secret}>"), (name, secret), ("Accept", "*/*")])
    assert shown(json.dumps(rows, ensure_ascii=False), secret) == []
    assert shown(" ".join(value for _, value in rows), secret) == []
    assert rows[2] == ("Accept", "*/*")
    assert Redactor().redact_headers([("Authorization", f"Bearer {secret}")]) == [
        ("Authorization", f"Bearer {format_placeholder('authorization')}")
    ]


@given(secrets, st.sampled_from([*NAMES, "code", "key", "sig"]))
def test_addresses_hide_secrets_by_name(secret: str, name: str) -> None:
    """In the query by name, user and password always; the rest of the address stays."""
    url = httpx.URL(
        "https://me:pa55word@a.example/x%2Fy?b=1%2F2", params={"b": "1 2", name: secret}
    )
    text = Redactor().redact_url(url)
    assert shown(text, secret) == []
    assert "pa55word" not in text
    assert text.startswith("https://a.example/x%2Fy?b=1+2&")


@given(
    secrets,
    st.sampled_from([*NAMES, "code", "sig"]),
    st.sampled_from(["Location", "Link", "Referer", "Content-Location", "X-Any"]),
)
def test_headers_that_hold_an_address_hide_secrets_by_name(
    secret: str, name: str, header: str
) -> None:
    """In a query, in a fragment, and in an address inside another; whatever stands around them stays."""
    redactor = Redactor()
    value = f"{name}={quote(secret, safe='')}"
    shapes = (
        "https://a.example/cb?{}&b=1%2F2",
        "/cb#b=1&{}",
        "/login?to={}",
        '<https://a.example/cb?b=1&{}>; rel="next"',
    )
    for shape in shapes:
        given = shape.format(
            quote(f"https://b.example/?{value}&c=1", safe="") if "to=" in shape else value
        )
        ((_, text),) = redactor.redact_headers([(header, given)])
        assert shown(unquote(text), secret) == []
        assert text.startswith(shape.partition("{}")[0])
        assert text.endswith("%26c%3D1" if "to=" in shape else shape.partition("{}")[2])
        assert format_placeholder(name) in text


def test_a_header_shows_no_user_info() -> None:
    """As in the address of a request: user and password go, the host stays."""
    rows = Redactor().redact_headers(
        [("Location", "https://me:pa55@a.example/x@y"), ("Accept", "*/*")]
    )
    assert rows == [("Location", "https://a.example/x@y"), ("Accept", "*/*")]


@pytest.mark.parametrize(
    "text",
    [
        "wych" * 16_000,
        "https://wych.wych" * 4_000,
        "token=" * 10_000,
        'name="token"\n' * 5_000,
        '"a":"' * 13_000,
    ],
)
def test_no_text_takes_long(text: str) -> None:
    """No text of a server makes redaction slow; the limit is some hundred times what it takes."""
    redactor = Redactor([("client_secret", Secret("wych"))])
    began = time.process_time()
    redactor.redact_body(text.encode(), "multipart/form-data")
    assert time.process_time() - began < 10


@pytest.mark.parametrize(
    "query", ["", "b=1%2F2&b=1+2&c=%20&d", "a=é'(x)&&=;", "state=x&code_challenge=y"]
)
def test_an_address_without_secrets_is_left_as_it_was(query: str) -> None:
    """To the byte: people compare it with what they meant to send."""
    url = httpx.URL("https://a.example/x%2Fy" + (f"?{query}" if query else ""))
    assert Redactor().redact_url(url) == str(url)


def test_an_authorization_code_is_hidden_in_a_form() -> None:
    """RFC 6749 section 4.1.3; in JSON a `code` is an error's, and people need it."""
    body = b"grant_type=authorization_code&code=Zq9-c0de-9qZ"
    assert (
        Redactor().redact_body(body, "application/x-www-form-urlencoded")
        == f"grant_type=authorization_code&code={format_placeholder('code')}"
    )
    assert (
        Redactor().redact_body(b'{"code": "E-1234567"}', "application/json")
        == '{"code": "E-1234567"}'
    )


def test_each_cookie_is_known_from_then_on() -> None:
    """By its own value, wherever it is repeated; the attributes of a Set-Cookie are no secrets."""
    redactor = Redactor()
    redactor.redact_headers(
        [
            ("Cookie", "a=Zq9-cookie-1; b=Zq9-cookie=2"),
            ("Set-Cookie", "c=Zq9-cookie-3; Path=/realms/partner"),
        ]
    )
    assert (
        redactor.redact_text("Zq9-cookie-1 Zq9-cookie=2")
        == f"{format_placeholder('cookie')} {format_placeholder('cookie')}"
    )
    assert (
        redactor.redact_text("Zq9-cookie-3 /realms/partner")
        == f"{format_placeholder('Set-Cookie')} /realms/partner"
    )


def test_the_documents_people_look_at_stay_readable() -> None:
    """Of a discovery document everything, of a token response all but the token."""
    with mock.running(seed=1, ephemeral=True) as wych:
        found = httpx.get(f"{wych.issuer_url}/.well-known/openid-configuration")
    assert found.json()["token_endpoint"]
    assert Redactor().redact_body(found.content, "application/json") == found.text
    answer = {
        "access_token": "Zq9",
        "expires_in": 900,
        "refresh_expires_in": 0,
        "token_type": "Bearer",
        "not-before-policy": 0,
        "scope": "x",
    }
    assert json.loads(Redactor().redact_body(json.dumps(answer).encode())) == answer | {
        "access_token": format_placeholder("access_token")
    }


@given(
    secrets,
    st.sampled_from(["text/html", "application/json", "application/x-www-form-urlencoded", ""]),
    words,
)
@example('Zq9"\\/é9qZ', "application/json", "")
@example('Zq9\U0001f600"9qZ', "application/json", "")
def test_a_known_secret_is_taken_out_however_it_is_written(
    secret: str, kind: str, word: str
) -> None:
    """As it is, in an address, a form, JSON or half of it one way and half another, under a name that says nothing."""
    redactor = Redactor([("client_secret", Secret(secret))])
    for way in encoded_forms(secret):
        for body in (f"{word} {way} {word}", f'{{"x": "{way}"}}', f"x={way}&y=1", f'["{way}'):
            assert shown(redactor.redact_body(body.encode("utf-8", "replace"), kind), secret) == []
        assert shown(redactor.redact_text(f"{way}{way}"), secret) == []
    assert (
        shown(redactor.redact_url(httpx.URL(f"https://a.example/{quote(secret)}/x")), secret) == []
    )
    assert (
        shown(redactor.redact_url(httpx.URL("https://a.example", params={"x": secret})), secret)
        == []
    )


def test_case_of_escapes_does_not_matter() -> None:
    r"""`%2f` is `%2F` and `\u00E9` is `\u00e9`."""
    redactor = Redactor([("client_secret", Secret("ab/cé+dé"))])
    for way in ("ab%2fc%c3%a9%2bd%C3%A9", "ab\\u002Fc\\u00E9\\u002bd\\u00e9", "ab\\/cé%2Bdé"):
        assert redactor.redact_text(f"<{way}>") == f"<{format_placeholder('client_secret')}>"


@given(secrets, st.integers(1, 60), st.sampled_from(["client_secret", "x"]))
def test_a_body_cut_off_anywhere_shows_no_part_of_a_secret(secret: str, at: int, name: str) -> None:
    """Where the capture ends in the middle of a secret, the piece before the cut is not kept."""
    redactor = Redactor([("client_secret", Secret(secret))] if name == "x" else ())
    head = f'{{"{name}": "'
    written = json.dumps(secret)[1:-1]
    start = CAPTURE_BYTES - len(head) - min(at, len(written))
    body = (" " * start + head + written + '", "after": "' + "x" * 70_000).encode()
    text = redactor.redact_body(body[:CAPTURE_BYTES], "application/json")
    assert "Zq9" not in text


def test_a_cut_after_many_secrets_shows_no_part_of_one() -> None:
    """Marks are shorter than what they stand for, so what is kept may reach to the very end of what was captured."""
    secret = "Zq9" + "opaque-" * 200
    redactor = Redactor([("access_token", Secret(secret))])
    text = redactor.redact_body((secret + " ").encode() * 60)
    assert "Zq9" not in text
    assert text.endswith("…")


def test_a_very_long_secret_costs_neither_time_nor_the_rest() -> None:
    """Of sixty thousand characters some are compared, all are taken out, and what stands around them is kept."""
    secret = "Zq9-" + "\u00e9x" * 30_000 + "-9qZ"
    redactor = Redactor([("client_secret", Secret(secret))])
    assert (
        redactor.redact_text(f'before "{secret}" after')
        == f'before "{format_placeholder("client_secret")}" after'
    )
    body = b"x=1&client_secret=" + b"%C3%A9" * 20_000  # cut in the middle of an escape
    text = Redactor().redact_body(body[:CAPTURE_BYTES], "application/x-www-form-urlencoded")
    assert text == f"x=1&client_secret={format_placeholder('client_secret')}…"


@given(
    st.binary(max_size=300),
    st.sampled_from(
        ["application/json", "application/x-www-form-urlencoded", "text/plain", "x", "\x00;;", ""]
    ),
)
@example(b"[" * 20_000, "application/json")
@example(b'{"a":' * 20_000, "application/json")
@example(b"\xff\xfe[\x00", "application/json")
@example(b'{"token": 1e999}', "application/json")
@example(b'{"token": {"token": ["\\ud800"]}}', "application/json")
def test_any_body_can_be_captured(content: bytes, kind: str) -> None:
    """Whatever a server sends, the journal does not fail, and what it keeps can be written as UTF-8 JSON."""
    text = Redactor([("client_secret", Secret("Zq9 x"))]).redact_body(content, kind)
    assert len(text) <= KEEP_CHARACTERS + 1
    json.dumps(text).encode()


def test_a_jwt_is_known_by_its_shape() -> None:
    """Whole or cut, in any text, under any name."""
    jwt = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl-_x"
    for text in (jwt, jwt[:30], f"<a href='/x#{jwt}'>", json.dumps({"x": [jwt]})):
        assert "eyJ" not in Redactor().redact_text(text)
        assert "c2lnbmF0dXJl" not in Redactor().redact_text(text)


def test_what_was_seen_under_its_name_is_known_from_then_on() -> None:
    """A token from an answer is taken out of the next request, wherever it stands."""
    redactor = Redactor()
    redactor.redact_body(
        b'{"access_token": "0paque-1234", "nested": {"credentials": {"api_key": "k3y-5678"}}}'
    )
    assert (
        redactor.redact_body(b"echo 0paque-1234 k3y-5678")
        == f"echo {format_placeholder('access_token')} {format_placeholder('api_key')}"
    )


def test_what_it_was_told_is_called_what_it_is() -> None:
    """An API key where the token belongs is shown as the API key, wherever its name was not the right one; so is a portal's session."""
    redactor = Redactor([("api_key", Secret("Zq9-told-key"))])
    redactor.learn("session", Secret("Zq9-told-session"))
    sent = [
        ("Authorization", "Bearer Zq9-told-key"),
        ("x-access-token", "Zq9-told-session"),
        ("x-api-key", "Zq9-unknown"),
    ]
    assert [value for _, value in redactor.redact_headers(sent)] == [
        "Bearer ‹WYCH_API_KEY›",
        "‹WYCH_SESSION›",
        "‹WYCH_API_KEY›",
    ]


def test_what_it_was_told_is_never_forgotten() -> None:
    """However many tokens pass by: only what was merely seen is dropped at last."""
    redactor = Redactor([("client_secret", Secret("Zq9-told"))])
    for number in range(1200):
        redactor.redact_headers([("Authorization", f"Bearer seen-token-{number:05}")])
    assert redactor.redact_text("Zq9-told") == format_placeholder("client_secret")
    assert redactor.redact_text("seen-token-01199") == format_placeholder("authorization")
    assert len(redactor._longest_first) < 300


def test_of_two_secrets_the_longer_goes_first() -> None:
    """One may be the beginning of another: nothing of the longer stays, whichever was learnt first."""
    for pair in (
        [("api_key", "Zq9abc"), ("client_secret", "Zq9abc-def")],
        [("client_secret", "Zq9abc-def"), ("api_key", "Zq9abc")],
    ):
        redactor = Redactor((name, Secret(text)) for name, text in pair)
        assert (
            redactor.redact_text("Zq9abc-def Zq9abc")
            == f"{format_placeholder('client_secret')} {format_placeholder('api_key')}"
        )


def test_threads_teach_it_without_losing_anything() -> None:
    """What one thread learns is not lost because another learns at the same moment."""
    redactor = Redactor()
    start = threading.Barrier(8)

    def teach(number: int) -> None:
        start.wait(10)
        for lesson in range(20):
            redactor.learn("token", Secret(f"told-{number}-{lesson:03}"))

    threads = [threading.Thread(target=teach, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert [
        text
        for number in range(8)
        for lesson in range(20)
        if (text := redactor.redact_text(f"told-{number}-{lesson:03}"))
        != format_placeholder("token")
    ] == []


def test_very_short_values_do_not_eat_the_text() -> None:
    """A secret of three characters is taken out under its name, not out of every word."""
    redactor = Redactor()
    assert (
        redactor.redact_body(b'{"password": "abc", "x": "abcdef"}')
        == '{"password":"‹WYCH_PASSWORD›","x":"abcdef"}'
    )


@pytest.mark.parametrize(
    "value", ["2024", "wych", "2026-11-25", "20261125", "realms1", "12345678.5"]
)
def test_what_was_merely_seen_does_not_eat_words_and_numbers(value: str) -> None:
    """Short texts and numbers under a secret's name are hidden there; everywhere else they may be anything."""
    redactor = Redactor()
    assert (
        redactor.redact_url(httpx.URL("https://a.example/", params={"code": value}))
        == f"https://a.example/?code={format_placeholder('code')}"
    )
    assert redactor.redact_body(json.dumps({"password": value, "token": 1234567890.5}).encode())
    assert redactor.redact_text(f"<{value}> 1234567890.5") == f"<{value}> 1234567890.5"


def test_a_host_stays() -> None:
    """A secret that is also part of a host is taken out around it: of user info, path and query."""
    redactor = Redactor([("client_secret", Secret("wych"))])
    hidden = format_placeholder("client_secret")
    redactor.redact_body(b'{"password": "partner-api"}')
    host = "https://partner-api.wych.example:8443"
    assert redactor.redact_url(httpx.URL(f"{host}/wych?a=wych")) == f"{host}/{hidden}?a={hidden}"
    assert redactor.redact_text(f"see {host}, not wych") == f"see {host}, not {hidden}"
    assert redactor.redact_text(f"https://wych:x@{host[8:]}") == f"https://{hidden}:x@{host[8:]}"
    assert redactor.redact_text(f"https://x:wych@{host[8:]}") == f"https://x:{hidden}@{host[8:]}"
    assert (
        redactor.redact_text("to=https%3A%2F%2Fapi.wych.example%2Fwych")
        == f"to=https%3A%2F%2Fapi.wych.example%2F{hidden}"
    )
    assert redactor.redact_headers([("Host", "api.wych.example"), ("X", "wych")]) == [
        ("Host", "api.wych.example"),
        ("X", hidden),
    ]


def test_numbers_under_a_secret_name_are_hidden() -> None:
    """A password may be made of digits; yes, no and nothing are none."""
    assert (
        Redactor().redact_body(b'{"password": 12345678, "token": null, "has_token": true}')
        == '{"password":"‹WYCH_PASSWORD›","token":null,"has_token":true}'
    )


def test_a_clean_body_is_left_as_it_was_sent() -> None:
    """Spaces, order and escapes are the server's; people compare them."""
    body = '{ "b": 1.50, "a": "\\u00e9", "a": 2 }'
    assert Redactor().redact_body(body.encode(), "application/json") == body


def test_the_redactor_shows_no_secret_itself() -> None:
    """Neither what it is made of, nor what it learnt, before and after it was needed."""
    redactor = Redactor([("client_secret", Secret("Zq9-told"))])
    redactor.redact_headers([("x-api-key", "Zq9-seen")])
    for _ in range(2):
        assert (
            "Zq9"
            not in f"{vars(redactor)!r} {[vars(known) for known in redactor._longest_first]!r}"
        )
        assert "Zq9" not in redactor.redact_text("Zq9-told Zq9-seen")


def test_secrets_that_do_not_turn_up_cost_next_to_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pattern is made for them, however many and long they are; one that does turn up has its own made once."""
    made: list[int] = []
    ways_of_it = redaction.encoded_forms_pattern

    def counted(text: str) -> str:
        made.append(len(text))
        return ways_of_it(text)

    monkeypatch.setattr(redaction, "encoded_forms_pattern", counted)
    redactor = Redactor([("client_secret", Secret("Zq9/told é 9qZ"))])
    redactor.redact_headers(
        [("Authorization", f"Bearer {'x' * 2000}-{number:05}") for number in range(100)]
    )
    made.clear()
    assert redactor.redact_body(b"y" * 1000) == "y" * 1000
    assert made == []
    assert (
        redactor.redact_text("Zq9%2Ftold+%C3%A9 9qZ Zq9\\/told \\u00e9 9qZ")
        == f"{format_placeholder('client_secret')} {format_placeholder('client_secret')}"
    )
    assert made == [14]


@given(st.text(st.sampled_from('/é"& ~-'), min_size=4))
def test_a_secret_without_letters_and_digits_is_taken_out_too(secret: str) -> None:
    """It has no run of them to look for first."""
    redactor = Redactor([("client_secret", Secret(secret))])
    for way in encoded_forms(secret):
        assert redactor.redact_text(f"a{way}b") == f"a{format_placeholder('client_secret')}b"


def test_json_labelled_as_a_form_hides_its_secrets() -> None:
    """Wire facts A3-21: a form's reading would take the whole text for a name, and show it."""
    shown = Redactor().redact_body(
        b'{"client_secret":"supersecretvalue","grant_type":"x"}',
        "application/x-www-form-urlencoded",
    )
    assert shown == '{"client_secret":"‹WYCH_CLIENT_SECRET›","grant_type":"x"}'


def test_a_mistake_round_a_token_can_be_seen() -> None:
    """A second Bearer, or quotes, stay beside the mark; the token itself does not."""
    redactor = Redactor()
    shown = [
        redactor.redact_headers([("Authorization", value)])[0][1]
        for value in ("Bearer Bearer t0ken-t0ken", 'bearer "t0ken-t0ken"')
    ]
    assert shown == ["Bearer Bearer ‹WYCH_ACCESS_TOKEN›", 'bearer "‹WYCH_ACCESS_TOKEN›"']


def test_an_empty_secret_is_seen_to_be_empty() -> None:
    """There is nothing to hide, and that it is empty is what people look for."""
    assert (
        Redactor().redact_body(b"client_id=a&client_secret=", "application/x-www-form-urlencoded")
        == "client_id=a&client_secret="
    )
