"""Checks a request as the gateway in front of the API does, in its order (wire facts B2).

It is simulated as an AWS REST API, which is an assumption (wire facts, section 0).
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from wych_kit.mock.api import routes
from wych_kit.mock.api.replies import Call, Reply
from wych_kit.mock.faults.checks import Check, pass_always, run_checks
from wych_kit.mock.faults.switch import TOKEN_FAULTS
from wych_kit.mock.http.messages import BASIS_HEADER, Answer, Headers, Request, answer, compact_json
from wych_kit.mock.state.clock import utc_datetime
from wych_kit.mock.tokens.presented_credentials import BEARER

if TYPE_CHECKING:
    from wych_kit.mock.faults.switch import ActiveFault, Faults
    from wych_kit.mock.gateway.usage_plan import UsagePlan
    from wych_kit.mock.state.clients import Client
    from wych_kit.mock.state.clock import Clock
    from wych_kit.mock.state.ids import Ids
    from wych_kit.mock.state.store import Store
    from wych_kit.mock.tokens.issuer import Tokens

BASE_PATH = "/v3"
_JSON = (b"content-type", b"application/json")


def _refusal(row: str, status: int, kind: str, message: str, reason: str) -> Answer:
    # AWS writes this one message with a capital letter (wire facts B3-4).
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
BAD_KEY = _refusal("B3-1", 403, "ForbiddenException", "Forbidden", "no x-api-key header")
NO_TOKEN = _refusal("B3-2", 401, "UnauthorizedException", "Unauthorized", "no Authorization header")
BAD_TOKEN = _refusal(
    "B3-3", 401, "UnauthorizedException", "Unauthorized", "the bearer token is not accepted"
)
WRONG_TOKEN_KIND = _refusal(
    "B3-4", 403, "AccessDeniedException", _DENIED, "this call needs the service token"
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
THROTTLED = _refusal(
    "B3-13",
    429,
    "TooManyRequestsException",
    "Too Many Requests",
    "over the usage plan's rate or burst",
)
QUOTA_EXCEEDED = _refusal(
    "B3-14", 429, "LimitExceededException", "Limit Exceeded", "the quota of the day is used up"
)
BAD_BODY = _refusal(
    "B3-23",
    400,
    "BadRequestException",
    "Invalid request body",
    'the body must be JSON with a text "email"',
)
BAD_CONTENT_TYPE = _refusal(
    "B3-24",
    415,
    "BadRequestException",
    "Unsupported Media Type",
    "the Content-Type is not application/json",
)
_SERVER_ERROR = _refusal(
    "B3-21",
    500,
    "InternalServerErrorException",
    "Internal server error",
    "a bug in the mock; see its log",
)
_INTERNAL, _FAILURE = "InternalServerErrorException", "Internal server error"
TIMED_OUT = _refusal(
    "B3-18", 504, _INTERNAL, "Endpoint request timed out", "the service behind is too slow"
)
FAILURES = {
    500: _SERVER_ERROR,
    502: _refusal("B3-20", 502, _INTERNAL, _FAILURE, "the service behind sends invalid responses"),
    503: _refusal(
        "B3-22", 503, "ServiceUnavailableException", "Service Unavailable", "no capacity"
    ),
}
_TEXT = (b"content-type", b"text/plain; charset=utf-8")
_UNKNOWN_BODY = b"I'm a teapot\n"
# Faults of the service behind the gateway, and of the gateway when it calls that service.
_SERVICE_FAULTS = frozenset(
    {"gateway-timeout", "gateway-error", "unknown-answer", *routes.FAULT_REPLIES}
)
_TOO_LARGE = answer(
    413,
    b"HTTP content length exceeded 10485760 bytes.",
    (b"content-type", b"text/plain"),
    row="B3-16",
    reason="the body is over 10 MiB",
)
# Its bytes are not known, so there are none.
_HEADERS_TOO_LARGE = answer(431, b"", row="B3-17", reason="the headers are over 10,240 bytes")


@dataclass(slots=True)
class _GatewayCall:
    """A request, with what earlier checks found out about it."""

    request: Request
    route: routes.Route | None = None
    where: dict[str, str] = field(default_factory=dict)
    token: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    client: Client | None = None
    body: dict[str, Any] = field(default_factory=dict)


class Gateway:
    """Answers everything below /v1, /v2, /v3 and so on."""

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
        # The order of the real gateway.
        self._checks: tuple[Check[_GatewayCall], ...] = (
            Check("base path", _check_base_path, {"wrong-base-path": NOT_MAPPED}),
            Check("route", _check_route, {"wrong-path": lambda call: _no_route(call.request)}),
            Check("Authorization header", _check_authorization),
            Check("token", self._check_token, {"bearer-refused": BAD_TOKEN}),
            Check(
                "revocation", pass_always, dict.fromkeys(TOKEN_FAULTS, BAD_TOKEN), _is_older_token
            ),
            Check("client", self._check_client),
            Check("type of token", _check_token_type, {"service-token-refused": WRONG_TOKEN_KIND}),
            Check("x-api-key header", _check_key_header),
            Check(
                "API key and usage plan",
                self._check_key,
                {
                    "api-key-refused": BAD_KEY,
                    "throttled": THROTTLED,
                    "quota-spent": QUOTA_EXCEEDED,
                },
            ),
            Check("body", _check_body),
        )

    async def answer(self, request: Request) -> Answer:
        """Run the checks in order, then let the application answer."""
        call = _GatewayCall(request)
        refusal = run_checks(self._checks, call, self._faults)
        return self._add_headers(request, refusal or await self._call_service(call))

    def too_large(self, request: Request) -> Answer:
        """Return the answer to a body over the limit (wire facts B3-16)."""
        return self._add_headers(request, _TOO_LARGE)

    def headers_too_large(self, request: Request) -> Answer:
        """Return the answer to headers over the limit (wire facts B3-17)."""
        return self._add_headers(request, _HEADERS_TOO_LARGE)

    def server_error(self, request: Request) -> Answer:
        """Return the answer after a failure of the mock itself (wire facts B3-21)."""
        return self._add_headers(request, _SERVER_ERROR)

    def _check_token(self, call: _GatewayCall) -> Answer | None:
        claims, reason = self._tokens.verify(call.token)
        if claims is None:
            return BAD_TOKEN.with_reason(reason)
        call.claims = claims
        return None

    def _check_client(self, call: _GatewayCall) -> Answer | None:
        call.client = self._store.find_client(call.claims["azp"])
        if call.client is None:
            return BAD_TOKEN.with_reason("the token's client does not exist, or has no app")
        return None

    def _check_key(self, call: _GatewayCall) -> Answer | None:
        key = call.request.headers[b"x-api-key"].decode("latin-1")
        owner = self._store.find_client_by_key(key)
        if owner is None:
            return BAD_KEY.with_reason("no app has this API key")
        exceeded = self._plan.count(owner.app_id)
        return {"": None, "rate": THROTTLED, "quota": QUOTA_EXCEEDED}[exceeded]

    async def _call_service(self, call: _GatewayCall) -> Answer:
        assert call.route is not None  # noqa: S101 - _check_route found it
        assert call.client is not None  # noqa: S101 - _check_client found it
        request = call.request
        fault = self._faults.first(_SERVICE_FAULTS, request) if self._faults.active else None
        if fault:
            return await self._fail(fault)
        query_string = request.scope["query_string"].decode("latin-1")
        api_call = Call(
            client=call.client,
            subject=call.claims["sub"],
            path=request.path,
            where=call.where,
            query=parse_qsl(query_string, keep_blank_values=True),
            body=call.body,
        )
        return _to_answer(self._api.reply(call.route, api_call), call.route.basis)

    async def _fail(self, fault: ActiveFault) -> Answer:
        name = fault.fault.name
        if name in routes.FAULT_REPLIES:
            return fault.explain(_to_answer(routes.FAULT_REPLIES[name], "invented"), "invented")
        if name == "gateway-timeout":
            await self._faults.wait(fault.get_number("seconds"))
            return fault.explain(TIMED_OUT)
        status = int(fault.get_number("status"))
        if name == "gateway-error":
            return fault.explain(FAILURES[status])
        return fault.explain(answer(status, _UNKNOWN_BODY, _TEXT, row="invented"))

    def _add_headers(self, request: Request, bare: Answer) -> Answer:
        """Return the answer with the headers that every answer of the gateway has (wire facts B1)."""
        date = formatdate(utc_datetime(self._clock.now()).timestamp(), usegmt=True)
        common: Headers = (
            (b"date", date.encode()),
            (b"x-amzn-requestid", self._ids.uuid().encode()),
            (b"x-amz-apigw-id", base64.b64encode(self._ids.octets(11))),
        )
        closes = b"close" in request.headers.get(b"connection", b"").lower()
        if request.scope["http_version"] == "1.1" and not closes:
            common = (*common, (b"connection", b"keep-alive"))
        return Answer(bare.status, (*bare.headers, *common), bare.body, bare.row, bare.reason)


def _check_base_path(call: _GatewayCall) -> Answer | None:
    path = call.request.path
    return None if path == BASE_PATH or path.startswith(BASE_PATH + "/") else NOT_MAPPED


def _check_route(call: _GatewayCall) -> Answer | None:
    match = routes.match_route(call.request.method, call.request.path)
    if match is None:
        return _no_route(call.request)
    call.route, call.where = match
    return None


def _no_route(request: Request) -> Answer:
    # With an Authorization header the gateway reads it as an AWS signature, and complains of that
    # (wire facts B3-10).
    header = request.headers.get(b"authorization")
    if header is None:
        return NO_ROUTE
    digest = base64.b64encode(hashlib.sha256(header).digest()).decode()
    message = (
        "Invalid key=value pair (missing equal-sign) in Authorization header "
        f"(hashed with SHA-256 and encoded with Base64): '{digest}'."
    )
    return _refusal("B3-10", 403, "IncompleteSignatureException", message, "no such path or method")


def _check_authorization(call: _GatewayCall) -> Answer | None:
    headers = call.request.headers
    header = headers.get(b"authorization")
    if header is None:
        if b"authorisation" in headers:
            return NO_TOKEN.with_reason(
                "the header is named 'authorisation'; it must be 'Authorization'"
            )
        return NO_TOKEN
    bearer = BEARER.fullmatch(header)
    if bearer is None:
        return NO_TOKEN.with_reason("the Authorization header is not 'Bearer' and one token")
    call.token = bearer[1].decode("latin-1")
    return None


def _is_older_token(call: _GatewayCall, fault: ActiveFault) -> bool:
    # Tokens issued after the fault was switched on are accepted.
    return fault.since is not None and fault.since.covers(call.claims)


def _check_token_type(call: _GatewayCall) -> Answer | None:
    assert call.route is not None  # noqa: S101 - _check_route found it
    assert call.client is not None  # noqa: S101 - _check_client found it
    # A service token speaks for the app itself.
    is_service = call.claims["sub"] == call.client.subject
    if call.route.token == ("service" if is_service else "user-context"):
        return None
    if call.route.token == "service":
        return WRONG_TOKEN_KIND
    return WRONG_TOKEN_KIND.with_reason("this call needs a user-context token")


def _check_key_header(call: _GatewayCall) -> Answer | None:
    return None if b"x-api-key" in call.request.headers else BAD_KEY


def _check_body(call: _GatewayCall) -> Answer | None:
    assert call.route is not None  # noqa: S101 - _check_route found it
    if not call.route.takes_body:
        return None
    content_type = call.request.headers.get(b"content-type", b"application/json")
    if content_type.partition(b";")[0].strip().lower() != b"application/json":
        return BAD_CONTENT_TYPE
    body = routes.parse_user_body(call.request.body)
    if body is None:
        return BAD_BODY
    call.body = body
    return None


def _to_answer(reply: Reply, basis: str) -> Answer:
    """Return the application's reply as an answer, with its basis. All of its refusals are invented."""
    if reply.value is None:
        # RFC 9110 section 8.6: a 204 has no Content-Length.
        return Answer(reply.status, ((BASIS_HEADER, basis.encode()),), b"", "B1")
    mark = (BASIS_HEADER, b"invented" if reply.reason else basis.encode())
    row = "B3-25" if reply.reason else "B1"
    return answer(
        reply.status, compact_json(reply.value), _JSON, mark, row=row, reason=reply.reason
    )
