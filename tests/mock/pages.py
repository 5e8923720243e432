"""A browser without a window: it keeps cookies, reads forms and sends them."""

from __future__ import annotations

from html.parser import HTMLParser

import httpx


class Page(HTMLParser):
    """What a page has: its forms with their fields, its text, and what its elements say of themselves."""

    def __init__(self, response):
        super().__init__()
        self.response = response
        self.status = response.status_code
        self.path = response.url.path
        self.forms, self.elements, self.text = {}, [], ""
        self._form = {}
        self.feed(response.text)

    def handle_starttag(self, tag, attrs):
        facts = dict(attrs)
        self.elements.append((tag, facts))
        if tag == "form":
            self._form = self.forms.setdefault(facts["action"], {})
        if tag == "input" and facts.get("type") != "radio":
            self._form[facts["name"]] = facts.get("value", "")

    def handle_data(self, data):
        self.text += data

    def element(self, **facts):
        """The first element with these attributes."""
        return next(given for _, given in self.elements if facts.items() <= given.items())


class Browser:
    """Speaks to one mock."""

    def __init__(self, wych, **more):
        self.url = wych.url
        once = httpx.Limits(max_keepalive_connections=0)  # nothing to close
        self.http = httpx.Client(
            base_url=wych.url, follow_redirects=True, trust_env=False, limits=once, **more
        )

    def open(self, path):
        return Page(self.http.get(path))

    def send(self, page, action, changed=None, **fields):
        """Sends one of the page's forms with these fields typed; `changed` are hidden ones."""
        return Page(
            self.http.post(action, data={**page.forms[action], **fields, **(changed or {})})
        )

    def register(self, email="kim@example.com"):
        page = self.open("/portal/register")
        typed = {
            "first_name": "Kim",
            "last_name": "Lee",
            "email": email,
            "password": "correct horse",
        }
        return self.send(page, "/portal/register", **typed)

    def business(self):
        page = self.send(
            self.open("/portal/businesses/new"),
            "/portal/businesses/new",
            nzbn="9429041525746",
            name="Kim Ltd",
        )
        receive = f"{page.path}/receive-data"
        return self.send(page, receive) if receive in page.forms else page

    def app(self, name="Kim's app", **fields):
        business = self.business()
        page = self.open(f"{business.path}/apps/new")
        return self.send(page, page.path, name=name, **fields)
