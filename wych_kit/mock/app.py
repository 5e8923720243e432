"""The mock as one ASGI application. The path of a request decides which role answers it."""

from __future__ import annotations

import asyncio
import logging
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol

from starlette.requests import ClientDisconnect

from wych_kit.mock.api.connections import STATES, Connections
from wych_kit.mock.api.customer_data import CustomerData
from wych_kit.mock.api.routes import Api
from wych_kit.mock.description import openapi
from wych_kit.mock.faults import altered_answers, intercepting_pages
from wych_kit.mock.faults.broken_connections import CONNECTION_FAULTS, Connection
from wych_kit.mock.faults.canned import CannedAnswers
from wych_kit.mock.faults.switch import ActiveFault, Faults
from wych_kit.mock.gateway import request_checks
from wych_kit.mock.gateway.usage_plan import UsagePlan
from wych_kit.mock.http.messages import (
    NOTHING,
    Answer,
    Request,
    header_size,
    join_grants,
    read_body,
    read_scope,
    send,
    without_basis,
)
from wych_kit.mock.portal import pages
from wych_kit.mock.portal.json_api import ROOT, Portal
from wych_kit.mock.realm import endpoints
from wych_kit.mock.state.clock import Clock
from wych_kit.mock.state.ids import Ids
from wych_kit.mock.state.registration_rules import is_email
from wych_kit.mock.state.request_log import RequestLog
from wych_kit.mock.tokens import presented_credentials
from wych_kit.mock.tokens.issuer import Tokens
from wych_kit.mock.tokens.signing import Signer

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.types import Receive, Scope, Send

    from wych_kit.mock.options import Options
    from wych_kit.mock.state.store import Store

log = logging.getLogger("wych_kit.mock")
_GATEWAY = re.compile(r"/v\d+(/|$)")
_PLACES = {
    endpoints.TOKEN_PATH: "token",
    endpoints.DISCOVERY_PATH: "discovery",
    endpoints.KEYS_PATH: "keys",
}
# Faults that act before a role sees the request, or after it answered.
_FAULTS_ON_THE_WAY = intercepting_pages.PAGES | CONNECTION_FAULTS | {"answer-too-long"}


class Role(Protocol):
    """One of the five: identity provider, gateway, portal, pages for a browser, API description."""

    @property
    def body_limit(self) -> int:
        """The longest body that it reads, in bytes."""

    @property
    def header_limit(self) -> int:
        """The longest headers that it reads, in bytes."""

    async def answer(self, request: Request) -> Answer:
        """Return the answer to a request whose body was read."""

    def too_large(self, request: Request) -> Answer:
        """Return the answer to a body over the limit."""

    def headers_too_large(self, request: Request) -> Answer:
        """Return the answer to headers over the limit."""

    def server_error(self, request: Request) -> Answer:
        """Return the answer after a failure of the mock itself."""


class App:
    """An ASGI application. `url` is its own; the options are those of `wych_kit.mock.running`."""

    def __init__(self, url: str, store: Store, options: Options) -> None:
        seed = options.seed
        self.clock, self.canned, self.request_log = Clock(), CannedAnswers(), RequestLog()
        self.tokens = Tokens(f"{url}/realms/{endpoints.REALM}", self.clock, options.expires_in)
        self.signer = Signer()
        self.leaving = asyncio.Event()
        self.faults = Faults(self.clock, self.tokens, store, self.leaving, seed)
        # The web server's connections with clients. `_connections` are customers' with their banks.
        self.open_connections: Collection[object] = ()
        self._url = url
        self._options = options
        self._store = store
        self._plan = UsagePlan(self.clock, options.rate, options.burst, options.quota)
        self._ids = Ids(None if seed is None else f"{seed}/wire")
        self._identity_provider = endpoints.IdentityProvider(
            store, self.tokens, self.signer, self._ids, self.faults, stable=seed is not None
        )
        self._connections = Connections(store.engine, self.clock, seed)
        data = CustomerData(self._connections, self.clock, url)
        api = Api(
            store, self.tokens, self._ids, self._connections, data, find_only=options.find_only
        )
        self._gateway = request_checks.Gateway(
            api, store, self.tokens, self._ids, self.clock, plan=self._plan, faults=self.faults
        )
        self._portal = Portal(url, store)
        self._description = openapi.Description(url)
        self._pages = pages.Pages(
            url,
            store,
            self.clock,
            self.request_log,
            self._connections,
            callback_user=options.callback_user,
        )

    async def __call__(self, scope: Scope, receive: Receive, send_: Send) -> None:
        """Answer one request, and add it to the request log."""
        request = read_scope(scope)
        role, place = self._find_role(request.path)
        if place == "token":
            self.request_log.token_requests += 1
        try:
            fits = await read_body(request, receive, role.body_limit)
        except ClientDisconnect:
            return
        fault = await self._find_fault(request, place) if self.faults.active else None
        if fault and fault.fault.name in CONNECTION_FAULTS:
            whole = None
            if fault.values.get("at") == "body":
                whole = await self._answer(role, request, place, fits=fits)
            connection = Connection(self.open_connections, receive, send_)
            await self._break_connection(fault, request, whole, connection)
            return
        if fault and fault.fault.name in intercepting_pages.PAGES:
            self.faults.login_shown |= fault.fault.name == "login-page"
            answer = intercepting_pages.answer_instead(fault, request, self._url, role.server_error)
        else:
            answer = await self._answer(role, request, place, fits=fits)
            if fault:
                answer = altered_answers.lengthen(fault, answer)
        self._add_to_log(request, answer)
        await send(self._mark(answer), send_)

    def reset(self) -> None:
        """Forget what happened since the start. Call it in the event loop, between requests."""
        self._store.reset()
        for part in (
            self.clock,
            self.canned,
            self.faults,
            self.request_log,
            self.tokens,
            self._plan,
            self._portal,
            self._pages,
            self._connections,
        ):
            part.reset()
        self._ids.restart()

    def connect(
        self,
        app_id: str,
        email: str,
        bank_id: str,
        state: str,
        *,
        permissions: Collection[str],
        days: int,
    ) -> dict[str, Any]:
        """Create a user with a connection in this state, and return the connection as the API does.

        Call it in the event loop, as `reset`. Raises `ValueError` as `Connections.begin` does.
        """
        if not is_email(email) or state not in STATES:
            raise ValueError(
                f"give an email address, and a state that is one of {', '.join(STATES)}"
            )
        user_id = self._store.find_or_create_user(app_id, email)["id"]
        days_ago = days if state == "EXPIRED" else 0
        connection = self._connections.begin(
            app_id, user_id, bank_id, permissions, days, days_ago=days_ago
        )
        if connection.state != state:
            connection = self._connections.conclude(connection.id, state)
        return connection.to_json()

    async def _answer(self, role: Role, request: Request, place: str, *, fits: bool) -> Answer:
        if canned := self.canned.next(place):
            await self.faults.wait(canned.delay)
            return canned.answer
        if header_size(request) > role.header_limit:
            return role.headers_too_large(request)
        if not fits:
            return role.too_large(request)
        try:
            answer = await role.answer(request)
        except Exception:
            log.exception("The mock failed at %s %s", request.method, request.path)
            return role.server_error(request)
        if place == "discovery" and self._options.grants_joined:
            return join_grants(answer)
        return answer

    async def _find_fault(self, request: Request, place: str) -> ActiveFault | None:
        """Return the fault that acts on the way, after the fault `latency` had its time."""
        await self.faults.delay(request, place)
        return self.faults.first(_FAULTS_ON_THE_WAY, request, lambda fault: fault.acts_at(place))

    async def _break_connection(
        self, fault: ActiveFault, request: Request, whole: Answer | None, connection: Connection
    ) -> None:
        self._add_to_log(request, fault.explain(whole or NOTHING, "invented"))
        if whole:
            await connection.cut_in_body(request, self._mark(whole))
        elif fault.fault.name == "timeout":
            await connection.keep_silent(request, self.leaving)
        else:
            await connection.reset(request)

    def _mark(self, answer: Answer) -> Answer:
        return answer if self._options.basis_header else without_basis(answer)

    def _add_to_log(self, request: Request, answer: Answer) -> None:
        app_id = ""
        # A 5xx is a failure of the mock, and the portal's pages list only refused calls.
        is_refusal = HTTPStatus.BAD_REQUEST <= answer.status < HTTPStatus.INTERNAL_SERVER_ERROR
        if is_refusal and not request.path.startswith(pages.ROOTS):
            # Only the id of an app is kept, because people paste secrets where ids belong.
            client_id = presented_credentials.identify_client(request, self._store, self.tokens)
            client = self._store.find_client(client_id) if client_id else None
            app_id = client.app_id if client else ""
        self.request_log.note(request, answer, self.clock.now(), app_id)

    def _find_role(self, path: str) -> tuple[Role, str]:
        """Return the role for a path, and the name of the place for faults and canned answers."""
        if place := _PLACES.get(path.removesuffix("/")):
            return self._identity_provider, place
        if _GATEWAY.match(path):
            return self._gateway, "api"
        if _is_below(path, ROOT):
            return self._portal, "portal"
        if path == openapi.PATH:
            return self._description, ""
        for root in pages.ROOTS:
            if _is_below(path, root):
                return self._pages, "portal" if root == pages.PORTAL else ""
        return self._identity_provider, ""


def _is_below(path: str, root: str) -> bool:
    return path == root or path.startswith(root + "/")
