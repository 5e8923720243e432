"""The partner portal as JSON over HTTP: account, business, "Receive Data", app, credentials.

All of it is invented, and every answer says so in `x-wych-mock-basis`: Wych's portal is for people
with a browser, and what lies behind its forms is not public. Only the order of steps is
documented.

    POST /portal/api/accounts          first_name, last_name, email, password
                                       → 201 account_id, session
    POST /portal/api/sessions          email, password → 200 account_id, session
    POST /portal/api/businesses        nzbn, name → 201 business_id, partner_id (200: known)
    PUT  /portal/api/businesses/{business_id}/receive-data → 200
    POST /portal/api/businesses/{business_id}/apps
                                       name, description?, website?, callback_url?
                                       → 201 the app and its secrets; app_name is what its
                                       consent link has, since a different app may have the name
    GET  /portal/api/apps/{app_id}     → 200 the app without its secrets
    POST /portal/api/apps/{app_id}/credentials → 200 the app and new secrets

From businesses on, send `Authorization: Bearer <session>`; the last thousand sessions are valid. A
refusal is `{"errors": {field: sentence}}`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import Route

from wych_kit.mock.http.messages import Answer, answer, ask_site
from wych_kit.mock.portal.pages.links import in_link
from wych_kit.mock.portal.registrar import Registrar
from wych_kit.mock.state.registration_rules import FieldErrors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request as WebRequest
    from starlette.responses import Response

    from wych_kit.mock.http.messages import Request
    from wych_kit.mock.state.store import IssuedSecrets, Store

ROOT = "/portal/api"
_INVENTED = {"x-wych-mock-basis": "invented"}
# Bounded, because a load test may register for hours. The oldest session is dropped first.
_MOST_SESSIONS = 1000
_APP_FACTS = ("name", "description", "website", "callback_url")


# Starlette's own sentences for these two do not say what to do.
_ROUTING = {
    "Not Found": ("The portal has no such path. `wych_kit.mock.portal.json_api` lists its paths."),
    "Method Not Allowed": (
        "The portal has this path with a different method. `wych_kit.mock.portal.json_api` lists"
        " them."
    ),
}


class Portal:
    """Answer the paths under /portal/api. `url` is the mock's own address."""

    body_limit = 64 * 1024
    header_limit = 64 * 1024

    def __init__(self, url: str, store: Store) -> None:
        self._url = url
        self._store = store
        self._registrar = Registrar(store)
        self._sessions: dict[str, str] = {}
        routes = [
            Route("/portal/api/accounts", self._register, methods=["POST"]),
            Route("/portal/api/sessions", self._sign_in, methods=["POST"]),
            Route("/portal/api/businesses", self._add_business, methods=["POST"]),
            Route(
                "/portal/api/businesses/{business}/receive-data",
                self._receive_data,
                methods=["PUT"],
            ),
            Route("/portal/api/businesses/{business}/apps", self._add_app, methods=["POST"]),
            Route("/portal/api/apps/{app}", self._show_app, methods=["GET"]),
            Route("/portal/api/apps/{app}/credentials", self._renew, methods=["POST"]),
        ]
        handlers: dict[Any, Any] = {FieldErrors: _field_errors, HTTPException: _http_error}
        self._site = Starlette(routes=routes, exception_handlers=handlers)
        # A redirect would hide a wrong path from the program that sent it.
        self._site.router.redirect_slashes = False

    async def answer(self, request: Request) -> Answer:
        """Run the web application on a request whose body is already read."""
        return await ask_site(self._site, request)

    def too_large(self, _request: Request) -> Answer:
        """Return 413."""
        return _bare(413, "The body is too large. Send at most 64 KiB.", "the body is over 64 KiB")

    def headers_too_large(self, _request: Request) -> Answer:
        """Return 431."""
        return _bare(
            431,
            "The headers are too large. Send at most 64 KiB.",
            "the headers are over 64 KiB",
        )

    def server_error(self, _request: Request) -> Answer:
        """Return 500."""
        return _bare(500, "The mock failed. Its log says where.", "a bug in the mock; see its log")

    def reset(self) -> None:
        """Sign everybody out."""
        self._sessions.clear()

    async def _register(self, request: WebRequest) -> Response:
        return self._session(self._registrar.register(await _read_object(request)), 201)

    async def _sign_in(self, request: WebRequest) -> Response:
        return self._session(self._registrar.sign_in(await _read_object(request)), 200)

    def _session(self, account: str, status: int) -> Response:
        session = self._store.ids.text(32)
        self._sessions[session] = account
        if len(self._sessions) > _MOST_SESSIONS:
            del self._sessions[next(iter(self._sessions))]
        return _json_answer(status, {"account_id": account, "session": session})

    async def _add_business(self, request: WebRequest) -> Response:
        account = self._account(request)
        business, new = self._registrar.add_business(account, await _read_object(request))
        return _json_answer(
            201 if new else 200,
            {"business_id": business["id"], "partner_id": business["partner_id"]},
        )

    async def _receive_data(self, request: WebRequest) -> Response:
        business = self._business(request)
        self._store.choose_receive_data(business["id"])
        return _json_answer(200, {"business_id": business["id"], "receives_data": True})

    async def _add_app(self, request: WebRequest) -> Response:
        business = self._business(request)
        # A caller that skipped "Receive Data" is told so first, whatever the body contains.
        typed = await _read_object(request) if business["receives_data"] else {}
        app, issued = self._registrar.add_app(business, typed)
        return _json_answer(201, self._credentials(app, issued))

    async def _show_app(self, request: WebRequest) -> Response:
        app = self._app(request)
        # Without the secrets: they are shown once, and stored only as hashes.
        return _json_answer(200, {name: app[name] for name in _APP_FACTS} | self._addresses(app))

    async def _renew(self, request: WebRequest) -> Response:
        app = self._app(request)
        return _json_answer(200, self._credentials(app, self._store.renew_secrets(app["id"])))

    def _credentials(self, app: Mapping[str, Any], issued: IssuedSecrets) -> dict[str, str]:
        return self._addresses(app) | issued._asdict()

    def _addresses(self, app: Mapping[str, Any]) -> dict[str, str]:
        ids = {"app_id": app["id"], "partner_id": app["partner_id"], "client_id": app["client_id"]}
        # Two businesses may have an app of one name; only one of them can have it in its link.
        ids["app_name"] = in_link(self._store, app)
        return ids | {
            "issuer_url": f"{self._url}/realms/partner",
            "api_url": f"{self._url}/v3",
            "connect_url": f"{self._url}/app",
        }

    def _account(self, request: WebRequest) -> str:
        # The scheme's name is case-insensitive (RFC 9110 §11.1).
        scheme, _, session = request.headers.get("authorization", "").partition(" ")
        account = self._sessions.get(session.strip()) if scheme.lower() == "bearer" else None
        if account is None:
            raise HTTPException(
                401,
                "You are not signed in. Use POST /portal/api/sessions, then send the session as a"
                " bearer token.",
            )
        return account

    def _business(self, request: WebRequest) -> Mapping[str, Any]:
        business = self._registrar.business(self._account(request), request.path_params["business"])
        if business is None:
            raise HTTPException(
                404,
                "Your account has no business with this id. Add one with POST"
                " /portal/api/businesses.",
            )
        return business

    def _app(self, request: WebRequest) -> Mapping[str, Any]:
        app = self._registrar.app(self._account(request), request.path_params["app"])
        if app is None:
            raise HTTPException(
                404,
                "Your account has no app with this id. Create one with POST"
                " /portal/api/businesses/{business_id}/apps.",
            )
        return app


async def _read_object(request: WebRequest) -> dict[str, Any]:
    try:
        typed = await request.json()
    # RecursionError: JSON of many nested brackets.
    except (ValueError, RecursionError):
        typed = None
    if not isinstance(typed, dict):
        raise HTTPException(400, "The body is not a JSON object. Send one.")
    return typed


def _json_answer(status: int, value: dict[str, Any]) -> Response:
    # Secrets and sessions must not stay in a cache.
    return JSONResponse(value, status, {**_INVENTED, "cache-control": "no-store"})


def _refusal(request: WebRequest, status: int, errors: dict[str, str], **more: str) -> Response:
    # `ask_site` takes the reason from the scope into the request log.
    request.scope["reason"] = " ".join(errors.values())
    return JSONResponse({"errors": errors, **more}, status, _INVENTED)


async def _field_errors(request: WebRequest, error: FieldErrors) -> Response:
    return _refusal(request, error.status, error.fields, **error.more)


async def _http_error(request: WebRequest, error: HTTPException) -> Response:
    sentence = _ROUTING.get(error.detail, error.detail)
    response = _refusal(request, error.status_code, {"request": sentence})
    # A 405 must name the methods that are allowed (RFC 9110 §15.5.6).
    response.headers.update(error.headers or {})
    return response


def _bare(status: int, sentence: str, reason: str) -> Answer:
    headers = [
        (name.encode(), text.encode())
        for name, text in {"content-type": "application/json", **_INVENTED}.items()
    ]
    return answer(
        status,
        json.dumps({"errors": {"request": sentence}}).encode(),
        *headers,
        row="invented",
        reason=reason,
    )
