"""A request that is about to be sent, as the rules look at it: its kind, form and credentials."""

from __future__ import annotations

import base64
import binascii
import contextlib
import re
from functools import cached_property
from typing import TYPE_CHECKING, Literal
from urllib.parse import parse_qsl

import httpx

from wych_kit.client.http_request import parse_url
from wych_kit.client.journal.redaction import Redactor
from wych_kit.secret import MASK

if TYPE_CHECKING:
    from wych_kit.settings.loading import Settings

TOKEN_PATH = "/protocol/openid-connect/token"
# Stands for the host when a shell's variable holds it (RFC 6761 section 6.4: nobody can have that
# name).
UNKNOWN_HOST = "variable.invalid"
_LONG = re.compile(r"(?!openid-configuration(?:/|$))[^/]{20,}")
_PLAIN_NAME = re.compile(r"[\w.-]{1,16}")
_KEY_NAMES = {"xapikey", "apikey"}

Kind = Literal["token", "discovery", "identity", "call", "other"]


class RequestView:
    """A request, the settings it is judged against (None: only general rules), and the current time."""

    def __init__(
        self, request: httpx.Request, settings: Settings | None = None, now: float | None = None
    ) -> None:
        self.request = request
        self.url = request.url
        self.settings = settings
        self.now = now
        self.issuer = parse_url(settings.issuer_url) if settings and settings.issuer_url else None
        self.api = parse_url(settings.api_url) if settings and settings.api_url else None

    @cached_property
    def content(self) -> bytes:
        """Return the body; empty for a stream, which can be read only once."""
        with contextlib.suppress(httpx.RequestNotRead):
            return self.request.content
        return b""

    @cached_property
    def content_type(self) -> str:
        """Return the body's type in lower case, without parameters."""
        return str(self.request.headers.get("Content-Type", "")).partition(";")[0].strip().lower()

    @cached_property
    def form(self) -> list[tuple[str, str]]:
        """Return the fields of the body, whatever its type says; none if it is JSON."""
        text = self.content[:65536].decode("utf-8", "replace")
        return [] if text.lstrip()[:1] in ("{", "[") else parse_qsl(text, keep_blank_values=True)

    @cached_property
    def query(self) -> list[tuple[str, str]]:
        """Return the fields in the URL."""
        return parse_qsl(self.url.query.decode("ascii", "replace"), keep_blank_values=True)

    @cached_property
    def kind(self) -> Kind:
        """Return the kind of request, told by the path and the settings.

        A body with a grant_type is a token request, wherever it goes.
        """
        path = self.url.path
        if "/.well-known/" in path:
            return "discovery"
        if path.rstrip("/").endswith(TOKEN_PATH) or any(
            name == "grant_type" for name, _ in self.form
        ):
            return "token"
        if "/realms/" in path:
            return "identity"
        base = self.api.path.rstrip("/") if self.api else ""
        below = bool(base) and self.is_at(self.api) and f"{path}/".startswith(f"{base}/")
        return "call" if below or re.match(r"/+v\d+(/|$)", path) or "/partner/" in path else "other"

    def is_at(self, address: httpx.URL | None) -> bool:
        """Return True if the request goes to this scheme, host and port, or if one of the two is unknown."""
        if address is None or self.url.host == UNKNOWN_HOST:
            return True
        return (self.url.scheme, self.url.raw_host, self.url.port) == (
            address.scheme,
            address.raw_host,
            address.port,
        )

    def headers(self, name: str) -> list[tuple[str, str]]:
        """Return all headers of that name, as (name as written, value)."""
        raw = [
            (key.decode("ascii", "replace"), value.decode("utf-8", "replace"))
            for key, value in self.request.headers.raw
        ]
        return [pair for pair in raw if pair[0].lower() == name]

    @cached_property
    def misspelt_keys(self) -> list[str]:
        """Return the names of headers that were meant to be `x-api-key`."""
        names = [key.decode("ascii", "replace") for key, _ in self.request.headers.raw]
        return [name for name in names if name.lower() != "x-api-key" and is_key_name(name)]

    @cached_property
    def basic(self) -> tuple[str, str] | None:
        """Return id and secret of a Basic header, or None if there is none that can be read."""
        for _, value in self.headers("authorization"):
            scheme, _, rest = value.partition(" ")
            if scheme.lower() == "basic":
                with contextlib.suppress(binascii.Error, ValueError):
                    name, colon, secret = (
                        base64.b64decode(rest.strip(), validate=True).decode().partition(":")
                    )
                    return (name, secret) if colon else None
        return None

    @cached_property
    def has_credentials(self) -> bool:
        """Return True if the request contains a secret or a token."""
        fields = {name for name, _ in (*self.form, *self.query)}
        return bool(
            self.headers("authorization")
            or self.headers("x-api-key")
            or self.misspelt_keys
            or fields & {"client_secret", "access_token"}
        )

    @cached_property
    def redactor(self) -> Redactor:
        """Return a redactor that knows every secret of the request and the settings."""
        redactor = Redactor(strict=True)
        raw = [
            (key.decode("ascii", "replace"), value.decode("utf-8", "replace"))
            for key, value in self.request.headers.raw
        ]
        redactor.redact_headers(raw)
        redactor.redact_url(self.url)
        redactor.redact_body(self.content, self.content_type)
        for name in ("client_secret", "api_key"):
            if self.settings and (secret := getattr(self.settings, name)):
                redactor.learn(name, secret)
        return redactor

    def address(self, path: str | None = None, *, scheme: str = "", query: bool = True) -> str:
        """Return the URL, or one with a different path, as it may be shown.

        User info is removed, and long path segments and the query are masked.
        """
        begins = (
            "$…"
            if self.url.host == UNKNOWN_HOST
            else f"{scheme or self.url.scheme}://{self.url.netloc.decode('ascii', 'replace')}"
        )
        shown = _LONG.sub(MASK, self.url.path if path is None else path)
        names = (
            [name if _PLAIN_NAME.fullmatch(name) else MASK for name, _ in self.query]
            if query
            else []
        )
        return (
            begins + shown + ("?" if names else "") + "&".join(f"{name}={MASK}" for name in names)
        )


def is_key_name(name: str) -> bool:
    """Whether a header or field of that name was meant for the API key."""
    return re.sub("[-_ ]", "", name.lower()) in _KEY_NAMES
