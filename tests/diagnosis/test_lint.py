"""Lint: a table of traps, each found, each mended by what is written instead; and nothing said about what is right."""

from __future__ import annotations

import base64
import json
import re
import time

import httpx
import pytest

from wych_kit.client.api import WychClient
from wych_kit.client.journal.export import render_curl, render_har
from wych_kit.diagnosis import lint
from wych_kit.diagnosis.scenarios import SCENARIOS
from wych_kit.errors import SettingInvalid
from wych_kit.secret import MASK
from wych_kit.settings.loading import load_settings

# Made when the tests run, so that nothing in this file looks like one.
SECRET = "Canary" + "s3Cr" * 5
KEY = "Canary" + "k3Yz" * 6
API = "https://api.wych.io/v3"
USERS = f"{API}/partner/p-1/app/a-1/users"
TOKEN = "https://login.wych.app/realms/partner/protocol/openid-connect/token"  # an address


def jwt(**claims):
    """A token with these claims, and a signature that is none."""
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
        for part in ({"alg": "none"}, claims)
    ]
    return ".".join([*parts, "sig"])


GOOD = jwt(exp=2_000_000_000, iss="https://login.wych.app/realms/partner")
HEADERS = {"authorization": f"Bearer {GOOD}", "x-api-key": KEY}
FORM = {"grant_type": "client_credentials", "client_id": "kim", "client_secret": SECRET}


def settings(**given):
    """Settings for production."""
    made = load_settings(environ={"WYCH_ENVIRONMENT": "production"}, path=None)
    values = {
        "client_id": "kim",
        "client_secret": SECRET,
        "api_key": KEY,
        "partner_id": "p-1",
        "app_id": "a-1",
    }
    return made.with_(**values | given)


def call(url=USERS, method="GET", *, headers=(), without=(), **content):
    """A right call, but for what is named."""
    kept = {name: value for name, value in HEADERS.items() if name not in without}
    return httpx.Request(method, url, headers=[*kept.items(), *headers], **content)


def token(url=TOKEN, method="POST", *, without=(), headers=(), **changes):
    """A right token request, but for what is named."""
    fields = {name: value for name, value in (FORM | changes).items() if name not in without}
    return httpx.Request(method, url, headers=[*headers], data=fields if method == "POST" else None)


def basic(text):
    """A Basic header of exactly this text."""
    return ("Authorization", "Basic " + base64.b64encode(text.encode()).decode())


FORM_TYPE = [("Content-Type", "application/x-www-form-urlencoded")]
TWICE = "grant_type=client_credentials&client_id=kim&client_id=kim&client_secret=" + SECRET
NO_KEY = {"without": ("x-api-key",)}
NO_BEARER = {"without": ("authorization",)}


def bearer(value):
    """A call whose Authorization is this."""
    return call(headers=[("authorization", value)], **NO_BEARER)


# (request, where and reference of each remark in order; a ? where it is not certain)
REQUESTS = {
    "authorisation": (
        call(headers=[("authorisation", f"Bearer {GOOD}")], **NO_BEARER),
        "header authorisation: authorisation-header",
    ),
    "no bearer": (call(**NO_BEARER), "header Authorization: bearer-malformed"),
    "no word": (bearer(GOOD), "header Authorization: bearer-malformed"),
    "twice the word": (bearer(f"Bearer Bearer {GOOD}"), "header Authorization: bearer-malformed"),
    "quotes": (bearer(f'Bearer "{GOOD}"'), "header Authorization: bearer-malformed"),
    "newline": (bearer(f"Bearer {GOOD}\n"), "header Authorization: bearer-malformed"),
    "basic": (
        call(headers=[basic(f"kim:{SECRET}")], **NO_BEARER),
        "header Authorization: bearer-malformed",
    ),
    "two headers": (
        call(headers=[("Authorization", f"Bearer {GOOD}")]),
        "header Authorization: bearer-malformed?",
    ),
    "in the query": (
        call(f"{USERS}?access_token={GOOD}", **NO_BEARER),
        "address: bearer-malformed",
    ),
    "template token": (bearer("Bearer <your token>"), "header Authorization: placeholder-left"),
    "old token": (bearer(f"Bearer {jwt(exp=1_000_000_000)}"), "header Authorization: stale-token"),
    "other issuer": (
        bearer(f"Bearer {jwt(iss='https://id.example.com')}"),
        "header Authorization: bearer-refused?",
    ),
    "no key": (call(**NO_KEY), "header x-api-key: api-key-missing"),
    "api-key": (call(headers=[("api-key", KEY)], **NO_KEY), "header api-key: api-key-missing"),
    "x_api_key": (
        call(headers=[("x_api_key", KEY)], **NO_KEY),
        "header x_api_key: api-key-missing",
    ),
    "apikey": (call(headers=[("apikey", KEY)], **NO_KEY), "header apikey: api-key-missing"),
    "key in the query": (call(f"{USERS}?x-api-key={KEY}", **NO_KEY), "address: api-key-missing"),
    "secret as key": (
        call(headers=[("x-api-key", SECRET)], **NO_KEY),
        "header x-api-key: swapped-credentials",
    ),
    "other key": (
        call(headers=[("x-api-key", "another" * 3)], **NO_KEY),
        "header x-api-key: api-key-refused?",
    ),
    "quoted key": (
        call(headers=[("x-api-key", f'"{KEY}"')], **NO_KEY),
        "header x-api-key: quotes-kept",
    ),
    "key with newline": (
        call(headers=[("x-api-key", f"{KEY}\n")], **NO_KEY),
        "header x-api-key: stray-whitespace",
    ),
    "two keys": (call(headers=[("x-api-key", KEY)]), "header x-api-key: api-key-refused?"),
    "no value": (call(headers=[("x-api-key", "")], **NO_KEY), "header x-api-key: api-key-missing"),
    "masked key": (
        call(headers=[("x-api-key", "abc******")], **NO_KEY),
        "header x-api-key: masked-secret",
    ),
    "curly key": (
        call(headers=[(b"x-api-key", f"“{KEY}”".encode())], **NO_KEY),
        "header x-api-key: odd-characters",
    ),
    "template path": (call(f"{API}/partner/{{partnerId}}/app/a-1/users"), "address: unfilled-path"),
    "slash at the end": (call(f"{USERS}/"), "address: trailing-slash"),
    "two slashes": (call(f"{API}//partner/p-1/app/a-1/users"), "address: double-slash"),
    "dots": (call(f"{API}/partner/p-1/%2e%2e/users"), "address: wrong-path"),
    "plain http": (call(USERS.replace("https", "http")), "address: not-https\naddress: wrong-host"),
    "other version": (call(USERS.replace("/v3", "/v4")), "address: wrong-base-path"),
    "other host": (call(USERS.replace("api.wych.io", "api.example.com")), "address: wrong-host"),
    "anything elsewhere": (call("https://example.com/hook"), "address: wrong-host"),
    "wrong method": (call(USERS, "POST"), "method: wrong-path?"),
    "too large": (call(USERS[:-1], "POST", content=b" " * 10_485_761), "body: request-too-large"),
    "json as nothing": (
        call(USERS[:-1], "POST", content=b'{"email": "a@b.nz"}'),
        "header Content-Type: unknown-answer?",
    ),
    "get": (token(method="GET"), "method: wrong-method"),
    "json": (httpx.Request("POST", TOKEN, json=FORM), "body: json-body"),
    "multipart": (
        httpx.Request("POST", TOKEN, files={k: (None, v) for k, v in FORM.items()}),
        "body: json-body",
    ),
    "no type": (
        httpx.Request("POST", TOKEN, content=TWICE.replace("client_id=kim&", "", 1)),
        "header Content-Type: missing-grant-type",
    ),
    "no grant": (token(without=("grant_type",)), "body: missing-grant-type"),
    "grant misnamed": (
        token(without=("grant_type",), **{"grant-type": "client_credentials"}),
        "body: missing-grant-type",
    ),
    "grant misspelt": (token(grant_type="client-credentials"), "body: wrong-grant-type"),
    "no scope": (token(scope=""), "body: wrong-scope"),
    "some scope": (token(scope="accounts"), "body: wrong-scope?"),
    "field twice": (
        httpx.Request("POST", TOKEN, content=TWICE, headers=FORM_TYPE),
        "body: duplicate-parameter",
    ),
    "secret in the query": (
        httpx.Request("POST", f"{TOKEN}?client_secret={SECRET}", data={**FORM}),
        "address: missing-secret?",
    ),
    "no secret": (token(without=("client_secret",)), "body: missing-secret"),
    "secret with newline": (token(client_secret=f"{SECRET}\n"), "body: stray-whitespace"),
    "other secret": (token(client_secret="another" * 3), "body: wrong-client-secret?"),
    "no id": (token(without=("client_id",)), "body: unknown-client"),
    "other id": (token(client_id="tom"), "body: unknown-client?"),
    "plus": (
        token(without=("client_id", "client_secret"), headers=[basic("kim:a+b")]),
        "header Authorization: basic-not-encoded?",
    ),
    "percent": (
        token(without=("client_id", "client_secret"), headers=[basic("kim:a%zz")]),
        "header Authorization: basic-not-encoded",
    ),
    "both ways": (
        token(headers=[basic(f"kim:{SECRET}")]),
        "header Authorization: duplicate-parameter?",
    ),
    "origin": (token(headers=[("Origin", "https://app.example")]), "header Origin: origin-header?"),
    "key at the issuer": (token(headers=[("x-api-key", KEY)]), "header x-api-key: wrong-host?"),
    "auth prefix": (token(TOKEN.replace("/realms", "/auth/realms")), "address: auth-prefix"),
    "realm in capitals": (token(TOKEN.replace("partner", "Partner")), "address: wrong-realm"),
    "endpoint": (token("https://login.wych.app/token"), "address: wrong-token-endpoint"),
    "secret elsewhere": (
        token(TOKEN.replace("login.wych.app", "login.example.com")),
        "address: wrong-host",
    ),
    "document": (
        httpx.Request(
            "GET", "https://login.wych.app/.well-known/openid-configuration/realms/partner"
        ),
        "address: no-issuer-there",
    ),
    "document posted": (
        httpx.Request(
            "POST", "https://login.wych.app/realms/partner/.well-known/openid-configuration"
        ),
        "method: wrong-method",
    ),
}
ISSUER = "WYCH_ISSUER_URL=https://login.wych.app/realms/partner"
ENVS = {
    "empty": ("WYCH_CLIENT_ID=", "line 1: setting-missing: WYCH_CLIENT_ID=•"),
    "choice": ("WYCH_TOKEN_CACHE=dsk", "line 1: setting-invalid: WYCH_TOKEN_CACHE=disk"),
    "spaces": (f"WYCH_API_KEY=' {KEY}'", "line 1: stray-whitespace: WYCH_API_KEY=•"),
    "quotes": (f"WYCH_API_KEY='\"{KEY}\"'", "line 1: quotes-kept: WYCH_API_KEY=•"),
    "quotes for docker": (f"WYCH_API_KEY='{KEY}'", "line 1: quotes-kept?: WYCH_API_KEY=•"),
    "space in an id": ("WYCH_CLIENT_ID='ki m'", "line 1: stray-whitespace: WYCH_CLIENT_ID=•"),
    "quote in an id": ("WYCH_CLIENT_ID=kim'", "line 1: quotes-kept: WYCH_CLIENT_ID=•"),
    "backslash": (
        "WYCH_CALLBACK_URL=https:\\\\a.example",
        "line 1: odd-characters: WYCH_CALLBACK_URL=•",
    ),
    "masked": ("WYCH_API_KEY=abcd••••", "line 1: masked-secret: WYCH_API_KEY=•"),
    "curly": (f"WYCH_API_KEY=“{KEY}”", "line 1: odd-characters: WYCH_API_KEY=•"),
    "template": (
        "WYCH_CLIENT_SECRET=<your secret>",
        "line 1: placeholder-left: WYCH_CLIENT_SECRET=•",
    ),
    "http": (
        "WYCH_ENVIRONMENT=sandbox\nWYCH_API_URL=http://api.example.com/v3",
        "line 2: not-https: WYCH_API_URL=https://api.example.com/v3",
    ),
    "slash": (f"WYCH_ENVIRONMENT=production\n{ISSUER}/", f"line 2: trailing-slash: {ISSUER}"),
    "document": (
        f"WYCH_ENVIRONMENT=production\n{ISSUER}/.well-known/openid-configuration",
        f"line 2: not-the-issuer: {ISSUER}",
    ),
    "call": (
        f"WYCH_ENVIRONMENT=production\nWYCH_API_URL={USERS}",
        f"line 2: not-a-base: WYCH_API_URL={API}",
    ),
    "address": ("WYCH_APP_ID=https://a.example/1", "line 1: not-an-id: WYCH_APP_ID=•"),
    "same": (
        f"WYCH_API_KEY={KEY}\nWYCH_CLIENT_SECRET={KEY}",
        "line 1: swapped-credentials: WYCH_API_KEY=•",
    ),
    "mixed": (
        f"WYCH_ENVIRONMENT=mock\n{ISSUER}",
        "line 2: environment-mismatch: WYCH_ISSUER_URL=•",
    ),
    "unknown": ("WYCH_CLINT_ID=kim", "line 1: unknown-setting: WYCH_CLIENT_ID=•"),
    "bom": ("\ufeffWYCH_CLIENT_ID=kim", "line 1: env-file-bom: WYCH_CLIENT_ID=•"),
    "no line": (f"WYCH_CLIENT_ID=kim\nWYCH_API_KEY {KEY}", "line 2: env-file-line: WYCH_API_KEY=•"),
    "crlf": ("WYCH_CLIENT_ID=kim\r\nWYCH_APP_ID=a", "line 1: env-file-crlf?: WYCH_CLIENT_ID=•"),
    "comment": ("WYCH_APP_NAME=kim #1", "line 1: env-file-line?: WYCH_APP_NAME='•'"),
    "export": ("export WYCH_CLIENT_ID=kim", "line 1: env-file-line?: WYCH_CLIENT_ID=•"),
    "dollar": ("WYCH_API_KEY=ab$cdefgh", "line 1: env-file-line?: WYCH_API_KEY='•'"),
    "twice": ("WYCH_CLIENT_ID=kim\nWYCH_CLIENT_ID=tom", "line 2: env-file-line?: "),
}
# These need more than one text; each has a test of its own below.
ELSEWHERE = {"shell-shadows-file", "bad-address"}
VALUES_AND_REQUESTS = [
    "setting-missing",
    "setting-invalid",
    "stray-whitespace",
    "quotes-kept",
    "masked-secret",
    "odd-characters",
    "placeholder-left",
    "not-https",
    "trailing-slash",
    "not-the-issuer",
    "not-a-base",
    "not-an-id",
    "swapped-credentials",
    "environment-mismatch",
    "unknown-setting",
    "env-file-bom",
    "env-file-line",
    "env-file-crlf",
    "shell-shadows-file",
    "wrong-host",
    "wrong-realm",
    "auth-prefix",
    "no-issuer-there",
    "double-slash",
    "unknown-client",
    "wrong-client-secret",
    "api-key-refused",
    "wrong-base-path",
    "wrong-path",
    "bad-address",
    "wrong-token-endpoint",
    "json-body",
    "missing-grant-type",
    "wrong-grant-type",
    "wrong-scope",
    "wrong-method",
    "duplicate-parameter",
    "origin-header",
    "basic-not-encoded",
    "missing-secret",
    "authorisation-header",
    "bearer-malformed",
    "api-key-missing",
    "unfilled-path",
    "stale-token",
    "request-too-large",
]


def linted(request):
    """The remarks on a request, beside the right settings and at a moment when the good token holds."""
    return lint.lint_request(request, settings(), now=1_900_000_000)


def short(remarks):
    """Where and reference of each remark, in lines."""
    return "\n".join(
        f"{each.where}: {each.reference}{'' if each.certain else '?'}" for each in remarks
    )


def mended(request, remark):
    """The request with the correction put in its place, and what only its owner knows in place of the mask."""
    headers = [
        (name.decode(), value.decode())
        for name, value in request.headers.raw
        if name.lower() not in (b"content-length", b"host")
    ]
    url, method, content = str(request.url), request.method, request.read()
    text = remark.instead
    if remark.where == "address":
        url = text.replace(MASK, "p-1")
    elif remark.where == "method":
        method = text
        content, headers = (
            (TWICE.replace("client_id=kim&", "", 1).encode(), headers + FORM_TYPE)
            if "/token" in url
            else (b"", headers)
        )
    elif remark.where == "body":
        content = text.replace(MASK, "kim", 1).replace(MASK, SECRET).encode()
        headers = [pair for pair in headers if pair[0].lower() != "content-type"] + (
            FORM_TYPE if text else []
        )
    else:
        name, _, value = text.partition(": ")
        gone = {remark.where.removeprefix("header ").lower(), name.lower()}
        real = (
            KEY
            if name == "x-api-key"
            else basic(f"kim:{SECRET}")[1][6:]
            if "Basic" in value
            else GOOD
        )
        headers = [pair for pair in headers if pair[0].lower() not in gone] + (
            [(name, value.replace(MASK, real))] if text else []
        )
    return httpx.Request(method, url, headers=headers, content=content or None)


@pytest.mark.parametrize("trap", REQUESTS)
def test_every_wrong_request_is_seen_and_mended(trap):
    """A request's trap gives its remarks and no others, and the request that is written instead gives none."""
    request, due = REQUESTS[trap]
    remarks = linted(request)
    assert short(remarks) == due
    for _ in range(4):
        if remarks := linted(request):
            request = mended(request, remarks[0])
    assert short(linted(request)) == ""


@pytest.mark.parametrize("trap", ENVS)
def test_every_wrong_line_is_seen_and_mended(trap):
    """A file's trap gives its remark, with the whole corrected line; the file with that line in it gives none."""
    text, due = ENVS[trap]
    (remark,) = (each for each in lint.lint_env(text) if each.reference in due)
    found = (
        f"{remark.where}: {remark.reference}{'' if remark.certain else '?'}:"
        f" {remark.instead.replace(MASK, '•')}"
    )
    assert found == due
    lines = text.splitlines()
    name = remark.instead.partition("=")[0]
    real = {
        "WYCH_API_KEY": "another" * 3,
        "WYCH_ISSUER_URL": "http://127.0.0.1:9924/realms/partner",
        "WYCH_CALLBACK_URL": "https://a.example",
    }.get(name, "kim")
    lines[int(remark.where.removeprefix("line ")) - 1] = remark.instead.replace(MASK, real)
    if "'" not in remark.instead or trap == "quotes for docker":
        assert lint.lint_env("\n".join(lines)) == ()


def test_every_reference_has_its_trap():
    """For each reference of a wrong setting or a request written by hand there is a trap here, and each is in the catalogue."""
    tables = [due for _, due in (*REQUESTS.values(), *ENVS.values())]
    trapped = {
        word for due in tables for word in re.findall(r"(?<=: )[a-z-]+(?=\??(?:$|:|\n))", due)
    } | ELSEWHERE
    assert set(VALUES_AND_REQUESTS) - trapped == set()
    assert set(VALUES_AND_REQUESTS) - set(SCENARIOS) == set()


def test_a_shell_that_wins_is_named(tmp_path):
    """A variable in the shell that hides another value in the file is remarked on, at the file's line; an equal one is not."""
    file = tmp_path / ".env"
    file.write_text("WYCH_CLIENT_ID=kim\nWYCH_APP_ID=a\n", "utf-8")
    file.chmod(0o600)
    (remark,) = lint.lint_env(file, environ={"WYCH_CLIENT_ID": "tom", "WYCH_APP_ID": "a"})
    assert (remark.reference, remark.where, remark.certain) == (
        "shell-shadows-file",
        "line 1",
        False,
    )
    file.chmod(0o644)
    assert [each.instead for each in lint.lint_env(file, environ={})] == ["chmod 600 .env"]


CURLS = {
    "everything": (
        "$ curl -sSL -k 'https://api.wych.io/v3/partner/{partnerId}/app/a/users/' \\\n  -H 'authorisation: bearer $TOKEN' \\\n  -H \"x_api_key: $K\"",
        ("quotes: placeholder-left\noption -L: redirected?\noption -k: certificate-not-trusted?\naddress: unfilled-path\naddress: trailing-slash\n"
        "header authorisation: authorisation-header\nheader x_api_key: api-key-missing"),
    ),
    "json without a type": (
        f"""curl {USERS[:-1]} -H "Authorization: Bearer $T" -H "x-api-key: $K" -d '{{"email": "a@b.nz"}}'""",
        "header Content-Type: unknown-answer?",
    ),
    "json option": (f"curl --json '{{}}' {TOKEN}", "body: json-body"),
    "user": (f"curl -u 'kim:a%zz' {TOKEN} -d grant_type=client_credentials", "header Authorization: basic-not-encoded"),
    "get": (
        f"curl -G {TOKEN} -d client_id=kim --data-urlencode client_secret=$S",
        "method: wrong-method\naddress: missing-secret",
    ),
    "form": (f"curl -F grant_type=client_credentials {TOKEN}", "body: json-body"),
    "windows": (
        f'curl ^"{TOKEN}^" ^\r\n  -d grant_type=client_credentials ^\r\n  -d client_id=kim',
        "body: missing-secret",
    ),
    "ansi": (f"curl {TOKEN} --data-raw $'grant_type=client_credentials&client_id=kim&client_secret={SECRET}%0A'", "body: stray-whitespace"),
    "dots": ('curl $API/partner/p/../x -H "Authorization: Bearer $T" -H "x-api-key: $K"', "address: wrong-path"),
    "no address": ("curl -s", "address: bad-address"),
    "two": (f"curl -s https://example.com\ncurl {TOKEN} -X POST -d scope= | jq .", "command 2, body: missing-grant-type\ncommand 2, body: wrong-scope\ncommand 2, body: missing-secret"),
    "variables": ('curl "$WYCH_API_URL/partner/$P/app/$A/users" -H "Authorization: Bearer $(wych-kit token --raw)" -H "x-api-key: $WYCH_API_KEY"', ""),
    "elsewhere": ("curl -Lk https://example.com/a/../b", "address: wrong-path"),
}  # fmt: skip


@pytest.mark.parametrize("trap", CURLS)
def test_a_pasted_curl_is_read_as_a_shell_would(trap):
    """Continuations, quotes, variables and options are understood, and the remarks are those of the request it would send."""
    text, due = CURLS[trap]
    assert short(lint.lint_text(text)) == due


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("wget x", ".env file, a curl command, a HAR file or a callback URL"),
        ("", "of no known kind"),
        ("{}", "log.entries"),
        ('{"log": {"entries": [{}]}}', "entry 1 has no request"),
        ("curl 'https://x", "never closed"),
        ("curl -H", "lacks its value"),
    ],
)
def test_what_cannot_be_read_says_what_was_expected(text, due):
    """A text of no known kind, or a broken one, is an error that names what was expected."""
    with pytest.raises(SettingInvalid, match=re.escape(due)):
        lint.lint_text(text)


def test_a_curl_command_as_a_request():
    """The first command's request is what curl would send; a command without an address is an error, as is one that cannot be read."""
    request = lint.curl_request(f"cd x\ncurl -H 'x-api-key: $KEY' '{USERS}'\ncurl '{TOKEN}' -d a=b")
    assert (request.method, str(request.url), request.headers["x-api-key"]) == (
        "GET",
        USERS,
        "$KEY",
    )
    for text, due in (
        ("curl -s", "no valid URL"),
        ("curl -H", "lacks its value"),
        ("wget x", "not a curl command"),
    ):
        with pytest.raises(SettingInvalid, match=due):
            lint.curl_request(text)


CONNECTION = "connection=8c2c7d1a-77ad-4aa0-befd-fd1131851a9b"


@pytest.mark.parametrize(
    ("query", "due"),
    [
        (f"{CONNECTION}&state=ACTIVE", ""),
        (f"{CONNECTION}&state=PENDING", "query, state: consent-pending"),
        (f"{CONNECTION}&state=REJECTED", "query, state: consent-rejected"),
        (f"{CONNECTION}&state=active", "query, state: unknown-answer?"),
        ("state=ACTIVE", "query: unknown-answer?"),
        (f"{CONNECTION}&state=ACTIVE&user=kim", "query, user: unknown-answer?"),
        (f"{CONNECTION}&state=ACTIVE&code=1", "query: unknown-answer?"),
    ],
)
def test_a_callback_address_is_judged_by_its_state(query, due):
    """PENDING and REJECTED are named; what is missing or not documented is remarked on as uncertain."""
    assert short(lint.lint_text(f"https://your.app/callback?{query}")) == due


def test_what_this_kit_sends_gives_no_remark(mock_wych):
    """Requests made by the client, the curl commands and the HAR of its journal, and a browser's visit elsewhere, are all clean."""
    values = {
        name: getattr(mock_wych.credentials, name)
        for name in ("client_id", "client_secret", "api_key", "partner_id", "app_id")
    }
    urls = {
        name: getattr(mock_wych, name)
        for name in ("issuer_url", "api_url", "portal_url", "connect_url")
    }
    ours = load_settings(environ={"WYCH_ENVIRONMENT": "mock"}).with_(
        **values, **urls, token_cache="memory"
    )
    seen = []
    with WychClient(ours) as client:
        hooks = client.http.event_hooks
        hooks["request"].append(seen.append)
        client.http.event_hooks = hooks
        client.users()
        client.find_or_create_user("kim@example.com")
        exchanges = client.journal.exchanges
    assert len(seen) >= 4
    assert [lint.lint_request(request, ours, now=time.time()) for request in seen] == [()] * len(
        seen
    )
    assert (
        lint.lint_text(
            "\n\n".join(render_curl(exchange) for exchange in exchanges), "calls.sh", ours
        )
        == ()
    )
    assert lint.lint_text(json.dumps(render_har(exchanges)), "", ours) == ()
    assert lint.lint_request(httpx.Request("GET", "http://example.com/a//b/")) == ()


def test_a_har_names_its_entry():
    """Each remark on a HAR names the entry; HTTP/2's own headers and fields without a text are understood."""
    good = {
        "method": "GET",
        "url": "https://example.com",
        "headers": [{"name": ":method", "value": "GET"}],
    }
    form = {
        "method": "POST",
        "url": TOKEN,
        "headers": [],
        "postData": {"params": [{"name": "scope", "value": ""}]},
    }
    text = json.dumps(
        {
            "log": {
                "entries": [
                    {"request": each} for each in (good, form, good | {"url": "http://a:b"})
                ]
            }
        }
    )
    assert (
        short(lint.lint_har(text)).splitlines()[0]
        == "entry 2, header Content-Type: missing-grant-type"
    )
    assert short(lint.lint_har(text)).splitlines()[-1] == "entry 3, address: bad-address"


def test_a_hook_warns_and_sends():
    """The hook for a client of one's own warns about each remark, and the request is sent."""
    transport = httpx.MockTransport(lambda _: httpx.Response(200))
    with httpx.Client(transport=transport, event_hooks={"request": [lint.warn]}) as client:
        with pytest.warns(lint.LintWarning, match="api-key-missing"):
            assert client.get(USERS, headers={"Authorization": f"Bearer {GOOD}"}).is_success
        assert client.get(USERS, headers=HEADERS).is_success


@pytest.mark.anyio
async def test_a_hook_warns_in_tasks_too():
    """The hook for an asynchronous client does the same."""
    transport = httpx.MockTransport(lambda _: httpx.Response(200))
    async with httpx.AsyncClient(
        transport=transport, event_hooks={"request": [lint.warn_async]}
    ) as client:
        with pytest.warns(lint.LintWarning, match="bearer-malformed"):
            await client.get(USERS, headers={"x-api-key": KEY})


def on(mock_wych, request, bearer_token):
    """The same request for the mock, with its credentials in place of the made-up ones."""
    held = mock_wych.credentials
    pairs = {
        "https://login.wych.app/realms/partner": mock_wych.issuer_url,
        "https://login.wych.app": mock_wych.issuer_url.removesuffix("/realms/partner"),
        API: mock_wych.api_url,
        "https://api.wych.io": mock_wych.api_url.removesuffix("/v3"),
        GOOD: bearer_token,
        SECRET: held.client_secret,
        KEY: held.api_key,
        "p-1": held.partner_id,
        "a-1": held.app_id,
        "client_id=kim": f"client_id={held.client_id}",
    }

    def put(text):
        for made_up, real in pairs.items():
            text = text.replace(made_up, real)
        return text

    raw = [
        (name, put(value.decode()).encode())
        for name, value in request.headers.raw
        if name.lower() not in (b"host", b"content-length")
    ]
    return httpx.Request(
        request.method,
        put(str(request.url)),
        headers=raw,
        content=put(request.read().decode()) or None,
    )


ABOUT_CREDENTIALS = {"not-https", "wrong-host"}  # where they would go; the mock has but one host


@pytest.mark.parametrize(
    "trap",
    [
        trap
        for trap, (_, due) in REQUESTS.items()
        if "?" not in due and not ABOUT_CREDENTIALS & set(due.split())
    ],
)
def test_what_is_certain_is_refused(mock_wych, trap):
    """What a remark calls certain, the mock refuses: over HTTP, with credentials that are right otherwise; or it cannot be sent at all."""
    with httpx.Client(trust_env=False) as client:
        form = {
            "grant_type": "client_credentials",
            "client_id": mock_wych.credentials.client_id,
            "client_secret": mock_wych.credentials.client_secret,
        }
        right = client.post(
            f"{mock_wych.issuer_url}/protocol/openid-connect/token", data=form
        ).json()["access_token"]
        request = on(mock_wych, REQUESTS[trap][0], right)
        try:
            assert client.send(request).is_client_error
        except httpx.LocalProtocolError:
            assert "\n" in trap or "newline" in trap
