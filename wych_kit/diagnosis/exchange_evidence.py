"""What an exchange shows: by what was sent first, and then by what was answered. For any client's exchanges, not only this kit's.

The exchanges are redacted (`wych_kit.client.journal.recorder`), so nothing here sees a secret, and nothing asks the network or the clock.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from wych_kit.client import refusal_rules
from wych_kit.client.excerpts import summarise_body
from wych_kit.client.httpx_errors import classify_recorded_error
from wych_kit.client.journal.redaction import split_placeholders

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from wych_kit.client.journal.recorder import Exchange
    from wych_kit.errors import Stage

_OK, _REDIRECT, _REFUSED, _UNAUTHORIZED, _FORBIDDEN, _WRONG_METHOD, _BROKEN = (
    200,
    300,
    400,
    401,
    403,
    405,
    500,
)
_FORM = "application/x-www-form-urlencoded"
_WELL_KNOWN = "/.well-known/openid-configuration"
_TOKEN = re.compile(r"/protocol/openid-connect/token/?$")
_PLACE = re.compile(r"\{\w+\}|<\w+>|(?<=/):[A-Za-z]\w*(?=/|$)")
_KEY_LIKE = re.compile(r"(?i)^(x[-_ ]?)?api[-_ ]?key$|^xapikey$|^x-apikey$")
# Characters of the server's words that fit on one line of evidence.
_ROOM = 44
_AT_IDENTITY = ("unknown-client", "wrong-client-secret")
COUNTER_TEST = "/wych-kit-check/no-such-path"


class Verdict(NamedTuple):
    """A reference (`None` for an answer nobody knows), the stage, what was seen, and how sure that is."""

    reference: str | None
    stage: Stage
    evidence: tuple[str, ...]
    certain: bool = False
    runner_up: str | None = None


def last_failure(exchanges: Sequence[Exchange]) -> Exchange | None:
    """The last exchange that did not bring what it should; `None` when all did."""
    return next((each for each in reversed(exchanges) if _failed(each)), None)


def assess(exchanges: Sequence[Exchange], failing: Exchange) -> Verdict:
    """What the failing one of these exchanges shows, the sender's own mistakes before anything the answer says."""
    sent = _Sent(failing)
    if failing.status is None or (failing.error and failing.status < _REDIRECT):
        return Verdict(
            classify_recorded_error(failing.error),
            sent.stage,
            (f"{sent.line}: {failing.error or 'no answer'}",),
        )
    made: _Made = None
    if sent.stage == "token":
        made = _of_token_request(sent)
    elif sent.stage == "call":
        made = _of_call(sent)
        if (
            made is None
            and failing.status == _UNAUTHORIZED
            and refusal_rules.classify_gateway_refusal(sent.answered) in (None, "bearer-refused")
        ):
            made = _of_lifetime(exchanges, failing)
    if made:
        reference, words, certain = made
        return Verdict(
            reference, sent.stage, (f"{sent.line}: {failing.status}; {words}.",), certain
        )
    judged = {
        "discovery": refusal_rules.classify_discovery_refusal,
        "token": refusal_rules.classify_token_refusal,
    }.get(sent.stage, refusal_rules.classify_gateway_refusal)(sent.answered)
    basic = judged == "wrong-client-secret" and sent.header("authorization").lower().startswith(
        "basic "
    )
    return Verdict(
        judged,
        sent.stage,
        (f"{sent.line}: {failing.status}{_said(sent.answered)}.",),
        runner_up="basic-not-encoded" if basic else None,
    )


class _Sent:
    """A request as it is judged."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.method = exchange.method
        self.path = unquote(urlsplit(exchange.url).path)
        self._headers = {name.lower(): value for name, value in reversed(exchange.request_headers)}
        self.line = f"{self.method} {_shortened(self.path)}"
        self.stage: Stage = self._stage()
        headers = {name.lower(): value for name, value in exchange.response_headers}
        body = exchange.response_body
        self.answered = refusal_rules.ResponseFacts(
            self.path, exchange.status or 0, headers, body, _json(body)
        )

    @property
    def names(self) -> list[str]:
        return list(self._headers)

    def header(self, name: str) -> str:
        return self._headers.get(name, "")

    @property
    def fields(self) -> list[tuple[str, str]]:
        return parse_qsl(self.exchange.request_body, keep_blank_values=True)

    def _stage(self) -> Stage:
        if self.path.endswith(_WELL_KNOWN):
            return "discovery"
        asks = (
            _TOKEN.search(self.path)
            or "grant_type=" in self.exchange.request_body
            or '"grant_type"' in self.exchange.request_body
        )
        return "token" if asks else "call"


# Reference, what was seen of the request, and whether that is certain; `None` when the request
# shows nothing wrong.
_Made = tuple[str, str, bool] | None


def _of_token_request(sent: _Sent) -> _Made:
    """What was wrong with a token request, if the answer is one that this would get (wire facts A2: the order of checks)."""
    judged = refusal_rules.classify_token_refusal(sent.answered)
    kind = sent.header("content-type").partition(";")[0].strip().lower()
    names = [name for name, _ in sent.fields]
    if (
        judged == "wrong-token-endpoint"
        and sent.answered.status == _WRONG_METHOD
        and sent.method != "POST"
    ):
        return ("wrong-method", f"it is a {sent.method}, not a POST", True)
    is_json = "json" in kind or _json(sent.exchange.request_body) is not None
    if judged == "json-body" or (judged == "missing-grant-type" and is_json):
        return ("json-body", f"its body is {kind or 'of no type'}, not a form", True)
    if judged == "missing-grant-type" and not sent.exchange.request_lacks:
        why = "its form has no grant_type" if kind else "it has no Content-Type, so no form is read"
        return ("missing-grant-type", why, True)
    if judged == "duplicate-parameter" and (
        twice := sorted({name for name in names if names.count(name) > 1})
    ):
        return ("duplicate-parameter", f"its form has {', '.join(twice)} twice", True)
    if judged == "origin-header" and sent.header("origin"):
        return ("origin-header", "it has an Origin header", True)
    if (
        judged in _AT_IDENTITY
        and kind == _FORM
        and not sent.header("authorization")
        and not sent.exchange.request_lacks
    ):
        filled = {name for name, value in sent.fields if value}
        if lacking := [name for name in ("client_id", "client_secret") if name not in filled]:
            return ("missing-secret", f"its form has no {' and no '.join(lacking)}", True)
    return None


def _of_call(sent: _Sent) -> _Made:
    """What was wrong with a call, if the answer is one that this would get (wire facts B2: route, bearer, key)."""
    judged = refusal_rules.classify_gateway_refusal(sent.answered)
    if (
        judged in (None, "wrong-path", "unknown-user")
        and _REFUSED <= sent.answered.status < _BROKEN
    ):
        if place := _PLACE.search(sent.path):
            return ("unfilled-path", f"its path still has {place[0]} in it", judged == "wrong-path")
        if "//" in sent.path and judged == "wrong-path":
            return ("double-slash", "its path has two slashes in a row", True)
    # Of a gateway that is none we know the status alone has to do: then what the request lacks is likely, and not certain.
    known, status = judged is not None, sent.answered.status
    if (judged == "bearer-refused" or (not known and status == _UNAUTHORIZED)) and (
        made := _of_bearer(sent)
    ):
        return (made[0], made[1], made[2] and known)
    lacks_key = judged == "api-key-refused" or (not known and status in (_UNAUTHORIZED, _FORBIDDEN))
    if lacks_key and not sent.header("x-api-key").strip():
        near = next(
            (name for name in sent.names if name != "x-api-key" and _KEY_LIKE.match(name)), ""
        )
        return (
            "api-key-missing",
            f"it has {near} in place of x-api-key" if near else "it has no x-api-key",
            known,
        )
    return None


def _of_bearer(sent: _Sent) -> _Made:
    header = sent.header("authorization")
    if not header.strip():
        if "authorisation" in sent.names:
            return ("authorisation-header", "its header is named authorisation", True)
        return ("bearer-malformed", "it has no Authorization header", True)
    scheme, _, rest = header.partition(" ")
    if scheme.lower() != "bearer":
        return (
            "bearer-malformed",
            "its Authorization does not begin with Bearer and a space",
            True,
        )
    pieces = split_placeholders(rest.strip())
    if len(pieces) == 1 and pieces[0][0]:
        return None
    return ("bearer-malformed", "after Bearer there is more, or less, than one token", False)


def _of_lifetime(exchanges: Sequence[Exchange], failing: Exchange) -> _Made:
    """By the journal's times: whether the token's life was over, or else a newer one worked."""
    at = next(number for number, each in enumerate(exchanges) if each is failing)
    given = next((each for each in reversed(exchanges[:at]) if _lifetime(each) is not None), None)
    if given is None:
        return None
    age, lifetime = _time(failing) - _time(given), _lifetime(given) or 0.0
    if age >= timedelta(seconds=lifetime):
        return (
            "stale-token",
            f"the last token was {age.total_seconds():.0f} s old and lives for {lifetime:.0f} s",
            False,
        )
    later = exchanges[at + 1 :]
    renewed = next(
        (number for number, each in enumerate(later) if _lifetime(each) is not None), None
    )
    if renewed is not None and any(
        each.url == failing.url and (each.status or 0) < _REDIRECT for each in later[renewed + 1 :]
    ):
        return ("revoked-token", "its token's time was not over, and a new one worked", False)
    return None


def _lifetime(exchange: Exchange) -> float | None:
    given = (
        exchange.status == _OK and "access_token" in exchange.response_body
    )  # looked for before parsing a hundred answers
    answer = _json(exchange.response_body) if given else None
    if (
        not isinstance(answer, dict)
        or "access_token" not in answer
        or not isinstance(answer.get("expires_in"), int | float)
    ):
        return None
    return float(answer["expires_in"])


def _time(exchange: Exchange) -> datetime:
    return datetime.fromisoformat(exchange.started)


def _failed(exchange: Exchange) -> bool:
    if exchange.url.endswith(COUNTER_TEST):
        return False
    return (
        bool(exchange.error)
        or exchange.status is None
        or exchange.status >= _REDIRECT
        or _is_page(exchange)
    )


def _is_page(exchange: Exchange) -> bool:
    return refusal_rules.classify_page(exchange.status or 0, exchange.response_body) is not None


def _said(answered: refusal_rules.ResponseFacts) -> str:
    words = answered.first_field("error_description", "message", "Message", "error")
    if not words and answered.json is None:
        words = summarise_body(answered.headers.get("content-type", ""), answered.text)
    return f" ({words if len(words) <= _ROOM else words[:_ROOM] + '…'})" if words else ""


def _shortened(path: str) -> str:
    """The path in the room that one line of evidence has; the journal has it whole."""
    return (
        path or "/"
        if len(path) <= _ROOM // 2
        else f"…/{path.rstrip('/').rpartition('/')[2][-_ROOM // 2 :]}{'/' * path.endswith('/')}"
    )


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
