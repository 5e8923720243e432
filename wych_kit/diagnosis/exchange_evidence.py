"""Assesses a recorded exchange, of any client: first the request, then the response.

The exchanges have no secrets (`wych_kit.client.journal.recorder`), so nothing here sees one. Uses
no network and no clock.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from http import HTTPStatus
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

_FORM = "application/x-www-form-urlencoded"
_WELL_KNOWN = "/.well-known/openid-configuration"
_TOKEN_PATH = re.compile(r"/protocol/openid-connect/token/?$")
# A part of a path that a program should have replaced: {appId}, <appId>, :appId.
_PATH_PARAMETER = re.compile(r"\{\w+\}|<\w+>|(?<=/):[A-Za-z]\w*(?=/|$)")
_LIKE_API_KEY = re.compile(r"(?i)^(x[-_ ]?)?api[-_ ]?key$|^xapikey$|^x-apikey$")
# Characters of the server's message that fit on one line of evidence.
_MAX_MESSAGE = 44
_CLIENT_REFUSALS = ("unknown-client", "wrong-client-secret")
# The path of the connectivity check's own counter-test, whose refusal is no failure.
COUNTER_TEST = "/wych-kit-check/no-such-path"


class Assessment(NamedTuple):
    """What an exchange shows. `reference` is None for a response that the kit does not know."""

    reference: str | None
    stage: Stage
    evidence: tuple[str, ...]
    is_certain: bool = False
    runner_up: str | None = None


class RequestMistake(NamedTuple):
    """A mistake in a request: its scenario, what the request has or lacks, and how sure that is."""

    reference: str
    observed: str
    is_certain: bool


def find_last_failure(exchanges: Sequence[Exchange]) -> Exchange | None:
    """Return the last exchange that failed, or None if all succeeded."""
    return next((exchange for exchange in reversed(exchanges) if _is_failure(exchange)), None)


def assess(exchanges: Sequence[Exchange], failed: Exchange) -> Assessment:
    """Return what the failed one of these exchanges shows.

    A mistake in the request comes before anything that the response says.
    """
    facts = RequestFacts(failed)
    stage = facts.stage
    is_cut = failed.error and (failed.status or 0) < HTTPStatus.MULTIPLE_CHOICES
    if failed.status is None or is_cut:
        evidence = f"{facts.line}: {failed.error or 'no answer'}"
        return Assessment(classify_recorded_error(failed.error), stage, (evidence,))
    mistake: RequestMistake | None = None
    if stage == "token":
        mistake = _find_token_request_mistake(facts)
    elif stage == "call":
        mistake = _find_call_mistake(facts)
        reference = refusal_rules.classify_gateway_refusal(facts.response)
        is_rejected_token = failed.status == HTTPStatus.UNAUTHORIZED and (
            reference in (None, "bearer-refused")
        )
        if mistake is None and is_rejected_token:
            mistake = _find_lifetime_mistake(exchanges, failed)
    if mistake:
        evidence = f"{facts.line}: {failed.status}; {mistake.observed}."
        return Assessment(mistake.reference, stage, (evidence,), mistake.is_certain)
    classify = {
        "discovery": refusal_rules.classify_discovery_refusal,
        "token": refusal_rules.classify_token_refusal,
    }.get(stage, refusal_rules.classify_gateway_refusal)
    reference = classify(facts.response)
    uses_basic = facts.header("authorization").lower().startswith("basic ")
    is_basic_secret = reference == "wrong-client-secret" and uses_basic
    return Assessment(
        reference,
        stage,
        (f"{facts.line}: {failed.status}{_quote_message(facts.response)}.",),
        runner_up="basic-not-encoded" if is_basic_secret else None,
    )


class RequestFacts:
    """A request as it is assessed, and the facts of its response."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.method = exchange.method
        self.path = unquote(urlsplit(exchange.url).path)
        # Of two headers with one name the first counts, as it does for most servers.
        self._headers = {name.lower(): value for name, value in reversed(exchange.request_headers)}
        self.line = f"{self.method} {_shorten(self.path)}"
        self.stage: Stage = self._get_stage()
        headers = {name.lower(): value for name, value in exchange.response_headers}
        body = exchange.response_body
        self.response = refusal_rules.ResponseFacts(
            self.path, exchange.status or 0, headers, body, _parse_json(body)
        )

    @property
    def header_names(self) -> list[str]:
        """The names of the request's headers, in lower case."""
        return list(self._headers)

    def header(self, name: str) -> str:
        """Return a request header by its name in lower case, or an empty text."""
        return self._headers.get(name, "")

    @property
    def fields(self) -> list[tuple[str, str]]:
        """The fields of a form body, in order."""
        return parse_qsl(self.exchange.request_body, keep_blank_values=True)

    def _get_stage(self) -> Stage:
        if self.path.endswith(_WELL_KNOWN):
            return "discovery"
        body = self.exchange.request_body
        # A token request may have gone to a wrong path.
        has_grant = "grant_type=" in body or '"grant_type"' in body
        return "token" if has_grant or _TOKEN_PATH.search(self.path) else "call"


def _find_token_request_mistake(facts: RequestFacts) -> RequestMistake | None:
    """Return the mistake if the response is the one that this mistake gets.

    The server checks in the order of wire facts A2.
    """
    reference = refusal_rules.classify_token_refusal(facts.response)
    body = facts.exchange.request_body
    # The recorder names what it could not keep of a request; then nothing is known to be missing.
    is_complete = not facts.exchange.request_lacks
    media_type = facts.header("content-type").partition(";")[0].strip().lower()
    is_wrong_method = facts.response.status == HTTPStatus.METHOD_NOT_ALLOWED
    if reference == "wrong-token-endpoint" and is_wrong_method and facts.method != "POST":
        return RequestMistake(
            "wrong-method", f"it is a {facts.method}, not a POST", is_certain=True
        )
    is_json = "json" in media_type or _parse_json(body) is not None
    if reference == "json-body" or (reference == "missing-grant-type" and is_json):
        observed = f"its body is {media_type or 'of no type'}, not a form"
        return RequestMistake("json-body", observed, is_certain=True)
    if reference == "missing-grant-type" and is_complete:
        # Without a Content-Type the server does not read a form.
        observed = "its form has no grant_type" if media_type else "it has no Content-Type"
        return RequestMistake("missing-grant-type", observed, is_certain=True)
    names = [name for name, _ in facts.fields]
    duplicates = sorted({name for name in names if names.count(name) > 1})
    if reference == "duplicate-parameter" and duplicates:
        observed = f"its form has {', '.join(duplicates)} twice"
        return RequestMistake("duplicate-parameter", observed, is_certain=True)
    if reference == "origin-header" and facts.header("origin"):
        return RequestMistake("origin-header", "it has an Origin header", is_certain=True)
    is_plain_form = media_type == _FORM and not facts.header("authorization") and is_complete
    if reference in _CLIENT_REFUSALS and is_plain_form:
        filled = {name for name, value in facts.fields if value}
        missing = [name for name in ("client_id", "client_secret") if name not in filled]
        if missing:
            observed = f"its form has no {' and no '.join(missing)}"
            return RequestMistake("missing-secret", observed, is_certain=True)
    return None


def _find_call_mistake(facts: RequestFacts) -> RequestMistake | None:
    """Return the mistake if the response is the one that this mistake gets.

    The gateway checks in the order of wire facts B2: route, token, API key.
    """
    reference = refusal_rules.classify_gateway_refusal(facts.response)
    status = facts.response.status
    is_client_error = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    if reference in (None, "wrong-path", "unknown-user") and is_client_error:
        if parameter := _PATH_PARAMETER.search(facts.path):
            observed = f"its path still has {parameter[0]} in it"
            return RequestMistake("unfilled-path", observed, is_certain=reference == "wrong-path")
        if "//" in facts.path and reference == "wrong-path":
            observed = "its path has two slashes in a row"
            return RequestMistake("double-slash", observed, is_certain=True)
    # Of a gateway that the kit does not know, there is only the status. Then it is likely, and not
    # certain, that the request lacks what it does not have.
    is_known = reference is not None
    is_about_token = reference == "bearer-refused" or (
        not is_known and status == HTTPStatus.UNAUTHORIZED
    )
    if is_about_token and (mistake := _find_bearer_mistake(facts)):
        return mistake._replace(is_certain=mistake.is_certain and is_known)
    is_about_key = reference == "api-key-refused" or (
        not is_known and status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
    )
    if is_about_key and not facts.header("x-api-key").strip():
        similar = next(
            (
                name
                for name in facts.header_names
                if name != "x-api-key" and _LIKE_API_KEY.match(name)
            ),
            "",
        )
        observed = f"it has {similar} in place of x-api-key" if similar else "it has no x-api-key"
        return RequestMistake("api-key-missing", observed, is_certain=is_known)
    return None


def _find_bearer_mistake(facts: RequestFacts) -> RequestMistake | None:
    """Return the mistake in the Authorization header (RFC 6750 section 2.1), if it has one."""
    header = facts.header("authorization")
    if not header.strip():
        if "authorisation" in facts.header_names:
            observed = "its header is named authorisation"
            return RequestMistake("authorisation-header", observed, is_certain=True)
        return RequestMistake("bearer-malformed", "it has no Authorization header", is_certain=True)
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer":
        observed = "its Authorization does not begin with Bearer and a space"
        return RequestMistake("bearer-malformed", observed, is_certain=True)
    pieces = split_placeholders(token.strip())
    # One placeholder is one token. Anything else is only likely to be a mistake: the journal does
    # not recognise every token.
    if len(pieces) == 1 and pieces[0][0]:
        return None
    observed = "after Bearer there is not exactly one token"
    return RequestMistake("bearer-malformed", observed, is_certain=False)


def _find_lifetime_mistake(
    exchanges: Sequence[Exchange], failed: Exchange
) -> RequestMistake | None:
    """Return "stale" or "revoked" for a rejected token, by the times in the journal."""
    position = next(number for number, each in enumerate(exchanges) if each is failed)
    earlier, later = exchanges[:position], exchanges[position + 1 :]
    issued = next((each for each in reversed(earlier) if _get_lifetime(each) is not None), None)
    if issued is None:
        return None
    lifetime = _get_lifetime(issued) or 0.0
    age = _get_time(failed) - _get_time(issued)
    if age >= timedelta(seconds=lifetime):
        observed = (
            f"the last token was {age.total_seconds():.0f} seconds old"
            f" and expired after {lifetime:.0f}"
        )
        return RequestMistake("stale-token", observed, is_certain=False)
    renewal = next(
        (number for number, each in enumerate(later) if _get_lifetime(each) is not None), None
    )
    if renewal is not None and any(
        each.url == failed.url and (each.status or 0) < HTTPStatus.MULTIPLE_CHOICES
        for each in later[renewal + 1 :]
    ):
        observed = "its token had not expired, and a new one worked"
        return RequestMistake("revoked-token", observed, is_certain=False)
    return None


def _get_lifetime(exchange: Exchange) -> float | None:
    """Return the seconds of the token that this exchange issued, or None."""
    # The text is searched first: parsing a hundred responses would take longer.
    if exchange.status != HTTPStatus.OK or "access_token" not in exchange.response_body:
        return None
    answer = _parse_json(exchange.response_body)
    if not isinstance(answer, dict) or "access_token" not in answer:
        return None
    lifetime = answer.get("expires_in")
    return float(lifetime) if isinstance(lifetime, int | float) else None


def _get_time(exchange: Exchange) -> datetime:
    return datetime.fromisoformat(exchange.started)


def _is_failure(exchange: Exchange) -> bool:
    if exchange.url.endswith(COUNTER_TEST):
        return False
    if exchange.error or exchange.status is None:
        return True
    if exchange.status >= HTTPStatus.MULTIPLE_CHOICES:
        return True
    # A captive portal answers with 200 and its own page.
    return refusal_rules.classify_page(exchange.status, exchange.response_body) is not None


def _quote_message(response: refusal_rules.ResponseFacts) -> str:
    message = response.first_field("error_description", "message", "Message", "error")
    if not message and response.json is None:
        message = summarise_body(response.headers.get("content-type", ""), response.text)
    if len(message) > _MAX_MESSAGE:
        message = message[:_MAX_MESSAGE] + "…"
    return f" ({message})" if message else ""


def _shorten(path: str) -> str:
    """Return the end of a long path. The journal has the whole one."""
    room = _MAX_MESSAGE // 2
    if len(path) <= room:
        return path or "/"
    end = path.rstrip("/").rpartition("/")[2][-room:]
    return f"…/{end}{'/' * path.endswith('/')}"


def _parse_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
