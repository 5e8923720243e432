"""The gateway in front of the API, as an AWS REST API (an assumption: wire facts, section 0), checked in its order (B2)."""

from __future__ import annotations

import base64
import hashlib
from email.utils import formatdate
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from wych_kit.mock.api import routes
from wych_kit.mock.api.replies import Call, Reply
from wych_kit.mock.http.messages import BASIS_HEADER, Answer, Headers, Request, answer, compact_json
from wych_kit.mock.state.clock import utc_datetime
from wych_kit.mock.tokens.presented_credentials import BEARER

if TYPE_CHECKING:
    from wych_kit.mock.faults.active import Faults
    from wych_kit.mock.gateway.usage_plan import UsagePlan
    from wych_kit.mock.state.clients import Client
    from wych_kit.mock.state.clock import Clock
    from wych_kit.mock.state.ids import Ids
    from wych_kit.mock.state.store import Store
    from wych_kit.mock.tokens.issuer import Tokens

MAPPED = "/v3"
_JSON = (b"content-type", b"application/json")


def _refusal(row: str, status: int, kind: str, message: str, reason: str) -> Answer:
    return answer(
        status,
        compact_json({"Message" if kind == "AccessDeniedException" else "message": message}),
        _JSON,
        (b"x-amzn-errortype", kind.encode()),
        row=row,
        reason=reason,
    )


_DENIED = (
    "User is not authorized to access this resource with an explicit deny in an identity-based"
    " policy"
)
NO_KEY = _refusal("B3-1", 403, "ForbiddenException", "Forbidden", "no x-api-key header")
NO_BEARER = _refusal(
    "B3-2", 401, "UnauthorizedException", "Unauthorized", "no Authorization header"
)
BAD_BEARER = _refusal(
    "B3-3", 401, "UnauthorizedException", "Unauthorized", "the bearer token does not count"
)
WRONG_TOKEN_KIND = _refusal(
    "B3-4", 403, "AccessDeniedException", _DENIED, "this call takes the service token"
)
NO_ROUTE = _refusal(
    "B3-9",
    403,
    "MissingAuthenticationTokenException",
    "Missing Authentication Token",
    "no such path or method",
)
NOT_MAPPED = _refusal(
    "B3-12", 403, "ForbiddenException", "Forbidden", "no API at this base path; the mock has /v3"
)
TOO_FAST = _refusal(
    "B3-13",
    429,
    "TooManyRequestsException",
    "Too Many Requests",
    "over the usage plan's rate or burst",
)
SPENT = _refusal(
    "B3-14", 429, "LimitExceededException", "Limit Exceeded", "the day's quota is spent"
)
BAD_BODY = _refusal(
    "B3-23",
    400,
    "BadRequestException",
    "Invalid request body",
    'the body must be JSON with a text "email"',
)
BAD_TYPE = _refusal(
    "B3-24",
    415,
    "BadRequestException",
    "Unsupported Media Type",
    "the body is not labelled application/json",
)
_BROKEN = _refusal(
    "B3-21",
    500,
    "InternalServerErrorException",
    "Internal server error",
    "a bug in the mock; see its log",
)
_METERING = {"api-key-refused": NO_KEY, "throttled": TOO_FAST, "quota-spent": SPENT}
_INTERNAL, _FAILING = "InternalServerErrorException", "Internal server error"
TIMED_OUT = _refusal(
    "B3-18", 504, _INTERNAL, "Endpoint request timed out", "what is behind the gateway is too slow"
)
FAILED = {
    500: _BROKEN,
    502: _refusal(
        "B3-20", 502, _INTERNAL, _FAILING, "what is behind the gateway answers malformed"
    ),
    503: _refusal(
        "B3-22", 503, "ServiceUnavailableException", "Service Unavailable", "no capacity"
    ),
}
_TEXT, _ODD = (b"content-type", b"text/plain; charset=utf-8"), b"I'm a teapot\n"
_BEHIND = frozenset({"gateway-timeout", "gateway-error", "unknown-answer", *routes.FAULT_REPLIES})
_TOO_LARGE = answer(
    413,
    b"HTTP content length exceeded 10485760 bytes.",
    (b"content-type", b"text/plain"),
    row="B3-16",
    reason="the body is over 10 MiB",
)
_HEADERS_TOO_LARGE = answer(431, b"", row="B3-17", reason="the headers are over 10,240 bytes")


class Gateway:
    """Answers what lies under /v1, /v2, /v3 and so on."""

    body_limit = 10_485_760
    header_limit = 10_240

    def __init__(
        self,
        application: routes.Api,
        store: Store,
        tokens: Tokens,
        ids: Ids,
        clock: Clock,
        *,
        plan: UsagePlan,
        faults: Faults,
    ) -> None:
        self._api = application
        self._store = store
        self._tokens = tokens
        self._ids = ids
        self._clock = clock
        self._plan = plan
        self._faults = faults

    async def answer(self, request: Request) -> Answer:
        """Checks, in this order: route, bearer, API key, usage plan, body; then lets the application answer."""
        given = self._checked(request)
        if not isinstance(given, Answer):
            route, call = given
            failed = await self._failed(request) if self._faults.on else None
            given = failed or _integrated(self._api.reply(route, call), route.basis)
        return self._dressed(request, given)

    def too_large(self, request: Request) -> Answer:
        """Row B3-16."""
        return self._dressed(request, _TOO_LARGE)

    def headers_too_large(self, request: Request) -> Answer:
        """Row B3-17; its bytes are not known, so there are none."""
        return self._dressed(request, _HEADERS_TOO_LARGE)

    def broken(self, request: Request) -> Answer:
        """Row B3-21."""
        return self._dressed(request, _BROKEN)

    def _checked(self, request: Request) -> Answer | tuple[routes.Route, Call]:
        """A refusal, or what the application is asked."""
        if self._faults.on and (
            refused := self._faults.refusal(request, {"wrong-base-path": NOT_MAPPED})
        ):
            return refused
        if request.path != MAPPED and not request.path.startswith(MAPPED + "/"):
            return NOT_MAPPED
        if self._faults.on and (
            refused := self._faults.refusal(request, {"wrong-path": _no_route(request)})
        ):
            return refused
        match = routes.match_route(request.method, request.path)
        if match is None:
            return _no_route(request)
        route, where = match
        caller = self._authorised(request, route)
        if isinstance(caller, Answer):
            return caller
        if refusal := self._metered(request):
            return refusal
        body = _validated(request) if route.takes_body else {}
        if isinstance(body, Answer):
            return body
        query = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
        return route, Call(*caller, request.path, where, query, body)

    async def _failed(self, request: Request) -> Answer | None:
        """What goes wrong behind the gateway, when something is told to."""
        fault = self._faults.first(_BEHIND, request)
        if fault is None:
            return None
        name = fault.fault.name
        if name in routes.FAULT_REPLIES:
            return fault.told(_integrated(routes.FAULT_REPLIES[name], "invented"), "invented")
        if name == "gateway-timeout":
            await self._faults.wait(fault.number("seconds"))
            return fault.told(TIMED_OUT)
        status = int(fault.number("status"))
        return (
            fault.told(FAILED[status])
            if name == "gateway-error"
            else fault.told(answer(status, _ODD, _TEXT, row="invented"))
        )

    def _authorised(self, request: Request, route: routes.Route) -> tuple[Client, str] | Answer:
        """Whose token it is and whom it speaks for, when it is of the kind that the route takes."""
        header = request.headers.get(b"authorization")
        if header is None:
            return (
                NO_BEARER.with_reason(
                    "the header is named 'authorisation'; it must be 'Authorization'"
                )
                if (b"authorisation" in request.headers)
                else NO_BEARER
            )
        bearer = BEARER.fullmatch(header)
        if bearer is None:
            return NO_BEARER.with_reason("the Authorization header is not 'Bearer' and one token")
        if self._faults.on and (
            refused := self._faults.refusal(request, {"bearer-refused": BAD_BEARER})
        ):
            return refused
        claims, why = self._tokens.verify(bearer[1].decode("latin-1"))
        if claims is None:
            return BAD_BEARER.with_reason(why)
        if self._faults.on and (refused := self._faults.token_refusal(request, claims, BAD_BEARER)):
            return refused
        client = self._store.find_client(claims["azp"])
        if client is None:
            return BAD_BEARER.with_reason("the token's client is gone, or has no app")
        if self._faults.on and (
            refused := self._faults.refusal(request, {"service-token-refused": WRONG_TOKEN_KIND})
        ):
            return refused
        kind = "service" if claims["sub"] == client.subject else "user-context"
        if kind != route.token:
            return (
                WRONG_TOKEN_KIND
                if route.token == "service"
                else WRONG_TOKEN_KIND.with_reason("this call takes a user-context token")
            )
        return client, claims["sub"]

    def _metered(self, request: Request) -> Answer | None:
        key = request.headers.get(b"x-api-key")
        if key is None:
            return NO_KEY
        if self._faults.on and (refused := self._faults.refusal(request, _METERING)):
            return refused
        owner = self._store.find_client_by_key(key.decode("latin-1"))
        if owner is None:
            return NO_KEY.with_reason("no app has this API key")
        return {"": None, "rate": TOO_FAST, "quota": SPENT}[self._plan.refuses(owner.app_id)]

    def _dressed(self, request: Request, bare: Answer) -> Answer:
        """Adds what every answer of the gateway carries (wire facts B1)."""
        common: Headers = (
            (
                b"date",
                formatdate(utc_datetime(self._clock.now()).timestamp(), usegmt=True).encode(),
            ),
            (b"x-amzn-requestid", self._ids.uuid().encode()),
            (b"x-amz-apigw-id", base64.b64encode(self._ids.octets(11))),
        )
        if (
            request.scope["http_version"] == "1.1"
            and b"close" not in request.headers.get(b"connection", b"").lower()
        ):
            common = (*common, (b"connection", b"keep-alive"))
        return Answer(bare.status, (*bare.headers, *common), bare.body, bare.row, bare.reason)


def _no_route(request: Request) -> Answer:
    """With an Authorization header the gateway tries to read it as an AWS signature, and complains of that (B3-10)."""
    header = request.headers.get(b"authorization")
    if header is None:
        return NO_ROUTE
    tag = base64.b64encode(hashlib.sha256(header).digest()).decode()
    message = (
        "Invalid key=value pair (missing equal-sign) in Authorization header "
        f"(hashed with SHA-256 and encoded with Base64): '{tag}'."
    )
    return _refusal("B3-10", 403, "IncompleteSignatureException", message, "no such path or method")


def _validated(request: Request) -> dict[str, Any] | Answer:
    kind = request.headers.get(b"content-type", b"application/json")
    if kind.partition(b";")[0].strip().lower() != b"application/json":
        return BAD_TYPE
    body = routes.parse_user_body(request.body)
    return BAD_BODY if body is None else body


def _integrated(reply: Reply, basis: str) -> Answer:
    """The application's answer, with what it rests on; how it refuses is invented."""
    if reply.value is None:
        return Answer(
            reply.status, ((BASIS_HEADER, basis.encode()),), b"", "B1"
        )  # RFC 9110 §8.6: a 204 has no Content-Length
    mark = (BASIS_HEADER, b"invented" if reply.reason else basis.encode())
    return answer(
        reply.status,
        compact_json(reply.value),
        _JSON,
        mark,
        row="B3-25" if reply.reason else "B1",
        reason=reply.reason,
    )
