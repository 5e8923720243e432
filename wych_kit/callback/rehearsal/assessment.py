"""Judge a handler's responses to a case, as far as that is visible from outside."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Literal, NamedTuple
from urllib.parse import urljoin, urlsplit

from wych_kit.callback.rehearsal.cases import ELSEWHERE, SCRIPT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from wych_kit.callback.rehearsal.browser import HandlerResponse
    from wych_kit.callback.rehearsal.cases import Case

Judgement = Literal["ok", "look", "wrong"]

# Small servers answer 501 to HEAD. That is correct, and no customer sees it.
_UNKNOWN_METHOD = ("HEAD", HTTPStatus.NOT_IMPLEMENTED)
# Types that a browser runs scripts in. Without a type it guesses, so "" is one of them.
_SCRIPT_TYPES = (
    "",
    "text/html",
    "application/xhtml+xml",
    "image/svg+xml",
    "text/xml",
    "application/xml",
)
_STACK_TRACE = re.compile(
    r"Traceback \(most recent call last\)|(?m:^\s+at \S.*[:(]\S+:\d+(:\d+)?\)?\s*$)"
)
# Ids, form tokens and times differ from page to page.
_CHANGING_TEXT = re.compile(r"[\w+/=-]{16,}|\d+")


class Assessment(NamedTuple):
    """`ok`, `wrong`, or `look`: a person must say whether this is right.

    `observation` is a sentence about what was seen; it may be empty for `ok`.
    """

    judgement: Judgement
    observation: str = ""


def assess(
    case: Case,
    responses: Sequence[HandlerResponse],
    active: HandlerResponse | None,
    *,
    is_real: bool,
) -> Assessment:
    """Return the assessment of a case.

    `active` is the response to the first case. `is_real`: the connection that is sent exists, so
    a handler that asks the API has no reason to refuse it.
    """
    for response in responses:
        if defect := next(_find_defects(response), ""):
            return Assessment("wrong", defect)
    last = responses[-1]
    if any(_STACK_TRACE.search(response.body) for response in responses):
        return Assessment("look", "The page shows a stack trace, which anybody can read.")
    accepts_active = active is not None and _is_accepted(active)
    if case.expectation in ("accept", "same_as_active") and not _is_accepted(last):
        return _assess_refusal(case, last, accepts_active=accepts_active, is_real=is_real)
    must_differ = case.expectation == "differ_from_active" or case.name.startswith(
        ("pending", "rejected")
    )
    if case.expectation == "same_as_active" or not must_differ:
        return Assessment("ok")
    if accepts_active and active and _is_same(last, active):
        return _assess_no_difference(case, is_real=is_real)
    return Assessment("ok")


def has_unescaped_script(response: HandlerResponse) -> bool:
    """Return True if the script came back unescaped in a page that a browser runs."""
    return SCRIPT in response.body and response.content_type in _SCRIPT_TYPES


def _find_defects(response: HandlerResponse) -> Iterator[str]:
    if response.status is None:
        yield f"There was no response: {response.failure}."
    elif (
        response.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        and (response.method, response.status) != _UNKNOWN_METHOD
    ):
        yield f"The handler failed with {response.status}: the customer sees a broken page."
    if has_unescaped_script(response):
        yield "The script came back unescaped: whoever writes a link can run code on your page."
    if response.header_injected:
        yield "A line break in a value became a header of the response."
    if response.location and _leads_away(response.location):
        yield (
            "The URL decides where the browser goes next: whoever writes a link can send your"
            " customers anywhere."
        )


def _assess_refusal(
    case: Case, last: HandlerResponse, *, accepts_active: bool, is_real: bool
) -> Assessment:
    """Return the assessment of a refusal that was not expected."""
    refused = f"The handler refused with {last.status}"
    if last.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return Assessment("look", f"{refused}. It may want a session, and the rehearsal has none.")
    if last.status == HTTPStatus.TOO_MANY_REQUESTS:
        return Assessment("look", f"{refused}, too many requests. Try this one alone with --only.")
    if accepts_active and case.name == "active-without-user":
        return Assessment("wrong", f"{refused}, but it accepts the same redirect with a user.")
    if accepts_active and case.expectation == "accept":
        return Assessment("look", f"{refused}: a customer who did nothing wrong sees an error.")
    if accepts_active:
        return Assessment("look", f"{refused}, but it accepts this redirect when it comes alone.")
    if is_real:
        judgement: Judgement = "wrong" if case.expectation == "accept" else "look"
        return Assessment(judgement, f"{refused}, but the connection exists.")
    advice = f"{refused}. That is right if it asked the API about this invented connection."
    advice += " To test further, name a real one with --connection ID."
    if last.status in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED):
        advice += " Check also that --to is right."
    return Assessment("look", advice)


def _assess_no_difference(case: Case, *, is_real: bool) -> Assessment:
    """Return the assessment of a response that is the same as for ACTIVE, but should differ."""
    if case.name == "unknown-connection" and not is_real:
        return Assessment(
            "ok",
            "ACTIVE was sent with an invented connection too."
            " To make this a test, name a real one with --connection ID.",
        )
    if "connection=" not in case.visits[-1].query:
        return Assessment(
            "look", "The response is the same as for ACTIVE, though no connection is named."
        )
    return Assessment(
        "look",
        "The response is the same as for ACTIVE. That is right only if the handler asked the API,"
        " which is not visible from outside.",
    )


def _is_accepted(response: HandlerResponse) -> bool:
    return response.status is not None and response.status < HTTPStatus.BAD_REQUEST


def _is_same(one: HandlerResponse, other: HandlerResponse) -> bool:
    """Return True if a customer would see no difference."""
    return one.status == other.status and all(
        _CHANGING_TEXT.sub("", mine) == _CHANGING_TEXT.sub("", theirs)
        for mine, theirs in ((one.location, other.location), (one.body, other.body))
    )


def _leads_away(location: str) -> bool:
    try:
        # Browsers read a backslash as a slash, so /\host is another host for them.
        parts = urlsplit(urljoin("https://own.invalid/", location.replace("\\", "/")))
    except ValueError:
        return True
    return parts.hostname == ELSEWHERE or parts.scheme not in ("http", "https")
