"""Every sentence of the mock's pages, as people read it. After a change run `make snapshots` and read the difference."""

from __future__ import annotations

import pytest

from tests.mock.pages import Browser
from tests.sentences import steady, words_of

HOME = "/app/kims-app"
CONSENT = f"{HOME}/connection"


@pytest.fixture
def read():
    """The words of a page."""
    return lambda page: steady(f"{page.status} {page.path}\n{words_of(page.response.text)}")


@pytest.fixture
def developer(wych):
    """Somebody's browser at the portal."""
    return Browser(wych)


def test_the_portal(developer, read, snapshot):
    """From the first page to an app's credentials."""
    for path in ("/portal", "/portal/register", "/portal/sign-in", "/portal/no-such-page"):
        assert read(developer.open(path)) == snapshot(name=path)
    page = developer.open("/portal/register")
    refused = developer.send(page, "/portal/register", first_name="", email="kim", password="short")
    assert read(refused) == snapshot(name="a wrong registration")
    assert read(developer.register()) == snapshot(name="signed in")
    page = developer.open("/portal/businesses/new")
    refused = developer.send(page, page.path, nzbn="123", name="Kim Ltd")
    assert read(refused) == snapshot(name="a wrong NZBN")
    business = developer.business()
    assert read(business) == snapshot(name="a business")
    assert read(developer.open(f"{business.path}/apps/new")) == snapshot(name="a new app")
    assert read(developer.app()) == snapshot(name="an app's credentials")


def test_the_consent(wych, developer, read, snapshot):
    """From the customer's first page to the question, and what is refused."""
    developer.register()
    developer.app(callback_url="http://127.0.0.1:9/callback")
    customer = Browser(wych)
    page = customer.open(CONSENT)
    assert read(page) == snapshot(name="the first page")
    page = customer.send(page, f"{HOME}/link", mail_email="aroha@example.com")
    assert read(page) == snapshot(name="the mail")
    page = customer.open(page.element(id="mail-link")["href"])
    assert read(page) == snapshot(name="choose a bank")
    assert read(customer.send(page, CONSENT)) == snapshot(name="no bank chosen")
    page = customer.send(page, CONSENT, bank="kereru")
    assert read(page) == snapshot(name="the data")
    page = customer.send(page, f"{CONSENT}/data")
    assert read(page) == snapshot(name="the time")
    page = customer.send(page, f"{CONSENT}/time", days="90")
    assert read(page) == snapshot(name="the question")
    assert read(customer.open(f"{HOME}/connections")) == snapshot(name="the customer's connections")
    assert read(customer.open("/app/no-such-app/connection")) == snapshot(name="no such app")
