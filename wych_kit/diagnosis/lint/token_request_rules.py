"""Rules for a request to the token endpoint (RFC 6749 sections 2.3 and 4.4; wire facts A3)."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from wych_kit.diagnosis.lint.remark import Remark, is_variable, odd
from wych_kit.secret import MASK, Secret

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wych_kit.diagnosis.lint.request_view import Sent

FORM = "application/x-www-form-urlencoded"
# The whole of what the token endpoint wants, with Wych's samples (API facts section 4).
BODY = f"grant_type=client_credentials&client_id={MASK}&client_secret={MASK}"
_TYPE = f"Content-Type: {FORM}"


def token(sent: Sent) -> Iterator[Remark]:
    """All that is wrong with method, headers and body."""
    if sent.request.method != "POST":
        yield Remark("wrong-method", "method", "The token endpoint takes POST only.", "POST")
    yield from _query(sent)
    yield from _headers(sent)
    if (
        "json" in sent.content_type
        or sent.content_type.startswith("multipart/")
        or sent.content.lstrip()[:1] == b"{"
    ):
        yield Remark(
            "json-body", "body", "The token endpoint reads a form, and nothing else.", BODY
        )
        return
    if sent.content_type != FORM and sent.content:
        why = "Without the type of a form the fields in the body are not read."
        yield Remark("missing-grant-type", "header Content-Type", why, _TYPE)
    if sent.request.method == "POST":
        yield from _grant(sent)
        yield from _credentials(sent)


def _query(sent: Sent) -> Iterator[Remark]:
    if {name for name, _ in sent.query} & {"client_id", "client_secret", "grant_type"}:
        why = (
            "Fields in the address are not read, and addresses are logged on the way (RFC 6749"
            " section 2.3.1)."
        )
        whole = {"client_id", "client_secret", "grant_type"} <= {name for name, _ in sent.form}
        yield Remark("missing-secret", "address", why, sent.address(query=False), certain=not whole)


def _headers(sent: Sent) -> Iterator[Remark]:
    for name, _ in sent.headers("origin"):
        why = "With an Origin the request counts as a browser's, which the app may not be allowed."
        yield Remark("origin-header", f"header {name}", why, "", certain=False)
    for name in [name for name, _ in sent.headers("x-api-key")] + sent.misspelt_keys:
        why = "The API key is for the API; the identity provider has no use for it."
        yield Remark("wrong-host", f"header {name}", why, "", certain=False)


def _grant(sent: Sent) -> Iterator[Remark]:
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
        why = f"The form has no grant_type{', though it has one of a like name' if near else ''}."
        yield Remark("missing-grant-type", "body", why, BODY)
    elif fields["grant_type"] != "client_credentials" and re.sub(
        "[^a-z]", "", fields["grant_type"].lower()
    ).startswith("client"):
        yield Remark(
            "wrong-grant-type", "body", "The grant is written client_credentials, exactly so.", BODY
        )
    if any(number > 1 for number in counts.values()):
        yield Remark(
            "duplicate-parameter", "body", "A field is there twice (RFC 6749 section 3.2).", BODY
        )
    if "scope" in fields and not fields["scope"].strip():
        yield Remark(
            "wrong-scope",
            "body",
            "An empty scope is none that the app has: leave the field out.",
            BODY,
        )
    elif "scope" in fields and not is_variable(fields["scope"]):
        why = "Wych names no scope: one that the app does not have is refused."
        yield Remark("wrong-scope", "body", why, BODY, certain=False)


def _credentials(sent: Sent) -> Iterator[Remark]:
    fields = dict(sent.form)
    in_form = "client_secret" in fields
    if sent.basic and in_form:
        why = "The credentials are there twice; one way is enough (RFC 6749 section 2.3)."
        yield Remark("duplicate-parameter", "header Authorization", why, "", certain=False)
    if sent.basic:
        yield from _basic(*sent.basic)
    if not in_form and not sent.headers("authorization"):
        yield Remark("missing-secret", "body", "There is no client_secret in the form.", BODY)
    if in_form:
        yield from _judged(sent, fields.get("client_id", ""), fields["client_secret"])


def _basic(name: str, secret: str) -> Iterator[Remark]:
    for part in (name, secret):
        broken = re.search(r"%(?![0-9A-Fa-f]{2})", part)
        if broken or "+" in part:
            why = (
                "Id and secret are form-encoded before base64 (RFC 6749 section 2.3.1), or + turns"
                " into a space and % is misread."
            )
            yield Remark(
                "basic-not-encoded",
                "header Authorization",
                why,
                f"Authorization: Basic {MASK}",
                certain=bool(broken),
            )
            return


def _judged(sent: Sent, name: str, secret: str) -> Iterator[Remark]:
    if found := odd(secret):
        yield Remark(found[0], "body", f"The client_secret cannot be right: {found[1]}.", BODY)
    if not name:
        yield Remark("unknown-client", "body", "There is no client_id in the form.", BODY)
    elif found := odd(name):
        yield Remark(found[0], "body", f"The client_id cannot be right: {found[1]}.", BODY)
    settings = sent.settings
    if settings is None or found or odd(secret):
        return
    if settings.client_id and name and not is_variable(name) and name != settings.client_id:
        yield Remark(
            "unknown-client",
            "body",
            "The client_id is another one than WYCH_CLIENT_ID.",
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
            "The client_secret is another one than WYCH_CLIENT_SECRET.",
            BODY,
            certain=False,
        )
