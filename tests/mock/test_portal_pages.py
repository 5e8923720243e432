"""The portal in a browser: from an account to working credentials, and its protections."""

from __future__ import annotations

import re

import pytest

from tests.mock.pages import Browser
from wych_kit.mock.portal.pages import companies
from wych_kit.mock.state.registration_rules import has_valid_check_digit

REGISTER, SIGN_IN = "/portal/register", "/portal/sign-in"


@pytest.fixture
def browser(wych):
    return Browser(wych)


def read_shown(page, name):
    """Return the text of the element with this id."""
    return re.search(rf'id="{name}">([^<]+)<', page.response.text)[1]


def read_secrets(page):
    """Return the secrets on a page, which are shown once."""
    return re.findall(r'class="secret"[^>]*>([^<]+)<', page.response.text)


def test_registration_gives_working_credentials(browser, caller):
    """Account, business, Receive Data and app lead to a page with working credentials."""
    assert browser.register().path == "/portal/businesses"
    page = browser.app()
    secret, key = read_secrets(page)
    names = {"client_id": "client-id", "partner_id": "partner-id", "app_id": "app-id"}
    app = {name: read_shown(page, id_) for name, id_ in names.items()} | {
        "client_secret": secret,
        "api_key": key,
    }
    assert caller.works(app)
    assert "/app/kims-app/connection" in page.text
    assert read_secrets(browser.open(page.path)) == []


def test_each_secret_is_rotated_alone(browser, caller):
    """A new secret leaves the key unchanged, and the reverse; a call with the old one is listed."""
    browser.register()
    page = browser.app()
    secret, key = read_secrets(page)
    app = {
        "client_id": read_shown(page, "client-id"),
        "partner_id": read_shown(page, "partner-id"),
        "app_id": read_shown(page, "app-id"),
    }
    (newer,) = read_secrets(browser.send(page, f"{page.path}/client-secret"))
    assert not caller.works(app | {"client_secret": secret, "api_key": key})
    assert caller.works(app | {"client_secret": newer, "api_key": key})
    page = browser.open(page.path)
    (newest,) = read_secrets(browser.send(page, f"{page.path}/api-key"))
    assert caller.works(app | {"client_secret": newer, "api_key": newest})
    assert "the client_secret is wrong" in browser.open(page.path).text
    assert secret not in browser.open(page.path).response.text


def test_refused_calls_are_the_apps_own(browser, caller, wych):
    """An app lists its own refusals, at most twenty, and an unknown client id is not stored."""
    browser.register()
    page = browser.app()
    client = read_shown(page, "client-id")
    caller.token_request(client_secret="wrong")
    caller.token_request(client_id="canary-secret-as-id")
    assert "None since the mock was started" in browser.open(page.path).text
    for _ in range(25):
        caller.token_request(client_id=client, client_secret="wrong")
    assert browser.open(page.path).text.count("the client_secret is wrong") == 20
    assert "canary" not in repr(wych.requests)


def test_a_form_is_sent_once(browser):
    """A form that is sent twice takes effect once; the second time is 403."""
    browser.register()
    page = browser.app()
    browser.send(page, f"{page.path}/client-secret")
    again = browser.send(page, f"{page.path}/client-secret")
    assert (again.status, "sent already" in again.text) == (403, True)


def test_a_refused_form_keeps_what_was_typed(browser):
    """A refused form has what was typed, except the password, and each error at its field."""
    page = browser.open(REGISTER)
    typed = {
        "first_name": '<script>alert("x")</script>',
        "last_name": "",
        "email": "kim",
        "password": "canary-password",
    }
    page = browser.send(page, REGISTER, **typed)
    assert (page.status, "canary" in page.response.text, "<script" in page.response.text) == (
        422,
        False,
        False,
    )
    assert page.element(id="first_name")["value"] == typed["first_name"]
    field = page.element(id="email")
    assert (field["value"], field["aria-invalid"]) == ("kim", "true")
    assert "email-error" in field["aria-describedby"].split()
    assert {facts["href"] for tag, facts in page.elements if tag == "a"} >= {"#email", "#last_name"}


def test_every_field_has_its_label(browser):
    """On every page each visible field has a label, and there is one main, one header, one h1."""
    browser.register()
    app = browser.app()
    for path in ("/portal/businesses", "/portal/businesses/new?find=", app.path):
        page = browser.open(path)
        labelled = {facts.get("for") for tag, facts in page.elements if tag == "label"}
        fields = [
            facts
            for tag, facts in page.elements
            if tag == "input" and facts.get("type") != "hidden"
        ]
        assert [facts["name"] for facts in fields if facts["id"] not in labelled] == []
        tags = [tag for tag, _ in page.elements]
        assert [tags.count(tag) for tag in ("main", "header", "h1")] == [1, 1, 1]
        assert "Enter nothing real" in page.text


def test_headers_of_a_page(browser):
    """A page runs no script, cannot be framed or cached, and is marked as invented."""
    headers = browser.open(SIGN_IN).response.headers
    policy = headers["content-security-policy"]
    assert [
        part in policy
        for part in ("default-src 'none'", "frame-ancestors 'none'", "form-action 'self'")
    ] == [True] * 3
    names = ("x-content-type-options", "referrer-policy", "cache-control", "x-wych-mock-basis")
    assert [headers[name] for name in names] == ["nosniff", "no-referrer", "no-store", "invented"]


def test_cookies(browser, wych):
    """The cookie is HttpOnly, Lax and limited to the portal, and changes at the sign-in."""
    first = browser.open(REGISTER).response.headers["set-cookie"]
    assert {"HttpOnly", "Path=/portal", "SameSite=lax"} <= set(first.split("; "))
    before = dict(browser.http.cookies)
    browser.register()
    after = dict(browser.http.cookies)
    assert set(before.values()).isdisjoint(after.values())
    other = Browser(wych, cookies=before)
    assert other.open("/portal/businesses").status == 403


def test_a_session_ends_after_half_an_hour(browser, wych):
    """A session ends after thirty idle minutes of the mock's clock, or by signing out."""
    browser.register()
    wych.clock.advance(29 * 60)
    assert browser.open("/portal/businesses").status == 200
    wych.clock.advance(31 * 60)
    assert browser.open("/portal/businesses").status == 403
    page = browser.send(
        browser.open(SIGN_IN), SIGN_IN, email="kim@example.com", password="correct horse"
    )
    assert page.path == "/portal/businesses"
    browser.send(page, "/portal/sign-out")
    assert browser.open("/portal/businesses").status == 403


@pytest.mark.parametrize(
    ("headers", "changed", "status"),
    [
        ({}, {"csrf": "wrong"}, 403),
        ({}, {"csrf": ""}, 403),
        ({"origin": "https://evil.example"}, {}, 403),
        ({"sec-fetch-site": "cross-site"}, {}, 403),
        ({"origin": "null"}, {}, 200),
    ],
)
def test_forms_of_other_sites(browser, headers, changed, status):
    """A form without the CSRF token or from a different site is refused; origin `null` is not."""
    page = browser.open(REGISTER)
    browser.http.headers.update(headers)
    typed = {
        "first_name": "Kim",
        "last_name": "Lee",
        "email": "kim@example.com",
        "password": "correct horse",
    }
    assert browser.send(page, REGISTER, changed, **typed).status == status


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{}", "application/json", 400),
        (b"a=1&a=2", "application/x-www-form-urlencoded", 400),
        (b"a=%ff", "application/x-www-form-urlencoded", 400),
        (b"&".join(b"f%d=1" % n for n in range(50)), "application/x-www-form-urlencoded", 400),
        (b"a=" + b"x" * 70_000, "application/x-www-form-urlencoded", 413),
        (b"email=' OR 1=1 --", "application/x-www-form-urlencoded", 403),
    ],
)
def test_invalid_form_bodies(browser, body, kind, status):
    """A body that is not a form of this page gets an error page."""
    response = browser.http.post(SIGN_IN, content=body, headers={"content-type": kind})
    assert (response.status_code, "<h1>" in response.text) == (status, True)


def test_signing_in_is_throttled(browser):
    """The eleventh attempt with one address is refused with 429."""
    browser.register()
    browser.send(browser.open("/portal/businesses"), "/portal/sign-out")
    page = browser.open(SIGN_IN)
    statuses = [
        browser.send(page, SIGN_IN, email="kim@example.com", password="wrong").status
        for _ in range(11)
    ]
    assert statuses == [401] * 10 + [429]


def test_other_accounts_pages_are_not_found(browser, wych):
    """A different account's app, the ready-made app and an unknown page are all 404."""
    browser.register()
    app = browser.app()
    other = Browser(wych)
    mark = other.register("tom@example.com").element(name="csrf")["value"]
    assert other.open(app.path).status == 404
    assert (
        other.http.post(
            f"{app.path}/callback", data={"csrf": mark, "callback_url": "https://evil.example"}
        ).status_code
        == 404
    )
    assert other.open(f"/portal/apps/{wych.credentials.app_id}").status == 404
    assert other.open("/portal/nonsense").status == 404


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("https://example.com/callback?a=1", 200),
        ("http://127.0.0.1:8000/callback", 200),
        ("", 200),
        ("http://example.com/", 422),
        ("https://user@example.com/", 422),
        ("https://example.com/#part", 422),
        ("https://a;script-src/", 422),
        ("javascript:alert(1)", 422),
    ],
)
def test_callback_url(browser, url, status):
    """https, or http on this computer, is saved; any other URL is 422 and stays in the form."""
    browser.register()
    page = browser.app()
    page = browser.send(page, f"{page.path}/callback", callback_url=url)
    assert (page.status, page.element(id="callback_url").get("value")) == (status, url)


def test_the_company_register(browser):
    """A company is found without macrons and fills the form; every NZBN has a valid check digit."""
    assert all(has_valid_check_digit(company.nzbn) for company in companies.COMPANIES)
    browser.register()
    assert "Kōwhai Lending" in browser.open("/portal/businesses/new?find=kowhai").text
    assert (
        browser.open("/portal/businesses/new?nzbn=9429000000048").element(id="name")["value"]
        == "Kōwhai Lending Limited"
    )
    assert "<b>" not in browser.open("/portal/businesses/new?find=<b>").response.text
