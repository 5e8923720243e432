"""Charts of a customer's data, and the data's step in a notebook."""

from __future__ import annotations

import json
import re
import socket
import threading

import altair as alt
import pytest

from wych_kit import notebook
from wych_kit.journey.step import Done, Table
from wych_kit.notebook.views import html
from wych_kit.notebook.views.charts import VEGA

NUMBER = re.compile(r"\b9[1-4]-\d{4}-\d{7}-\d{2}\b")


@pytest.fixture
def there(new):
    """A kit with a connected customer and the data."""
    new.catch_up("customer_data")
    new.step("customer_data", days="30")
    return new


@pytest.mark.parametrize("name", ["balances", "categories"])
def test_a_chart_is_drawn_or_told(there, name):
    """Vega-Lite that its schema takes, the table as text, and no account number in either."""
    bundle = there.chart(name)._repr_mimebundle_()
    alt.Chart.from_dict(bundle[VEGA])
    assert not NUMBER.search(json.dumps(bundle))
    assert "NZD" in bundle["text/plain"]
    assert "text/html" not in bundle


def test_what_is_drawn_are_the_data(there):
    """As many points as accounts and days; the last is what the account has."""
    spec = there.chart("balances").spec
    (rows,) = spec["datasets"].values()
    data = there.session.data
    assert len(rows) == 30 * len(data.statements)
    last = {row["Account"]: row["Balance"] for row in rows}
    assert last == {found.name: float(found.balance.amount) for found in data.statements}


def test_no_chart_before_there_are_data(new):
    """It says what gets them; a name that is none is met with the nearest."""
    with pytest.raises(RuntimeError, match="customer_data"):
        new.chart("balances")
    new.catch_up("customer_data")
    new.step("customer_data", days="7")
    with pytest.raises(KeyError, match="balances"):
        new.chart("balance")


def test_the_road_is_caught_up(new):
    """On the mock a notebook opens on its own: the customer is played, each step in a line."""
    recap = repr(new.catch_up("customer_data"))
    assert recap.count("✓") == 5
    assert "Connect a customer" in recap


def test_what_the_answers_are_not_needed_for(there):
    """Connected already, the same cell does nothing and shows what there is."""
    before = there.session.connection
    page = there.step("connect", callback="demo")
    assert there.session.connection is before
    assert "consent" in page.as_text()


def test_connect_another_asks_again(there):
    """The button brings the form back, and what stood on the connection is gone."""
    page = there.step("connect")
    (form,) = page.forms
    form.again.click()
    assert form.state == "ask"
    assert (there.session.connection, there.session.data) == (None, None)
    assert 'target="_blank"' in form.heading.value


def test_stop_ends_the_wait_for_a_browser(project, mock_wych):
    """The form waits in a thread of its own; Stop lets it go, and the port with it."""
    with socket.socket() as free:  # the usual one may be in use by a person's own kit
        free.bind(("127.0.0.1", 0))
        project.on(mock_wych, callback_url=f"http://127.0.0.1:{free.getsockname()[1]}/callback")
    kit = notebook.open_kit()
    kit.catch_up("connect")
    (form,) = kit.step("connect").forms
    kit.model.start(form.step)
    for _ in range(200):
        if kit.model.current_run and any(
            stage.startswith("the browser to come back") for stage in kit.model.current_run.stages
        ):
            break
        threading.Event().wait(0.05)
    assert (
        len([stage for stage in kit.model.current_run.stages if stage.startswith("the browser")])
        == 1
    )
    kit.model.stop()
    assert kit.model.wait_until_idle(5)
    assert kit.model.current_run is None
    assert "connect" not in kit.model.outcomes
    kit.close()


def test_a_link_is_one_only_where_it_leads_to_the_web():
    """Settings are typed by people: no script is made a link."""
    assert "<a " not in html.render_heading(1, 6, title="t", why="w", link="javascript:alert(1)")
    assert "&lt;b&gt;" in html.render_heading(
        1, 6, title="t", why="w", link="https://x.example/<b>"
    )


def test_tables_are_escaped():
    """A bank's words are text, whatever is in them."""
    table = Table("<b>", ("<i>",), (("<script>\x1b[2J",),))
    shown = html.render_titled_table(table)
    assert "<script" not in shown
    assert "<b>" not in shown
    assert "\x1b" not in shown


def test_the_outcome_is_a_table_in_every_form(there):
    """As text with columns under each other, as HTML with heads; numbers to the right."""
    page = there.step("customer_data")
    assert isinstance(there.model.outcomes["customer_data"], Done)
    assert re.search(r"^  Account +Number +Balance +30 days$", page.as_text(), re.MULTILINE)
    assert '<th scope="col" style="text-align:right">Balance</th>' in page.as_html()
    assert not NUMBER.search(page.as_text() + page.as_html())
