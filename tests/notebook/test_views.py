"""Without widgets: the same cells in text, tables and keyword answers; and everything foreign escaped."""

from __future__ import annotations

import asyncio
import json
import re

import pytest
from IPython.display import DisplayHandle

from wych_kit import notebook
from wych_kit.client.journal.recorder import Exchange
from wych_kit.diagnosis.diagnose import diagnose
from wych_kit.errors import Refused
from wych_kit.journey.onboarding import STEPS
from wych_kit.journey.step import Done, Fact, Failed
from wych_kit.notebook.step_run import StepRun
from wych_kit.notebook.views import html as markup
from wych_kit.notebook.views import text as plain
from wych_kit.notebook.widgets import front_end_probe

WIDGET = "application/vnd.jupyter.widget-view+json"
EVIL = "<script>alert('x')</script>\x1b[2J"


def test_keyword_answers_do_what_the_form_does(new, mock_wych):
    """`kit.step` with answers registers at once, with examples for the rest."""
    page = new.step("register", first_name="Ada", email="ada@example.com")
    assert page.forms[0].state == "done"
    assert "\nDone. " in page.as_text()
    assert (
        next(
            request for request in mock_wych.requests if request.path == "/portal/api/accounts"
        ).status
        == 201
    )


def test_a_wrong_keyword_answer_is_shown_with_the_questions(new, mock_wych):
    """Nothing is sent, the reason is named, and so is the call that would do."""
    text = new.step("register", email="kim").as_text()
    assert re.search("^  email: .*kim@example.com", text, re.MULTILINE)
    assert 'kit.step("register", first_name=…' in text
    assert "password=getpass()" in text
    assert list(mock_wych.requests) == []


def test_a_step_that_asks_nothing_just_runs(ready):
    """A returning person's cell shows the result, and the steps before it were caught up."""
    page = ready.step("first_call")
    assert "first authenticated call" in page.as_text()
    assert list(ready.model.outcomes) == ["register", "discover", "token", "first_call"]


def test_a_step_before_it_that_asks_is_shown_first(new):
    """With nothing registered, the token's cell shows the registration, then the token."""
    page = new.step("token")
    assert [form.step.name for form in page.forms] == ["register", "token"]
    assert [form.state for form in page.forms] == ["ask", "later"]
    assert [type(outcome) for outcome in notebook.drive(page).values()] == [Done, Done]


def test_catching_up_registers_the_example_on_the_mock(new):
    """A notebook opens on its own: on the mock what comes before is done with the example answers."""
    recap = new.catch_up("first_call")
    assert [line[:1] for line in repr(recap).splitlines()[1:]] == ["✓"] * 3
    assert recap._repr_mimebundle_()["text/html"].count("✓") == 3
    assert new.session.token is not None


def test_catching_up_says_whose_answers_were_given(new):
    """`catch_up` names the examples that it answered with, without the password."""
    words = "Answered with the examples: Kim, Tester, kim.tester@example.com"
    for _ in range(2):
        recap = new.catch_up("discover")
        assert words in repr(recap)
        assert words in recap._repr_mimebundle_()["text/html"]
        assert "mock-only-password" not in repr(recap)
    new.session.register_again = True
    new.step("register", first_name="Ada")
    assert "examples" not in repr(new.catch_up("discover"))
    new.session.register_again = True
    new.model.current_run = StepRun(STEPS[1], new.session)  # while which nothing else is started
    assert "examples" not in repr(new.catch_up("discover"))


def test_catching_up_invents_nothing_for_wych(project):
    """Elsewhere than on the mock it says what is asked, and registers nothing."""
    kit = notebook.open_kit()
    kit.switch("sandbox")
    assert 'kit.step("register")' in repr(kit.catch_up("token"))
    assert kit.model.outcomes == {}
    kit.close()


def test_catching_up_says_what_did_not_come_through(project, mock_wych):
    """The first failure is explained, in text and in HTML."""
    project.ready_on(mock_wych)
    project.env.write_text(project.env.read_text().replace("realms/partner", "realms/nowhere"))
    kit = notebook.open_kit()
    bundle = kit.catch_up("token")._repr_mimebundle_()
    assert "Cause:" in bundle["text/plain"]
    assert "Cause" in bundle["text/html"]
    kit.close()


def test_the_stand_in_is_stable(project, mock_wych):
    """Two kits that do the same show the same text and table, times and widget numbers left out."""
    shown = []
    for _ in range(2):
        mock_wych.reset()
        project.on(mock_wych, token_cache="memory")
        kit = notebook.open_kit(register_again=True)
        notebook.drive(page := kit.tour())
        bundle = page._repr_mimebundle_()
        shown.append(re.sub(r"x-am\S+: \S+", "", bundle["text/plain"] + bundle["text/html"]))
        assert " ms" not in shown[-1]
        assert WIDGET in bundle
        kit.close()
    assert shown[0] == shown[1]


def test_the_live_form_says_how_long_it_took(ready):
    """What is left out of the stored table is in the form: each exchange has its time."""
    form = ready.step("discover").forms[0]
    assert re.search(r"200 OK, \d+ ms", form.outcome.value)


def beating(kit, answer, meanwhile=lambda: None):
    """Show a page in a running loop; `answer()` is what the front end does. What was drawn anew."""
    drawn = []

    class Handle(DisplayHandle):
        def update(self, data, **_):
            drawn.append(data)

    async def cell():
        page = kit.tour()
        kit._probe.watch(Handle(), page._bundle())
        meanwhile()
        thread = kit._probe._thread
        answer(kit._probe.widget)
        await asyncio.to_thread(thread.join, 10)

    asyncio.run(cell())
    return drawn


def test_a_front_end_that_shows_no_widgets_gets_the_table(new, monkeypatch):
    """A front end that does not answer in time gets the table, and later cells show it at once."""
    monkeypatch.setattr(front_end_probe, "MAX_WAIT", 0.02)
    monkeypatch.setattr(front_end_probe, "_PAUSE", 0.01)
    (drawn,) = beating(new, lambda _: None)
    assert set(drawn) == {"text/plain", "text/html"}
    assert "answer in code" in drawn["text/html"]
    assert set(new.tour()._repr_mimebundle_()) == {"text/plain", "text/html"}


def test_what_is_stored_does_not_hang_on_the_clock(new, monkeypatch):
    """A cell keeps what it showed, even if its step was done before the silence was noticed."""
    monkeypatch.setattr(front_end_probe, "MAX_WAIT", 0.02)
    monkeypatch.setattr(front_end_probe, "_PAUSE", 0.01)
    (drawn,) = beating(
        new, lambda _: None, meanwhile=lambda: new.step("register", first_name="Ada")
    )
    assert "answer in code" in drawn["text/html"]
    assert "Done." not in drawn["text/html"] + drawn["text/plain"]
    assert new.tour().forms[0].state == "done"


def test_a_front_end_that_answers_keeps_the_form(new):
    """A browser counts when the hidden player is set going, and that count is the answer."""
    assert beating(new, lambda player: setattr(player, "value", 1)) == []
    assert new._probe._waiting == new._probe._without_widget == []
    assert WIDGET in new.tour()._repr_mimebundle_()


def test_a_late_answer_brings_the_form_back(new, monkeypatch):
    """A front end that was only slow gets its form after all."""
    monkeypatch.setattr(front_end_probe, "MAX_WAIT", 0.02)
    monkeypatch.setattr(front_end_probe, "_PAUSE", 0.01)
    drawn = beating(new, lambda _: None)
    new._probe.widget.value += 1
    assert [WIDGET in each for each in drawn] == [False, True]


def test_outside_a_kernel_nothing_is_asked(new):
    """With no loop there is nobody to answer, and no thread that waits."""
    new._probe.watch(DisplayHandle(), {})
    assert new._probe._thread is None
    assert new._probe.has_widgets is None


def failures():
    """A success and a failure full of what a hostile server could say."""
    exchange = Exchange(
        "",
        "GET",
        f"http://x/{EVIL}",
        [("a", EVIL)],
        EVIL,
        200,
        EVIL,
        "",
        [("b", EVIL)],
        json.dumps({"c": EVIL}),
        0.1,
    )
    error = Refused(
        EVIL, stage="token", status=401, code=EVIL, description=EVIL, fields={EVIL: EVIL}
    )
    return Done((Fact(EVIL, EVIL, EVIL),), EVIL, "", (exchange,)), Failed(
        diagnose(error), error, error.fields, (exchange,)
    )


@pytest.mark.parametrize("outcome", failures(), ids=["done", "failed"])
def test_everything_foreign_is_escaped(outcome):
    """Nothing that a server or a person says becomes HTML or steers a screen; it is all still to be read."""
    html = markup.render_outcome(outcome, (), EVIL)
    assert "<script" not in html
    assert "\x1b" not in html + "\n".join(plain.render_outcome(outcome, EVIL))
    assert "&lt;script&gt;" in html


def test_half_a_character_can_be_sent_on():
    """Half of a surrogate pair in JSON is written as an escape, since no message can carry it."""
    exchange = Exchange(
        "", "GET", "http://x/", [], "", 500, "", "", [], '{"error": "a\\ud800b"}', 0.1
    )
    found = Done((Fact("a", "b\udfff"),), "\udc80", "", (exchange,))
    shown = markup.render_outcome(found, (), "") + "\n".join(plain.render_outcome(found, ""))
    assert r"a\ud800b" in shown
    assert shown.encode()


def test_a_server_cannot_fill_the_form():
    """A value of a megabyte is cut where it becomes a fact, and its beginning is still to be read."""
    found = Done((Fact("User", "kim" * 400_000, "b" * 1_000_000),), "")
    assert "kimkim" in markup.render_outcome(found, (), "")
    assert (
        max(
            len(markup.render_outcome(found, (), "")), len("".join(plain.render_outcome(found, "")))
        )
        < 5000
    )


def test_what_is_typed_is_escaped(new, fill, entry):
    """A tag typed into a field is shown as text wherever it turns up again."""
    form = new.step("register").forms[0]
    fill(form, email=EVIL)
    assert "<script" not in entry(form, "email").message.value + form.outcome.value
