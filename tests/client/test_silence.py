"""No secret comes out of the client: not by an error, a traceback with locals, a log at DEBUG or a `repr`."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from wych_kit import WychAuth, WychClient, WychError, load_settings
from wych_kit.client.journal import export

# Odd, but legal, and held by no function's frame: a test's own locals are part of the traceback.
SECRET = "c4n\"a'ry %&+=$#\\`{x}<s3;cret"
KEY = "k3y\"of'the %2F+&=$canary;\\~!"
TOKEN = "t0ken-canary.0paque-_~+/=="
USER_TOKEN = "us3r-t0ken-canary"
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJl"
HIDDEN = (SECRET, KEY, TOKEN, USER_TOKEN, JWT, "c4n", "k3y", "t0ken-canary", "c2lnbmF0dXJl")

GOOD_TOKEN = {
    "access_token": TOKEN,
    "refresh_token": TOKEN,
    "id_token": TOKEN,
    "token_type": "Bearer",
    "expires_in": 900,
}


def document(url: str) -> dict[str, str]:
    return {
        "issuer": f"{url}/realms/p",
        "token_endpoint": f"{url}/realms/p/token",
        "jwks_uri": f"{url}/realms/p/certs",
    }


def broken(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadError("broken", request=request)


# What the three kinds of request are answered with; the rest is as it should be.
FAILURES: dict[str, dict[str, Any]] = {
    "no realm": {"discovery": httpx.Response(404, json={"error": "Realm does not exist"})},
    "wifi page": {"discovery": httpx.Response(200, text="<html>wifi")},
    "discovery cut": {"discovery": broken},
    "discovery elsewhere": {"discovery": httpx.Response(307, headers={"Location": "https://evil.example"})},
    "wrong secret": {"token": httpx.Response(401, json={"error": "unauthorized_client", "error_description": "no"})},
    "token cut": {"token": broken},
    "token elsewhere": {"token": httpx.Response(307, headers={"Location": "https://evil.example"})},
    "token page": {"token": httpx.Response(200, text=f"<html>{JWT}")},
    "token list": {"token": httpx.Response(200, json=[JWT])},
    "token text": {"token": httpx.Response(200, json=JWT)},
    "token of another type": {"token": httpx.Response(200, json=GOOD_TOKEN | {"token_type": "mac"})},
    "token with an odd life": {"token": httpx.Response(200, json=GOOD_TOKEN | {"expires_in": "soon"})},
    "token with a line break": {"token": httpx.Response(200, json=GOOD_TOKEN | {"access_token": TOKEN + "\n"})},
    "token too long": {"token": httpx.Response(200, json=GOOD_TOKEN | {"x": "x" * 300_000})},
    "token compressed": {"token": lambda request: httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=httpx.ByteStream(b"x"))},
    "busy": {"token": httpx.Response(429, headers={"Retry-After": "3600"})},
    "always 401": {"api": httpx.Response(401, json={"message": "Unauthorized"})},
    "wrong key": {"api": httpx.Response(403, json={"message": "Forbidden"})},
    "call cut": {"api": broken},
    "call elsewhere": {"api": httpx.Response(307, headers={"Location": "https://evil.example"})},
    "call page": {"api": httpx.Response(200, text="<html>")},
    "a user without address": {"api": httpx.Response(200, json=[{"id": "u1", "email": "a@b.example"}, {"id": "u2", "access_token": USER_TOKEN}])},
    "user token of another type": {"api": httpx.Response(200, json={"access_token": USER_TOKEN, "token_type": "mac"})},
    "user token with an odd life": {"api": httpx.Response(200, json={"access_token": USER_TOKEN, "token_type": "Bearer", "expires_in": []})},
}  # fmt: skip


def fake(url: str, failing: dict[str, Any]) -> Callable[[httpx.Request], httpx.Response]:
    """Make a server that fails in one way."""
    good = {
        "discovery": httpx.Response(200, json=document(url)),
        "token": httpx.Response(200, json=GOOD_TOKEN),
        "api": httpx.Response(200, json=[]),
    }

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        kind = (
            "discovery"
            if path.endswith("configuration")
            else "token"
            if path == "/realms/p/token"
            else "api"
        )
        given = failing.get(kind, good[kind])
        given = given(request) if callable(given) else given
        # A new one each time: a response is read once.
        return (
            httpx.Response(given.status_code, headers=given.headers, content=given.content)
            if given.is_closed
            else given
        )

    return answer


def made(tmp_path: Path, url: str, transport: httpx.BaseTransport | None) -> WychClient:
    """Make a client whose secrets stand in no local of the caller."""
    facts = {
        "WYCH_ENVIRONMENT": "sandbox", "WYCH_ISSUER_URL": f"{url}/realms/p", "WYCH_API_URL": f"{url}/v3", "WYCH_CLIENT_ID": "a-client-of-mine",
        "WYCH_CLIENT_SECRET": SECRET, "WYCH_API_KEY": KEY, "WYCH_PARTNER_ID": "p", "WYCH_APP_ID": "a", "WYCH_HOME": str(tmp_path),
    }  # fmt: skip
    return WychClient(load_settings(path=tmp_path / "none.env", environ=facts), transport=transport)


def caught_from(act: Callable[[], object]) -> Exception | None:
    """What it raises, without this frame."""
    try:
        act()
    except (WychError, httpx.HTTPError) as error:
        return error
    return None


def told(error: BaseException) -> str:
    """Everything an error can be made to say, its frames' locals included."""
    lines = traceback.TracebackException.from_exception(error, capture_locals=True).format()
    return "".join(lines) + f"{error!r} {error.args!r} {vars(error)!r}"


def found(text: str) -> list[str]:
    """List the secrets that show, in any writing."""
    return [
        secret
        for secret in HIDDEN
        if any(way in text for way in (secret, repr(secret)[1:-1], repr(secret.encode())[2:-1]))
    ]


@pytest.mark.parametrize("name", FAILURES)
@pytest.mark.parametrize("live", [False, True], ids=["no-socket", "socket"])
def test_a_failing_call_tells_no_secret(
    tmp_path: Path, serve, caplog, name: str, *, live: bool
) -> None:
    """Each failure of `WychClient`, its traceback with locals, the log at DEBUG, and everything the journal renders."""
    url = serve(fake_live(name)) if live else "http://127.0.0.1:9"
    transport = None if live else httpx.MockTransport(fake(url, FAILURES[name]))
    with caplog.at_level(logging.DEBUG), made(tmp_path, url, transport) as api:
        errors = [caught_from(act) for act in (api.users, lambda: api.user_token("u1"), api.token)]
        assert any(errors)
        assert all(isinstance(error, WychError) for error in errors if error)
        for error in filter(None, errors):
            assert found(told(error)) == []
            assert error.__context__ is None
        kept = api.journal.exchanges
        assert len(kept) >= 1
        shown = repr(kept) + export.render_json_lines(kept) + repr(export.render_har(kept))
        shown += "".join(export.render_curl(each) + export.render_python(each) for each in kept)
        assert found(shown + repr(vars(api)) + repr(vars(api.auth)) + repr(api.http.headers)) == []
    assert found(ours(caplog)) == []


def fake_live(name: str) -> Callable[[httpx.Request], httpx.Response]:
    """Make the same server for a socket: it learns its address from the request, and hangs up instead of raising."""

    def answer(request: httpx.Request) -> httpx.Response:
        url = f"http://{request.headers['Host']}"
        try:
            return fake(url, FAILURES[name])(request)
        except httpx.ReadError:
            raise ConnectionAbortedError from None

    return answer


def ours(caplog: pytest.LogCaptureFixture) -> str:
    """What was logged, by anybody."""
    return "\n".join(record.getMessage() for record in caplog.records)


@pytest.mark.parametrize("name", FAILURES)
def test_a_failing_auth_tells_no_secret(tmp_path: Path, name: str) -> None:
    """The same for `WychAuth` in anyone's own clients, for threads and for tasks, where the error is ours."""
    url = "http://127.0.0.1:9"
    transport = httpx.MockTransport(fake(url, FAILURES[name]))
    auth = lambda: WychAuth(  # noqa: E731 - so that no frame holds a secret
        issuer_url=f"{url}/realms/p",
        client_id="me",
        client_secret=SECRET,
        api_key=KEY,
        token_cache="memory",
    )

    def call() -> None:
        with httpx.Client(base_url=f"{url}/v3", auth=auth(), transport=transport) as http:
            http.get("/users")

    async def acall() -> None:
        async with httpx.AsyncClient(
            base_url=f"{url}/v3", auth=auth(), transport=transport
        ) as http:
            await http.get("/users")

    for act in (call, lambda: asyncio.run(acall())):
        error = caught_from(act)
        if isinstance(error, WychError):
            assert found(told(error)) == []
        elif error is None:
            assert (
                "api" in FAILURES[name] or name == "token too long"
            )  # without a socket nothing is read, so nothing is counted


# The right values, and what is wrong in each case: outside of every frame that is looked at.
GIVEN = {
    "issuer_url": "https://login.example",
    "client_id": "me",
    "client_secret": SECRET,
    "api_key": KEY,
}
MISTAKES = {
    "plain http": {"api_url": "http://evil.example"},
    "line break": {"api_key": KEY + "\n"},
    "curly quote": {"client_secret": SECRET + "\u201d"},
    "half a character": {"client_secret": SECRET + "\ud800"},
    "no text": {"client_secret": None},
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_in_making_one_tells_no_secret(name: str) -> None:
    """Neither the wrong value nor the right ones beside it are in the traceback; what the caller's own frame holds is the caller's."""
    with pytest.raises((WychError, TypeError)) as caught:
        WychAuth(**{**GIVEN, **MISTAKES[name]})
    error = caught.value
    assert error.__traceback__
    assert found(told(error.with_traceback(error.__traceback__.tb_next))) == []
