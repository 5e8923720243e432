"""Describe the mock as OpenAPI 3.1: the token endpoint and every API call, each with its basis.

Served at /openapi.json, outside the gateway: Wych is not known to publish a description, and this
one is not Wych's. `python -m wych_kit.mock.description.openapi` prints docs/openapi.json.
"""

from __future__ import annotations

import json
import re
import sys
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from wych_kit.mock.api.routes import ROUTES, Route
from wych_kit.mock.description.schemas import SCHEMAS, TEXT, UUID, items, record, ref
from wych_kit.mock.http.messages import BASIS_HEADER, Answer, Request, answer, compact_json
from wych_kit.mock.options import PORT
from wych_kit.mock.realm.endpoints import TOKEN_PATH

if TYPE_CHECKING:
    from wych_kit.mock.description.schemas import Schema

PATH = "/openapi.json"
# In words of this description, because the bodies themselves are AWS's or invented.
_REFUSED = {
    400: "the request cannot be read",
    401: "no valid bearer token (gateway)",
    403: "no valid API key, or a token of the wrong type (gateway)",
    404: "this token reaches no such id (application)",
    409: "the connection's state does not allow this (application)",
    413: "the body is over 10 MiB (gateway)",
    415: "the body is not labelled application/json (gateway)",
    422: "the email address is invalid (application)",
    429: "over the rate limit or the quota (gateway)",
    431: "the headers are over 10,240 bytes (gateway)",
}
_GATEWAY, _APPLICATION = ref("GatewayRefusal"), ref("Refusal")
# Both the gateway and the application refuse with 403. Every status that is missing here is the
# application's.
_BY_STATUS = {
    400: _GATEWAY,
    401: _GATEWAY,
    403: {"anyOf": [_GATEWAY, _APPLICATION]},
    415: _GATEWAY,
    429: _GATEWAY,
}
# Every call can be refused with these.
_EVERY = (401, 403, 404, 413, 429, 431)
_BOOKING = "an inclusive time; a date alone means the whole day; UTC unless an offset is given"
_PAGES = {
    "name": "page",
    "in": "query",
    "schema": {"type": "integer", "minimum": 1},
    "description": "from 1 to Meta.TotalPages",
}
# Of each handler: a summary, what it answers with, its refusals besides the common ones.
_CALLS: dict[str, tuple[str, Schema | None, tuple[int, ...]]] = {
    "users": ("List the users of an app", items(ref("User")), ()),
    "user": ("Find or create a user by email", ref("User"), (400, 415, 422)),
    "exchange": ("Exchange the service token for a user's token", ref("UserToken"), ()),
    "connections": ("List the connections of a user", items(ref("Connection")), ()),
    "connection": ("Get one connection; this confirms a callback", ref("Connection"), ()),
    "revoke_connection": ("Revoke the consent", None, (409,)),
    "accounts": ("List the accounts of a connection", ref("Accounts"), (409,)),
    "balances": ("The balances of an account", ref("Balances"), (409,)),
    "transactions": (
        "List an account's transactions, newest first, 50 a page",
        ref("Transactions"),
        (400, 409),
    ),
}
_RESPONSE_HEADERS = {
    BASIS_HEADER.decode(): {
        "description": "the basis of the answer; the mock's own header",
        "schema": TEXT,
    }
}


def document(url: str) -> dict[str, Any]:
    """Return the description of a mock at `url`."""
    paths: dict[str, Any] = {TOKEN_PATH: {"post": _TOKEN}}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Mock Wych",
            "version": "3",
            "summary": "The API of Wych Kit's mock. Wych did not publish it.",
            "description": (
                "x-wych-basis: documented (on Wych's public pages), inferred, or invented by Wych"
                " Kit's authors."
            ),
        },
        "servers": [{"url": url}],
        "paths": paths,
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {
                "apiKey": {"type": "apiKey", "in": "header", "name": "x-api-key"},
                "service": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "the token of the token endpoint",
                },
                "user-context": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "a user's token, from the exchange",
                },
            },
        },
    }


def _operation(route: Route) -> dict[str, Any]:
    summary, schema, refusals = _CALLS[route.handler]
    good = (
        {"204": _response("revoked", None)}
        if schema is None
        else {"200": _response("success", schema)}
    )
    described = {
        "operationId": route.handler,
        "summary": summary,
        "tags": [route.token],
        "x-wych-basis": route.basis,
        # One object with two members means both; two objects would mean either.
        "security": [{"apiKey": [], route.token: []}],
        "parameters": _parameters(route),
        "responses": (
            good | {str(status): _refusal(route, status) for status in sorted({*_EVERY, *refusals})}
        ),
    }
    if route.takes_body:
        # The gateway's own model: other members are not looked at.
        model = {"type": "object", "properties": {"email": TEXT}, "required": ["email"]}
        described["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": model}},
        }
    return described


def _parameters(route: Route) -> list[dict[str, Any]]:
    # Ids are UUIDs in the mock. What Wych's look like is not public.
    ids = [
        {"name": name, "in": "path", "required": True, "schema": UUID}
        for name in re.findall(r"\{(\w+)\}", route.path)
    ]
    if route.handler != "transactions":
        return ids
    dates = [
        {"name": name, "in": "query", "schema": {"type": "string"}, "description": _BOOKING}
        for name in ("fromBookingDateTime", "toBookingDateTime")
    ]
    return [*ids, *dates, _PAGES]


def _refusal(route: Route, status: int) -> dict[str, Any]:
    # AWS sends no body with a 431, and plain text with a 413.
    if status == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE:
        return {"description": _REFUSED[status]}
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return {"description": _REFUSED[status], "content": {"text/plain": {"schema": TEXT}}}
    # The gateway checks a body before the application sees it. Without one, the application itself
    # refuses a parameter.
    own = status == HTTPStatus.BAD_REQUEST and not route.takes_body
    return _response(
        _REFUSED[status], _APPLICATION if own else _BY_STATUS.get(status, _APPLICATION)
    )


def _response(description: str, schema: Schema | None) -> dict[str, Any]:
    content = {"content": {"application/json": {"schema": schema}}} if schema else {}
    return {"description": description, "headers": _RESPONSE_HEADERS, **content}


def _realm(description: str) -> dict[str, Any]:
    return {
        "description": description,
        "content": {"application/json": {"schema": ref("TokenRefusal")}},
    }


_FORM = record(
    {
        "grant_type": {"const": "client_credentials"},
        "client_id": TEXT,
        "client_secret": {"type": "string", "format": "password"},
    },
    scope=TEXT,
)
_TOKEN = {
    "operationId": "token",
    "summary": "A service token for an app's client id and secret",
    "tags": ["token"],
    "x-wych-basis": "documented",
    # The endpoint takes its credentials from the form, for which OpenAPI has no scheme.
    "security": [],
    "parameters": [],
    "requestBody": {
        "required": True,
        "content": {"application/x-www-form-urlencoded": {"schema": _FORM}},
    },
    "responses": {
        "200": {
            "description": "success",
            "content": {"application/json": {"schema": ref("Token")}},
        },
        "400": _realm("the request is invalid, or asks for what this client may not have"),
        "401": _realm("the client id or its secret is wrong"),
        "403": _realm("a page of a different origin sent the request"),
        "413": {"description": "the body is over 10 MB, or a field of it over 131,072 bytes"},
        "431": {"description": "the headers are over 65,535 bytes"},
        "500": _realm("a '%' in the form is not followed by two hex digits"),
    },
}


class Description:
    """Answer /openapi.json."""

    body_limit = 64 * 1024
    header_limit = 64 * 1024

    def __init__(self, url: str) -> None:
        # Written once: the description does not change while the mock runs.
        self._body = compact_json(document(url))

    async def answer(self, request: Request) -> Answer:
        """Return the description, to GET and HEAD."""
        # RFC 9110 §15.5.6: a 405 names the methods that are allowed.
        if request.method not in ("GET", "HEAD"):
            return _refuse(405, "use GET for this path", (b"allow", b"GET, HEAD"))
        return answer(200, self._body, *_HEADERS, row="invented")

    def too_large(self, _request: Request) -> Answer:
        """Return 413."""
        return _refuse(413, "the body is over 64 KiB")

    def headers_too_large(self, _request: Request) -> Answer:
        """Return 431."""
        return _refuse(431, "the headers are over 64 KiB")

    def server_error(self, _request: Request) -> Answer:
        """Return 500."""
        return _refuse(500, "a bug in the mock; see its log")


_HEADERS = ((b"content-type", b"application/json"), (BASIS_HEADER, b"invented"))


def _refuse(status: int, reason: str, *headers: tuple[bytes, bytes]) -> Answer:
    return answer(
        status, compact_json({"error": reason}), *_HEADERS, *headers, row="invented", reason=reason
    )


def page() -> str:
    """Return the text of docs/openapi.json: the description of a mock at its default address."""
    return json.dumps(document(f"http://127.0.0.1:{PORT}"), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
