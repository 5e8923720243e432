"""Handle one request of a browser: its session, its form, and the checks that the form is genuine."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl

from wych_kit.mock.portal.pages import layout
from wych_kit.mock.portal.pages.layout import Refused

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from wych_kit.mock.gateway.usage_plan import UsagePlan
    from wych_kit.mock.portal.pages.links import Links
    from wych_kit.mock.portal.pages.sessions import Sessions
    from wych_kit.mock.state.request_log import RequestLog
    from wych_kit.mock.state.store import Store

_FORM = "application/x-www-form-urlencoded"
# More than any form here has; parsing stops there.
_MOST_FIELDS = 20
STALE = (
    "Open the page again and send it from there: it was left for too long, or did not come from"
    " here."
)


class Shared(NamedTuple):
    """Objects that all pages share.

    `url` is the mock's own address; `tries` counts attempts to sign in.
    """

    url: str
    store: Store
    sessions: Sessions
    links: Links
    request_log: RequestLog
    tries: UsagePlan

    @property
    def secure(self) -> bool:
        """Return True if the mock is reached over https."""
        return self.url.startswith("https:")

    def throttle(self, email: str, back: str) -> None:
        """Count an attempt to sign in with an address.

        Raises `Refused` after ten in five minutes.
        """
        # A few bytes of a hash: however many addresses are tried, what is counted stays small.
        if self.tries.count(
            hashlib.sha256(email.strip().lower().encode("utf-8", "surrogatepass")).hexdigest()[:4]
        ):
            text = "Too many tries with this address. Wait five minutes, then sign in."
            raise Refused(429, "Too many attempts", text, back, "Back to signing in")


class Visit:
    """One request and its session.

    `path` limits the cookie to one part of the pages; with `secure` it is sent over https only.
    """

    def __init__(
        self, request: Request, sessions: Sessions, world: str, path: str, *, secure: bool
    ) -> None:
        self.request = request
        self.world = world
        self.path = path
        self._sessions = sessions
        self._secure = secure
        # Cookies know no ports, and people run several mocks.
        self._cookie = f"wych-{world}-{request.url.port or 0}"
        self._value = request.cookies.get(self._cookie, "")
        session = sessions.find(world, self._value) if self._value else None
        self._new = session is None
        if session:
            self.session = session
        else:
            self._value, self.session = sessions.begin(world)

    @property
    def subject(self) -> str:
        """Return who is signed in, or ""."""
        return self.session.subject

    def sign_in(self, subject: str) -> None:
        """Sign this subject in, under a new session id (against session fixation)."""
        # A session id that somebody else planted in the browser dies with the sign-in.
        self._sessions.end(self.world, self._value)
        self._value, self.session = self._sessions.begin(self.world, subject)
        self._new = True

    def sign_out(self) -> None:
        """Sign out."""
        self.sign_in("")

    def page(self, template: str, status: int = 200, **values: Any) -> Response:
        """Return a page with what all pages need."""
        common: dict[str, Any] = {
            "account": "",
            "errors": {},
            "typed": {},
            "world": self.world,
            "home": self.path,
            "csrf": self.session.csrf,
            "once": self.session.form,
        }
        # The request log shows why a form was refused.
        errors = values.get("errors")
        if errors:
            self.request.scope["reason"] = " ".join(errors.values())
        return self._with_cookie(layout.page(template, status, **common | values))

    def go(self, path: str) -> Response:
        """Return a redirect to another page."""
        return self._with_cookie(layout.onward(path))

    async def form(self) -> dict[str, str]:
        """Return what was entered.

        Raises `Refused` if it is not a form of one of this session's pages.
        """
        if self.request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
            raise Refused(
                400,
                "Not a form",
                "Use the page's own form. It is sent as " + _FORM + ".",
                self.path,
                "Start again",
            )
        try:
            body = (await self.request.body()).decode()
            pairs = parse_qsl(
                body, keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict"
            )
        except ValueError:
            raise Refused(
                400,
                "The form cannot be read",
                "It is damaged. Open the page again.",
                self.path,
                "Start again",
            ) from None
        # A repeated field would be read differently by different programs, so it is refused.
        typed = dict(pairs)
        if len(typed) != len(pairs):
            raise Refused(
                400,
                "The form cannot be read",
                "It contains a field twice. Open the page again.",
                self.path,
                "Start again",
            )
        if self._is_cross_site() or not self.session.owns(typed.pop("csrf", "")):
            raise Refused(403, "This form is out of date", STALE, self.path, "Start again")
        return typed

    def once(self, typed: dict[str, str]) -> None:
        """Raise `Refused` if this very form was sent before."""
        if not self.session.take(typed.pop("once", "")):
            text = (
                "Nothing was done twice. Open the page again to see the current state, or to send the"
                " form again."
            )
            raise Refused(403, "This form was sent already", text, self.path, "Start again")

    def _is_cross_site(self) -> bool:
        """Return True if the browser says that a different site sent the form.

        "null" says nothing: `no-referrer` makes that of every origin.
        """
        headers, url = self.request.headers, self.request.url
        origin = headers.get("origin", "null")
        if origin not in ("null", f"{url.scheme}://{url.netloc}"):
            return True
        # "none" is an address that was typed; old browsers do not send this header.
        return headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")

    def _with_cookie(self, response: Response) -> Response:
        if self._new:
            # Lax rather than Strict: a customer arrives by a link from the recipient's site.
            response.set_cookie(
                self._cookie,
                self._value,
                path=self.path,
                httponly=True,
                samesite="lax",
                secure=self._secure,
            )
        return response
