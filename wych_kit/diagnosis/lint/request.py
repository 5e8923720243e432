"""All rules for one request, and hooks that warn about what is about to be sent."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

from wych_kit.diagnosis.lint import address_rules, api_call_rules, token_request_rules
from wych_kit.diagnosis.lint.remark import Remark, masked
from wych_kit.diagnosis.lint.request_view import Sent

if TYPE_CHECKING:
    import httpx

    from wych_kit.settings.loading import Settings


class LintWarning(UserWarning):
    """A remark on a request that is sent all the same."""


def lint_request(
    request: httpx.Request, settings: Settings | None = None, *, now: float | None = None
) -> tuple[Remark, ...]:
    """What is wrong with a request, in the order address, credentials, body; nothing about one that is not for Wych.

    With `settings` also what does not fit them; with `now` (seconds since 1970) whether the token is still accepted. Never raises,
    never sends, shows no secret.
    """
    sent = Sent(request, settings, now)
    found = [*address_rules.address(sent), *address_rules.host(sent)]
    if sent.kind in ("token", "discovery"):
        found += address_rules.realm(sent)
    if sent.kind == "token":
        found += token_request_rules.token(sent)
    elif sent.kind == "call":
        found += api_call_rules.call(sent)
    elif sent.kind == "discovery" and request.method not in ("GET", "HEAD"):
        found.append(
            Remark("wrong-method", "method", "The discovery document is fetched with GET.", "GET")
        )
    shown = (
        replace(
            each,
            where=masked(each.where, sent.redactor),
            instead=masked(each.instead, sent.redactor),
        )
        for each in found
    )
    return tuple(dict.fromkeys(shown))


def warn(request: httpx.Request) -> None:
    """For `httpx.Client(event_hooks={"request": [warn]})`: one `LintWarning` for each remark; the request is sent."""
    for remark in lint_request(request):
        warnings.warn(str(remark), LintWarning, stacklevel=2)


async def warn_async(request: httpx.Request) -> None:
    """As `warn`, for `httpx.AsyncClient`."""
    warn(request)
