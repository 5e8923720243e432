"""Apply all rules to one request, and warn about requests that an httpx client is about to send."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

from wych_kit.diagnosis.lint import address_rules, api_call_rules, token_request_rules
from wych_kit.diagnosis.lint.remark import Remark, mask_secrets
from wych_kit.diagnosis.lint.request_view import RequestView

if TYPE_CHECKING:
    import httpx

    from wych_kit.settings.loading import Settings


class LintWarning(UserWarning):
    """A remark on a request that is sent all the same."""


def lint_request(
    request: httpx.Request, settings: Settings | None = None, *, now: float | None = None
) -> tuple[Remark, ...]:
    """Return the remarks on a request, in the order URL, credentials, body; none if it is not for Wych.

    With `settings`, also what contradicts them; with `now` (seconds since 1970), whether the token
    has expired. Raises nothing, sends nothing, shows no secret.
    """
    sent = RequestView(request, settings, now)
    remarks = [*address_rules.check_url(sent), *address_rules.check_host(sent)]
    if sent.kind in ("token", "discovery"):
        remarks += address_rules.check_realm(sent)
    if sent.kind == "token":
        remarks += token_request_rules.check_token_request(sent)
    elif sent.kind == "call":
        remarks += api_call_rules.check_api_call(sent)
    elif sent.kind == "discovery" and request.method not in ("GET", "HEAD"):
        remarks.append(
            Remark("wrong-method", "method", "Get the discovery document with GET.", "GET")
        )
    shown = (
        replace(
            remark,
            where=mask_secrets(remark.where, sent.redactor),
            instead=mask_secrets(remark.instead, sent.redactor),
        )
        for remark in remarks
    )
    return tuple(dict.fromkeys(shown))


def warn(request: httpx.Request) -> None:
    """Raise a `LintWarning` for remark remark; the request is sent all the same.

    For `httpx.Client(event_hooks={"request": [warn]})`.
    """
    for remark in lint_request(request):
        warnings.warn(str(remark), LintWarning, stacklevel=2)


async def warn_async(request: httpx.Request) -> None:
    """Do as `warn`, for `httpx.AsyncClient`."""
    warn(request)
