"""The whole mock as one ASGI application: the path says which role answers."""

from __future__ import annotations

import asyncio
import logging
import re
from typing import TYPE_CHECKING, Any, Protocol

from starlette.requests import ClientDisconnect

from wych_kit.mock.api.connections import STATES, Connections
from wych_kit.mock.api.customer_data import CustomerData
from wych_kit.mock.api.routes import Api
from wych_kit.mock.description import openapi
from wych_kit.mock.faults import altered_answers, intercepting_pages
from wych_kit.mock.faults.active import Active, Faults
from wych_kit.mock.faults.broken_connections import BREAKS, Connection
from wych_kit.mock.faults.canned import CannedAnswers
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

_FIRST = intercepting_pages.PAGES | BREAKS | {"answer-too-long"}


class Role(Protocol):
    """One of the mock's five: the identity provider, the gateway, the portal, the pages for a browser, the description of itself."""

    @property
    def body_limit(self) -> int:
        """The longest body it reads, in bytes."""

    @property
    def header_limit(self) -> int:
        """The longest header block it reads, in bytes."""

    async def answer(self, request: Request) -> Answer:
        """The answer to a request whose body is read."""

    def too_large(self, request: Request) -> Answer:
        """The answer to a body over the limit."""

    def headers_too_large(self, request: Request) -> Answer:
        """The answer to a header block over the limit."""

    def broken(self, request: Request) -> Answer:
        """The answer when the mock itself fails."""


class Front:
    """An ASGI application. `url` is where it is reached; the rest is as in `wych_kit.mock.running`."""

    def __init__(self, url: str, store: Store, options: Options) -> None:
        self.clock, self.canned, self.request_log = Clock(), CannedAnswers(), RequestLog()
        self.tokens = Tokens(f"{url}/realms/{endpoints.REALM}", self.clock, options.expires_in)
        self.signer = Signer()
        self.leaving = asyncio.Event()
        seed = options.seed
        self.faults = Faults(self.clock, self.tokens, store, self.leaving, seed)
        # The web server's, to clients; the other ones are customers' with their banks.
        self.open_connections: Collection[object] = ()
        self._url = url
        self._options = options
        self._store = store
        self._plan = UsagePlan(self.clock, options.rate, options.burst, options.quota)
        self._ids = Ids(None if seed is None else f"{seed}/wire")
        self._identity = endpoints.Identity(
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
        """Answers one request and puts it in the request log."""
        request = read_scope(scope)
        role, place = self._role(request.path)
        if place == "token":
            self.request_log.token_requests += 1
        try:
            fits = await read_body(request, receive, role.body_limit)
        except ClientDisconnect:
            return
        if self.faults.on and (fault := await self._fault(request, place)):
            if fault.fault.name in BREAKS:
                whole = (
                    await self._true(role, request, place, fits=fits)
                    if fault.values.get("at") == "body"
                    else None
                )
                await self._broken_off(
                    fault, request, whole, Connection(self.open_connections, receive, send_)
                )
                return
            given = await self._intercepted(fault, role, request, place, fits=fits)
        else:
            given = await self._true(role, request, place, fits=fits)
        self._note(request, given)
        await send(self._marked(given), send_)

    def reset(self) -> None:
        """Forgets what happened since the start. To be called in the event loop, between the steps of requests."""
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
        """A user with a connection in this state, described. To be called in the event loop, as `reset`; raises `ValueError` as `begin` does."""
        if not is_email(email) or state not in STATES:
            raise ValueError(
                f"give an email address, and a state that is one of {', '.join(STATES)}"
            )
        user_id = self._store.find_or_create_user(app_id, email)["id"]
        made = self._connections.begin(
            app_id, user_id, bank_id, permissions, days, days_ago=days if state == "EXPIRED" else 0
        )
        return (
            made if made.state == state else self._connections.conclude(made.id, state)
        ).to_json()

    async def _true(self, role: Role, request: Request, place: str, *, fits: bool) -> Answer:
        if canned := self.canned.next(place):
            await self.faults.wait(canned.delay)
            return canned.answer
        if header_size(request) > role.header_limit:
            return role.headers_too_large(request)
        given = await _answered(role, request) if fits else role.too_large(request)
        return join_grants(given) if place == "discovery" and self._options.grants_joined else given

    async def _fault(self, request: Request, place: str) -> Active | None:
        """The fault that comes before everything else, after the time that answers take now."""
        await self.faults.linger(request, place)
        return self.faults.first(_FIRST, request, lambda active: active.acts_at(place))

    async def _intercepted(
        self, fault: Active, role: Role, request: Request, place: str, *, fits: bool
    ) -> Answer:
        if fault.fault.name in intercepting_pages.PAGES:
            self.faults.login_shown |= fault.fault.name == "login-page"
            return intercepting_pages.page(fault, request, self._url)
        return altered_answers.lengthened(fault, await self._true(role, request, place, fits=fits))

    async def _broken_off(
        self, fault: Active, request: Request, whole: Answer | None, connection: Connection
    ) -> None:
        self._note(request, fault.told(whole or NOTHING, "invented"))
        if whole:
            await connection.cut_in_body(request, self._marked(whole))
        elif fault.fault.name == "timeout":
            await connection.keep_silent(request, self.leaving)
        else:
            await connection.cut(request)

    def _marked(self, given: Answer) -> Answer:
        return given if self._options.basis_header else without_basis(given)

    def _note(self, request: Request, given: Answer) -> None:
        app_id = ""
        if 400 <= given.status < 500 and not request.path.startswith(pages.ROOTS):  # noqa: PLR2004 - HTTP's refusals; 5xx are failures
            # Only an id that is an app's is kept: people put secrets where ids belong.
            client_id = presented_credentials.identify_client(request, self._store, self.tokens)
            client = self._store.find_client(client_id) if client_id else None
            app_id = client.app_id if client else ""
        self.request_log.note(request, given, self.clock.now(), app_id)

    def _role(self, path: str) -> tuple[Role, str]:
        if place := _PLACES.get(path.removesuffix("/")):
            return self._identity, place
        if _GATEWAY.match(path):
            return self._gateway, "api"
        if path == ROOT or path.startswith(ROOT + "/"):
            return self._portal, "portal"
        if path == openapi.PATH:
            return self._description, ""
        if root := next(
            (root for root in pages.ROOTS if path == root or path.startswith(root + "/")), None
        ):
            return self._pages, "portal" if root == pages.PORTAL else ""
        return self._identity, ""


async def _answered(role: Role, request: Request) -> Answer:
    try:
        return await role.answer(request)
    except Exception:
        log.exception("The mock failed at %s %s", request.method, request.path)
        return role.broken(request)
