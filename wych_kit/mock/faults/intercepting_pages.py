"""Answers of somebody who stands in between, or of a server that fails before it looks at anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wych_kit.mock.faults.altered_answers import with_header
from wych_kit.mock.http.messages import Answer, answer
from wych_kit.mock.realm import keycloak_errors

if TYPE_CHECKING:
    from wych_kit.mock.faults.active import Active
    from wych_kit.mock.http.messages import Request

PAGES = frozenset(
    {
        "captive-portal",
        "login-page",
        "redirected",
        "not-json",
        "identity-provider-error",
        "too-many-token-requests",
    }
)
SIGN_IN = "/sign-in"
_HTML = (b"content-type", b"text/html; charset=utf-8")


def _page(title: str, words: str) -> bytes:
    return (
        "<!DOCTYPE"
        f" html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1><p>{words}</p></body></html>\n".encode()
    )


SIGN_IN_PAGE = answer(
    200,
    _page("Sign in", "Sign in with your work account to go on."),
    _HTML,
    row="invented",
    reason="the login page",
)
_WELCOME = answer(
    200,
    _page("Welcome to Guest Wi-Fi", "Accept the terms of use to go online."),
    _HTML,
    row="invented",
)
_GATEWAY_PAGE = _page(
    "Bad Gateway", "The proxy server received an invalid response from an upstream server."
)
_BUSY = answer(503, b"", row="A3-30")
_TOO_MANY = answer(
    429, b"Too many requests.\n", (b"content-type", b"text/plain; charset=utf-8"), row="A3-30"
)


def page(active: Active, request: Request, url: str) -> Answer:
    """What is answered instead of the truth. `url` is the mock's own address."""
    match active.fault.name:
        case "captive-portal":
            given = _WELCOME
        case "login-page":
            given = answer(
                302, b"", (b"location", f"{url}{SIGN_IN}".encode()), _HTML, row="invented"
            )
        case "redirected":
            given = answer(
                308, b"", (b"location", _moved(str(active.values["to"]), request)), row="invented"
            )
        case "not-json":
            kind = (b"content-type", str(active.values["content_type"]).encode())
            given = answer(int(active.values["status"]), _GATEWAY_PAGE, kind, row="invented")
        case "identity-provider-error":
            given = (
                _BUSY if active.values["status"] == _BUSY.status else keycloak_errors.SERVER_ERROR
            )
        case _:
            given = _slow_down(int(active.values["retry_after"]))
    return active.told(given)


def _moved(to: str, request: Request) -> bytes:
    query = request.scope.get("query_string", b"")
    return (to.rstrip("/") + request.path).encode("latin-1") + (b"?" + query if query else b"")


def _slow_down(seconds: int) -> Answer:
    """The edge in front says so: the identity provider itself has no 429. Its bytes are a guess."""
    return with_header(_TOO_MANY, b"retry-after", b"%d" % seconds) if seconds else _TOO_MANY
