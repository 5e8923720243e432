"""A customer connects in a real browser, with the consent pages in one tab and the form in another.

The customer's data follow, as charts.
"""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

import pytest

from tests.browser.lab import NOTEBOOKS, Sheet, project
from tests.browser.test_pages import register

PICTURES = os.environ.get("PICTURES")


def shoot(page, name):
    """Take a picture for people to look at, if PICTURES names a folder."""
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


@pytest.fixture
def window(browser):
    """A window that shows a whole notebook at once."""
    context = browser.new_context(viewport={"width": 1280, "height": 2200}, locale="en-GB")
    context.set_default_timeout(20_000)
    yield context
    context.close()


@pytest.fixture
def folder(lab, wych, request):
    """A project whose callback URL is at a free port."""
    wych.reset()
    path = lab.root / request.node.name
    project(path, wych, "5_connect_a_customer.ipynb")
    for book in ("0_start_here", "6_customer_data"):
        shutil.copy(NOTEBOOKS / f"{book}.ipynb", path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        callback = f"http://127.0.0.1:{free.getsockname()[1]}/callback"
    with (path / ".env").open("a") as env:
        env.write(f"WYCH_CALLBACK_URL='{callback}'\n")
    yield path
    lab.end_kernels()
    shutil.rmtree(path)


def callback_of(folder):
    """Return the callback URL in the project's settings."""
    return next(
        line for line in (folder / ".env").read_text().splitlines() if "CALLBACK" in line
    ).split("'")[1]


def run_cells(sheet, count):
    """Press Shift+Enter in the first code cells."""
    sheet.command("notebook:clear-all-cell-outputs")
    sheet.page.locator(".jp-CodeCell .cm-content").first.click()
    for _ in range(count):
        sheet.page.keyboard.press("Shift+Enter")


def agree(page):
    """Go through the consent pages as a customer who agrees."""
    page.get_by_label("Email").first.fill("mere.walker@example.com")
    page.get_by_role("button", name="Send me a link").click()
    page.get_by_role("link", name="Sign in and continue").click()
    page.get_by_text("Tūī Savings").click()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Continue").click()
    page.get_by_text("90 days").click()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Agree").click()


def test_credentials_from_the_portal_are_pasted(window, lab, wych, folder):
    """The form accepts what the portal's own pages show, and every later step works with it."""
    tab = window.new_page()
    shown = {}

    def note(page, name):
        if name == "app-issued":
            secret, key = page.locator("code.secret").all_inner_texts()
            shown.update({"Client secret": secret, "API key": key})

    register(tab, wych, callback_of(folder), note)
    for label, place in (
        ("Client id", "client-id"),
        ("Partner id", "partner-id"),
        ("App id", "app-id"),
    ):
        shown[label] = tab.locator(f"#{place}").inner_text()
    sheet = Sheet(window.new_page(), lab, folder / "0_start_here.ipynb")
    sheet.open()
    sheet.run()
    assert sheet.form.locator(".wych-link a").first.get_attribute("href") == wych.portal_url
    shoot(sheet.page, "paste-before")
    sheet.button("Paste my credentials").click()
    for label, text in shown.items():
        sheet.field(label).fill(text)
    shoot(sheet.page, "paste-filled")
    sheet.go_through("Check and save")
    assert shown["Client id"] in sheet.form.inner_text()
    sheet.button("Register again").click()
    sheet.button("Keep the present credentials").click()
    sheet.done(4)
    assert wych.requests[-1].status == 200


def test_a_customer_connects_and_the_data_are_seen(window, lab, folder):
    """The form waits for the browser to return from the consent. Then it shows accounts and charts."""
    sheet = Sheet(window.new_page(), lab, folder / "5_connect_a_customer.ipynb")
    sheet.open()
    run_cells(sheet, 3)  # the first one, the words between, and the form
    sheet.button("Connect").wait_for()
    sheet.field("Customer's email").fill("mere.walker@example.com")
    sheet.button("Connect").click()
    sheet.form.get_by_text("Stop", exact=True).wait_for()
    shoot(sheet.page, "connect-waiting")
    with window.expect_page() as opened:
        sheet.form.locator(".wych-link a").click()
    tab = opened.value
    agree(tab)
    tab.get_by_text("ACTIVE").first.wait_for()
    shoot(tab, "connect-back")
    sheet.form.locator(".wych-done").last.wait_for()
    assert "Tūī Savings" in sheet.form.inner_text()
    shoot(sheet.page, "connect-done")
    sheet.save()
    data = Sheet(window.new_page(), lab, folder / "6_customer_data.ipynb")
    data.open()
    data.command("notebook:run-all-cells")
    data.page.locator(".jp-RenderedVegaCommon5 canvas, .jp-RenderedVegaCommon5 svg").nth(
        1
    ).wait_for()
    shown = data.page.locator(".jp-Notebook").inner_text()
    assert "exact to the cent" in shown
    assert "*******" in shown
    data.page.locator(".jp-RenderedVegaCommon5").first.scroll_into_view_if_needed()
    shoot(data.page, "data")
