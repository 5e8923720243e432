"""Serve the pages for a browser: the partner portal and the hosted consent.

They need no JavaScript. All of it is invented: only the order of Wych's steps is public.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from wych_kit.mock.gateway.usage_plan import UsagePlan
from wych_kit.mock.http.messages import Answer, ask_site
from wych_kit.mock.portal.pages import layout, links, portal_pages
from wych_kit.mock.portal.pages.consent_pages import ConsentPages
from wych_kit.mock.portal.pages.layout import Refused
from wych_kit.mock.portal.pages.links import Links
from wych_kit.mock.portal.pages.portal_pages import PortalPages
from wych_kit.mock.portal.pages.sessions import Sessions
from wych_kit.mock.portal.pages.visits import Shared

if TYPE_CHECKING:
    from starlette.requests import Request as WebRequest
    from starlette.responses import Response

    from wych_kit.mock.api.connections import Connections
    from wych_kit.mock.http.messages import Request
    from wych_kit.mock.state.clock import Clock
    from wych_kit.mock.state.request_log import RequestLog
    from wych_kit.mock.state.store import Store

PORTAL = portal_pages.ROOT
ROOTS = (portal_pages.ROOT, links.ROOT)
# Attempts to sign in with one address, and the seconds in which they are counted.
_TRIES = 10
_TRIES_IN = 300


class Pages:
    """Answer the paths under `ROOTS`, but for the portal's JSON.

    `url` is the mock's own address.
    """

    body_limit = 64 * 1024
    header_limit = 64 * 1024

    def __init__(
        self,
        url: str,
        store: Store,
        clock: Clock,
        request_log: RequestLog,
        connections: Connections,
        *,
        callback_user: bool,
    ) -> None:
        self.links = Links(store, clock)
        tries = UsagePlan(clock, _TRIES / _TRIES_IN, _TRIES, None)
        self._shared = Shared(url, store, Sessions(clock), self.links, request_log, tries)
        handlers: dict[Any, Any] = {Refused: _show_refusal, HTTPException: _http_error}
        self._site = Starlette(
            routes=[
                *PortalPages(self._shared).routes(),
                *ConsentPages(self._shared, connections, callback_user=callback_user).routes(),
            ],
            exception_handlers=handlers,
        )
        # Only the paths that the pages link to exist.
        self._site.router.redirect_slashes = False

    async def answer(self, request: Request) -> Answer:
        """Run the web application on a request whose body is already read."""
        return await ask_site(self._site, request)

    def too_large(self, request: Request) -> Answer:
        """Return 413 as a page."""
        return _draw_refusal(
            request,
            Refused(413, "The form is too large", "Send at most 64 KiB."),
        )

    def headers_too_large(self, request: Request) -> Answer:
        """Return 431 as a page."""
        return _draw_refusal(
            request,
            Refused(
                431,
                "The headers are too long",
                "Clear this site's cookies, or use a shorter URL.",
            ),
        )

    def server_error(self, request: Request) -> Answer:
        """Return 500 as a page."""
        return _draw_refusal(
            request, Refused(500, "The mock failed", "Its log says where the bug is.")
        )

    def reset(self) -> None:
        """Sign everybody out and forget every link."""
        for part in (self._shared.sessions, self._shared.tries, self.links):
            part.reset()


def _part_of(path: str) -> str:
    return "portal" if path.startswith(PORTAL) else "consent"


def _draw_refusal(request: Request, refused: Refused) -> Answer:
    # Outside Starlette: the request was refused before its body was read, or the site itself
    # failed.
    response = layout.refusal(refused, _part_of(request.path))
    is_bug = refused.status == HTTPStatus.INTERNAL_SERVER_ERROR
    reason = "a bug in the mock; see its log" if is_bug else refused.text
    return Answer(
        response.status_code, tuple(response.raw_headers), bytes(response.body), "invented", reason
    )


async def _show_refusal(request: WebRequest, refused: Refused) -> Response:
    request.scope["reason"] = refused.text
    return layout.refusal(refused, _part_of(request.url.path))


async def _http_error(request: WebRequest, error: HTTPException) -> Response:
    titles = {404: "Page not found", 405: "Method not allowed"}
    onward = (PORTAL, "To the portal") if _part_of(request.url.path) == "portal" else ("", "")
    text = (
        "Check the URL, or start again."
        if error.status_code == 404  # noqa: PLR2004 - not found
        else "Open the page and use its form."
    )
    response = await _show_refusal(
        request,
        Refused(error.status_code, titles.get(error.status_code, error.detail), text, *onward),
    )
    # A 405 must name the methods that are allowed (RFC 9110 §15.5.6).
    response.headers.update(error.headers or {})
    return response
