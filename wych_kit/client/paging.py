"""Lists in pages: which address comes next, when to stop, and how a span of time is asked for."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import httpx

from wych_kit.client.http_request import parse_url
from wych_kit.client.http_response import host_of
from wych_kit.errors import Unexpected

if TYPE_CHECKING:
    When = date | datetime | None


def format_moment(when: When) -> str:
    """A date as it is, a time in UTC; "" for none."""
    if isinstance(when, datetime):  # which is a date too
        return when.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return when.isoformat() if when else ""


class Pages:
    """The pages of one list below `api_url`. Credentials follow a link to that host alone, and no link twice."""

    def __init__(self, api_url: str, most: int) -> None:
        self._api = httpx.URL(api_url)
        self._most = most
        self._seen: set[str] = set()

    def following(self, response: httpx.Response, link: str) -> str:
        """The address that a page's link to the next one means. Raises `Unexpected` for one that is not followed."""
        self._seen.add(str(response.request.url))
        parsed = parse_url(link)
        url = response.request.url.join(parsed) if parsed is not None else None
        if url is None or _origin(url) != _origin(self._api):
            raise _unexpected_link(
                response,
                "a link to the next page at another host; it is not followed with credentials",
            )
        if str(url) in self._seen:
            raise _unexpected_link(
                response, "a link to the next page that leads back to one that was read"
            )
        if len(self._seen) >= self._most:
            raise _unexpected_link(
                response, f"more than {self._most} pages; ask for fewer days at once"
            )
        return str(url)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _unexpected_link(response: httpx.Response, with_what: str) -> Unexpected:
    return Unexpected(
        f"{host_of(response)} answered with {with_what}",
        stage="call",
        status=response.status_code,
        reference="unknown-answer",
    )
