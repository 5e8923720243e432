"""Follows a list from page to page, and formats the limits of a period."""

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
    """Return a date as it is, a time in UTC, or "" for None."""
    # A datetime is a date too, so this comes first.
    if isinstance(when, datetime):
        return when.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return when.isoformat() if when else ""


class Pages:
    """The pages of one list below `api_url`. Credentials follow a link to that host only, and only once."""

    def __init__(self, api_url: str, max_pages: int) -> None:
        self._api = httpx.URL(api_url)
        self._max_pages = max_pages
        self._seen: set[str] = set()

    def get_next(self, response: httpx.Response, link: str) -> str:
        """Return the URL of the next page. Raises `Unexpected` for a link that must not be followed."""
        self._seen.add(str(response.request.url))
        parsed = parse_url(link)
        url = response.request.url.join(parsed) if parsed is not None else None
        if url is None or _origin(url) != _origin(self._api):
            raise _unexpected_link(
                response,
                "a link to a next page at a different host, which the kit does not follow",
            )
        if str(url) in self._seen:
            raise _unexpected_link(response, "a link to a next page that was read already")
        if len(self._seen) >= self._max_pages:
            raise _unexpected_link(
                response, f"more than {self._max_pages} pages; ask for fewer days at once"
            )
        return str(url)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _unexpected_link(response: httpx.Response, problem: str) -> Unexpected:
    return Unexpected(
        f"{host_of(response)} answered with {problem}",
        stage="call",
        status=response.status_code,
        reference="unknown-answer",
    )
