"""Answers in place of the server: a proxy or portal on the way, or a server that fails at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wych_kit.mock.faults.altered_answers import set_header
from wych_kit.mock.http.messages import Answer, answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from wych_kit.mock.faults.switch import ActiveFault
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


def _page(title: str, text: str) -> bytes:
    head = f"<head><title>{title}</title></head>"
    body = f"<body><h1>{title}</h1><p>{text}</p></body>"
    return f"<!DOCTYPE html>\n<html>{head}{body}</html>\n".encode()


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


def answer_instead(
    fault: ActiveFault, request: Request, url: str, server_error: Callable[[Request], Answer]
) -> Answer:
    """Return the answer of the fault. `url`: the mock's own; `server_error`: the role's own failure."""
    values = fault.values
    match fault.fault.name:
        case "captive-portal":
            page = _WELCOME
        case "login-page":
            location = (b"location", f"{url}{SIGN_IN}".encode())
            page = answer(302, b"", location, _HTML, row="invented")
        case "redirected":
            location = (b"location", _join(str(values["to"]), request))
            page = answer(308, b"", location, row="invented")
        case "not-json":
            content_type = (b"content-type", str(values["content_type"]).encode())
            page = answer(int(values["status"]), _GATEWAY_PAGE, content_type, row="invented")
        case "identity-provider-error":
            page = _BUSY if values["status"] == _BUSY.status else server_error(request)
        case _:
            page = _reject_as_too_many(int(values["retry_after"]))
    return fault.explain(page)


def _join(base: str, request: Request) -> bytes:
    query = request.scope.get("query_string", b"")
    return (base.rstrip("/") + request.path).encode("latin-1") + (b"?" + query if query else b"")


def _reject_as_too_many(retry_after: int) -> Answer:
    # A server in front says so: Keycloak itself has no 429. Its bytes are a guess.
    if not retry_after:
        return _TOO_MANY
    return set_header(_TOO_MANY, b"retry-after", b"%d" % retry_after)
