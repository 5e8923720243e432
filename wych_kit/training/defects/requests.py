"""Requests written by hand: a curl command in `request.sh` with one mistake, otherwise right. Secrets are the shell's variables."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from wych_kit.client.api import WychClient
from wych_kit.training.defects.defect import Break

if TYPE_CHECKING:
    from collections.abc import Callable

    from wych_kit.training.exercise_setup import SetUp

GRANT = "-d grant_type=client_credentials"
CLIENT = "-d client_id={client_id}"
SECRET = '--data-urlencode "client_secret=$WYCH_CLIENT_SECRET"'
BEARER = '-H "Authorization: Bearer $WYCH_ACCESS_TOKEN"'
KEY = '-H "x-api-key: $WYCH_API_KEY"'
_JSON = r'"{{\"grant_type\":\"client_credentials\",\"client_id\":\"{client_id}\",\"client_secret\":\"$WYCH_CLIENT_SECRET\"}}"'
_TOO_MANY_BYTES = 10 * 1024 * 1024 + 1
_AN_HOUR = timedelta(hours=1)


def token(set_up: SetUp, *parts: str, endpoint: str = "/protocol/openid-connect/token") -> None:
    """A token request, of these parts."""
    _write(set_up, set_up.wych.issuer_url + endpoint, parts)


def call(
    set_up: SetUp,
    *parts: str,
    address: str = "",
    path: str = "/partner/{partner_id}/app/{app_id}/users",
) -> None:
    """A call of the API: both credentials, unless other parts are given."""
    where = (address or set_up.wych.api_url) + (
        path if "{appId}" in path else _filled(set_up, path)
    )
    _write(set_up, where, parts or (BEARER, KEY))


def _write(set_up: SetUp, address: str, parts: tuple[str, ...]) -> None:
    lines = [f"curl '{address}'", *(_filled(set_up, part) for part in parts)]
    set_up.request.write_text(" \\\n  ".join(lines) + "\n", "utf-8")


def _filled(set_up: SetUp, text: str) -> str:
    held = set_up.wych.credentials
    return text.format(client_id=held.client_id, partner_id=held.partner_id, app_id=held.app_id)


def _token(reference: str, *parts: str, **where: str) -> Break:
    return Break(reference, "lint", lambda set_up: token(set_up, *parts, **where))


def _call(reference: str, *parts: str, **where: str) -> Break:
    return Break(reference, "lint", lambda set_up: call(set_up, *parts, **where))


def _kept_too_long(set_up: SetUp) -> None:
    """A token of an hour ago, written into the command as people do who try things out."""
    set_up.wych.clock.advance(-_AN_HOUR.total_seconds())
    try:
        with WychClient(set_up.settings(), journal=set_up.journal) as client:
            text = client.token().value.reveal()
    finally:
        set_up.wych.clock.advance(_AN_HOUR.total_seconds())
    for exchange in set_up.journal.exchanges:
        exchange.started = (datetime.fromisoformat(exchange.started) - _AN_HOUR).isoformat()
    call(set_up, f'-H "Authorization: Bearer {text}"', KEY)


def _too_large(set_up: SetUp) -> None:
    (set_up.folder / "export.json").write_bytes(b'"' + b"x" * _TOO_MANY_BYTES + b'"')
    path = "/partner/{partner_id}/app/{app_id}/user"
    call(
        set_up,
        BEARER,
        KEY,
        "-H 'Content-Type: application/json'",
        "--data-binary @export.json",
        path=path,
    )


def _made(reference: str, shows: str, apply: Callable[[SetUp], None]) -> Break:
    return Break(reference, "lint" if shows == "lint" else "exchanges", apply)


REQUESTS = (
    _token("wrong-token-endpoint", GRANT, CLIENT, SECRET, endpoint="/token"),
    _token("wrong-method", "-X GET", GRANT, CLIENT, SECRET),
    _token("json-body", f"--json {_JSON}"),
    _token("missing-grant-type", CLIENT, SECRET),
    _token("wrong-grant-type", "-d grant_type=client-credentials", CLIENT, SECRET),
    _token("wrong-scope", GRANT, CLIENT, SECRET, "-d scope=accounts"),
    _token("duplicate-parameter", GRANT, CLIENT, SECRET, GRANT),
    _token("origin-header", "-H 'Origin: https://app.example'", GRANT, CLIENT, SECRET),
    _token("basic-not-encoded", "-u 'mock-percent-in-secret:mock-only-50%-off'", GRANT),
    _token("missing-secret", GRANT, CLIENT),
    _call("authorisation-header", '-H "authorisation: Bearer $WYCH_ACCESS_TOKEN"', KEY),
    _call("bearer-malformed", '-H "Authorization: Token $WYCH_ACCESS_TOKEN"', KEY),
    _call("api-key-missing", BEARER, '-H "api-key: $WYCH_API_KEY"'),
    _call("unfilled-path", path="/partner/{partnerId}/app/{appId}/users"),
    _made("stale-token", "lint", _kept_too_long),
    _made("request-too-large", "exchanges", _too_large),
)
