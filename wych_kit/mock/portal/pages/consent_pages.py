"""The hosted consent: sign in, choose a bank, read what is shared, agree or refuse, and return.

The order is documented; the texts, the permissions and the choice of days are invented.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from starlette.routing import Route

from wych_kit.mock.api.bank import BANKS
from wych_kit.mock.portal.pages import links
from wych_kit.mock.portal.pages.layout import Refused
from wych_kit.mock.portal.pages.visits import Visit
from wych_kit.mock.portal.passwords import hash_password, is_password
from wych_kit.mock.state.registration_rules import FieldErrors, read_session, read_sign_up

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from wych_kit.mock.api.connections import Connections
    from wych_kit.mock.portal.pages.visits import Shared

PERMISSIONS = {
    "ReadAccountsDetail": "Your accounts: their names, types and numbers",
    "ReadBalances": "The balances of these accounts",
    "ReadTransactionsDetail": "Their transactions, with dates and descriptions",
}
DAYS = {"1": "Once only, today", "90": "90 days", "365": "12 months"}
_STEPS = ["Sign in", "Bank", "Data", "How long", "Agree"]
# What becomes of a connection that the customer agreed to, by the kind of bank.
_AFTER = {"prompt": "ACTIVE", "slow": "PENDING", "fails": "REJECTED"}


class ConsentPages:
    """The pages under /app/{appName}."""

    def __init__(self, shared: Shared, connections: Connections, *, callback_user: bool) -> None:
        self._shared = shared
        self._connections = connections
        self._callback_user = callback_user

    def routes(self) -> list[Route]:
        """Return the routes with their methods."""
        both, post, app = ["GET", "POST"], ["POST"], links.ROOT + "/{app}"
        return [
            Route(f"{app}/connection", self._begin, methods=both),
            Route(f"{app}/connection/data", self._data, methods=both),
            Route(f"{app}/connection/time", self._time, methods=both),
            Route(f"{app}/connection/answer", self._answer, methods=both),
            Route(f"{app}/sign-in", self._sign_in, methods=post),
            Route(f"{app}/link", self._mail, methods=post),
            Route(f"{app}/register", self._register, methods=both),
            Route(f"{app}/sign-out", self._sign_out, methods=post),
            Route(f"{app}/connections", self._list),
            Route(f"{app}/connections/{{connection}}/revoke", self._revoke, methods=post),
        ]

    async def _begin(self, request: Request) -> Response:
        visit, app = self._visit(request)
        # Before anything is entered: without a way back, all of it would be in vain.
        self._require_callback(visit, app)
        if request.method == "POST":
            typed = await self._read_form(visit)
            if typed.get("bank") not in {bank.id for bank in BANKS}:
                errors = {"bank": "Choose a bank."}
                return self._page(visit, app, "banks.html", 2, 422, banks=BANKS, errors=errors)
            visit.session.notes["bank"] = typed["bank"]
            return visit.go(f"{visit.path}/connection/data")
        # The app's name or id as entered leads to the path with its slug, for which the cookie
        # is set.
        if request.url.path != f"{visit.path}/connection":
            return visit.go(
                f"{visit.path}/connection" + (f"?{request.url.query}" if request.url.query else "")
            )
        # Not for HEAD: mail scanners send it, and it must not use the link up.
        if request.method == "GET" and "token" in request.query_params:
            return self._follow_link(visit, app, request.query_params["token"])
        if not visit.subject:
            return self._page(visit, app, "customer_sign_in.html", 1)
        return self._page(visit, app, "banks.html", 2, banks=BANKS)

    def _follow_link(self, visit: Visit, app: Mapping[str, Any], token: str) -> Response:
        ticket = self._shared.links.redeem(app["id"], token)
        if ticket is None:
            text = (
                "It was used already, is older than 15 minutes, or belongs to somebody else. Sign in, or"
                " ask for a new one."
            )
            raise Refused(
                403, "This link no longer works", text, f"{visit.path}/connection", "Sign in"
            )
        # Only now is it known that the address belongs to this customer.
        user = self._shared.store.find_or_create_user(app["id"], ticket.email)
        if ticket.password:
            self._shared.store.set_password(user["id"], ticket.password)
        visit.sign_in(user["id"])
        return visit.go(f"{visit.path}/connection")

    async def _sign_in(self, request: Request) -> Response:
        visit, app = self._visit(request)
        typed = await visit.form()
        try:
            user_id = self._check_password(visit, app, read_session(typed))
        except FieldErrors as error:
            kept = {"email": typed.get("email", "")}
            return self._page(
                visit,
                app,
                "customer_sign_in.html",
                1,
                error.status,
                errors=error.fields,
                typed=kept,
            )
        visit.sign_in(user_id)
        return visit.go(f"{visit.path}/connection")

    def _check_password(
        self, visit: Visit, app: Mapping[str, Any], facts: Mapping[str, str]
    ) -> str:
        store = self._shared.store
        self._shared.throttle(facts["email"], f"{visit.path}/connection")
        user = next(
            (user for user in store.list_users(app["id"]) if user["email"] == facts["email"]), None
        )
        # The password is compared first, so that an unknown address takes as long as a wrong
        # password.
        if (
            not is_password(facts["password"], store.password_hash(user["id"]) if user else None)
            or user is None
        ):
            wrong = (
                "The email address or the password is wrong. Check both, or ask for a link by"
                " email."
            )
            raise FieldErrors({"password": wrong}, 401)
        return user["id"]

    async def _mail(self, request: Request) -> Response:
        visit, app = self._visit(request)
        typed = await visit.form()
        try:
            # The form has no password: the link in the mail is the proof. Any valid text passes
            # the rule.
            email = read_sign_up({"email": typed.get("mail_email", ""), "password": "not asked"})[
                "email"
            ]
        except FieldErrors as error:
            errors, kept = (
                {"mail_email": error.fields["email"]},
                {"mail_email": typed.get("mail_email", "")},
            )
            return self._page(
                visit, app, "customer_sign_in.html", 1, 422, errors=errors, typed=kept
            )
        return self._show_mail(visit, app, email)

    async def _register(self, request: Request) -> Response:
        visit, app = self._visit(request)
        if request.method != "POST":
            return self._page(visit, app, "customer_register.html", 1)
        typed = await visit.form()
        try:
            facts = read_sign_up(typed)
        except FieldErrors as error:
            kept = {"email": typed.get("email", "")}
            return self._page(
                visit, app, "customer_register.html", 1, 422, errors=error.fields, typed=kept
            )
        # The password counts from the moment the link is opened: anybody could type this address.
        return self._show_mail(
            visit,
            app,
            facts["email"],
            hash_password(facts["password"], self._shared.store.ids.octets(16)),
        )

    def _show_mail(
        self, visit: Visit, app: Mapping[str, Any], email: str, password: str = ""
    ) -> Response:
        # The mock sends no mail. It shows the mail on the page instead.
        link = self._shared.links.make(app["id"], email, password)
        return self._page(visit, app, "mail.html", 1, email=email, link=link)

    async def _sign_out(self, request: Request) -> Response:
        visit, _ = self._visit(request)
        await visit.form()
        visit.sign_out()
        return visit.go(f"{visit.path}/connection")

    async def _data(self, request: Request) -> Response:
        visit, app = self._customer(request, "bank")
        if request.method == "POST":
            await self._read_form(visit)
            # A customer must have seen what is shared before agreeing to it, whatever URL they
            # type.
            visit.session.notes["seen"] = True
            return visit.go(f"{visit.path}/connection/time")
        return self._page(
            visit, app, "data.html", 3, bank=self._bank(visit), permissions=PERMISSIONS
        )

    async def _time(self, request: Request) -> Response:
        visit, app = self._customer(request, "bank", "seen")
        if request.method == "POST":
            typed = await self._read_form(visit)
            if typed.get("days") in DAYS:
                visit.session.notes["days"] = typed["days"]
                return visit.go(f"{visit.path}/connection/answer")
            return self._page(
                visit,
                app,
                "time.html",
                4,
                422,
                days=DAYS,
                errors={"days": "Choose how long you agree for."},
            )
        return self._page(visit, app, "time.html", 4, days=DAYS)

    async def _answer(self, request: Request) -> Response:
        visit, app = self._customer(request, "bank", "seen", "days")
        notes, bank = visit.session.notes, self._bank(visit)
        if request.method != "POST":
            # The answer to the form redirects there, which the page's content policy must allow.
            origin = "{0.scheme}://{0.netloc}".format(urlsplit(app["callback_url"]))
            facts = {"bank": bank, "permissions": PERMISSIONS, "days": DAYS[notes["days"]]}
            return self._page(visit, app, "answer.html", 5, leads_to=origin, **facts)
        typed = await self._read_form(visit)
        states = {"agree": _AFTER[bank.kind], "refuse": "REJECTED", "later": "PENDING"}
        if typed.get("answer") not in states:
            raise Refused(
                400,
                "No answer was chosen",
                "Agree, refuse, or decide later.",
                request.url.path,
                "Back",
            )
        # A second click must not create a second connection.
        visit.once(typed)
        state = states[typed["answer"]]
        begun = self._connections.begin(
            app["id"], visit.subject, bank.id, tuple(PERMISSIONS), int(notes["days"])
        )
        if state != "PENDING":
            self._connections.conclude(begun.id, state)
        # A slow bank: ACTIVE after its seconds. "Later" stays PENDING until it expires.
        elif typed["answer"] == "agree":
            self._connections.conclude(begun.id, "ACTIVE", after=bank.seconds)
        # The next connection needs choices of its own.
        for name in ("bank", "seen", "days"):
            del notes[name]
        return visit.go(
            build_callback(
                app["callback_url"], begun.id, state, visit.subject if self._callback_user else ""
            )
        )

    async def _list(self, request: Request) -> Response:
        visit, app = self._customer(request)
        names = {bank.id: bank.name for bank in BANKS}
        rows = self._connections.list_for_user(app["id"], visit.subject)
        return self._page(visit, app, "connections.html", 0, connections=rows, names=names)

    async def _revoke(self, request: Request) -> Response:
        visit, app = self._customer(request)
        await visit.form()
        wanted = request.path_params["connection"]
        # 404 for another customer's connection too: a 403 would confirm that it exists.
        if wanted not in {
            row.id for row in self._connections.list_for_user(app["id"], visit.subject)
        }:
            text = "You have no connection with this id."
            raise Refused(
                404,
                "Connection not found",
                text,
                f"{visit.path}/connections",
                "Your connections",
            )
        self._connections.revoke(app["id"], wanted)
        return visit.go(f"{visit.path}/connections")

    def _visit(self, request: Request) -> tuple[Visit, Mapping[str, Any]]:
        match = links.find_app(self._shared.store, request.path_params["app"])
        if match is None:
            text = "Check the URL. The consent link is on the application's page in the portal."
            raise Refused(404, "Application not found", text)
        name, app = match
        return (
            Visit(
                request,
                self._shared.sessions,
                f"consent-{app['id']}",
                f"{links.ROOT}/{name}",
                secure=self._shared.secure,
            ),
            app,
        )

    def _customer(self, request: Request, *known: str) -> tuple[Visit, Mapping[str, Any]]:
        """Return the visit of a customer who is signed in and has made these choices already."""
        visit, app = self._visit(request)
        self._require_sign_in(visit)
        if any(name not in visit.session.notes for name in known):
            text = (
                "Choose a bank first. If you have just answered, your answer was received and"
                " nothing is sent twice."
            )
            raise Refused(
                403,
                "Start with the first page",
                text,
                f"{visit.path}/connection",
                "To the first page",
            )
        if known:
            self._require_callback(visit, app)
        return visit, app

    def _require_sign_in(self, visit: Visit) -> None:
        if not visit.subject:
            text = "You are not signed in, or were inactive for 30 minutes."
            raise Refused(403, "Sign in first", text, f"{visit.path}/connection", "Sign in")

    async def _read_form(self, visit: Visit) -> dict[str, str]:
        typed = await visit.form()
        self._require_sign_in(visit)
        return typed

    def _require_callback(self, visit: Visit, app: Mapping[str, Any]) -> None:
        requested = [
            visit.request.query_params.get(name)
            for name in ("callback_url", "redirect_uri", "redirect")
        ]
        # Exact comparison, as OAuth 2.0 Security BCP (RFC 9700 §2.1) asks for redirect URIs.
        if any(url is not None and url != app["callback_url"] for url in requested):
            text = (
                "The link asks to return to a URL that differs from the application's callback URL. The"
                " two must be identical."
            )
            raise Refused(400, "Wrong callback URL", text)
        if not app["callback_url"]:
            text = (
                "The application has no callback URL, so you could not return to it. Its owner sets one on"
                " the application's page."
            )
            raise Refused(422, "Callback URL missing", text, "/portal", "The partner portal")

    def _bank(self, visit: Visit) -> Any:
        return next(bank for bank in BANKS if bank.id == visit.session.notes["bank"])

    def _page(
        self,
        visit: Visit,
        app: Mapping[str, Any],
        template: str,
        step: int,
        status: int = 200,
        **values: Any,
    ) -> Response:
        user = self._shared.store.find_user(app["id"], visit.subject) if visit.subject else None
        who = user["email"] if user else ""
        return visit.page(template, status, app=app, account=who, step=step, steps=_STEPS, **values)


def build_callback(callback_url: str, connection: str, state: str, user: str) -> str:
    """Return the callback URL with the result of a consent added to its query."""
    query = urlencode(
        {"connection": connection, "state": state, **({"user": user} if user else {})}
    )
    # The callback's own query is kept (RFC 6749 §3.1.2).
    return f"{callback_url}{'&' if urlsplit(callback_url).query else '?'}{query}"
