"""Lint the requests of an HTTP Archive, from a browser or from `wych-kit journal --as har`."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import httpx

from wych_kit.client.http_request import parse_url
from wych_kit.diagnosis.lint.remark import Remark
from wych_kit.diagnosis.lint.request import lint_request
from wych_kit.errors import SettingInvalid

if TYPE_CHECKING:
    from typing import Any

    from wych_kit.settings.loading import Settings


def lint_har(
    text: str, settings: Settings | None = None, *, now: float | None = None
) -> tuple[Remark, ...]:
    """Return the remarks on each entry's request. Raises `SettingInvalid` for what is not a HAR."""
    remarks: list[Remark] = []
    for number, entry in enumerate(_entries(text), 1):
        try:
            request = _request(entry["request"])
        except (KeyError, TypeError, AttributeError, ValueError):
            raise SettingInvalid(
                "The HAR",
                f"cannot be read: entry {number} has no request with method, url and headers",
            ) from None
        if request is None:
            remarks.append(
                Remark(
                    "bad-address",
                    f"entry {number}, address",
                    "This is not a valid URL.",
                    "https://…",
                )
            )
            continue
        remarks += [
            replace(each, where=f"entry {number}, {each.where}")
            for each in lint_request(request, settings, now=now)
        ]
    return tuple(remarks)


def _entries(text: str) -> list[Any]:
    try:
        entries = json.loads(text.removeprefix("\ufeff"))["log"]["entries"]
    except (ValueError, KeyError, TypeError, RecursionError):
        entries = None
    if not isinstance(entries, list):
        raise SettingInvalid(
            "The text", "is not a HAR file: it must be a JSON object with log.entries"
        )
    return entries


def _request(entry: dict[str, Any]) -> httpx.Request | None:
    url = parse_url(str(entry["url"]))
    if url is None or not url.host:
        return None
    headers = [(str(each["name"]), str(each["value"])) for each in entry["headers"]]
    raw = [
        (name.encode("ascii", "replace"), value.encode("utf-8", "replace"))
        for name, value in headers
        if not name.startswith(":")
    ]
    return httpx.Request(
        str(entry["method"]), url, headers=raw, content=_content(entry.get("postData") or {})
    )


def _content(posted: dict[str, Any]) -> bytes | None:
    """Return the body: a browser records its text, or only its fields."""
    text = posted.get("text") or urlencode(
        [(str(each["name"]), str(each.get("value", ""))) for each in posted.get("params") or []]
    )
    return str(text).encode("utf-8", "replace") or None
