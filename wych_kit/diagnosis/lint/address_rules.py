"""Is this the right address? Rules for where a request goes, whatever it is for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wych_kit.client.http_request import is_loopback
from wych_kit.diagnosis.lint.remark import Remark
from wych_kit.diagnosis.lint.request_view import TOKEN_PATH, UNKNOWN_HOST
from wych_kit.secret import MASK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wych_kit.diagnosis.lint.request_view import Sent

UNFILLED = re.compile(
    r"\{\{?\w+\}?\}|<[^/<>]+>|(?<=/):\w*[Ii]d(?=/|$)|(?<=/)(?:partner|app|user)Id(?=/|$)"
)
_KNOWN = {"partnerid": "partner_id", "appid": "app_id"}


def address(sent: Sent) -> Iterator[Remark]:
    """What is wrong with the address itself."""
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
            "Over plain http anybody on the way can read the credentials.",
            sent.address(scheme="https"),
        )
    if sent.kind == "other":
        return
    if "//" in url.path:
        one = re.sub("//+", "/", url.path)
        yield Remark(
            "double-slash",
            "address",
            "Two slashes together make it another path, which is refused.",
            sent.address(one),
        )
    if re.search(r"(^|/)\.\.?(/|$)", url.path):
        flat = "/".join(part for part in url.path.split("/") if part not in (".", ".."))
        yield Remark(
            "wrong-path",
            "address",
            "A dot for a folder leads to another path than the one written.",
            sent.address(flat),
        )
    if UNFILLED.search(url.path):
        filled = UNFILLED.sub(lambda found: _value(sent, found[0]), url.path)
        yield Remark(
            "unfilled-path",
            "address",
            "A part of the path is still the name of what belongs there.",
            sent.address(filled),
        )


def _value(sent: Sent, mark: str) -> str:
    attribute = _KNOWN.get(re.sub(r"[\W_]", "", mark).lower(), "")
    return str(getattr(sent.settings, attribute, None) or MASK) if attribute else MASK


def host(sent: Sent) -> Iterator[Remark]:
    """Whether the credentials in it go to the host they are for."""
    due = {"token": sent.issuer, "call": sent.api, "other": sent.api}.get(sent.kind)
    if (
        due is None
        or not sent.has_credentials
        or sent.at(due)
        or (sent.kind == "other" and sent.at(sent.issuer))
    ):
        return
    name = due.netloc.decode("ascii", "replace")
    path = sent.url.path
    right = f"{due.scheme}://{name}{path}"
    why = f"These credentials are for {name}, and whoever runs another host could use them."
    yield Remark("wrong-host", "address", why, right)


def realm(sent: Sent) -> Iterator[Remark]:
    """Whether the token endpoint, or the discovery document, is the issuer's."""
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
    found = re.match(r"(.*)/realms/([^/]*)", path)
    if found:
        due = (
            sent.issuer.path.rpartition("/realms/")[2].strip("/")
            if sent.issuer and "/realms/" in sent.issuer.path
            else ""
        )
        if (due and found[2] != due) or (
            not due and found[2] != "partner" and found[2].lower() == "partner"
        ):
            right = f"{found[1]}/realms/{due or 'partner'}{path[found.end() :]}"
            why = "The realm is another one than the issuer's; capitals count."
            yield Remark("wrong-realm", "address", why, sent.address(right))
    if sent.kind == "discovery" and path.startswith("/.well-known/openid-configuration/"):
        right = (
            path.removeprefix("/.well-known/openid-configuration").rstrip("/")
            + "/.well-known/openid-configuration"
        )
        why = (
            "The document is below the issuer, not before its path (OpenID Connect Discovery 1.0"
            " section 4)."
        )
        yield Remark("no-issuer-there", "address", why, sent.address(right))
    if (
        sent.kind == "token"
        and not re.sub("//+", "/", path).rstrip("/").endswith(TOKEN_PATH)
        and sent.url.host != UNKNOWN_HOST
    ):
        base = sent.issuer.path if sent.issuer else "/realms/partner"
        why = "A token is asked for at the token endpoint that the discovery document names."
        yield Remark(
            "wrong-token-endpoint",
            "address",
            why,
            sent.address(base.rstrip("/") + TOKEN_PATH, query=False),
        )
