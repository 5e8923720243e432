"""The tour in JupyterLab, in a real browser: by typing, clicking and looking."""

from __future__ import annotations

import re

import nbformat
import pytest

from tests.browser.lab import Sheet, write_env
from wych_kit import mock
from wych_kit.notebook.session_model import STOPPED
from wych_kit.notebook.views.html import KERNEL_GONE
from wych_kit.settings.loading import load_settings

TITLES = ("Register", "Discover", "Get a token", "First call")
SAVE_WIDGETS = "@jupyter-widgets/jupyterlab-manager:saveWidgetState"
SAID = (
    "(e, pseudo) => { const s = getComputedStyle(e, pseudo); return s.display === 'none' ||"
    " s.content === 'none' ? '' : s.content }"
)
"""What the style sheet writes before or after an element."""
CUT_OFF = """form => [...form.querySelectorAll('*')].filter(e => e.clientWidth && e.scrollWidth > e.clientWidth + 1
  && !['PRE', 'INPUT', 'SELECT'].includes(e.tagName) && !e.classList.contains('wych-unseen')).map(e => e.className || e.tagName)"""
STICKING_OUT = """form => { const right = form.getBoundingClientRect().right; return [...form.querySelectorAll('*')]
  .filter(e => e.getBoundingClientRect().right > right + 1).map(e => e.className || e.tagName) }"""
SQUEEZED = """form => [...form.querySelectorAll('td, th')].filter(e => e.clientWidth && e.textContent.trim().length > 12
  && e.clientWidth < 8 * parseFloat(getComputedStyle(e).fontSize)).map(e => [e.textContent.trim().slice(0, 30), e.clientWidth])"""
CONTRAST = """form => {
  const light = ([r, g, b]) => { const [x, y, z] = [r, g, b].map(v => v / 255).map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * x + .7152 * y + .0722 * z };
  const colour = text => { const c = (text.match(/[\\d.]+/g) || []).map(Number); return c.length < 4 ? [...c, 1] : c };
  const over = (top, below) => top.slice(0, 3).map((v, i) => v * top[3] + below[i] * (1 - top[3]));
  const behind = e => { if (!e) return [255, 255, 255]; const c = colour(getComputedStyle(e).backgroundColor);
    return c[3] === 1 ? c : over(c, behind(e.parentElement)) };
  const found = [], walk = document.createTreeWalker(form, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement, box = e.getBoundingClientRect();
    if (!walk.currentNode.data.trim() || !box.width || ['STYLE', 'OPTION'].includes(e.tagName) || e.closest(':disabled')) continue;
    const [a, b] = [light(over(colour(getComputedStyle(e).color), behind(e))), light(behind(e))].sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05);
    if (ratio < 4.5) found.push([walk.currentNode.data.trim().slice(0, 40), +ratio.toFixed(2)]);
  }
  return found }"""


def test_from_nothing_to_the_first_call(sheet, wych):
    """Shift+Enter, typing and four clicks lead to an authenticated call, with what was typed."""
    sheet.run()
    sheet.fill("First name", "Ada")
    sheet.fill("Email", "ada@example.com")
    sheet.fill("Password", "canary-3f9c-Password")
    sheet.fill("App name", "Ada's app")
    sheet.go_through()
    assert load_settings(path=sheet.path.parent / ".env").app_name == "Ada's app"
    assert [request.status for request in wych.requests if request.path.endswith("/users")] == [200]
    assert wych.token_requests == 1


def test_a_wrong_value_and_its_message(sheet, wych):
    """An invalid value is marked beside its field, and nothing is sent until it is corrected."""
    sheet.run()
    sheet.fill("Email", "kim")
    sheet.beside("Email").get_by_role("alert").wait_for()
    assert "kim@example.com" in sheet.beside("Email").inner_text()
    mark, field = sheet.beside("Email").bounding_box(), sheet.field("Email").bounding_box()
    assert 0 <= mark["y"] + mark["height"] - field["y"] < 2.5 * field["height"]
    assert sheet.form.get_by_role("alert").count() == 1
    sheet.button("Register").click()
    sheet.form.get_by_text("Nothing was sent").wait_for()
    assert list(wych.requests) == []
    sheet.field("Email").fill("kim@example.com")
    sheet.page.keyboard.press("Tab")
    sheet.beside("Email").locator(".wych-help").wait_for()
    sheet.button("Register").click()
    sheet.done(1)


def test_running_the_cell_again(sheet, wych):
    """The cell shows the same form in the same state when it is run again."""
    sheet.run()
    sheet.fill("First name", "Ada")
    sheet.run()
    assert sheet.field("First name").input_value() == "Ada"
    sheet.button("Register").click()
    sheet.done(1)
    requests_before = len(wych.requests)
    sheet.run(shows="Discover")
    assert sheet.form.locator(".wych-road li.wych-done").count() == 1
    assert len(wych.requests) == requests_before
    sheet.button("Discover").click()
    sheet.done(2)


def test_the_page_reloaded_in_the_middle(sheet, wych):
    """After a reload and Shift+Enter the journey continues. Nothing is registered twice."""
    sheet.run()
    sheet.fill("App name", "Ada's app")
    sheet.button("Register").click()
    sheet.done(1)
    sheet.save()
    sheet.page.reload()
    sheet.ready()
    sheet.run(shows="Discover")
    for number, title in enumerate(TITLES[1:], 2):
        sheet.button(title).click()
        sheet.done(number)
    assert sum(request.path == "/portal/api/accounts" for request in wych.requests) == 1
    assert load_settings(path=sheet.path.parent / ".env").app_name == "Ada's app"


@pytest.mark.parametrize(
    ("stored", "said_by"), [(False, ".jp-OutputArea-output.jupyter-widgets"), (True, ".wych-page")]
)
def test_opened_the_next_morning(sheet, lab, stored, said_by):
    """A saved notebook without its kernel says what to do, with and without saved widgets."""
    if not stored:
        sheet.command(SAVE_WIDGETS)  # which the lab here does by itself
    try:
        sheet.run()
        sheet.save()
        lab.end_kernels()
        sheet.open()
        place = sheet.page.locator(said_by)
        place.wait_for()
        assert [place.evaluate(SAID, pseudo) for pseudo in ("::before", "::after")].count(
            f'"{KERNEL_GONE}"'
        ) == 1
        if stored:
            broken = sheet.page.locator(".wych-page .jupyter-widgets-disconnected").all()
            assert {each.evaluate(SAID, "::before") for each in broken} == {
                ""
            }  # no icon at each of forty widgets
        sheet.run()
    finally:
        if not stored:
            sheet.command(SAVE_WIDGETS)


def test_a_kernel_that_is_shut_down(sheet):
    """The form of a kernel that was shut down says so twice, and accepts no click."""
    sheet.run()
    sheet.command("kernelmenu:shutdown")
    sheet.page.get_by_text("No Kernel", exact=True).first.wait_for()
    assert sheet.form.evaluate(SAID, "::before") == f'"{KERNEL_GONE}"'
    assert sheet.form.locator(".wych-buttons").first.evaluate(SAID, "::after") == f'"{KERNEL_GONE}"'
    assert (
        sheet.button("Register").evaluate("button => getComputedStyle(button).pointerEvents")
        == "none"
    )


def test_a_form_in_an_output_of_ones_own(sheet, lab):
    """The unseen style after a form hides nothing else on a page that somebody composes."""
    code = "import ipywidgets\nfrom wych_kit.notebook import open_kit\nout = ipywidgets.Output()\n"
    code += "with out:\n    print('mine')\n    display(open_kit().tour())\nout"
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(book, sheet.path.with_name("own.ipynb"))
    own = Sheet(sheet.page, lab, sheet.path.with_name("own.ipynb"))
    own.open()
    own.run()
    own.page.get_by_text("mine", exact=True).last.wait_for()


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_every_text_can_be_read(sheet, theme):
    """In either theme each text has a contrast of 4.5 or more (WCAG 2.2, 1.4.3)."""
    sheet.theme(theme)
    sheet.run()
    sheet.fill("Email", "kim")
    sheet.beside("Email").get_by_role("alert").wait_for()
    assert sheet.form.evaluate(CONTRAST) == []
    sheet.field("Email").fill("kim@example.com")
    sheet.page.keyboard.press("Tab")
    sheet.go_through()
    sheet.unfold()
    sheet.page.mouse.move(0, 0)
    assert sheet.form.evaluate(CONTRAST) == []


@pytest.mark.parametrize("width", [1280, 768])
def test_nothing_is_cut_off(sheet, width):
    """No mark, table or exchange is wider than its place, with the file list open.

    No cell of a table is so narrow that a word has a line for each letter.
    """
    sheet.page.set_viewport_size({"width": width, "height": 900})
    sheet.run()
    sheet.fill("Email", "kim")
    sheet.beside("Email").get_by_role("alert").wait_for()
    assert sheet.form.evaluate(CUT_OFF) == []
    assert sheet.form.evaluate(STICKING_OUT) == []
    sheet.field("Email").fill("kim@example.com")
    sheet.page.keyboard.press("Tab")
    sheet.go_through()
    sheet.unfold()
    assert sheet.form.evaluate(CUT_OFF) == []
    assert sheet.form.evaluate(STICKING_OUT) == []
    assert sheet.form.evaluate(SQUEEZED) == []


@pytest.mark.parametrize("width", [1280, 768])
def test_a_mark_stands_under_its_input(sheet, width):
    """A mark begins where the input begins, so that nobody reads it as the next field's label."""
    sheet.page.set_viewport_size({"width": width, "height": 900})
    sheet.run()
    sheet.fill("NZBN", "9429000000108")
    mark = sheet.beside("NZBN").locator(".wych-fault")
    mark.wait_for()
    field = sheet.field("NZBN").bounding_box()
    assert abs(mark.bounding_box()["x"] - field["x"]) < 12
    assert mark.bounding_box()["y"] >= field["y"] + field["height"] - 1
    assert mark.inner_text().startswith("✗")
    assert mark.locator(".wych-unseen").text_content() == "NZBN: "


def test_the_keyboard_alone(sheet, wych):
    """Tab and Enter are enough for the journey. Enter leads back to an invalid field."""
    sheet.run()
    sheet.field("First name").focus()
    keys = sheet.page.keyboard
    labels = ("First name", "Last name", "Email", "Password", "Business name", "NZBN", "App name")
    for label in labels:
        assert sheet.field(label).evaluate("field => field === document.activeElement"), label
        keys.type(
            {"Email": "ada@example.com", "Password": "short", "App name": "By Enter"}.get(label, "")
        )
        keys.press("Tab" if label != labels[-1] else "Enter")
    sheet.page.wait_for_function("document.activeElement.type === 'password'")
    keys.type("canary-3f9c-Password")
    keys.press("Enter")
    sheet.done(1)
    for number, title in enumerate(TITLES[1:], 2):
        sheet.tab_to(title)
        keys.press("Enter")
        sheet.done(number)
    assert load_settings(path=sheet.path.parent / ".env").app_name == "By Enter"
    assert wych.token_requests == 1


def test_production_is_asked_about_once_more(sheet, wych):
    """Production shows its question before any step's button, each time it is chosen."""
    sheet.run()
    choose = sheet.form.get_by_label("Environment").select_option
    for _ in range(2):
        choose("production")
        sheet.form.get_by_text("This is production, the real Wych").wait_for()
        for title in TITLES:
            sheet.button(title).wait_for(state="hidden")
        sheet.form.get_by_role("textbox").first.wait_for(state="hidden")
        sheet.button("Use production").click()
        sheet.field("Client id").wait_for()
        sheet.form.get_by_text("This is production, the real Wych").wait_for(state="hidden")
        choose("mock")
        sheet.field("First name").wait_for()
        sheet.button("Use production").wait_for(state="hidden")
    assert list(wych.requests) == []


def test_an_environment_that_its_file_contradicts(sheet):
    """An environment whose file sets a different one is refused, and the dropdown goes back."""
    sheet.run()
    write_env(sheet.path.parent / ".env.sandbox", environment="mock")
    sheet.form.get_by_label("Environment").select_option("sandbox")
    sheet.form.get_by_text("WYCH_ENVIRONMENT (.env.sandbox line 1)").wait_for()
    sheet.page.wait_for_function(
        "choice => choice.value === 'mock'",
        arg=sheet.form.get_by_label("Environment").element_handle(),
    )
    sheet.field("First name").wait_for()


def test_stop_while_a_request_hangs(sheet, slow):
    """Stop frees the form while the portal does not respond. Nothing follows when it does."""
    port, waiting, go, paths = slow
    env = sheet.path.parent / ".env"
    write_env(
        env,
        environment="mock",
        home=sheet.path.parent / "kit",
        portal_url=f"http://127.0.0.1:{port}/portal",
        **addresses(env),
    )
    sheet.run()
    assert sheet.button("Stop").count() == 0
    sheet.button("Register").click()
    assert waiting.wait(20)
    sheet.form.get_by_role("progressbar").wait_for()
    sheet.button("Stop").click()
    sheet.form.get_by_text(STOPPED).wait_for()
    sheet.button("Stop").wait_for(state="hidden")
    waiting.clear()
    go.set()
    sheet.page.wait_for_function(
        "button => !button.disabled", arg=sheet.button("Register").element_handle()
    )
    sheet.fill("First name", "Ada")  # a click after that is no double one
    sheet.button("Register").click()
    assert waiting.wait(20)
    assert paths[:2] == ["/portal/api/accounts"] * 2, (
        "the stopped run sent nothing after its first request"
    )


def addresses(env):
    """Return the mock's addresses in a project's `.env`, without the portal's."""
    settings = load_settings(path=env, environ={})
    return {name: getattr(settings, name) for name in ("issuer_url", "api_url", "connect_url")}


def test_the_token_counts_down_and_ends(sheet):
    """The token's remaining time goes down by itself, until the form says that it has expired."""
    with mock.running(ephemeral=True, expires_in=8) as brief:
        urls = {
            name: getattr(brief, name)
            for name in ("issuer_url", "api_url", "portal_url", "connect_url")
        }
        write_env(
            sheet.path.parent / ".env", environment="mock", home=sheet.path.parent / "kit", **urls
        )
        sheet.run()
        for number, title in enumerate(TITLES[:3], 1):
            sheet.button(title).click()
            sheet.done(number)
        clock = sheet.form.locator(".wych-clock")
        clock.get_by_text(re.compile(r"^[1-8] s$")).wait_for()
        shown = int(clock.locator("b").inner_text().split()[0])
        if shown > 1:
            clock.get_by_text(re.compile(f"^[1-{shown - 1}] s$")).wait_for()
        clock.get_by_text("The token has expired").wait_for()
