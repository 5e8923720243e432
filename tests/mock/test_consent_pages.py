"""The hosted consent in a browser: every result, the way back, and refusals."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.mock.pages import Browser, Page

CALLBACK = "http://127.0.0.1:9/callback?from=wych"
HOME = "/app/kims-app"
START = f"{HOME}/connection"


@pytest.fixture
def partner(wych):
    """A browser of a partner with an app in the portal."""
    browser = Browser(wych)
    browser.register()
    browser.page = browser.app(callback_url=CALLBACK, description='To <b>budget</b> & "save"')
    return browser


@pytest.fixture
def customer(wych, partner):
    """A browser of a customer of that app, not signed in."""
    return Browser(wych)


def read_link(page):
    """Return the link of the mail that the page shows."""
    return page.element(id="mail-link")["href"]


def enter(customer, email="aroha@example.com"):
    """Sign in by the mail's link."""
    page = customer.send(customer.open(START), f"{HOME}/link", mail_email=email)
    return customer.open(read_link(page))


def choose(customer, page, bank="kereru", days="90"):
    """Choose the bank and the days; return the last page."""
    page = customer.send(page, START, bank=bank)
    page = customer.send(page, f"{START}/data")
    return customer.send(page, f"{START}/time", days=days)


def send_answer(customer, page, answer):
    """Send the answer and return the redirect."""
    typed = {**page.forms[f"{START}/answer"], "answer": answer}
    return customer.http.post(f"{START}/answer", data=typed, follow_redirects=False)


@pytest.mark.parametrize(
    ("bank", "answer", "state"),
    [
        ("kereru", "agree", "ACTIVE"),
        ("kereru", "refuse", "REJECTED"),
        ("kereru", "later", "PENDING"),
        ("kauri", "agree", "PENDING"),
        ("weka", "agree", "REJECTED"),
    ],
)
def test_the_way_through_and_back(customer, bank, answer, state):
    """The consent ends at exactly the callback URL, with the connection, its state and the user."""
    page = choose(customer, enter(customer), bank)
    assert "To <b>" not in page.response.text
    response = send_answer(customer, page, answer)
    assert (response.status_code, response.headers["location"].startswith(f"{CALLBACK}&")) == (
        303,
        True,
    )
    query = parse_qs(urlsplit(response.headers["location"]).query)
    assert (set(query), query["state"]) == ({"from", "connection", "state", "user"}, [state])
    listed = customer.open(f"{HOME}/connections").response.text
    assert query["connection"][0] in listed
    assert state in listed


def test_the_last_form_may_only_redirect_to_the_callback(customer):
    """The last page's policy allows its form to end at the callback's origin, and no other."""
    policy = choose(customer, enter(customer)).response.headers["content-security-policy"]
    assert policy.endswith("form-action 'self' http://127.0.0.1:9")


def test_a_slow_bank_agrees_later(wych, customer):
    """With a slow bank a connection is PENDING first, and ACTIVE after the bank's seconds."""
    send_answer(customer, choose(customer, enter(customer), "kauri"), "agree")
    assert "PENDING" in customer.open(f"{HOME}/connections").response.text
    wych.clock.advance(31)
    assert "ACTIVE" in customer.open(f"{HOME}/connections").response.text


def test_an_answer_counts_once(customer):
    """An answer that is sent again creates no second connection."""
    page = choose(customer, enter(customer))
    send_answer(customer, page, "agree")
    assert send_answer(customer, page, "agree").status_code == 403
    assert customer.open(f"{HOME}/connections").response.text.count("<section") == 1


def test_steps_are_not_skipped(customer):
    """Without a sign-in, or the choices before it, a page is 403."""
    assert customer.open(f"{START}/answer").status == 403
    enter(customer)
    response = customer.open(f"{START}/answer")
    assert (response.status, "first page" in response.text) == (403, True)


def test_a_wrong_choice_stays_on_its_page(customer):
    """A missing or unknown bank and an invalid number of days are 422."""
    page = enter(customer)
    for bank in ({}, {"bank": "' OR 1=1"}):
        response = customer.send(page, START, **bank)
        assert (response.status, "Choose a bank" in response.text) == (422, True)
    page = customer.send(customer.send(page, START, bank="tui"), f"{START}/data")
    assert customer.send(page, f"{START}/time", days="99999").status == 422


def test_a_link_works_once_and_for_its_app(customer, partner, wych):
    """A link works once and for one app; a HEAD request does not use it up."""
    partner.app("Another", callback_url=CALLBACK)
    page = customer.send(customer.open(START), f"{HOME}/link", mail_email="aroha@example.com")
    assert customer.http.head(read_link(page)).status_code == 200
    assert customer.open(read_link(page).replace("kims-app", "another")).status == 403
    assert "Choose your bank" in customer.open(read_link(page)).text
    assert Browser(wych).open(read_link(page)).status == 403


def test_a_link_expires(customer, wych):
    """A link expires after fifteen minutes of the mock's clock."""
    page = customer.send(customer.open(START), f"{HOME}/link", mail_email="aroha@example.com")
    wych.clock.advance(15 * 60 + 1)
    assert customer.open(read_link(page)).status == 403


def test_a_partner_makes_a_link_for_a_customer(partner, wych):
    """The link from the application's page signs its customer in."""
    page = partner.send(partner.page, f"{partner.page.path}/link", email="mei@example.com")
    link = page.element(id="one-time-link")["href"]
    page = Browser(wych).open(link.removeprefix(wych.url))
    assert ("Choose your bank" in page.text, "mei@example.com" in page.text) == (True, True)


def test_with_a_password(customer, wych):
    """A password is valid once the mail's link is opened, and no page shows it."""
    page = customer.open(f"{HOME}/register")
    page = customer.send(page, page.path, email="aroha@example.com", password="canary-password")
    assert "canary" not in page.response.text
    other = Browser(wych)
    typed = {"email": "aroha@example.com", "password": "canary-password"}
    refused = other.send(other.open(START), f"{HOME}/sign-in", **typed)
    assert (refused.status, "canary" in refused.response.text) == (401, False)
    customer.open(read_link(page))
    assert "Choose your bank" in other.send(other.open(START), f"{HOME}/sign-in", **typed).text


def test_a_customer_revokes(customer, wych):
    """A customer can revoke their own connection; a different customer's is 404."""
    response = send_answer(customer, choose(customer, enter(customer)), "agree")
    connection = parse_qs(urlsplit(response.headers["location"]).query)["connection"][0]
    other = Browser(wych)
    enter(other, "tom@example.com")
    mark = other.open(f"{HOME}/connections").element(name="csrf")["value"]
    revoke = f"{HOME}/connections/{connection}/revoke"
    assert other.http.post(revoke, data={"csrf": mark}).status_code == 404
    assert "REVOKED" in customer.send(customer.open(f"{HOME}/connections"), revoke).text


def test_portal_and_customers_are_separate(partner, customer, wych):
    """A cookie is valid in its own part only: the portal, or the pages of one app."""
    second = partner.app("Another", callback_url=CALLBACK)
    assert second.status == 200
    enter(customer)
    value = next(iter(customer.http.cookies.values()))
    portal = next(iter(partner.http.cookies.values()))
    port = wych.port
    app = re.search(r'id="app-id">([^<]+)', second.response.text)[1]
    assert (
        Browser(wych, cookies={f"wych-consent-{app}-{port}": value})
        .open("/app/another/connections")
        .status
        == 403
    )
    assert (
        Browser(wych, cookies={f"wych-consent-{app}-{port}": portal})
        .open("/app/another/connections")
        .status
        == 403
    )
    assert (
        Browser(wych, cookies={f"wych-portal-{port}": value}).open("/portal/businesses").status
        == 403
    )


@pytest.mark.parametrize("name", ["callback_url", "redirect_uri", "redirect"])
def test_a_link_with_a_different_callback(customer, name):
    """A requested callback that differs from the app's in any character is refused."""
    for url in ("https://evil.example/", CALLBACK + "/", CALLBACK.upper()):
        response = Page(customer.http.get(START, params={name: url}))
        assert (response.status, "evil" in response.response.text) == (400, False)
    assert customer.http.get(START, params={name: CALLBACK}).status_code == 200


def test_no_callback_url(partner, wych):
    """Without a callback URL the consent is 422, and the page says where to set one."""
    partner.send(partner.page, f"{partner.page.path}/callback", callback_url="")
    response = Browser(wych).open(START)
    assert (response.status, "application's page" in response.text) == (422, True)


@pytest.mark.parametrize("name", ["Kim%27s%20app", "KIMS-APP"])
def test_how_an_app_is_found(customer, partner, name):
    """The name in any case and the app's id lead to the same path; an unknown name is 404."""
    assert customer.open(f"/app/{name}/connection").path == START
    app_id = re.search(r'id="app-id">([^<]+)', partner.page.response.text)[1]
    assert customer.open(f"/app/{app_id}/connection").path == START
    response = customer.open("/app/<script>/connection")
    assert (response.status, "<script" in response.response.text) == (404, False)


def test_two_apps_of_one_name(partner, wych):
    """The first app of a name has the plain path; a later one has a part of its id added."""
    other = Browser(wych)
    other.register("tom@example.com")
    page = other.app("KIM'S APP", callback_url=CALLBACK)
    app_id = re.search(r'id="app-id">([^<]+)', page.response.text)[1]
    assert f"/app/kims-app-{app_id[:8]}/connection" in page.text
    assert f"{HOME}/connection" in partner.open(partner.page.path).text
