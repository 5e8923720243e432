"""Lists the API's paths, each with what our knowledge of it rests on, and builds URLs."""

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
    """One call of the API: its name here, method and path, the token it takes, and the source."""

    name: str
    method: str
    path: str
    token: Literal["service", "user-context"]
    basis: Basis
    source: str

    @property
    def setting(self) -> str | None:
        """The setting that corrects the path; None if Wych has published the path."""
        name = f"WYCH_PATH_{self.name.upper()}"
        return name if name in endpoint_paths.NAMES else None


APP_PATH = "/partner/{partnerId}/app/{appId}"
_CONNECTION = f"{APP_PATH}/connection/{{connectionId}}"
_ACCOUNT = f"{_CONNECTION}/account/{{accountId}}"
_UNKNOWN = "API facts section 9: not public; in the style of the published paths"
# Guesses about Wych's paths live here and nowhere else in the client.
ENDPOINTS = (
    Endpoint("users", "GET", f"{APP_PATH}/users", "service", "documented",
             source="API facts 5.3: path, headers and response are shown"),
    Endpoint("find_or_create_user", "POST", f"{APP_PATH}/user", "service", "documented",
             source="API facts 5.4: the call is shown; that it creates a user is inferred"),
    Endpoint("user_token", "POST", f"{APP_PATH}/user/{{userId}}/token", "service", "inferred",
             source="API facts 5.5: the path is shown; method and response are not"),
    Endpoint("connections", "GET", f"{APP_PATH}/user/{{userId}}/connections", "service", "invented",
             source=_UNKNOWN),
    Endpoint("connection", "GET", _CONNECTION, "service", "invented", _UNKNOWN),
    Endpoint("revoke_connection", "DELETE", _CONNECTION, "service", "invented", _UNKNOWN),
    Endpoint("accounts", "GET", f"{_CONNECTION}/accounts", "user-context", "invented", _UNKNOWN),
    Endpoint("balances", "GET", f"{_ACCOUNT}/balances", "user-context", "invented", _UNKNOWN),
    Endpoint("transactions", "GET", f"{_ACCOUNT}/transactions", "user-context", "invented",
             source=_UNKNOWN),
)  # fmt: skip


def current_endpoints(settings: Settings) -> tuple[Endpoint, ...]:
    """Return the table as these settings correct it."""
    return tuple(_apply_correction(endpoint, settings) for endpoint in ENDPOINTS)


def find_endpoint(name: str, settings: Settings) -> Endpoint:
    """Return one endpoint as these settings correct it.

    Raises `SettingInvalid` for a correction that is not valid.
    """
    endpoint = next(endpoint for endpoint in ENDPOINTS if endpoint.name == name)
    if endpoint.setting and getattr(settings, f"path_{name}"):
        settings.require(endpoint.setting, stage="call")
    return _apply_correction(endpoint, settings)


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
    """Return the URL of a path: below WYCH_API_URL if it starts with `/`, else below the app's own path.

    `ids` fill in placeholders: `userId="…"`. Those that the settings have are filled in too.
    Raises `SettingMissing` or `SettingInvalid`.
    """
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", path):
        raise SettingInvalid(
            "path",
            "is a whole URL. Give only the part after WYCH_API_URL",
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
        lambda match: _quote_segment(ids[match[1]]) if ids.get(match[1]) else match[0],
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
        (endpoint, re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(base + endpoint.path))))
        for endpoint in current_endpoints(settings)
    )


def match_endpoint(
    patterns: tuple[tuple[Endpoint, re.Pattern[str]], ...], method: str, url: str
) -> Endpoint | None:
    """Return the endpoint that this request is for, or None for any other."""
    path = url.partition("?")[0].partition("#")[0].rstrip("/")
    return next(
        (
            endpoint
            for endpoint, pattern in patterns
            if endpoint.method == method.upper() and pattern.fullmatch(path)
        ),
        None,
    )


def _quote_segment(text: str) -> str:
    # Every URL library reads these as a step up.
    if text in (".", ".."):
        raise SettingInvalid(
            "path", f"contains {text} in place of an id", stage="call", reference="not-an-id"
        )
    return quote(text, safe="")
