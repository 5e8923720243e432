"""A customer connects in a real browser: the consent's pages in one tab, the notebook's form in the other; then the data, as a chart."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

import pytest

from tests.browser.lab import NOTEBOOKS, Sheet, project
from tests.browser.test_pages import registered

PICTURES = os.environ.get("PICTURES")


def shoot(page, name):
    """A picture for people to look at, when a folder is named."""
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


@pytest.fixture
def window(browser):
    """A window that is large enough for a whole notebook."""
    context = browser.new_context(viewport={"width": 1280, "height": 2200}, locale="en-GB")
    context.set_default_timeout(20_000)
    yield context
    context.close()


@pytest.fixture
def folder(lab, wych, request):
    """A project of its own, whose callback URL is at a free port."""
    wych.reset()
    made = lab.root / request.node.name
    project(made, wych, "5_connect_a_customer.ipynb")
    for book in ("0_start_here", "6_customer_data"):
        shutil.copy(NOTEBOOKS / f"{book}.ipynb", made)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        callback = f"http://127.0.0.1:{free.getsockname()[1]}/callback"
    with (made / ".env").open("a") as env:
        env.write(f"WYCH_CALLBACK_URL='{callback}'\n")
    yield made
    lab.end_kernels()
    shutil.rmtree(made)


def callback_of(folder):
    """The callback URL that the project's settings name."""
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
    """What a customer does on the consent's pages."""
    page.get_by_label("Email").first.fill("mere.walker@example.com")
    page.get_by_role("button", name="Send me a link").click()
    page.get_by_role("link", name="Sign in and continue").click()
    page.get_by_text("Tūī Savings").click()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Continue").click()
    page.get_by_text("90 days").click()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Agree").click()


def test_what_the_portal_showed_is_brought(window, lab, wych, folder):
    """Registered in the portal's own pages, in another tab: the form takes what they show, and the journey goes through with it."""
    tab = window.new_page()
    shown = {}

    def note(page, name):
        if name == "app-issued":
            secret, key = page.locator("code.secret").all_inner_texts()
            shown.update({"Client secret": secret, "API key": key})

    registered(tab, wych, callback_of(folder), note)
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
    shoot(sheet.page, "bring-before")
    sheet.button("Paste my credentials").click()
    for label, text in shown.items():
        sheet.field(label).fill(text)
    shoot(sheet.page, "bring-filled")
    sheet.go_through("Check and save")
    assert shown["Client id"] in sheet.form.inner_text()
    sheet.button("Register again").click()
    sheet.button("Keep the present credentials").click()
    sheet.done(4)
    assert wych.requests[-1].status == 200


def test_a_customer_connects_and_the_data_are_seen(window, lab, folder):
    """The link in the form, the consent in another tab, the browser back at the kit, the form done; then accounts and two charts."""
    sheet = Sheet(window.new_page(), lab, folder / "5_connect_a_customer.ipynb")
    sheet.open()
    run_cells(sheet, 3)  # the first one, the words between, and the form
    sheet.button("Connect").wait_for()
    sheet.field("Customer's email").fill("mere.walker@example.com")
    sheet.button("Connect").click()
    sheet.form.get_by_text("the browser to come back").wait_for()
    shoot(sheet.page, "connect-waiting")
    with window.expect_page() as opened:
        sheet.form.locator(".wych-link a").click()
    tab = opened.value
    agree(tab)
    tab.get_by_text("ACTIVE").first.wait_for()
    shoot(tab, "connect-back")
    sheet.form.get_by_text("A customer's consent.").wait_for()
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
    assert "A customer's accounts, balances and transactions" in shown
    assert "*******" in shown
    data.page.locator(".jp-RenderedVegaCommon5").first.scroll_into_view_if_needed()
    shoot(data.page, "data")
