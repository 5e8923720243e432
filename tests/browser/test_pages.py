"""The mock's portal and consent pages in a real browser, by mouse and by keyboard."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.browser.test_tour import CONTRAST
from wych_kit import mock

WIDE = {"width": 1100, "height": 800}
STICKING_OUT = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
PICTURES = os.environ.get("PICTURES")


@contextmanager
def callback():
    """Serve a page at a callback URL, and yield the URL."""

    class Here(BaseHTTPRequestHandler):
        def do_GET(self):
            body = b"<h1>Back at the app</h1>"
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Here)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/callback"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def wych():
    """A mock that no other test uses."""
    with mock.running(ephemeral=True) as running:
        yield running


@pytest.fixture
def opened(browser):
    """Open windows; they are closed after the test."""
    contexts = []

    def new(**options):
        context = browser.new_context(viewport=options.pop("viewport", WIDE), **options)
        context.set_default_timeout(10_000)
        contexts.append(context)
        return context.new_page()

    yield new
    for context in contexts:
        context.close()


def shoot(page, name):
    """Take a picture for people to look at, if PICTURES names a folder."""
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


def assert_looks_right(page, name):
    """Assert that nothing sticks out of the window and that all text has contrast."""
    shoot(page, name)
    assert page.evaluate(STICKING_OUT) <= 0, name
    assert page.evaluate(f"() => ({CONTRAST})(document.body)") == [], name


def fill(page, **labels):
    for label, text in labels.items():
        page.get_by_label(label.replace("_", " "), exact=True).fill(text)


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def register(page, wych, back, look=lambda *_: None):
    """Register an app with a callback URL, and return its consent link."""
    page.goto(wych.portal_url)
    look(page, "sign-in")
    page.get_by_role("link", name="Register").click()
    press(page, "Register")
    look(page, "register-wrong")
    fill(page, First_name="Kim", Last_name="Lee", Email="kim@example.com", Password="correct horse")
    press(page, "Register")
    look(page, "businesses-none")
    page.get_by_role("link", name="Add a business").click()
    press(page, "Find")
    look(page, "add-business")
    page.get_by_role("link", name="Kōwhai Lending Limited").click()
    press(page, "Add the business")
    look(page, "business-new")
    press(page, "Receive Data")
    look(page, "business")
    page.get_by_role("link", name="Add a software product").click()
    fill(page, Name="Kōwhai Budget")
    page.get_by_label("What it does for customers").fill("We show you where your money goes.")
    page.get_by_label("Callback URL").fill(back)
    look(page, "add-app")
    press(page, "Create the application")
    look(page, "app-issued")
    page.get_by_role("link", name="Businesses", exact=True).click()
    look(page, "businesses")
    page.get_by_role("link", name="Kōwhai Budget").click()
    look(page, "app")
    return page.locator("#consent-link").get_attribute("href")


def open_question(page, link, look=lambda *_: None):
    """Go from the consent link to the question, without answering it."""
    page.goto(link)
    look(page, "customer-sign-in")
    page.get_by_role("link", name="Choose a password").click()
    look(page, "customer-register")
    page.go_back()
    page.get_by_label("Email", exact=True).first.fill("aroha@example.com")
    press(page, "Send me a link")
    look(page, "mail")
    page.get_by_role("link", name="Sign in and continue").click()
    look(page, "banks")
    page.get_by_label("Kererū Bank").check()
    press(page, "Continue")
    look(page, "data")
    press(page, "Continue")
    page.get_by_label("90 days").check()
    look(page, "time")
    press(page, "Continue")
    look(page, "answer")


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("light", {"viewport": WIDE, "color_scheme": "light"}),
        ("dark", {"viewport": WIDE, "color_scheme": "dark"}),
        ("narrow", {"viewport": {"width": 375, "height": 740}, "color_scheme": "light"}),
    ],
)
def test_the_whole_way(wych, opened, name, options):
    """From registration through consent to the callback, in both themes and 375 pixels wide."""
    page = opened(java_script_enabled=True, **options)

    def look(seen, what):
        assert_looks_right(seen, f"{name}-{what}")

    with callback() as back:
        link = register(page, wych, back, look)
        open_question(page, link, look)
        press(page, "Agree")
        page.get_by_role("heading", name="Back at the app").wait_for()
        assert page.url.startswith(f"{back}?connection=")
        assert "&state=ACTIVE&user=" in page.url
    page.goto(link.replace("/connection", "/connections"))
    look(page, "connections")


def test_refusing_without_javascript(wych, opened):
    """A customer who refuses returns as REJECTED, also in a browser that runs no script."""
    page = opened(java_script_enabled=False)
    with callback() as back:
        open_question(page, register(page, wych, back))
        press(page, "Refuse")
        page.wait_for_url("**state=REJECTED**")


def test_by_keyboard(wych, opened):
    """Tab, typing and Enter register. After an error the summary has the focus and links to the field."""
    page = opened()
    page.goto(f"{wych.portal_url}/register")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the page"
    page.get_by_label("First name").focus()
    for text in ("Kim", "Lee", "kim", "correct horse"):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("alert").wait_for()
    assert page.evaluate("document.activeElement.getAttribute('role')") == "alert"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "email"
    page.keyboard.press("End")
    page.keyboard.type("@example.com")
    page.keyboard.press("Tab")
    page.keyboard.type("correct horse")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Your businesses").wait_for()
