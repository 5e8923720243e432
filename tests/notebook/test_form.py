"""The forms, filled and pressed as a person does, against the mock."""

from __future__ import annotations

import json
import re
import threading
import time

import pytest
from ipywidgets.widgets.widget import _instances

from wych_kit import notebook
from wych_kit.errors import SettingInvalid
from wych_kit.journey.onboarding import STEPS
from wych_kit.journey.step import Done, Failed
from wych_kit.notebook import session_model, step_run
from wych_kit.notebook.step_run import StepRun
from wych_kit.notebook.widgets.field_input import EnterKey
from wych_kit.secret import Secret
from wych_kit.settings.loading import load_settings

CANARY = "canary-3f9c-Password"
SECRET = "Xq7Lr2Vt9Kp4Zm1Nc8Bw5Hd3Gs6Jf0Ya"


def asked_for(wych, path):
    """How often the mock was asked for this path."""
    return sum(request.path == path for request in wych.requests)


def rested(model):
    """As if the time for a second click had passed."""
    model._last_end = ("", 0.0)


def states():
    """The state of every widget there is, as it would be saved."""
    return json.dumps([widget.get_state() for widget in _instances.values()], default=repr)


def test_the_tour_by_hand_ends_in_a_first_call(new, mock_wych, fill, press):
    """Typing into the fields and pressing the buttons leads to an authenticated call, with what was typed."""
    page = new.tour()
    fill(
        page.forms[0],
        first_name="Ada",
        app_name="Ada's app",
        email="ada@example.com",
        password=CANARY,
    )
    for form in page.forms:
        assert form.state == "ask"
        press(form)
        assert form.state == "done"
    assert new.session.users == []
    assert load_settings(path=new.session.path).app_name == "Ada's app"
    assert "first authenticated call" in page.forms[3].outcome.value
    assert mock_wych.token_requests == 1


def test_a_step_waits_for_those_before_it(new):
    """Only the first open step of the tour can be started."""
    page = new.tour()
    assert [form.state for form in page.forms] == ["ask", "later", "later", "later"]
    assert page.forms[3].children == (page.forms[3].heading,)
    page.forms[3].submit()
    assert new.model.current_run is None


def test_a_step_that_has_to_wait_again_has_no_buttons(ready):
    """A step before which another became open again cannot be started or run again."""
    page = ready.tour()
    ready.step("first_call")
    ready.model.outcomes.pop("token")
    ready.model.observers.notify()
    last = page.forms[3]
    assert last.state == "done"
    ready.model.outcomes.pop("first_call")
    ready.model.observers.notify()
    assert last.state == "later"
    assert [box.layout.display for box in (last.form, last.buttons, last.last)] == ["none"] * 3


def test_an_empty_field_takes_its_example(new, press):
    """A button pressed with nothing written registers with the examples, as Enter does in the terminal."""
    page = new.step("register")
    press(page.forms[0])
    assert page.forms[0].state == "done"
    assert new.session.settings.app_name == "Kowhai Budgeting"


def test_a_secret_leaves_its_field_when_read(new, fill, entry):
    """A password leaves the widget as soon as the field is left, and nothing shows it."""
    form = new.step("register").forms[0]
    fill(form, password=CANARY)
    assert entry(form, "password").input.value == ""
    assert new.model.drafts.answers["password"] == Secret(CANARY)
    assert "kept, not shown" in entry(form, "password").input.placeholder
    assert CANARY not in states()


def test_a_secret_is_not_sent_back_to_the_browser(new, entry, monkeypatch):
    """The kernel answers a typed password with an empty field and no echo.

    Other fields are echoed, so the test would see one.
    """
    form = new.step("register").forms[0]
    sent = []
    for name in ("password", "first_name"):
        field = entry(form, name).input
        monkeypatch.setattr(field, "_send", lambda message, buffers=None: sent.append(message))
        field.set_state({"value": f"{CANARY} {name}"})
    assert f"{CANARY} first_name" in str(sent)
    assert f"{CANARY} password" not in str(sent)
    assert {"value": ""} in [message["state"] for message in sent]


def test_a_password_survives_a_mistake_elsewhere(new, fill, press):
    """Somebody who misspelt the email need not type the password again; after the step it is forgotten."""
    page = new.step("register")
    fill(page.forms[0], email="kim", password=CANARY)
    press(page.forms[0])
    assert page.forms[0].state == "ask"
    fill(page.forms[0], email="kim@example.com")
    rested(new.model)
    press(page.forms[0])
    assert page.forms[0].state == "done"
    assert new.model.drafts.answers == {}


def test_what_is_wrong_stands_beside_the_field_when_it_is_left(new, mock_wych, fill, entry):
    """An invalid value is marked at once, beside its field only. A valid one brings the help back."""
    form = new.step("register").forms[0]
    fill(form, email="kim")
    assert "kim@example.com" in entry(form, "email").message.value
    assert "✗" not in entry(form, "first_name").message.value
    assert list(mock_wych.requests) == []
    fill(form, email="kim@example.com")
    assert "wych-help" in entry(form, "email").message.value


def test_what_an_empty_field_takes_is_what_it_shows(new, entry, press, project, mock_wych):
    """A refusal from the portal leaves the example where an empty field still takes it."""
    notebook.drive(new.step("register"), {"password": CANARY})
    again = notebook.open_kit(register_again=True)
    form = again.step("register").forms[0]
    press(form)
    assert "✗" in entry(form, "password").message.value
    assert (
        entry(form, "password").input.placeholder
        == again.model.drafts.get_answers(again.model.get_fields(form.step))["password"].reveal()
    )
    again.close()


def test_a_wrong_secret_is_not_kept(new, fill, entry, press):
    """An invalid password is dropped and its reason stays, without the password or an example."""
    form = new.step("register").forms[0]
    fill(form, password="canary")
    for _ in range(2):
        assert "8 characters" in entry(form, "password").message.value
        assert entry(form, "password").input.placeholder == "\u200b"
        press(form)
    assert form.state == "ask"
    assert "password" not in new.model.drafts.answers
    assert "canary" not in states()


def test_what_the_server_finds_stands_beside_the_field_too(new, fill, press, entry):
    """An address that somebody else has is refused by the portal, and its reason stands beside a field."""
    notebook.drive(new.step("register"), {"email": "kim@example.com", "password": CANARY})
    again = notebook.open_kit(register_again=True)
    form = again.step("register").forms[0]
    fill(form, email="kim@example.com", password="another-password")
    press(form)
    assert form.state == "ask"
    assert any(each.message.value.count("✗") for each in form.inputs)
    assert "Cause" in form.outcome.value
    again.close()


def test_a_double_click_registers_once(new, mock_wych):
    """Two clicks in a row are one: the second is ignored, whether the first has ended or not."""
    form = new.step("register").forms[0]
    form.button.click()
    form.button.click()
    assert new.model.wait_until_idle()
    form.button.click()
    assert asked_for(mock_wych, "/portal/api/accounts") == 1
    assert new.model.start(STEPS[0]) is None


def test_a_click_after_a_correction_is_a_new_one(new, fill):
    """A click right after a corrected field is not taken for a double click."""
    form = new.step("register").forms[0]
    fill(form, email="kim")
    for email, state in (("kim", "ask"), ("kim@example.com", "done")):
        fill(form, email=email)
        form.button.click()
        assert new.model.wait_until_idle()
        assert form.state == state


class Seen:
    """Whoever looks at a form until it is done."""

    def __init__(self, form):
        self.form = form
        self.done = threading.Event()
        form.model.observers.add(self)

    def refresh(self):
        if self.form.state == "done":
            self.done.set()


@pytest.mark.parametrize("first", ["key", "value"])
def test_enter_submits(new, entry, first):
    """Enter starts the step with the field's value, whether the key or the value arrives first."""
    form = new.step("register").forms[0]
    seen = Seen(form)
    field = entry(form, "app_name").input
    steps = {
        "key": lambda: field._handle_msg(submit()),
        "value": lambda: setattr(field, "value", "By Enter"),
    }
    for name in (first, *(set(steps) - {first})):
        steps[name]()
    assert seen.done.wait(20)
    assert new.session.settings.app_name == "By Enter"


def test_what_is_put_right_is_no_longer_called_wrong(new, fill, press):
    """Once no field is marked, nothing says that one is."""
    form = new.step("register").forms[0]
    fill(form, email="kim", nzbn="1")
    press(form)
    assert "Nothing was sent" in form.outcome.value
    fill(form, email="kim@example.com")
    assert "Nothing was sent" in form.outcome.value
    fill(form, nzbn="9429000000109")
    assert form.outcome.value == ""


def test_credentials_that_are_there_are_shown_at_once(ready, project, press):
    """The tour of a new kernel, and one that comes back to the mock, begins where something is left to do."""
    page = ready.tour()
    assert [form.state for form in page.forms] == ["done", "ask", "later", "later"]
    ready.switch("sandbox")
    assert page.forms[0].state == "ask"
    ready.switch("mock")
    assert [form.state for form in page.forms] == ["done", "ask", "later", "later"]
    assert "Client id" in page.forms[0].outcome.value


def test_production_with_credentials_begins_where_something_is_left(project, new):
    """Confirmed, it shows the credentials that are there; before that nothing is done."""
    project.env.with_name(".env.production").write_text(
        "WYCH_ENVIRONMENT=production\nWYCH_CLIENT_ID=client-of-ours\n"
        "WYCH_CLIENT_SECRET=Zq9-canary-of-a-test\nWYCH_API_KEY=Zq9-canary-key-of-a-test\n"
        "WYCH_PARTNER_ID=partner-7\nWYCH_APP_ID=app-7\n"
    )
    page = new.tour()
    new.switch("production")
    assert [form.state for form in page.forms] == ["later"] * 4
    assert new.model.outcomes == {}
    page.confirm.click()
    assert [form.state for form in page.forms] == ["done", "ask", "later", "later"]


def test_what_a_terminal_saved_is_there_in_the_tour(new, project, mock_wych):
    """A registration made elsewhere meanwhile is used by the cell that is run again."""
    assert new.tour().forms[0].state == "ask"
    project.ready_on(mock_wych)
    assert new.tour().forms[0].state == "done"


def test_keeping_what_is_there_after_a_refusal(new, fill, press):
    """The button brings back the credentials, without what went wrong meanwhile."""
    notebook.drive(new.step("register"), {"password": CANARY})
    form = new.tour().forms[0]
    form.again.click()
    fill(form, first_name="Ada", password="refused-anyway")
    press(form)
    assert "Cause" in form.outcome.value
    assert new.model.drafts.answers == {
        "first_name": "Ada"
    }  # a password that was refused is not sent again unseen
    new.model.notes["register"] = "Stopped."
    new.model.current_run = StepRun(STEPS[1], new.session)
    form.other.click()
    assert form.state == "ask"  # something else is under way
    new.model.current_run = None
    form.other.click()
    assert "Stopped" not in form.outcome.value
    assert new.model.drafts.answers == {}
    assert form.state == "done"
    assert "Client id" in form.outcome.value
    assert "Cause" not in form.outcome.value


def test_enter_leads_to_what_is_to_be_corrected(new, entry, fill, press):
    """After Enter the first wrong field has the focus, once; a click on the button takes it nowhere."""
    form = new.step("register").forms[0]
    led = []
    for each in form.inputs:
        each.input.focus = lambda name=each.field.name: led.append(name)
    fill(form, nzbn="1", email="kim")
    press(form)
    assert led == []
    fill(form, nzbn="12")
    entry(form, "first_name").input._handle_msg(submit())
    deadline = time.monotonic() + 10
    while not led and time.monotonic() < deadline:
        time.sleep(0.01)
    assert form.model.wait_until_idle(10)
    fill(form, nzbn="123")
    assert led == ["email"]


def submit():
    """The message of a browser in which Enter was pressed."""
    return {
        "content": {"data": {"method": "custom", "content": {"event": "submit"}}},
        "buffers": [],
    }


def test_enter_acts_once():
    """The value that comes after the key acts; the wait for it does not act again."""
    acted = []
    enter = EnterKey(lambda: acted.append(1))
    enter.handle_value()
    enter.press()
    enter.handle_value()
    enter.handle_value()
    assert acted == [1]


def test_two_forms_of_one_session_stay_in_step(new, fill, press, entry):
    """What is written, wrong or done in one form shows in the other; fields are emptied in both."""
    one, two = new.step("register"), new.tour()
    fill(one.forms[0], first_name="Ada", email="ada", password=CANARY)
    there = two.forms[0]
    assert entry(there, "first_name").input.value == "Ada"
    assert "✗" in entry(there, "email").message.value
    assert "kept, not shown" in entry(there, "password").input.placeholder
    fill(there, email="ada@example.com")
    press(there)
    assert one.forms[0].state == two.forms[0].state == "done"
    assert one.forms[0].outcome.value == two.forms[0].outcome.value


def test_running_a_cell_again_changes_nothing(new, mock_wych, press):
    """`open_kit()` gives the kit that is open, and a step that is done is shown, not done again."""
    press(new.step("register").forms[0])
    before = len(mock_wych.requests)
    again = notebook.open_kit()
    assert again is new
    assert again.step("register", email="other@example.com").forms[0].state == "done"
    assert len(mock_wych.requests) == before


def test_once_more_and_anew(ready, mock_wych, press):
    """Registering again asks again, and the steps that used the old app are open again."""
    page = ready.tour()
    for form in page.forms:
        press(form)
    rested(ready.model)
    press(page.forms[1], page.forms[1].again)
    assert asked_for(mock_wych, "/realms/partner/.well-known/openid-configuration") == 2
    page.forms[0].again.click()
    assert page.forms[0].state == "ask"
    rested(ready.model)
    press(page.forms[0])
    assert [form.state for form in page.forms] == ["done", "ask", "later", "later"]


def test_progress_names_the_stages(new):
    """While a step is on its way there is a bar, and the stages are named as they come."""
    seen = []
    form = new.step("register").forms[0]
    form.outcome.observe(lambda change: seen.append(change["new"]), "value")
    form.button.click()
    assert new.model.wait_until_idle()
    bars = [value for value in seen if "<progress" in value]
    assert [
        stage
        for stage in ("account", "business", "app", "saving")
        if f"<b>{stage} …</b>" not in "".join(bars)
    ] == []
    assert "<progress" not in form.outcome.value


def test_stop_lets_nothing_more_be_sent(project, mock_wych, slow):
    """Stop frees the form at once. The end of the request that was on its way changes nothing."""
    port, waiting, go, paths = slow
    project.on(mock_wych)
    project.env.write_text(
        project.env.read_text().replace(mock_wych.portal_url, f"http://127.0.0.1:{port}/portal")
    )
    kit = notebook.open_kit()
    form = kit.step("register").forms[0]
    form.button.click()
    run = kit.model.current_run
    assert waiting.wait(10)
    assert form.stop.layout.display is None
    form.stop.click()
    assert form.state == "ask"
    assert "Stopped" in form.outcome.value
    go.set()
    assert run.ended.wait(10)
    assert kit.model.request_lock.acquire(timeout=10), "the thread is through"
    assert paths == ["/portal/api/accounts"]
    assert kit.model.outcomes == {}
    kit.close()


def test_a_mistake_of_ours_is_called_one(ready, press, monkeypatch):
    """A bug is shown as the kit's own, by class and place, without its text."""

    def broken(*_, **__):
        raise ZeroDivisionError(CANARY)

    page = ready.tour()
    monkeypatch.setattr(step_run, "run", broken)
    press(page.forms[1])
    assert "bug in Wych Kit" in page.forms[1].outcome.value
    assert "ZeroDivisionError" in page.forms[1].outcome.value
    assert CANARY not in page.forms[1].outcome.value
    with pytest.raises(ZeroDivisionError):
        ready.step("discover")


def test_a_failure_is_explained_and_can_be_tried_again(project, mock_wych, press):
    """A refused secret is shown with what happened, the cause and the next step. The button stays."""
    project.ready_on(mock_wych, client_secret="not-the-secret-of-this-app-0001")
    kit = notebook.open_kit()
    page = kit.tour()
    for form in page.forms[:3]:
        press(form)
    assert isinstance(kit.model.outcomes["token"], Failed)
    shown = page.forms[2].outcome.value
    evidence = kit.model.outcomes["token"].diagnosis.evidence
    for text in (*evidence, "Cause", "Next", "wrong-client-secret"):
        assert text in shown
    assert page.forms[2].state == "ask"
    assert "not-the-secret" not in states() + page.as_text() + page.as_html()
    kit.close()


def test_the_mock_is_started_when_none_answers(project, mock_wych, monkeypatch):
    """The kit starts a mock if none answers. If it cannot, the form shows why."""
    with notebook_free_port() as port:
        pass
    project.write_env(
        environment="mock",
        **{
            name: getattr(mock_wych, name).replace(str(mock_wych.port), str(port))
            for name in ADDRESSES
        },
    )
    kit = notebook.open_kit()
    outcomes = notebook.drive(kit.tour())
    assert all(isinstance(outcome, Done) for outcome in outcomes.values())
    kit.close()
    monkeypatch.setattr(session_model, "start_mock_if_needed", refuse)
    kit = notebook.open_kit(register_again=True)
    form = kit.step("register").forms[0]
    form.button.click()
    assert kit.model.wait_until_idle()
    assert "the port is taken" in form.outcome.value
    kit.close()


ADDRESSES = ("issuer_url", "api_url", "portal_url", "connect_url")


def refuse(_):
    """A mock that cannot be started."""
    from wych_kit import mock

    raise mock.CannotStart("the port is taken")


def notebook_free_port():
    """A port that was free a moment ago."""
    import contextlib
    import socket

    @contextlib.contextmanager
    def port():
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            yield listener.getsockname()[1]

    return port()


def test_production_asks_once_more(project, mock_wych, press):
    """Nothing is sent to production before it was confirmed, by button or by code."""
    project.on(mock_wych)
    kit = notebook.open_kit()
    page = kit.tour()
    page.environment.value = "production"
    assert kit.session.settings.environment.name == "production"
    assert "production" in page.banner.value
    assert "wych-on-production" in page.header._dom_classes
    assert page.confirmation.layout.display is None
    assert {form.state for form in page.forms} == {"later"}
    assert kit.model.start(STEPS[0]) is None
    assert "kit.confirm()" in kit.step("register", client_id="x").as_text()
    assert "kit.confirm()" in repr(kit.catch_up("token"))
    assert list(mock_wych.requests) == []
    page.confirm.click()
    assert page.forms[0].state == "ask"
    assert page.confirmation.layout.display == "none"
    assert "Client secret" in page.as_text()
    page.environment.value = "mock"
    assert kit.session.uses_mock
    page.environment.value = "production"
    assert not kit.model.is_sending_allowed
    kit.close()


def test_each_environment_has_its_own_file(project, mock_wych, fill, press):
    """Switching to the sandbox saves pasted credentials to `.env.sandbox` and leaves `.env` alone."""
    project.on(mock_wych)
    before = project.env.read_text()
    kit = notebook.open_kit()
    kit.switch("sandbox")
    form = kit.tour().forms[0]
    assert form.button.description == "Check and save"
    assert "credentials" in form.heading.value
    assert "Wych" in form.heading.value
    fill(form, **brought(mock_wych, client_secret=f"{CANARY}-1"))
    press(form)
    assert (project.folder / ".env.sandbox").exists()
    assert CANARY in (project.folder / ".env.sandbox").read_text()
    assert project.env.read_text() == before
    assert CANARY not in states()
    with pytest.raises(ValueError, match="sandbox"):
        kit.switch("prod")
    kit.close()


def brought(mock_wych, **changes):
    """What a person brings to the sandbox, some of it changed."""
    values = {
        "issuer_url": mock_wych.issuer_url,
        "api_url": mock_wych.api_url,
        "client_id": "my-app",
        "client_secret": SECRET,
    }
    return (
        values | {"api_key": f"{CANARY}-2", "partner_id": "partner-7", "app_id": "app-7"} | changes
    )


def test_swapped_credentials_are_marked_before_anything_is_saved(
    project, mock_wych, fill, press, entry
):
    """Swapped id and secret are both marked, and nothing is saved until they are corrected."""
    project.on(mock_wych)
    kit = notebook.open_kit()
    kit.switch("sandbox")
    page = kit.tour()
    form = page.forms[0]
    fill(form, **brought(mock_wych, client_id=SECRET, client_secret="my-app"))
    press(form)
    assert set(kit.model.drafts.faults) == {"client_id", "client_secret"}
    for name in ("client_id", "client_secret"):
        assert "✗" in entry(form, name).message.value
    assert len(form.inputs) == 7
    assert form.form.layout.display is None
    assert not (project.folder / ".env.sandbox").exists()
    fill(form, client_id="my-app", client_secret=SECRET)
    time.sleep(form.model.get_restart_delay(form.step))
    press(form)
    assert form.state == "done"
    assert kit.session.settings.client_id == "my-app"
    kit.close()


def test_a_saved_value_that_cannot_be_right_is_asked_again(project, mock_wych, entry):
    """A file with id and secret swapped shows both fields, empty, with the reason."""
    values = brought(mock_wych, client_id=SECRET, client_secret="my-app-7")
    env = "".join(f"WYCH_{name.upper()}={value}\n" for name, value in values.items())
    (project.folder / ".env.sandbox").write_text(f"WYCH_ENVIRONMENT=sandbox\n{env}", "utf-8")
    kit = notebook.open_kit("sandbox")
    page = kit.tour()
    assert [each.field.name for each in page.forms[0].inputs] == ["client_id", "client_secret"]
    assert entry(page.forms[0], "client_id").input.value == ""
    assert ".env.sandbox line 4" in entry(page.forms[0], "client_id").message.value
    assert SECRET not in states() + page.as_text() + page.as_html()
    kit.close()


def test_the_token_counts_down(ready, mock_wych, press):
    """The token's form says how long the token lives, and that it has expired when it has."""
    page = ready.tour()
    for form in page.forms[:3]:
        press(form)
    assert "14 min 5" in page.forms[2].clock.value or "15 min 00" in page.forms[2].clock.value
    ready.session.token = type(ready.session.token)(
        ready.session.token.value, 900, time.monotonic() - 1
    )
    page.tick()
    assert "has expired" in page.forms[2].clock.value
    assert page.forms[1].clock.value == ""


def test_an_answer_that_no_step_asks_is_a_mistake(new):
    """A misspelt keyword, step or file is said at once, with the nearest right one."""
    with pytest.raises(TypeError, match=r"emial .*did you mean email"):
        new.step("register", emial="kim@example.com")
    with pytest.raises(KeyError, match="did you mean token"):
        new.step("tokn")
    with pytest.raises(SettingInvalid, match="cannot be read"):
        notebook.drive(new.tour(), "missing.toml")


def test_answers_that_are_not_used_are_named(ready, capsys):
    """A step that has nothing left to ask, or that another comes before, says what it leaves lying."""
    capsys.readouterr()
    ready.step("customer_data", days="7")
    line = capsys.readouterr().out
    assert re.match("Not used yet: days.*connect", line)
    ready.step("register", nzbn="9429000000000")
    line = capsys.readouterr().out
    assert re.match("Not used: nzbn", line)
    assert ready.tour().forms[0].again.description in line


def test_an_edited_file_is_read_again_and_said(ready, project, capsys):
    """The next cell uses the file's new values and says so once. Old outcomes are gone."""
    ready.step("token")
    project.env.write_text(project.env.read_text() + "\nWYCH_APP_NAME=edited\n")
    ready.step("register")
    assert "was changed" in capsys.readouterr().out
    assert ready.session.settings.app_name == "edited"
    assert ready.session.token is None
    assert notebook.open_kit() is ready
    assert capsys.readouterr().out == ""


def test_a_button_uses_the_edited_file_and_says_so(ready, project, press):
    """Not only a cell: what was edited between two clicks holds for the second."""
    page = ready.tour()
    notebook.drive(page)
    project.env.write_text(
        project.env.read_text() + "\nWYCH_CLIENT_SECRET=mock-only-not-this-apps-secret\n"
    )
    form = page.forms[2]
    form.again.click()
    ready.model.wait_until_idle()
    assert ready.model.notes["token"] == ready.model.settings_changed_message
    assert ready.model.outcomes["token"].diagnosis.reference == "wrong-client-secret"
    assert set(ready.model.outcomes) == {"register", "discover", "token"}
    assert "was changed" in form.outcome.value


def test_an_edited_file_that_cannot_be_read_costs_nothing(ready, project, capsys):
    """A cell and its form say what is wrong with the file; put right, all goes on with what was there."""
    good = project.env.read_bytes()
    project.env.write_bytes(b"\xff\xfe")
    page = ready.step("token")
    assert "UTF-8" in capsys.readouterr().out
    assert ready.model.outcomes["register"].diagnosis.reference == "env-file-unreadable"
    assert "UTF-8" in page.as_text()
    project.env.write_bytes(good)
    ready.step("token")
    assert isinstance(ready.model.outcomes["token"], Done)


def test_an_edit_to_production_is_asked_about(ready, project, mock_wych):
    """A click that finds production in the file sends nothing."""
    page = ready.tour()
    before = len(mock_wych.requests)
    project.env.write_text(
        project.env.read_text().replace("WYCH_ENVIRONMENT=mock", "")
        + "\nWYCH_ENVIRONMENT=production\n"
    )
    ready.model.run_now(page.forms[1].step)
    assert len(mock_wych.requests) == before
    assert not ready.model.is_sending_allowed
    assert page.confirmation.layout.display is None


def test_what_the_kit_wrote_is_no_edit(new, capsys):
    """Registering writes the file; the next cell neither says that it changed nor forgets what is done."""
    new.catch_up("first_call")
    assert notebook.open_kit() is new
    new.step("first_call")
    assert capsys.readouterr().out == ""
    assert list(new.model.outcomes) == ["register", "discover", "token", "first_call"]


def test_an_edit_keeps_what_is_written_in_forms(new, project, capsys):
    """A draft not sent yet is still there after somebody else edited the file."""
    page = new.step("register")
    new.model.save_answer(page.forms[0].inputs[0].field, "Ada")
    project.env.write_text(project.env.read_text() + "\n# a remark\n")
    new.step("register")
    assert "was changed" in capsys.readouterr().out
    assert list(new.model.drafts.answers.values()) == ["Ada"]
