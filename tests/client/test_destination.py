"""Credentials go to one origin, and never along a redirect."""

from __future__ import annotations

import asyncio
import socket
import threading
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from wych_kit import SettingInvalid, Unexpected, WychAuth
from wych_kit.client import destination as guard
from wych_kit.client.destination import Destination

REDIRECTS = [301, 302, 303, 307, 308]


def fetch(wych, auth: httpx.Auth, *, tasks: bool, **given: Any) -> httpx.Response:
    """One POST through a client that follows redirects, on real sockets."""
    facts: dict[str, Any] = {
        "base_url": wych.api_url,
        "auth": auth,
        "follow_redirects": True,
        "trust_env": False,
        **given,
    }
    if not tasks:
        with httpx.Client(**facts) as http:
            return http.post("/user", json={"email": "a@b.example"})

    async def main() -> httpx.Response:
        async with httpx.AsyncClient(**facts) as http:
            return await http.post("/user", json={"email": "a@b.example"})

    return asyncio.run(main())


@pytest.mark.parametrize("tasks", [False, True], ids=["client", "async-client"])
@pytest.mark.parametrize("status", REDIRECTS)
@pytest.mark.parametrize(
    ("kind", "stage"), [("api", "call"), ("token", "token"), ("discovery", "discovery")]
)
def test_nothing_follows_a_redirect_to_another_server(
    live, other, auth_for, status: int, kind: str, *, stage: str, tasks: bool
) -> None:
    """Whatever the status and the client: the second server sees nothing at all, and the error says what happened."""
    live.answers[kind].append(
        httpx.Response(status, headers={"Location": f"{other.url}/anything?x=1"})
    )
    with pytest.raises(Unexpected) as caught:
        fetch(live, auth_for(live), tasks=tasks)
    assert other.seen == []
    assert (caught.value.reference, caught.value.stage) == ("redirected", stage)
    assert str(caught.value).startswith(live.url.removeprefix("http://"))


@pytest.mark.parametrize("tasks", [False, True], ids=["client", "async-client"])
@pytest.mark.parametrize("status", REDIRECTS)
def test_nothing_follows_a_redirect_on_the_same_server(
    live, auth_for, status: int, *, tasks: bool
) -> None:
    """Another path of the same origin is not where the caller sent it either; a POST must not become a GET there."""
    live.answers["api"].append(httpx.Response(status, headers={"Location": "/elsewhere"}))
    with pytest.raises(Unexpected):
        fetch(live, auth_for(live), tasks=tasks)
    assert [request.url.path for request in live.seen][-1] == "/v3/user"
    assert live.count("api") == 1


def test_a_redirect_after_a_401_is_not_followed_either(live, other, auth_for) -> None:
    """The second try is guarded as the first."""
    live.answers["api"] += [
        httpx.Response(401),
        httpx.Response(307, headers={"Location": other.url}),
    ]
    with pytest.raises(Unexpected):
        fetch(live, auth_for(live), tasks=False)
    assert other.seen == []


@pytest.mark.parametrize("tasks", [False, True], ids=["client", "async-client"])
def test_who_does_not_follow_gets_the_redirect_itself(live, auth_for, *, tasks: bool) -> None:
    """With httpx's default, a 3xx is an answer like any other; `next_request` is there, and is guarded should somebody send it."""
    live.answers["api"].append(httpx.Response(307, headers={"Location": "/elsewhere"}))
    response = fetch(live, auth_for(live), tasks=tasks, follow_redirects=False)
    assert response.status_code == 307
    assert response.next_request
    if not tasks:
        with httpx.Client(trust_env=False) as http, pytest.raises(Unexpected):
            http.send(response.next_request)
    assert live.count("api") == 1


def test_a_redirect_to_itself_ends(live, auth_for) -> None:
    """The same address once more is where the caller meant it to go; httpx's own limit ends it."""
    live.answers["api"] += [httpx.Response(307, headers={"Location": "/v3/user"})] * 100
    with pytest.raises(httpx.TooManyRedirects):
        fetch(live, auth_for(live), tasks=False)
    assert live.count("api") < 30


def test_a_trace_function_of_the_users_is_still_called(live, auth_for) -> None:
    """In both clients it sees every event of the call."""
    events: list[str] = []

    def trace(event: str, info: dict[str, Any]) -> None:
        events.append(event)

    async def atrace(event: str, info: dict[str, Any]) -> None:
        events.append(event)

    auth = auth_for(live)
    with httpx.Client(base_url=live.api_url, auth=auth) as http:
        http.get("/users", extensions={"trace": trace})
    assert "http11.send_request_headers.started" in events
    assert "http11.receive_response_body.complete" in events
    events.clear()

    async def main() -> None:
        async with httpx.AsyncClient(
            base_url=live.api_url, auth=auth, follow_redirects=True
        ) as http:
            await http.get("/users", extensions={"trace": atrace})
            live.answers["api"].append(httpx.Response(307, headers={"Location": "/elsewhere"}))
            events.append("redirect")
            with pytest.raises(Unexpected):
                await http.get("/users", extensions={"trace": atrace})

    asyncio.run(main())
    assert events.count("http11.send_request_headers.started") == 2
    assert events.index("redirect") < len(events) - 1


def test_extensions_read_as_before() -> None:
    """A guarded request's extensions hold what they held; only a copy has more."""
    request = httpx.Request("GET", "https://a.example/x", extensions={"timeout": {"read": 1}})
    guard.refuse_redirects(request, tasks=False)
    held = request.extensions
    assert held.get("trace") is None
    assert "trace" not in held
    assert (held["timeout"], held.get("timeout")) == ({"read": 1}, {"read": 1})
    copies = [
        dict(held),
        {**held},
        dict(held, x=1),
        httpx.Request("GET", "https://b.example", extensions=held).extensions,
    ]
    assert all(callable(copy["trace"]) for copy in copies)
    guard.refuse_redirects(request, tasks=False)
    assert request.extensions is held


# Which origin ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/v3", "http://api.example/v3", "https://api.example:8443/v3", "https://api.example.evil.example", "https://api.example."],
)  # fmt: skip
def test_another_origin_is_refused_before_anything_is_sent(wych, auth_for, elsewhere: str) -> None:
    """Scheme, host and port must be those of `api_url`; no token is asked for first."""
    auth = auth_for(wych, api_url="https://api.example/v3")
    with (
        httpx.Client(auth=auth, transport=httpx.MockTransport(wych)) as http,
        pytest.raises(SettingInvalid) as caught,
    ):
        http.get(elsewhere)
    assert (caught.value.reference, caught.value.stage) == ("wrong-host", "call")
    assert wych.seen == []


@pytest.mark.parametrize(
    "same", ["https://api.example/v4/x", "https://API.example:443/", "https://api.example/?a=1"]
)
def test_the_same_origin_is_known_however_it_is_written(same: str) -> None:
    """The default port and capital letters make no difference, nor does the path."""
    Destination("https://api.example/v3").check(httpx.URL(same))


def test_without_an_address_the_first_host_is_the_one(wych, other, auth_for) -> None:
    """From the first call on, every other host is refused."""
    auth = auth_for(wych)
    with httpx.Client(auth=auth, transport=httpx.MockTransport(wych)) as http:
        assert http.get(f"{wych.api_url}/users").status_code == 200
        with pytest.raises(SettingInvalid, match=r"the credentials to https://evil\.example"):
            http.get("https://evil.example/users")
    assert wych.count("api") == 1


def test_of_two_first_hosts_one_is_the_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads, two hosts, the same moment: one of them is refused."""
    destination, refused = Destination(None), []
    both, judge = threading.Barrier(2), guard._check_scheme

    def together(url: httpx.URL) -> None:
        judge(url)
        both.wait(10)

    def first(host: str) -> None:
        try:
            destination.check(httpx.URL(f"https://{host}.example"))
        except SettingInvalid as error:
            refused.append(error.reference)

    monkeypatch.setattr(guard, "_check_scheme", together)
    threads = [threading.Thread(target=first, args=(host,)) for host in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert refused == ["wrong-host"]


@pytest.mark.parametrize(
    "plain",
    [
        "http://api.example/v3",
        "http://127.0.0.1.evil.example/",
        "ftp://127.0.0.1/",
        "http://10.0.0.1/",
    ],
)
def test_plain_http_is_for_this_machine_only(wych, auth_for, plain: str) -> None:
    """Wire facts D13: over plain http everybody on the way could read the key. Told when made, or at the first call."""
    with pytest.raises(SettingInvalid) as made:
        auth_for(wych, api_url=plain)
    assert made.value.reference == "not-https"
    with (
        httpx.Client(auth=auth_for(wych), transport=httpx.MockTransport(wych)) as http,
        pytest.raises(SettingInvalid),
    ):
        http.get(plain)
    assert wych.seen == []


# Proxies -------------------------------------------------------------------------------------------------------------------------


def sending(method: bytes, scheme: bytes, host: bytes, port: int | None, target: bytes) -> Any:
    """A request as httpcore has it."""
    return SimpleNamespace(
        method=method, url=SimpleNamespace(scheme=scheme, host=host, port=port, target=target)
    )


@pytest.mark.parametrize(
    "allowed",
    [
        sending(b"GET", b"https", b"api.example", None, b"/v3/users?a=1"),
        sending(b"CONNECT", b"http", b"proxy.example", 3128, b"api.example:443"),
        sending(b"GET", b"http", b"proxy.example", 3128, b"https://api.example/v3/users?a=1"),
    ],
)
def test_direct_and_through_a_proxy_are_the_same_request(allowed: Any) -> None:
    """A proxy is asked for a tunnel, or told the whole address."""
    guard._refuse_different_url(allowed, httpx.URL("https://api.example/v3/users?a=1"), "call")


@pytest.mark.parametrize(
    "refused",
    [
        sending(b"GET", b"https", b"evil.example", None, b"/v3/users?a=1"),
        sending(b"GET", b"http", b"api.example", None, b"/v3/users?a=1"),
        sending(b"GET", b"https", b"api.example", 8443, b"/v3/users?a=1"),
        sending(b"GET", b"https", b"api.example", None, b"/v3/users"),
        sending(b"GET", b"http", b"proxy.example", 3128, b"https://evil.example/v3/users?a=1"),
    ],
)
def test_anything_else_is_a_redirect(refused: Any) -> None:
    """One part of the address that differs is enough."""
    with pytest.raises(Unexpected) as caught:
        guard._refuse_different_url(refused, httpx.URL("https://api.example/v3/users?a=1"), "token")
    assert (caught.value.reference, caught.value.stage) == ("redirected", "token")


def test_a_forward_proxy_carries_calls_and_no_redirects(live, other, serve, auth_for) -> None:
    """Through a real proxy the call succeeds, and a redirect is refused as without one."""
    proxy = serve(live)  # told the whole address, it answers for the server
    given = {"proxy": proxy, "trust_env": False}
    assert fetch(live, auth_for(live), tasks=False, **given).status_code == 200
    seen = len(live.seen)
    live.answers["api"].append(httpx.Response(308, headers={"Location": other.url}))
    with pytest.raises(Unexpected):
        fetch(live, auth_for(live), tasks=False, **given)
    assert len(live.seen) == seen + 3
    assert other.seen == []


def test_a_tunnel_proxy_may_be_used(auth_for, wych) -> None:
    """Towards https the proxy is asked with CONNECT, and the guard lets that through; no credential is in it."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def once() -> None:
            connection, _ = listener.accept()
            with connection:
                asked.append(connection.recv(65536))
                connection.sendall(
                    b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
                )

        thread = threading.Thread(target=once)
        thread.start()
        auth = auth_for(wych, issuer_url="https://login.example/realms/partner")
        proxy = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with (
            httpx.Client(auth=auth, proxy=proxy, trust_env=False) as http,
            pytest.raises(httpx.ProxyError),
        ):
            http.get("https://api.example/v3/users")
        thread.join(10)
    assert asked[0].startswith(b"CONNECT login.example:443 ")
    assert b"x-api-key" not in asked[0].lower()


def test_no_netrc_and_no_url_password_replaces_the_bearer(
    live, auth_for, monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    """Wire facts D22: a .netrc entry for the host changes nothing on any of the three requests."""
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password netrc-canary\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    with httpx.Client(base_url=live.api_url, auth=auth_for(live)) as http:
        assert http.get("/users").status_code == 200
    assert [request.headers.get("Authorization", "-").split()[0] for request in live.seen] == [
        "-",
        "-",
        "Bearer",
    ]


def test_the_token_of_a_redirected_endpoint_is_not_taken(live, auth_for, serve) -> None:
    """A second server that would answer a redirected token request with a fine token is never asked for one."""
    trap: list[httpx.Request] = []
    good = {"access_token": "evil", "token_type": "Bearer", "expires_in": 900}
    url = serve(lambda request: trap.append(request) or httpx.Response(200, json=good))
    live.answers["token"].append(httpx.Response(302, headers={"Location": url}))
    auth: WychAuth = auth_for(live)
    with (
        httpx.Client(follow_redirects=True, trust_env=False) as http,
        pytest.raises(Unexpected) as caught,
    ):
        auth.obtain(http)
    assert caught.value.reference == "redirected"
    assert trap == []
