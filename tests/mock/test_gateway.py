"""Every row of the wire facts' B that the mock claims, the order of checks, and the calls behind the gateway."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import uuid
from email.utils import parsedate_to_datetime

import jwt
import pytest

from wych_kit import mock
from wych_kit.mock.state.store import Store
from wych_kit.mock.tokens import keys

NOT_CLAIMED = {
    "B3-5": "another authorizer product (Cognito)",
    "B3-6": "the mock's authorizer does not fail on its own; use answer_next",
    "B3-7": "another gateway product (HTTP API)",
    "B3-8": "another gateway product (HTTP API)",
    "B3-11": "another gateway product (HTTP API)",
    "B3-15": "an account-level throttle needs other customers; use answer_next",
    "B3-16b": "the mock has no Lambda behind it; use answer_next",
    "B3-18": "nothing behind the mock is slow; the fault gateway-timeout says so",
    "B3-19": "nothing behind the mock is out of reach; use answer_next",
    "B3-20": "nothing behind the mock answers malformed; the fault gateway-error says so",
    "B3-22": "the mock does not run out of capacity; the fault gateway-error says so",
}

JSON_BODY = {"Content-Type": "application/json"}
FORBIDDEN = b'{"message":"Forbidden"}'
UNAUTHORIZED = b'{"message":"Unauthorized"}'


def sigv4(header):
    tag = base64.b64encode(hashlib.sha256(header.encode()).digest()).decode()
    return f"""{{"message":"Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '{tag}'."}}""".encode()


def call(path="/users", method="GET", body=None, **changes):
    return lambda caller: caller.call(path, method, body, **changes)


def anonymous(path, method="GET", **headers):
    return lambda caller: caller.ask(method, path.replace("@", caller.base), headers)


BOGUS = {"Authorization": "Bearer x.y.z"}
# row, what is asked, status, x-amzn-ErrorType, body
ROWS = [
    ("B3-1 missing", call(**{"x-api-key": None}), 403, "ForbiddenException", FORBIDDEN),
    (
        "B3-1 trailing space",
        call(**{"x-api-key": "mock-only-not-a-real-key-0001 "}),
        403,
        "ForbiddenException",
        FORBIDDEN,
    ),
    ("B3-1 unknown", call(**{"x-api-key": "nobodys"}), 403, "ForbiddenException", FORBIDDEN),
    (
        "B3-1 misspelt",
        call(**{"x-api-key": None, "api-key": "mock-only-not-a-real-key-0001"}),
        403,
        "ForbiddenException",
        FORBIDDEN,
    ),
    ("B3-2 missing", call(Authorization=None), 401, "UnauthorizedException", UNAUTHORIZED),
    (
        "B3-2 authorisation",
        call(Authorization=None, authorisation="Bearer x"),
        401,
        "UnauthorizedException",
        UNAUTHORIZED,
    ),
    ("B3-2 no scheme", call(Authorization="x.y.z"), 401, "UnauthorizedException", UNAUTHORIZED),
    (
        "B3-2 doubled scheme",
        call(Authorization="Bearer Bearer x.y.z"),
        401,
        "UnauthorizedException",
        UNAUTHORIZED,
    ),
    (
        "B3-3 nonsense",
        call(Authorization="Bearer x.y.z"),
        401,
        "UnauthorizedException",
        UNAUTHORIZED,
    ),
    (
        "B3-3 quotes",
        call(Authorization='Bearer "x.y.z"'),
        401,
        "UnauthorizedException",
        UNAUTHORIZED,
    ),
    (
        "B3-9 path",
        anonymous("@/nonsense"),
        403,
        "MissingAuthenticationTokenException",
        b'{"message":"Missing Authentication Token"}',
    ),
    (
        "B3-9 method",
        anonymous("@/users", "DELETE"),
        403,
        "MissingAuthenticationTokenException",
        b'{"message":"Missing Authentication Token"}',
    ),
    (
        "B3-9 root",
        anonymous("/v3"),
        403,
        "MissingAuthenticationTokenException",
        b'{"message":"Missing Authentication Token"}',
    ),
    (
        "B3-10 path",
        anonymous("@/nonsense", **BOGUS),
        403,
        "IncompleteSignatureException",
        sigv4("Bearer x.y.z"),
    ),
    (
        "B3-10 trailing slash",
        anonymous("@/users/", **BOGUS),
        403,
        "IncompleteSignatureException",
        sigv4("Bearer x.y.z"),
    ),
    (
        "B3-10 double slash",
        anonymous("/v3//partner/a/app/b/users", **BOGUS),
        403,
        "IncompleteSignatureException",
        sigv4("Bearer x.y.z"),
    ),
    (
        "B3-10 exchange by GET",
        anonymous("@/user/x/token", **BOGUS),
        403,
        "IncompleteSignatureException",
        sigv4("Bearer x.y.z"),
    ),
    (
        "B3-12",
        anonymous("/v4/partner/a/app/b/users", **BOGUS),
        403,
        "ForbiddenException",
        FORBIDDEN,
    ),
    (
        "B3-23 no body",
        call("/user", "POST", b"", **JSON_BODY),
        400,
        "BadRequestException",
        b'{"message":"Invalid request body"}',
    ),
    (
        "B3-23 not JSON",
        call("/user", "POST", b"email=a", **JSON_BODY),
        400,
        "BadRequestException",
        b'{"message":"Invalid request body"}',
    ),
    (
        "B3-23 no email",
        call("/user", "POST", b"{}", **JSON_BODY),
        400,
        "BadRequestException",
        b'{"message":"Invalid request body"}',
    ),
    (
        "B3-23 a number",
        call("/user", "POST", b'{"email":1}', **JSON_BODY),
        400,
        "BadRequestException",
        b'{"message":"Invalid request body"}',
    ),
    (
        "B3-23 NaN",
        call("/user", "POST", b'{"email":"a@b.example","age":NaN}', **JSON_BODY),
        400,
        "BadRequestException",
        b'{"message":"Invalid request body"}',
    ),
    (
        "B3-23 deep",
        call("/user", "POST", b"[" * 100_000, **JSON_BODY),
        400,
        "BadRequestException",
        b'{"message":"Invalid request body"}',
    ),
    (
        "B3-24",
        call(
            "/user",
            "POST",
            b"email=a%40b.example",
            **{"Content-Type": "application/x-www-form-urlencoded"},
        ),
        415,
        "BadRequestException",
        b'{"message":"Unsupported Media Type"}',
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_row(caller, wych, row):
    """The answer is the row's to the byte, with the gateway's headers, and the record names the row."""
    name, ask, status, kind, body = row
    got = ask(caller)
    assert (got.status, got.body, got.headers["x-amzn-errortype"]) == (status, body, kind)
    common(got)
    assert set(got.headers) == {*COMMON, "x-amzn-errortype"}
    assert wych.requests[-1].row == name.split()[0]
    assert wych.requests[-1].reason


COMMON = {
    "content-type",
    "content-length",
    "connection",
    "date",
    "x-amzn-requestid",
    "x-amz-apigw-id",
}


def common(got):
    """B1: what every answer of the gateway carries."""
    assert got.headers["content-type"] == "application/json"
    assert got.headers["content-length"] == str(len(got.body))
    assert got.headers["connection"] == "keep-alive"
    assert parsedate_to_datetime(got.headers["date"]).tzname() == "UTC"
    assert str(uuid.UUID(got.headers["x-amzn-requestid"])) == got.headers["x-amzn-requestid"]
    assert re.fullmatch(r"[A-Za-z0-9+/]{15}=", got.headers["x-amz-apigw-id"])


def test_every_row_is_claimed_or_excused():
    """Rows 1 to 25 of B3 are each tested by name, or listed with a reason why not."""
    here = {row[0].split()[0] for row in ROWS}
    elsewhere = {"B3-4", "B3-13", "B3-14", "B3-16", "B3-17", "B3-21", "B3-25"}
    assert here | elsewhere | set(NOT_CLAIMED) == {f"B3-{number}" for number in range(1, 26)} | {
        "B3-16b"
    }


def test_b1_a_success(caller):
    """B1: a success carries the same headers and no error type, besides what the mock says of itself."""
    got = caller.call("/users")
    common(got)
    assert set(got.headers) == {*COMMON, "x-wych-mock-basis"}


def test_b1_http_1_0_is_closed(wych):
    """An HTTP/1.0 caller gets one Connection header, and it says close."""
    import socket

    with socket.create_connection(("127.0.0.1", wych.port)) as connection:
        connection.sendall(b"GET /v3 HTTP/1.0\r\n\r\n")
        head = connection.makefile("rb").read().partition(b"\r\n\r\n")[0].lower()
    assert [line for line in head.split(b"\r\n") if line.startswith(b"connection")] == [
        b"connection: close"
    ]


def test_b1_connection_close_is_obeyed(caller):
    """A caller that asks for the connection to be closed is not told that it stays open."""
    assert caller.call("/users", Connection="close").headers["connection"] == "close"


@pytest.mark.parametrize(
    ("changes", "row"),
    [
        ({"Authorization": "Bearer x.y.z", "x-api-key": "nobodys"}, "B3-3"),
        ({"Authorization": None, "x-api-key": None}, "B3-2"),
        ({"x-api-key": "nobodys", "path": "/user", "method": "POST", "body": b""}, "B3-1"),
        ({"path": "/nonsense", "x-api-key": None}, "B3-10"),
        (
            {
                "path": "/user",
                "method": "POST",
                "body": b"x",
                "Content-Type": "text/plain",
                "x-api-key": None,
            },
            "B3-1",
        ),
    ],
)
def test_b2_order(caller, wych, changes, row):
    """B2: route, then bearer, then API key, then the body."""
    changes = dict(changes)
    caller.call(
        changes.pop("path", "/users"),
        changes.pop("method", "GET"),
        changes.pop("body", None),
        **changes,
    )
    assert wych.requests[-1].row == row


def test_b2_validation_comes_before_the_application(caller, wych):
    """B2: an invalid body is refused by the gateway even where the application would say that the ids are wrong."""
    got = caller.ask("POST", "/v3/partner/x/app/y/user", caller.headers(), b"x")
    assert (got.status, wych.requests[-1].row) == (400, "B3-23")


def test_header_name_any_case_value_exact(caller):
    """The header's name is matched without regard to case, its value exactly."""
    key = caller.wych.credentials.api_key
    assert caller.call("/users", **{"x-api-key": None, "X-API-KEY": key}).status == 200
    assert caller.call("/users", **{"x-api-key": key.upper()}).status == 403


def test_bearer_scheme_any_case(caller):
    """The scheme's case does not matter (RFC 9110 §11.1)."""
    assert caller.call("/users", Authorization=f"bearer {caller.token()}").status == 200


def test_authorisation_gets_a_hint_in_the_record(caller, wych):
    """Wire facts D14: the misspelt header is ignored on the wire and named in the record."""
    caller.call("/users", Authorization=None, authorisation=f"Bearer {caller.token()}")
    assert "authorisation" in wych.requests[-1].reason


def test_b3_3_expired(caller, wych):
    """B3-3: a token works until its last second and not from the next one on."""
    token = {"Authorization": f"Bearer {caller.token()}"}
    wych.clock.advance(898)
    assert caller.call("/users", **token).status == 200
    wych.clock.advance(3)
    assert caller.call("/users", **token).status == 401
    assert (wych.requests[-1].row, "expired" in wych.requests[-1].reason) == ("B3-3", True)
    assert caller.call("/users").status == 200


def test_b3_3_revoked(caller, wych):
    """B3-3: after a revocation old tokens are refused and new ones are not, within the same second too."""
    old = {"Authorization": f"Bearer {caller.token()}"}
    assert caller.call("/users", **old).status == 200
    wych.revoke_tokens()
    assert caller.call("/users", **old).status == 401
    assert caller.call("/users").status == 200
    wych.revoke_tokens()
    assert caller.call("/users", **old).status == 401


def test_b3_3_revoked_while_the_clock_stands_or_goes_back(caller, wych):
    """B3-3: what was issued before a revocation is refused and what was issued after it counts, whatever the clock says."""
    wych.clock.freeze(1_800_000_000)
    old = caller.token()
    wych.clock.advance(-100)
    wych.revoke_tokens()
    new = caller.token()
    statuses = [
        caller.call("/users", Authorization=f"Bearer {token}").status for token in (old, new)
    ]
    assert statuses == [401, 200]
    wych.revoke_tokens()
    assert caller.call("/users", Authorization=f"Bearer {new}").status == 401


def test_b3_3_a_revocation_does_not_remember_ever_more(caller, wych):
    """After a revocation the tokens of later seconds count without being remembered, and those of its own second within bounds."""
    wych.clock.freeze(1_800_000_000)
    wych.revoke_tokens()
    tokens = wych._app.tokens
    caller.token()
    assert len(tokens._revoked_until._since) == 1
    assert tokens._revoked_until._since.maxlen
    wych.clock.advance(1)
    assert caller.call("/users").status == 200
    assert len(tokens._revoked_until._since) == 1


def test_b3_3_a_giant_bearer_is_not_kept(caller, wych):
    """B3-3: a bearer longer than any token is refused before it is read, and nothing of it is remembered."""
    read = wych._app.tokens._read.cache_info
    before = read().misses
    assert caller.call("/users", Authorization="Bearer " + "x" * 8193).status == 401
    assert (wych.requests[-1].row, "8 KB" in wych.requests[-1].reason, read().misses) == (
        "B3-3",
        True,
        before,
    )
    assert caller.call("/users", Authorization="Bearer " + "x" * 8192).status == 401
    assert read().misses == before + 1


def test_b3_3_another_signature(caller):
    """B3-3: a token signed by another key, or changed by one byte, is refused."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    good = caller.token()
    claims = jwt.decode(good, options={"verify_signature": False})
    forged = jwt.encode(
        claims, rsa.generate_private_key(65537, 2048), "RS256", headers={"kid": keys.KEY_ID}
    )
    unsigned = jwt.encode(claims, "", "none")
    head, _, signature = good.split(".")
    changed = json.dumps({**claims, "sub": "somebody else"}).encode()
    swapped = f"{head}.{base64.urlsafe_b64encode(changed).rstrip(b'=').decode()}.{signature}"
    for token in (forged, unsigned, swapped, good[:-10], good + "."):
        assert caller.call("/users", Authorization=f"Bearer {token}").status == 401


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": None},
        {"exp": "late"},
        {"azp": []},
        {"iss": "https://elsewhere.example"},
        {"typ": "ID"},
        {"jti": {}},
        {"azp": "gone"},
    ],
)
def test_b3_3_well_signed_nonsense(caller, changes):
    """B3-3: the key is public, so well-signed tokens with senseless claims are refused rather than crashed on."""
    claims = jwt.decode(caller.token(), options={"verify_signature": False}) | changes
    token = keys.sign(keys.signing_input(claims)).decode()
    assert caller.call("/users", Authorization=f"Bearer {token}").status == 401


def test_b3_3_id_token_is_no_access_token(caller):
    """B3-3: an id_token does not open the API."""
    token = caller.token_request(scope="openid").json["id_token"]
    assert caller.call("/users", Authorization=f"Bearer {token}").status == 401


def test_b3_4_user_context_token_where_a_service_token_is_due(caller, wych):
    """B3-4: the calls that manage users refuse a customer's token, with AWS's capital M."""
    user = caller.call("/users").json[0]["id"]
    token = caller.call(f"/user/{user}/token", "POST").json["access_token"]
    for path, method, body in (
        ("/users", "GET", None),
        ("/user", "POST", b'{"email":"a@b.example"}'),
        (f"/user/{user}/token", "POST", None),
    ):
        got = caller.call(path, method, body, Authorization=f"Bearer {token}")
        assert (
            got.body
            == b'{"Message":"User is not authorized to access this resource with an explicit deny'
            b' in an identity-based policy"}'
        )
        assert (got.status, got.headers["x-amzn-errortype"], wych.requests[-1].row) == (
            403,
            "AccessDeniedException",
            "B3-4",
        )


def test_b3_13_rate(caller_for):
    """B3-13: more calls at once than the burst are refused, and as time passes as many as the rate says are let through."""
    with mock.running(ephemeral=True, rate=2, burst=3) as wych:
        wych.clock.freeze(1_800_000_000)
        caller = caller_for(wych)
        assert [caller.call("/users").status for _ in range(5)] == [200, 200, 200, 429, 429]
        got = caller.call("/users")
        assert (got.body, got.headers["x-amzn-errortype"]) == (
            b'{"message":"Too Many Requests"}',
            "TooManyRequestsException",
        )
        assert set(got.headers) == {*COMMON, "x-amzn-errortype"}
        assert wych.requests[-1].row == "B3-13"
        wych.clock.advance(1.5)
        assert [caller.call("/users").status for _ in range(4)] == [200, 200, 200, 429]
        wych.reset()
        assert caller.call("/users").status == 200


def test_b3_13_each_key_has_its_own(caller_for):
    """B3-13: one app's calls do not count against another's."""
    with mock.running(ephemeral=True, rate=1, burst=1) as wych:
        wych.clock.freeze(1_800_000_000)
        caller = caller_for(wych)
        app, *_ = caller.register()
        assert [caller.call("/users").status for _ in range(2)] == [200, 429]
        assert caller.works(app)


def test_b3_14_quota(caller_for):
    """B3-14: a spent quota stays spent until the day (UTC) ends; refused tokens do not count against it."""
    with mock.running(ephemeral=True, quota=2) as wych:
        wych.clock.freeze(1_800_000_000 // 86_400 * 86_400 + 100)
        caller = caller_for(wych)
        assert caller.call("/users", Authorization=None).status == 401
        assert [caller.call("/users").status for _ in range(3)] == [200, 200, 429]
        got = caller.call("/users")
        assert (got.body, got.headers["x-amzn-errortype"]) == (
            b'{"message":"Limit Exceeded"}',
            "LimitExceededException",
        )
        assert "retry-after" not in got.headers
        assert wych.requests[-1].row == "B3-14"
        wych.clock.advance(86_000)
        assert caller.call("/users").status == 429
        wych.clock.advance(400)
        assert caller.call("/users").status == 200


def test_b3_16_body_over_the_limit(caller, wych):
    """B3-16: one byte over 10 MiB is refused in plain text; exactly 10 MiB is read."""
    got = caller.call("/user", "POST", b" " * 10_485_761)
    assert (got.status, got.body) == (413, b"HTTP content length exceeded 10485760 bytes.")
    assert got.headers["content-type"] == "text/plain"
    assert wych.requests[-1].row == "B3-16"
    assert caller.call("/user", "POST", b" " * 10_485_760).status == 400


def test_b3_17_headers_over_the_limit(caller, wych):
    """B3-17: one byte of headers over 10,240 is refused, without a body; exactly 10,240 are read."""
    got = caller.padded("/v3", 10_241)
    assert (got.status, got.body, wych.requests[-1].row) == (431, b"", "B3-17")
    assert set(got.headers) == COMMON - {"content-type"}
    assert caller.padded("/v3", 10_240).status == 403


def test_b3_21_a_bug_of_the_mock(caller, wych, monkeypatch, caplog):
    """B3-21: when the mock itself fails it answers as the gateway does, and the log says why."""

    def fail(*_):
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr(Store, "list_users", fail)
    got = caller.call("/users")
    assert (got.status, got.body) == (500, b'{"message":"Internal server error"}')
    assert got.headers["x-amzn-errortype"] == "InternalServerErrorException"
    assert wych.requests[-1].row == "B3-21"
    assert "broken on purpose" in caplog.text


@pytest.mark.parametrize(
    ("path", "method", "body", "status"),
    [
        ("/v3/partner/x/app/y/users", "GET", None, 404),
        ("@/user/nobody/token", "POST", None, 404),
        ("@/user", "POST", b'{"email":"no address"}', 422),
        ("@/user", "POST", b'{"email":"\\ud800@b.example"}', 422),
        ("@/user", "POST", b'{"email":"a\\u0007@b.example"}', 422),
        ("@/user", "POST", b'{"email":"a\\u200b@b.example"}', 422),
        ("@/user", "POST", b'{"email":"%b@b.example"}' % (b"a" * 191), 422),
    ],
)
def test_b3_25_the_applications_own_refusals_are_marked_invented(
    caller, path, method, body, status
):
    """B3-25: what the application says of errors is not public; the mock's answers say that they are invented."""
    got = caller.ask(method, path.replace("@", caller.base), caller.headers(), body)
    assert (got.status, got.headers["x-wych-mock-basis"], caller.wych.requests[-1].row) == (
        status,
        "invented",
        "B3-25",
    )
    assert set(got.json) == {"error", "message"}
    assert "x-amzn-errortype" not in got.headers


def test_users_is_a_bare_array(caller):
    """Documented: GET users answers a bare array of id and email."""
    got = caller.call("/users")
    assert [list(user) for user in got.json] == [["id", "email"]] * 3
    assert b": " not in got.body
    assert got.headers["x-wych-mock-basis"] == "documented"


def test_user_finds_or_creates(caller):
    """POST user makes a user once and finds it from then on; it is a bare object and shows in users."""
    first = caller.call("/user", "POST", b'{"email":"new@example.com"}', **JSON_BODY)
    again = caller.call("/user", "POST", b'{"email":"new@example.com"}', **JSON_BODY)
    assert (first.status, list(first.json)) == (200, ["id", "email"])
    assert first.json == again.json
    assert caller.call("/users").json[-1] == first.json


def test_the_longest_email(caller):
    """An address of 200 characters is taken."""
    assert (
        caller.call("/user", "POST", b'{"email":"%b@b.example"}' % (b"a" * 190), **JSON_BODY).status
        == 200
    )


def test_user_without_content_type_is_read_as_json(caller):
    """AWS takes a body without a Content-Type for JSON."""
    assert caller.call("/user", "POST", b'{"email":"new@example.com"}').status == 200


def test_apps_do_not_see_each_others_users(caller):
    """A user belongs to one app; another app's token finds neither the user nor the path."""
    app, *_ = caller.register()
    token = caller.token(client_id=app["client_id"], client_secret=app["client_secret"])
    headers = {"Authorization": f"Bearer {token}", "x-api-key": app["api_key"]}
    mine = f"/v3/partner/{app['partner_id']}/app/{app['app_id']}"
    assert caller.ask("GET", f"{mine}/users", headers).json == []
    assert caller.ask("GET", f"{caller.base}/users", headers).status == 404
    theirs = caller.call("/users").json[0]["id"]
    assert caller.ask("POST", f"{mine}/user/{theirs}/token", headers).status == 404


def test_user_context_token(caller, wych):
    """The exchange gives a token for that one user, marked invented."""
    user = caller.call("/users").json[1]["id"]
    got = caller.call(f"/user/{user}/token", "POST")
    claims = jwt.decode(got.json["access_token"], options={"verify_signature": False})
    assert (claims["sub"], claims["azp"], claims["iss"]) == (
        user,
        "mock-recipient",
        wych.issuer_url,
    )
    assert got.headers["x-wych-mock-basis"] == "invented"
