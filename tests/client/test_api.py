"""`WychClient`: the calls, their addresses, their refusals, and what is told before anything is sent."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from wych_kit import (
    Journal,
    Refused,
    SettingInvalid,
    SettingMissing,
    Settings,
    Unexpected,
    Unreachable,
    WychClient,
    WychError,
    load_settings,
    mock,
)
from wych_kit.client.api import User
from wych_kit.client.endpoints import APP_PATH, ENDPOINTS


@pytest.fixture
def settings_for(tmp_path: Path, canaries) -> Callable[..., Settings]:
    """Make settings for a pretend Wych, with anything changed or taken away (`None`)."""

    def make(wych, **given: str | None) -> Settings:
        facts = {
            "WYCH_ENVIRONMENT": "sandbox",
            "WYCH_ISSUER_URL": wych.issuer_url,
            "WYCH_API_URL": wych.api_url,
            "WYCH_CLIENT_ID": "a-client-of-mine",
            "WYCH_CLIENT_SECRET": canaries[0],
            "WYCH_API_KEY": canaries[1],
            "WYCH_PARTNER_ID": "p-1",
            "WYCH_APP_ID": "a+1",
            "WYCH_TOKEN_CACHE": "memory",
            "WYCH_HOME": str(tmp_path / "home"),
            **{f"WYCH_{name.upper()}": value for name, value in given.items()},
        }
        return load_settings(
            path=tmp_path / "none.env",
            environ={name: value for name, value in facts.items() if value},
        )

    return make


def client(wych, settings: Settings) -> WychClient:
    """A client without sockets."""
    return WychClient(settings, transport=httpx.MockTransport(wych))


def test_users_are_a_list(wych, settings_for) -> None:
    """API facts 5.3: each with id and email; other fields are let be; none for a new app. Ids are written into the path safely."""
    wych.answers["api"] += [
        httpx.Response(200, json=[{"id": "u1", "email": "a@b.example", "x": 1}]),
        httpx.Response(200, json=[]),
    ]
    with client(wych, settings_for(wych)) as api:
        assert api.users() == [User("u1", "a@b.example")]
        assert api.users() == []
    assert wych.seen[-1].method == "GET"
    assert wych.seen[-1].url.raw_path == b"/v3/partner/p-1/app/a%2B1/users"
    assert wych.token_requests == 1


def test_a_user_is_found_or_created(wych, settings_for) -> None:
    """API facts 5.4: POST with the address as JSON; the answer is the user."""
    wych.answers["api"].append(httpx.Response(201, json={"id": "u1", "email": "a@b.example"}))
    with client(wych, settings_for(wych)) as api:
        assert api.find_or_create_user("a@b.example") == User("u1", "a@b.example")
    request = wych.seen[-1]
    assert (request.method, request.url.path, request.content) == (
        "POST",
        "/v3/partner/p-1/app/a+1/user",
        b'{"email":"a@b.example"}',
    )


def test_a_user_token_is_a_token(wych, settings_for) -> None:
    """API facts 5.5, inferred: POST to the user's own path; the service token stays in use."""
    wych.answers["api"].append(
        httpx.Response(
            200, json={"access_token": "us3r-t0ken", "token_type": "Bearer", "expires_in": 60}
        )
    )
    with client(wych, settings_for(wych)) as api:
        token = api.user_token("u/1 ?#é")
        assert (token.value.reveal(), token.lifetime) == ("us3r-t0ken", 60)
        assert api.token().value.reveal() == wych.tokens[0]
    assert wych.seen[-1].method == "POST"
    assert (
        wych.seen[-1].url.raw_path == b"/v3/partner/p-1/app/a%2B1/user/u%2F1%20%3F%23%C3%A9/token"
    )
    assert "us3r-t0ken" not in repr(api.journal.exchanges)


@pytest.mark.parametrize(
    "user_id", ["../users", "..", ".", "a/../../b", "x?y=1", "x#y", "%2e%2e", "{appId}", "a\\b"]
)
def test_an_id_stays_in_its_place(wych, settings_for, user_id: str) -> None:
    """Whatever stands in an id, the call goes to that user's token and nowhere else, or is not made."""
    with client(wych, settings_for(wych)) as api:
        try:
            api.user_token(user_id)
        except SettingInvalid:
            assert user_id in (".", "..")
        except WychError:
            parts = wych.seen[-1].url.raw_path.split(b"/")
            assert len(parts) == 9
            assert parts[:7] + parts[8:] == b"/v3/partner/p-1/app/a%2B1/user/token".split(b"/")
        else:
            pytest.fail("the fake never gives a user token")


def test_no_user_is_a_placeholder_left(wych, settings_for) -> None:
    """An empty id is told, not sent."""
    with client(wych, settings_for(wych)) as api, pytest.raises(SettingInvalid) as caught:
        api.user_token("")
    assert (caught.value.reference, wych.seen) == ("placeholder-left", [])


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("users", "/v3/partner/p-1/app/a%2B1/users"),
        ("user/u1/token?x=1", "/v3/partner/p-1/app/a%2B1/user/u1/token?x=1"),
        ("/partner/{partnerId}/app/{appId}/users", "/v3/partner/p-1/app/a%2B1/users"),
        ("/health", "/v3/health"),
        ("//health", "/v3/health"),
        ("/", "/v3/"),
        ("/x?redirect_uri=https://a.example", "/v3/x?redirect_uri=https://a.example"),
        ("user/a:b", "/v3/partner/p-1/app/a%2B1/user/a:b"),
    ],
)
def test_addresses_are_joined_with_one_slash(wych, settings_for, path: str, address: str) -> None:
    """Wire facts D6. With a slash at the start below WYCH_API_URL, without below the app's own path."""
    with client(wych, settings_for(wych)) as api:
        api.request("GET", path)
    assert str(wych.seen[-1].url) == wych.url + address


@pytest.mark.parametrize("path", ["https://evil.example/users", "HTTP://127.0.0.1/", "ftp://x?y"])
def test_a_whole_address_is_no_path(wych, settings_for, path: str) -> None:
    """It may be another host, so it is told, not called."""
    with (
        client(wych, settings_for(wych)) as api,
        pytest.raises(SettingInvalid, match="whole URL") as caught,
    ):
        api.request("GET", path)
    assert (caught.value.reference, caught.value.stage, wych.seen) == ("wrong-host", "call", [])


@pytest.mark.parametrize(
    "content",
    [{"headers": {"X": "é☃"}}, {"headers": {"☃": "x"}}, {"json": "\ud800"}, {"content": "\ud800"}],
)
def test_what_cannot_be_written_is_told(wych, settings_for, content: dict[str, Any]) -> None:
    """By an error of ours that repeats nothing of it; no call is made."""
    with client(wych, settings_for(wych)) as api, pytest.raises(SettingInvalid) as caught:
        api.request("POST", "users", **content)
    assert (caught.value.reference, caught.value.__context__, wych.count("api")) == (
        "odd-characters",
        None,
        0,
    )


@pytest.mark.parametrize(
    "path", ["/user/{userId}/token", "user/{userId}", "/x?y={z}", "/{WYCH_APP_ID}"]
)
def test_a_placeholder_left_in_a_path_is_told(wych, settings_for, path: str) -> None:
    """Wire facts D20: on the wire it would look like a bad token."""
    with (
        client(wych, settings_for(wych)) as api,
        pytest.raises(SettingInvalid, match=r"still has \{") as caught,
    ):
        api.request("GET", path)
    assert (caught.value.reference, caught.value.stage, wych.seen) == (
        "placeholder-left",
        "call",
        [],
    )


def test_a_path_that_is_no_address_is_ours_to_say(wych, settings_for) -> None:
    """The `InvalidURL` of httpx does not come out."""
    with client(wych, settings_for(wych)) as api, pytest.raises(Unexpected) as caught:
        api.request("GET", "/a\x00b")
    assert (caught.value.reference, caught.value.__context__) == ("bad-address", None)


@pytest.mark.parametrize("status", [301, 400, 404, 418, 429, 500, 503])
def test_request_gives_whatever_answered(wych, settings_for, status: int) -> None:
    """Every status is the caller's to look at."""
    wych.answers["api"].append(httpx.Response(status, headers={"Location": "/x"}, text="words"))
    with client(wych, settings_for(wych)) as api:
        response = api.request(
            "PUT", "users", json={"a": 1}, params={"b": "2"}, headers={"X-Mine": "1"}
        )
    assert (response.status_code, response.text) == (status, "words")
    request = wych.seen[-1]
    assert (request.method, request.content, request.url.query, request.headers["X-Mine"]) == (
        "PUT",
        b'{"a":1}',
        b"b=2",
        "1",
    )


ROWS = [
    ("B3-1", 403, "ForbiddenException", {"message": "Forbidden"}, "api-key-refused"),
    ("B3-2", 401, "UnauthorizedException", {"message": "Unauthorized"}, "bearer-refused"),
    ("B3-4", 403, "AccessDeniedException", {"Message": "User is not authorized to access this resource with an explicit deny"}, "service-token-refused"),
    ("B3-9", 403, "MissingAuthenticationTokenException", {"message": "Missing Authentication Token"}, "wrong-path"),
    ("B3-10", 403, "IncompleteSignatureException", {"message": "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): 'x='."}, "wrong-path"),
    ("B3-13", 429, "TooManyRequestsException", {"message": "Too Many Requests"}, "throttled"),
    ("B3-14", 429, "LimitExceededException", {"message": "Limit Exceeded"}, "quota-spent"),
    ("B3-15", 429, "TooManyRequestsException", {"message": None}, "throttled"),
    ("B3-18", 504, "InternalServerErrorException", {"message": "Endpoint request timed out"}, "gateway-timeout"),
    ("B3-20", 502, "InternalServerErrorException", {"message": "Internal server error"}, "gateway-error"),
    ("B3-23", 400, "BadRequestException", {"message": "Invalid request body"}, None),
    ("B3-25", 422, "", {"error": "odd email"}, None),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
@pytest.mark.parametrize("call", ["users", "find_or_create_user"])
def test_refusals_of_the_gateway(
    wych, settings_for, row: tuple[str, int, str, dict[str, Any], str | None], call: str
) -> None:
    """By the wire facts' rows: status, type, message and scenario; none of them needs a body of a certain shape."""
    _, status, kind, body, reference = row
    headers = {"x-amzn-ErrorType": f"{kind}:http://internal.amazon.example/"} if kind else {}
    wych.answers["api"] += [httpx.Response(status, headers=headers, json=body)] * 2
    with client(wych, settings_for(wych)) as api, pytest.raises(Refused) as caught:
        CALLS[call][0](api)
    error = caught.value
    message = body.get("message") or body.get("Message") or body.get("error") or ""
    assert (error.status, error.code, error.description, error.reference, error.stage) == (
        status,
        kind,
        message,
        reference,
        "call",
    )
    assert f"with {status}" in str(error)
    assert error.__context__ is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[1]",
        b"7",
        b'"x"',
        b"[" * 100_000,
        b"HTTP content length exceeded 10485760 bytes.",
        b"\xff",
    ],
)
def test_a_refusal_needs_no_body(wych, settings_for, body: bytes) -> None:
    """Wire facts section 0: the gateway's body is opaque; B3-16 is not even JSON."""
    wych.answers["api"].append(httpx.Response(413, content=body, headers={"Retry-After": "7"}))
    with client(wych, settings_for(wych)) as api, pytest.raises(Refused) as caught:
        api.users()
    assert (caught.value.status, caught.value.description, caught.value.retry_after) == (413, "", 7)


def test_a_redirect_is_no_refusal(wych, settings_for) -> None:
    """Not followed, and said as what it is."""
    wych.answers["api"].append(httpx.Response(302, headers={"Location": "https://evil.example"}))
    with client(wych, settings_for(wych)) as api, pytest.raises(Unexpected) as caught:
        api.users()
    assert (caught.value.status, caught.value.reference) == (302, "redirected")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"{}",
        b'{"users": []}',
        b"[7]",
        b'[{"id": 1, "email": "x"}]',
        b'[{"id": "x"}]',
        b"[" * 100_000,
    ],
)
def test_a_list_of_something_else_is_unexpected(wych, settings_for, body: bytes) -> None:
    """Success with an answer nobody knows: not an empty list, and not a crash."""
    wych.answers["api"].append(httpx.Response(200, content=body))
    with client(wych, settings_for(wych)) as api, pytest.raises(Unexpected) as caught:
        api.users()
    reference = "captive-portal" if body == b"<html>" else "unknown-answer"
    assert (caught.value.status, caught.value.reference, caught.value.__context__) == (
        200,
        reference,
        None,
    )


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"id": "x"}', b'{"id": null, "email": "x"}', b'{"a":' * 50_000]
)
def test_a_user_of_another_shape_is_unexpected(wych, settings_for, body: bytes) -> None:
    """The same for one user; a user token without a token is told too."""
    wych.answers["api"] += [httpx.Response(200, content=body)] * 2
    with client(wych, settings_for(wych)) as api:
        with pytest.raises(Unexpected) as caught:
            api.find_or_create_user("a@b.example")
        assert (caught.value.reference, caught.value.__context__) == ("unknown-answer", None)
        with pytest.raises(Unexpected) as token:
            api.user_token("u1")
    assert token.value.stage == "call"


# Before anything is sent -------------------------------------------------------------------------------------------------------

CALLS: dict[str, tuple[Callable[[WychClient], object], tuple[str, ...]]] = {
    "discover": (WychClient.discover, ("issuer_url",)),
    "token": (WychClient.token, ("issuer_url", "client_id", "client_secret")),
    "users": (WychClient.users, ("issuer_url", "client_id", "client_secret", "api_key", "api_url", "partner_id", "app_id")),
    "find_or_create_user": (lambda api: api.find_or_create_user("a@b.example"), ("api_key", "api_url", "partner_id", "app_id", "client_secret")),
    "user_token": (lambda api: api.user_token("u1"), ("api_key", "api_url", "partner_id", "app_id", "client_id")),
    "request": (lambda api: api.request("GET", "/x"), ("issuer_url", "client_id", "client_secret", "api_key", "api_url")),
}  # fmt: skip


@pytest.mark.parametrize(
    ("call", "missing"), [(call, name) for call, (_, names) in CALLS.items() for name in names]
)
def test_a_missing_setting_is_told_before_any_network(
    wych, settings_for, call: str, missing: str
) -> None:
    """By its name; nothing is sent, and nothing else is asked for."""
    with (
        client(wych, settings_for(wych, **{missing: None})) as api,
        pytest.raises(SettingMissing) as caught,
    ):
        CALLS[call][0](api)
    assert caught.value.name == f"WYCH_{missing.upper()}"
    assert wych.seen == []


@pytest.mark.parametrize("call", CALLS)
def test_a_call_asks_for_no_setting_it_does_not_need(wych, settings_for, call: str) -> None:
    """Discovery with an issuer only; `request` below the API without partner or app."""
    act, names = CALLS[call]
    if call in ("discover", "token", "request"):
        every = {
            "issuer_url",
            "client_id",
            "client_secret",
            "api_key",
            "api_url",
            "partner_id",
            "app_id",
        }
        with client(wych, settings_for(wych, **dict.fromkeys(every - set(names)))) as api:
            act(api)
        assert wych.count("discovery") == 1


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"api_url": "http://api.example/v3"}, "WYCH_API_URL"),
        ({"issuer_url": "https://login.example/realms/partner/"}, "WYCH_ISSUER_URL"),
        ({"client_secret": "c4nary-\u201dtwo"}, "WYCH_CLIENT_SECRET"),
        ({"api_key": "c4nary "}, "WYCH_API_KEY"),
        ({"partner_id": "a/b"}, "WYCH_PARTNER_ID"),
    ],
)
def test_a_setting_that_cannot_be_right_is_told_before_any_network(
    wych, settings_for, given: dict[str, str], name: str
) -> None:
    """By its name and without its value."""
    with client(wych, settings_for(wych, **given)) as api, pytest.raises(SettingInvalid) as caught:
        api.users()
    assert (caught.value.name, wych.seen) == (name, [])
    assert "c4nary" not in str(caught.value)


# Around the calls --------------------------------------------------------------------------------------------------------------


def test_the_journal_has_discovery_token_and_call(wych, settings_for, canaries) -> None:
    """One's own or a given one; also for a request that got no answer."""
    journal = Journal()

    def broken(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("slow", request=request)

    wych.answers["api"] += [httpx.Response(200, json=[]), broken]
    with WychClient(
        settings_for(wych), journal=journal, transport=httpx.MockTransport(wych)
    ) as api:
        api.users()
        with pytest.raises(Unreachable) as caught:
            api.users()
    assert (caught.value.reference, caught.value.stage) == ("timeout", "call")
    assert [(each.url.rsplit("/", 1)[-1], each.status) for each in journal.exchanges] == [
        ("openid-configuration", 200),
        ("token", 200),
        ("users", 200),
        ("users", None),
    ]
    assert journal.exchanges[-1].error.startswith("ReadTimeout")
    assert [
        secret for secret in (*canaries, *wych.tokens) if secret in repr(journal.exchanges)
    ] == []


@pytest.mark.parametrize(
    ("kind", "stage"), [("discovery", "discovery"), ("token", "token"), ("api", "call")]
)
@pytest.mark.parametrize("way", ["users", "token"])
def test_the_stage_is_that_of_the_request_that_failed(
    wych, settings_for, kind: str, stage: str, way: str
) -> None:
    """Not that of the call that made it necessary."""

    def broken(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no", request=request)

    wych.answers[kind].append(broken)
    with client(wych, settings_for(wych)) as api:
        if way == "token" and kind == "api":
            api.token()
            return
        with pytest.raises(Unreachable) as caught:
            api.users() if way == "users" else api.token()
    assert (caught.value.stage, caught.value.__context__) == (stage, None)


def test_discovery_is_not_repeated_for_the_token(wych, settings_for) -> None:
    """What `discover` brought is used, before and after the first call; `discover` itself always asks."""
    with client(wych, settings_for(wych)) as api:
        provider = api.discover()
        api.users()
        assert api.auth.provider is provider
        assert wych.count("discovery") == 1
        assert api.discover() is not provider
    assert wych.count("discovery") == 2


def test_closing_twice_is_closing(wych, settings_for) -> None:
    """And a call afterwards opens again, with the same token."""
    api = client(wych, settings_for(wych))
    api.close()
    api.users()
    http = api.http
    api.close()
    api.close()
    assert http.is_closed
    api.users()
    api.close()
    assert wych.token_requests == 1


def test_threads_share_one_client_from_the_first_call_on(wych, settings_for) -> None:
    """However many come first: one `httpx.Client`, one `WychAuth`, one token."""
    wych.token_pause = 0.05
    api = client(wych, settings_for(wych))
    start = threading.Barrier(32)

    def call(_: int) -> tuple[int, int]:
        start.wait(10)
        api.users()
        return id(api.http), id(api.auth)

    with api, ThreadPoolExecutor(32) as pool:
        assert len(set(pool.map(call, range(32), timeout=30))) == 1
    assert (wych.token_requests, wych.count("discovery")) == (1, 1)


def test_every_path_says_how_it_is_known() -> None:
    """One table: each with its basis and source, below the app's path, named like the method that calls it."""
    for endpoint in ENDPOINTS:
        assert endpoint.basis in ("documented", "inferred", "invented")
        assert endpoint.source
        assert endpoint.path.startswith(APP_PATH)
        assert callable(getattr(WychClient, endpoint.name))


def test_against_the_mock_over_sockets(tmp_path: Path) -> None:
    """A server that shares no code with the client: three calls, a revocation, a wrong key, a wrong path."""
    with mock.running(seed=1, ephemeral=True) as wych:
        given = wych.credentials
        environ = {
            "WYCH_ISSUER_URL": wych.issuer_url,
            "WYCH_API_URL": wych.api_url,
            "WYCH_CLIENT_ID": given.client_id,
            "WYCH_CLIENT_SECRET": given.client_secret,
            "WYCH_API_KEY": given.api_key,
            "WYCH_PARTNER_ID": given.partner_id,
            "WYCH_APP_ID": given.app_id,
            "WYCH_HOME": str(tmp_path),
        }
        settings = load_settings(path=tmp_path / "none.env", environ=environ)
        with WychClient(settings) as api:
            before = api.users()
            user = api.find_or_create_user("new@example.com")
            assert api.find_or_create_user("new@example.com") == user
            assert api.users() == [*before, user]
            assert api.user_token(user.id).value != api.token().value
            assert wych.token_requests == 1
            wych.revoke_tokens()
            assert user in api.users()
            assert wych.token_requests == 2
            with pytest.raises(Refused) as caught:
                api.user_token("nobody")
            assert caught.value.status == 404
            assert api.request("GET", "/nowhere").status_code == 403
        with (
            WychClient(settings.with_(api_key="another-key-0002")) as api,
            pytest.raises(Refused) as refused,
        ):
            api.users()
        assert refused.value.reference == "api-key-refused"
        assert wych.token_requests == 2
