"""Rules for a token request (RFC 6749 sections 2.3 and 4.4; wire facts A3)."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from wych_kit.diagnosis.lint.remark import Remark, copy_mistake, is_variable
from wych_kit.secret import MASK, Secret

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wych_kit.diagnosis.lint.request_view import RequestView

FORM = "application/x-www-form-urlencoded"
# The whole of what the token endpoint wants, with Wych's samples (API facts section 4).
BODY = f"grant_type=client_credentials&client_id={MASK}&client_secret={MASK}"
_TYPE = f"Content-Type: {FORM}"


def check_token_request(sent: RequestView) -> Iterator[Remark]:
    """Yield all that is wrong with method, headers and body."""
    if sent.request.method != "POST":
        yield Remark("wrong-method", "method", "The token endpoint accepts only POST.", "POST")
    yield from _query(sent)
    yield from _headers(sent)
    if (
        "json" in sent.content_type
        or sent.content_type.startswith("multipart/")
        or sent.content.lstrip()[:1] == b"{"
    ):
        yield Remark("json-body", "body", "The token endpoint reads only a form.", BODY)
        return
    if sent.content_type != FORM and sent.content:
        why = "The server does not read the fields without the Content-Type of a form."
        yield Remark("missing-grant-type", "header Content-Type", why, _TYPE)
    if sent.request.method == "POST":
        yield from _grant(sent)
        yield from _credentials(sent)


def _query(sent: RequestView) -> Iterator[Remark]:
    if {name for name, _ in sent.query} & {"client_id", "client_secret", "grant_type"}:
        why = (
            "The server does not read fields in the URL, and servers log URLs (RFC 6749 section"
            " 2.3.1)."
        )
        whole = {"client_id", "client_secret", "grant_type"} <= {name for name, _ in sent.form}
        yield Remark("missing-secret", "address", why, sent.address(query=False), certain=not whole)


def _headers(sent: RequestView) -> Iterator[Remark]:
    for name, _ in sent.headers("origin"):
        why = "A request with an Origin header counts as a browser's. Your app may not be allowed that."
        yield Remark("origin-header", f"header {name}", why, "", certain=False)
    for name in [name for name, _ in sent.headers("x-api-key")] + sent.misspelt_keys:
        why = "The API key is for the API. The identity provider does not need it."
        yield Remark("wrong-host", f"header {name}", why, "", certain=False)


def _grant(sent: RequestView) -> Iterator[Remark]:
    counts = Counter(name for name, _ in sent.form)
    fields = dict(sent.form)
    if not fields.get("grant_type"):
        near = next(
            (
                name
                for name in counts
                if re.sub("[^a-z]", "", name.lower()) in ("granttype", "grant")
            ),
            "",
        )
        why = f"The form has no grant_type{', but a field with a similar name' if near else ''}."
        yield Remark("missing-grant-type", "body", why, BODY)
    elif fields["grant_type"] != "client_credentials" and re.sub(
        "[^a-z]", "", fields["grant_type"].lower()
    ).startswith("client"):
        yield Remark(
            "wrong-grant-type", "body", "The grant type must be exactly client_credentials.", BODY
        )
    if any(number > 1 for number in counts.values()):
        yield Remark(
            "duplicate-parameter",
            "body",
            "The form contains a field twice (RFC 6749 section 3.2).",
            BODY,
        )
    if "scope" in fields and not fields["scope"].strip():
        yield Remark(
            "wrong-scope",
            "body",
            "The scope is empty. Remove the field.",
            BODY,
        )
    elif "scope" in fields and not is_variable(fields["scope"]):
        why = "Wych documents no scope. A scope that the app does not have is rejected."
        yield Remark("wrong-scope", "body", why, BODY, certain=False)


def _credentials(sent: RequestView) -> Iterator[Remark]:
    fields = dict(sent.form)
    in_form = "client_secret" in fields
    if sent.basic and in_form:
        why = "The request sends the credentials in two ways. Use one (RFC 6749 section 2.3)."
        yield Remark("duplicate-parameter", "header Authorization", why, "", certain=False)
    if sent.basic:
        yield from _basic(*sent.basic)
    if not in_form and not sent.headers("authorization"):
        yield Remark("missing-secret", "body", "The form has no client_secret.", BODY)
    if in_form:
        yield from _check_form_credentials(
            sent, fields.get("client_id", ""), fields["client_secret"]
        )


def _basic(name: str, secret: str) -> Iterator[Remark]:
    for part in (name, secret):
        broken = re.search(r"%(?![0-9A-Fa-f]{2})", part)
        if broken or "+" in part:
            why = (
                "Form-encode id and secret before base64 (RFC 6749 section 2.3.1). Otherwise + becomes a"
                " space and % is misread."
            )
            yield Remark(
                "basic-not-encoded",
                "header Authorization",
                why,
                f"Authorization: Basic {MASK}",
                certain=bool(broken),
            )
            return


def _check_form_credentials(sent: RequestView, name: str, secret: str) -> Iterator[Remark]:
    if mistake := copy_mistake(secret):
        yield Remark(mistake[0], "body", f"The client_secret is invalid: {mistake[1]}.", BODY)
    if not name:
        yield Remark("unknown-client", "body", "The form has no client_id.", BODY)
    elif mistake := copy_mistake(name):
        yield Remark(mistake[0], "body", f"The client_id is invalid: {mistake[1]}.", BODY)
    settings = sent.settings
    if settings is None or mistake or copy_mistake(secret):
        return
    if settings.client_id and name and not is_variable(name) and name != settings.client_id:
        yield Remark(
            "unknown-client",
            "body",
            "The client_id differs from WYCH_CLIENT_ID.",
            BODY,
            certain=False,
        )
    elif (
        settings.client_secret
        and not is_variable(secret)
        and Secret(secret) != settings.client_secret
    ):
        yield Remark(
            "wrong-client-secret",
            "body",
            "The client_secret differs from WYCH_CLIENT_SECRET.",
            BODY,
            certain=False,
        )
