"""Write a curl command into `request.sh` with one mistake; secrets are shell variables."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from wych_kit.client.api import WychClient
from wych_kit.training.defects.defect import Defect

if TYPE_CHECKING:
    from collections.abc import Callable

    from wych_kit.training.exercise_setup import ExerciseSetup

GRANT = "-d grant_type=client_credentials"
CLIENT = "-d client_id={client_id}"
SECRET = '--data-urlencode "client_secret=$WYCH_CLIENT_SECRET"'
BEARER = '-H "Authorization: Bearer $WYCH_ACCESS_TOKEN"'
KEY = '-H "x-api-key: $WYCH_API_KEY"'
_JSON = r'"{{\"grant_type\":\"client_credentials\",\"client_id\":\"{client_id}\",\"client_secret\":\"$WYCH_CLIENT_SECRET\"}}"'
_TOO_MANY_BYTES = 10 * 1024 * 1024 + 1
_AN_HOUR = timedelta(hours=1)


def token(
    setup: ExerciseSetup, *parts: str, endpoint: str = "/protocol/openid-connect/token"
) -> None:
    """Write a token request with these parts."""
    _write(setup, setup.wych.issuer_url + endpoint, parts)


def call(
    setup: ExerciseSetup,
    *parts: str,
    address: str = "",
    path: str = "/partner/{partner_id}/app/{app_id}/users",
) -> None:
    """Write an API call: with both credentials, unless other parts are given."""
    where = (address or setup.wych.api_url) + (path if "{appId}" in path else _fill_in(setup, path))
    _write(setup, where, parts or (BEARER, KEY))


def _write(setup: ExerciseSetup, address: str, parts: tuple[str, ...]) -> None:
    lines = [f"curl '{address}'", *(_fill_in(setup, part) for part in parts)]
    setup.request.write_text(" \\\n  ".join(lines) + "\n", "utf-8")


def _fill_in(setup: ExerciseSetup, text: str) -> str:
    held = setup.wych.credentials
    return text.format(client_id=held.client_id, partner_id=held.partner_id, app_id=held.app_id)


def _token(reference: str, *parts: str, **where: str) -> Defect:
    return Defect(reference, "lint", lambda setup: token(setup, *parts, **where))


def _call(reference: str, *parts: str, **where: str) -> Defect:
    return Defect(reference, "lint", lambda setup: call(setup, *parts, **where))


def _write_old_token(setup: ExerciseSetup) -> None:
    """Write a token of an hour ago into the command, as people do who copy one from a terminal."""
    setup.wych.clock.advance(-_AN_HOUR.total_seconds())
    try:
        with WychClient(setup.settings(), journal=setup.journal) as client:
            text = client.token().value.reveal()
    finally:
        setup.wych.clock.advance(_AN_HOUR.total_seconds())
    for exchange in setup.journal.exchanges:
        exchange.started = (datetime.fromisoformat(exchange.started) - _AN_HOUR).isoformat()
    call(setup, f'-H "Authorization: Bearer {text}"', KEY)


def _send_large_body(setup: ExerciseSetup) -> None:
    (setup.folder / "export.json").write_bytes(b'"' + b"x" * _TOO_MANY_BYTES + b'"')
    path = "/partner/{partner_id}/app/{app_id}/user"
    call(
        setup,
        BEARER,
        KEY,
        "-H 'Content-Type: application/json'",
        "--data-binary @export.json",
        path=path,
    )


def _request_defect(reference: str, shows: str, apply: Callable[[ExerciseSetup], None]) -> Defect:
    return Defect(reference, "lint" if shows == "lint" else "exchanges", apply)


REQUEST_DEFECTS = (
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
    _request_defect("stale-token", "lint", _write_old_token),
    _request_defect("request-too-large", "exchanges", _send_large_body),
)
