"""The one table of the API's paths, each with what our knowledge of it rests on, and how a path becomes an address."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

from wych_kit.errors import SettingInvalid
from wych_kit.settings import endpoint_paths

if TYPE_CHECKING:
    from wych_kit.settings.loading import Settings

# `yours` is a path that a setting corrects.
Basis = Literal["documented", "inferred", "invented", "yours"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One call of the API: what it is named here, what goes over the wire, which token it takes, and how we know."""

    name: str
    method: str
    path: str
    token: Literal["service", "user-context"]
    basis: Basis
    source: str

    @property
    def setting(self) -> str | None:
        """The setting that corrects it; `None` where Wych has published the path."""
        name = f"WYCH_PATH_{self.name.upper()}"
        return name if name in endpoint_paths.NAMES else None


APP_PATH = "/partner/{partnerId}/app/{appId}"
_CONNECTION = f"{APP_PATH}/connection/{{connectionId}}"
_ACCOUNT = f"{_CONNECTION}/account/{{accountId}}"
_UNKNOWN = "API facts section 9: not public; in the style of the paths that are"
# Guesses about Wych's paths live here and nowhere else in the client.
ENDPOINTS = (
    Endpoint("users", "GET", f"{APP_PATH}/users", "service", "documented", "API facts 5.3: path, headers and answer are shown"),
    Endpoint("find_or_create_user", "POST", f"{APP_PATH}/user", "service", "documented", "API facts 5.4: shown; that it creates is inferred"),
    Endpoint("user_token", "POST", f"{APP_PATH}/user/{{userId}}/token", "service", "inferred", "API facts 5.5: the path is shown, method and answer are not"),
    Endpoint("connections", "GET", f"{APP_PATH}/user/{{userId}}/connections", "service", "invented", _UNKNOWN),
    Endpoint("connection", "GET", _CONNECTION, "service", "invented", _UNKNOWN),
    Endpoint("revoke_connection", "DELETE", _CONNECTION, "service", "invented", _UNKNOWN),
    Endpoint("accounts", "GET", f"{_CONNECTION}/accounts", "user-context", "invented", _UNKNOWN),
    Endpoint("balances", "GET", f"{_ACCOUNT}/balances", "user-context", "invented", _UNKNOWN),
    Endpoint("transactions", "GET", f"{_ACCOUNT}/transactions", "user-context", "invented", _UNKNOWN),
)  # fmt: skip


def current_endpoints(settings: Settings) -> tuple[Endpoint, ...]:
    """The table as these settings correct it."""
    return tuple(_apply_correction(endpoint, settings) for endpoint in ENDPOINTS)


def find_endpoint(name: str, settings: Settings) -> Endpoint:
    """One of the table as these settings correct it. Raises `SettingInvalid` when the correction cannot be right."""
    known = next(each for each in ENDPOINTS if each.name == name)
    if known.setting and getattr(settings, f"path_{name}"):
        settings.require(known.setting, stage="call")
    return _apply_correction(known, settings)


def _apply_correction(known: Endpoint, settings: Settings) -> Endpoint:
    text = getattr(settings, f"path_{known.name}") if known.setting else None
    if not text:
        return known
    method, path = endpoint_paths.split_method(text)
    origin = next(value.origin for value in settings.values if value.name == known.setting)
    return replace(
        known,
        method=method or known.method,
        path=path,
        basis="yours",
        source=f"{known.setting}, {origin}",
    )


def build_url(settings: Settings, path: str, **ids: str) -> str:
    """The address of a path, which is below WYCH_API_URL when it starts with `/`, else below the app's own path there.

    `ids` by the placeholder: `userId="…"`. Those that the settings know are filled in too.
    """
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", path):
        raise SettingInvalid(
            "path",
            "is a whole address: give what comes after WYCH_API_URL",
            stage="call",
            reference="wrong-host",
        )
    full = path if path.startswith("/") else f"{APP_PATH}/{path}"
    settings.require("WYCH_API_URL", stage="call")
    known = {"{partnerId}": "partner_id", "{appId}": "app_id"}
    for mark, attribute in known.items():
        if mark in full:
            settings.require(f"WYCH_{attribute.upper()}", stage="call")
            full = full.replace(mark, _quote_segment(getattr(settings, attribute) or ""))
    full = re.sub(
        r"\{(\w+)\}",
        lambda found: _quote_segment(ids[found[1]]) if ids.get(found[1]) else found[0],
        full,
    )
    if left := re.search(r"\{\w+\}", full):
        raise SettingInvalid(
            "path", f"still has {left[0]} in it", stage="call", reference="placeholder-left"
        )
    return (settings.api_url or "").rstrip("/") + "/" + full.lstrip("/")


def endpoint_patterns(settings: Settings) -> tuple[tuple[Endpoint, re.Pattern[str]], ...]:
    """Return each endpoint with a pattern for its URLs, in the table's order.

    Compiling costs as much as half a call: keep the result for as long as the settings.
    """
    base = (settings.api_url or "").rstrip("/")
    return tuple(
        (each, re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(base + each.path))))
        for each in current_endpoints(settings)
    )


def match_endpoint(
    patterns: tuple[tuple[Endpoint, re.Pattern[str]], ...], method: str, url: str
) -> Endpoint | None:
    """Return the endpoint that this request is for, or None for any other."""
    path = url.partition("?")[0].partition("#")[0].rstrip("/")
    return next(
        (
            each
            for each, pattern in patterns
            if each.method == method.upper() and pattern.fullmatch(path)
        ),
        None,
    )


def _quote_segment(text: str) -> str:
    """The text as one part of a path, whatever is in it."""
    if text in (".", ".."):  # on the way, every URL library takes these for steps up
        raise SettingInvalid(
            "path", f"cannot have {text} for an id", stage="call", reference="not-an-id"
        )
    return quote(text, safe="")
