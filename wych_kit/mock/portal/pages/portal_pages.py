"""Serve the portal's pages: account, business, Receive Data, application."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from wych_kit.mock.portal.pages import companies, links
from wych_kit.mock.portal.pages.layout import Refused, style
from wych_kit.mock.portal.pages.visits import Visit
from wych_kit.mock.portal.registrar import Registrar
from wych_kit.mock.state.registration_rules import FieldErrors, is_email

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from wych_kit.mock.portal.pages.visits import Shared

ROOT = "/portal"
_CALLS = 20
_RENEWABLE = {"client-secret": "client_secret", "api-key": "api_key"}


class PortalPages:
    """The pages under /portal."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._store = shared.store
        self._registrar = Registrar(shared.store)

    def routes(self) -> list[Route]:
        """Return the routes with their methods."""
        both, post = ["GET", "POST"], ["POST"]
        return [
            Route("/portal", self._home),
            Route("/portal/style.css", _style),
            Route("/portal/register", self._register, methods=both),
            Route("/portal/sign-in", self._sign_in, methods=both),
            Route("/portal/sign-out", self._sign_out, methods=post),
            Route("/portal/businesses", self._businesses),
            Route("/portal/businesses/new", self._add_business, methods=both),
            Route("/portal/businesses/{business}", self._business),
            Route("/portal/businesses/{business}/receive-data", self._receive_data, methods=post),
            Route("/portal/businesses/{business}/apps/new", self._add_app, methods=both),
            Route("/portal/apps/{app}", self._app),
            Route("/portal/apps/{app}/callback", self._set_callback, methods=post),
            Route("/portal/apps/{app}/link", self._make_link, methods=post),
            # Last, because {part} matches every other action too.
            Route("/portal/apps/{app}/{part:str}", self._renew, methods=post),
        ]

    def _visit(self, request: Request) -> Visit:
        return Visit(request, self._shared.sessions, "portal", ROOT, secure=self._shared.secure)

    async def _home(self, request: Request) -> Response:
        visit = self._visit(request)
        return visit.go(f"{ROOT}/businesses" if visit.subject else f"{ROOT}/sign-in")

    async def _register(self, request: Request) -> Response:
        visit = self._visit(request)
        typed: dict[str, str] = {}
        if request.method != "POST":
            return visit.page("register.html")
        try:
            typed = await visit.form()
            visit.sign_in(self._registrar.register(typed))
        except FieldErrors as wrong:
            return visit.page(
                "register.html", wrong.status, errors=wrong.fields, typed=_without_password(typed)
            )
        return visit.go(f"{ROOT}/businesses")

    async def _sign_in(self, request: Request) -> Response:
        visit = self._visit(request)
        typed: dict[str, str] = {}
        if request.method != "POST":
            return visit.page("sign_in.html")
        try:
            typed = await visit.form()
            # Before the password is compared: scrypt costs 10 ms, also for a guess.
            self._shared.throttle(typed.get("email", ""), f"{ROOT}/sign-in")
            visit.sign_in(self._registrar.sign_in(typed))
        except FieldErrors as wrong:
            return visit.page(
                "sign_in.html", wrong.status, errors=wrong.fields, typed=_without_password(typed)
            )
        return visit.go(f"{ROOT}/businesses")

    async def _sign_out(self, request: Request) -> Response:
        visit = self._visit(request)
        await visit.form()
        visit.sign_out()
        return visit.go(f"{ROOT}/sign-in")

    async def _businesses(self, request: Request) -> Response:
        visit = self._partner(request)
        shown = [
            (business, self._store.list_apps(business_id=business["id"]))
            for business in self._store.list_businesses(visit.subject)
        ]
        return self._page(visit, "businesses.html", businesses=shown)

    async def _add_business(self, request: Request) -> Response:
        visit = self._partner(request)
        # Longer than any company's name; the page shows it again.
        find = request.query_params.get("find", "")[:80]
        if request.method != "POST":
            chosen = next(
                (
                    one
                    for one in companies.COMPANIES
                    if one.nzbn == request.query_params.get("nzbn")
                ),
                None,
            )
            shown = companies.search_companies(find) if "find" in request.query_params else []
            return self._page(
                visit,
                "add_business.html",
                find=find,
                found=shown,
                typed=chosen._asdict() if chosen else {},
            )
        typed = await visit.form()
        try:
            business, _ = self._registrar.add_business(visit.subject, typed)
        except FieldErrors as wrong:
            return self._page(
                visit,
                "add_business.html",
                wrong.status,
                errors=wrong.fields,
                typed=typed,
                find="",
                found=[],
            )
        return visit.go(f"{ROOT}/businesses/{business['id']}")

    async def _business(self, request: Request) -> Response:
        visit = self._partner(request)
        business = self._own_business(visit)
        return self._page(
            visit,
            "business.html",
            business=business,
            apps=self._store.list_apps(business_id=business["id"]),
        )

    async def _receive_data(self, request: Request) -> Response:
        visit = self._partner(request)
        await visit.form()
        business = self._own_business(visit)
        self._store.choose_receive_data(business["id"])
        return visit.go(f"{ROOT}/businesses/{business['id']}")

    async def _add_app(self, request: Request) -> Response:
        visit = self._partner(request)
        business = self._own_business(visit)
        # Wych's documented order: "Receive Data" comes before the first app.
        if not business["receives_data"]:
            return visit.go(f"{ROOT}/businesses/{business['id']}")
        if request.method != "POST":
            return self._page(visit, "add_app.html", business=business)
        typed = await visit.form()
        try:
            app, issued = self._registrar.add_app(business, typed)
        except FieldErrors as wrong:
            taken = wrong.more.get("app_id", "")
            return self._page(
                visit,
                "add_app.html",
                wrong.status,
                business=business,
                errors=wrong.fields,
                typed=typed,
                taken=taken,
            )
        # Shown by the page after the redirect, once. They are in memory only.
        visit.session.notes[app["id"]] = issued._asdict()
        return visit.go(f"{ROOT}/apps/{app['id']}")

    async def _app(self, request: Request) -> Response:
        visit = self._partner(request)
        app = self._own_app(visit)
        # Secrets are shown once, and a HEAD request shows nothing, so it must not use them up.
        issued = visit.session.notes.pop(app["id"], {}) if request.method == "GET" else {}
        return self._app_page(visit, app, issued=issued, link=visit.session.notes.pop("link", ""))

    async def _set_callback(self, request: Request) -> Response:
        visit = self._partner(request)
        typed = await visit.form()
        app = self._own_app(visit)
        try:
            self._registrar.set_callback(app, typed)
        except FieldErrors as wrong:
            return self._app_page(visit, app, wrong.status, errors=wrong.fields, typed=typed)
        visit.session.notes["done"] = "The callback URL is saved."
        return visit.go(f"{ROOT}/apps/{app['id']}")

    async def _make_link(self, request: Request) -> Response:
        visit = self._partner(request)
        typed = await visit.form()
        app = self._own_app(visit)
        email = typed.get("email", "").strip().lower()
        if not is_email(email):
            errors = {"email": "Enter an email address, such as kim@example.com."}
            return self._app_page(visit, app, 422, errors=errors, typed={"email": email})
        # The link is for a customer of the app, who may be new.
        self._store.find_or_create_user(app["id"], email)
        visit.session.notes["link"] = self._shared.url + self._shared.links.make(app["id"], email)
        return visit.go(f"{ROOT}/apps/{app['id']}#customer")

    async def _renew(self, request: Request) -> Response:
        visit = self._partner(request)
        part = _RENEWABLE.get(request.path_params["part"])
        if part is None:
            raise Refused(
                404,
                "Page not found",
                "Start from your businesses.",
                f"{ROOT}/businesses",
                "Your businesses",
            )
        # A second click would replace the secret that the first one shows.
        visit.once(await visit.form())
        app = self._own_app(visit)
        issued = self._store.renew_secrets(app["id"], part)._asdict()
        visit.session.notes[app["id"]] = {part: issued[part]}
        return visit.go(f"{ROOT}/apps/{app['id']}")

    def _app_page(
        self, visit: Visit, app: Mapping[str, Any], status: int = 200, **values: Any
    ) -> Response:
        calls = [
            (received, _time(received.at))
            for received in self._shared.request_log.list_refusals(app["id"], _CALLS)
        ]
        known: dict[str, Any] = {
            "issued": {},
            "link": "",
            "done": visit.session.notes.pop("done", ""),
        }
        consent = (
            f"{self._shared.url}{links.ROOT}/{links.name_of(self._store, app['id'])}/connection"
        )
        business = self._registrar.business(visit.subject, app["business_id"])
        facts = {
            "app": app,
            "business": business,
            "calls": calls,
            "consent": consent,
            "url": self._shared.url,
        }
        # What the caller gives wins over the empty values.
        return self._page(visit, "app.html", status, **known | facts | values)

    def _page(self, visit: Visit, template: str, status: int = 200, **values: Any) -> Response:
        return visit.page(template, status, account="signed in", **values)

    def _partner(self, request: Request) -> Visit:
        visit = self._visit(request)
        if not visit.subject:
            text = (
                "You are not signed in, or were away for half an hour. What you sent was not kept."
            )
            raise Refused(403, "Sign in first", text, f"{ROOT}/sign-in", "Sign in")
        return visit

    def _own_business(self, visit: Visit) -> Mapping[str, Any]:
        business = self._registrar.business(visit.subject, visit.request.path_params["business"])
        if business is None:
            text = "Your account has no business at this address."
            raise Refused(
                404, "There is no such business", text, f"{ROOT}/businesses", "Your businesses"
            )
        return business

    def _own_app(self, visit: Visit) -> Mapping[str, Any]:
        app = self._registrar.app(visit.subject, visit.request.path_params["app"])
        if app is None:
            text = "Your account has no application at this address."
            raise Refused(
                404, "There is no such application", text, f"{ROOT}/businesses", "Your businesses"
            )
        return app


def _without_password(typed: Mapping[str, str]) -> dict[str, str]:
    # A refused form is shown again with what was entered, except the password.
    return {name: text for name, text in typed.items() if name != "password"}


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%d %b %H:%M:%S")


async def _style(_request: Request) -> Response:
    return style()
