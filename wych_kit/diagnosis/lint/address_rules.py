"""Rules for the URL of a request, whatever the request is for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wych_kit.client.http_request import is_loopback
from wych_kit.diagnosis.lint.remark import Remark
from wych_kit.diagnosis.lint.request_view import TOKEN_PATH, UNKNOWN_HOST
from wych_kit.secret import MASK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wych_kit.diagnosis.lint.request_view import RequestView

UNFILLED = re.compile(
    r"\{\{?\w+\}?\}|<[^/<>]+>|(?<=/):\w*[Ii]d(?=/|$)|(?<=/)(?:partner|app|user)Id(?=/|$)"
)
_KNOWN = {"partnerid": "partner_id", "appid": "app_id"}


def check_url(sent: RequestView) -> Iterator[Remark]:
    """Yield what is wrong with the URL itself."""
    url = sent.url
    if sent.kind == "other" and not sent.has_credentials:
        return
    if (
        url.scheme == "http"
        and not is_loopback(url.host)
        and (sent.has_credentials or sent.kind != "other")
    ):
        yield Remark(
            "not-https",
            "address",
            "Plain http sends the credentials unencrypted.",
            sent.address(scheme="https"),
        )
    if sent.kind == "other":
        return
    if "//" in url.path:
        one = re.sub("//+", "/", url.path)
        yield Remark(
            "double-slash",
            "address",
            "Two slashes in a row make it a different path, and the server rejects that.",
            sent.address(one),
        )
    if re.search(r"(^|/)\.\.?(/|$)", url.path):
        flat = "/".join(part for part in url.path.split("/") if part not in (".", ".."))
        yield Remark(
            "wrong-path",
            "address",
            "Dots as a folder name lead to a different path.",
            sent.address(flat),
        )
    if UNFILLED.search(url.path):
        filled = UNFILLED.sub(lambda match: _value(sent, match[0]), url.path)
        yield Remark(
            "unfilled-path",
            "address",
            "A placeholder in the path was not replaced.",
            sent.address(filled),
        )


def _value(sent: RequestView, mark: str) -> str:
    attribute = _KNOWN.get(re.sub(r"[\W_]", "", mark).lower(), "")
    return str(getattr(sent.settings, attribute, None) or MASK) if attribute else MASK


def check_host(sent: RequestView) -> Iterator[Remark]:
    """Yield a remark if the credentials go to a host that they are not for."""
    due = {"token": sent.issuer, "call": sent.api, "other": sent.api}.get(sent.kind)
    if (
        due is None
        or not sent.has_credentials
        or sent.is_at(due)
        or (sent.kind == "other" and sent.is_at(sent.issuer))
    ):
        return
    name = due.netloc.decode("ascii", "replace")
    path = sent.url.path
    right = f"{due.scheme}://{name}{path}"
    why = f"These credentials are for {name}. The owner of a different host could use them."
    yield Remark("wrong-host", "address", why, right)


def check_realm(sent: RequestView) -> Iterator[Remark]:
    """Yield remarks if the token endpoint or discovery document is not the issuer's."""
    path = sent.url.path
    if sent.url.host == UNKNOWN_HOST and "/realms/" not in path:
        return
    if path.startswith("/auth/realms/"):
        without = path.removeprefix("/auth")
        why = "Newer versions of the identity provider have no /auth before /realms."
        if not (sent.issuer and sent.issuer.path.startswith("/auth/")):
            yield Remark(
                "auth-prefix",
                "address",
                why,
                sent.address(without),
                certain=sent.issuer is not None,
            )
            path = without
    match = re.match(r"(.*)/realms/([^/]*)", path)
    if match:
        due = (
            sent.issuer.path.rpartition("/realms/")[2].strip("/")
            if sent.issuer and "/realms/" in sent.issuer.path
            else ""
        )
        if (due and match[2] != due) or (
            not due and match[2] != "partner" and match[2].lower() == "partner"
        ):
            right = f"{match[1]}/realms/{due or 'partner'}{path[match.end() :]}"
            why = "The realm differs from the issuer's. Upper and lower case matter."
            yield Remark("wrong-realm", "address", why, sent.address(right))
    if sent.kind == "discovery" and path.startswith("/.well-known/openid-configuration/"):
        right = (
            path.removeprefix("/.well-known/openid-configuration").rstrip("/")
            + "/.well-known/openid-configuration"
        )
        why = (
            "The discovery document is below the issuer's path, not before it (OpenID Connect"
            " Discovery 1.0 section 4)."
        )
        yield Remark("no-issuer-there", "address", why, sent.address(right))
    if (
        sent.kind == "token"
        and not re.sub("//+", "/", path).rstrip("/").endswith(TOKEN_PATH)
        and sent.url.host != UNKNOWN_HOST
    ):
        base = sent.issuer.path if sent.issuer else "/realms/partner"
        why = "Use the token endpoint that the discovery document names."
        yield Remark(
            "wrong-token-endpoint",
            "address",
            why,
            sent.address(base.rstrip("/") + TOKEN_PATH, query=False),
        )
