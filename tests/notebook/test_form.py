"""The forms, filled and pressed as a person does, against the mock."""

from __future__ import annotations

import json
import threading
import time

import pytest
from ipywidgets.widgets.widget import _instances

from wych_kit import notebook
from wych_kit.errors import SettingInvalid
from wych_kit.journey.onboarding import STEPS
from wych_kit.journey.step import Done, Failed
from wych_kit.notebook import session_model as desks
from wych_kit.notebook.step_run import Run
from wych_kit.notebook.widgets.field_input import Enter
from wych_kit.secret import Secret
from wych_kit.settings.loading import load_settings

CANARY = "canary-3f9c-Password"
SECRET = "Xq7Lr2Vt9Kp4Zm1Nc8Bw5Hd3Gs6Jf0Ya"


def asked_for(wych, path):
    """How often the mock was asked for this path."""
    return sum(request.path == path for request in wych.requests)


def rested(desk):
    """As if the time for a second click had passed."""
    desk._ended = ("", 0.0)


def states():
    """The state of every widget there is, as it would be saved."""
    return json.dumps([widget.get_state() for widget in _instances.values()], default=repr)


def test_the_tour_by_hand_ends_in_a_first_call(new, mock_wych, fill, press):
    """Typing into the fields and pressing the buttons leads to an authenticated call, with what was typed."""
    page = new.tour()
    fill(
        page.panels[0],
        first_name="Ada",
        app_name="Ada's app",
        email="ada@example.com",
        password=CANARY,
    )
    for panel in page.panels:
        assert panel.state == "ask"
        press(panel)
        assert panel.state == "done"
    assert new.session.users == []
    assert load_settings(path=new.session.path).app_name == "Ada's app"
    assert "Your first authenticated call" in page.panels[3].outcome.value
    assert mock_wych.token_requests == 1


def test_a_step_waits_for_those_before_it(new):
    """In the tour only the first open step can be started; a later one shows its heading, and what could start it does nothing."""
    page = new.tour()
    assert [panel.state for panel in page.panels] == ["ask", "later", "later", "later"]
    assert page.panels[3].children == (page.panels[3].heading,)
    page.panels[3].submit()
    assert new.desk.under_way is None


def test_a_step_that_has_to_wait_again_has_no_buttons(ready):
    """A step that was reached, and then has another before it again, can neither be started nor done once more."""
    page = ready.tour()
    ready.step("first_call")
    ready.desk.outcomes.pop("token")
    ready.desk.tell()
    last = page.panels[3]
    assert last.state == "done"
    ready.desk.outcomes.pop("first_call")
    ready.desk.tell()
    assert last.state == "later"
    assert [box.layout.display for box in (last.form, last.buttons, last.last)] == ["none"] * 3


def test_an_empty_field_takes_its_example(new, press):
    """A button pressed with nothing written registers with the examples, as Enter does in the terminal."""
    page = new.step("register")
    press(page.panels[0])
    assert page.panels[0].state == "done"
    assert new.session.settings.app_name == "Kowhai Budgeting"


def test_a_secret_leaves_its_field_when_read(new, fill, entry):
    """A password is gone from the widget as soon as the field is left, kept as a Secret, and shown by nothing."""
    panel = new.step("register").panels[0]
    fill(panel, password=CANARY)
    assert entry(panel, "password").input.value == ""
    assert new.desk.drafts["password"] == Secret(CANARY)
    assert "kept, not shown" in entry(panel, "password").input.placeholder
    assert CANARY not in states()


def test_a_secret_is_not_sent_back_to_the_browser(new, entry, monkeypatch):
    """The kernel answers a typed password with an empty field and no echo; other fields are echoed, so the test would see one."""
    panel = new.step("register").panels[0]
    sent = []
    for name in ("password", "first_name"):
        field = entry(panel, name).input
        monkeypatch.setattr(field, "_send", lambda message, buffers=None: sent.append(message))
        field.set_state({"value": f"{CANARY} {name}"})
    assert f"{CANARY} first_name" in str(sent)
    assert f"{CANARY} password" not in str(sent)
    assert {"value": ""} in [message["state"] for message in sent]


def test_a_password_survives_a_mistake_elsewhere(new, fill, press):
    """Somebody who misspelt the email need not type the password again; after the step it is forgotten."""
    page = new.step("register")
    fill(page.panels[0], email="kim", password=CANARY)
    press(page.panels[0])
    assert page.panels[0].state == "ask"
    fill(page.panels[0], email="kim@example.com")
    rested(new.desk)
    press(page.panels[0])
    assert page.panels[0].state == "done"
    assert new.desk.drafts == {}


def test_what_is_wrong_stands_beside_the_field_when_it_is_left(new, mock_wych, fill, entry):
    """A wrong value is said at once, beside its own field and nowhere else; nothing was sent. Right again, the help is back."""
    panel = new.step("register").panels[0]
    fill(panel, email="kim")
    assert "must be an address such as kim@example.com" in entry(panel, "email").beside.value
    assert "✗" not in entry(panel, "first_name").beside.value
    assert list(mock_wych.requests) == []
    fill(panel, email="kim@example.com")
    assert "you sign in with it" in entry(panel, "email").beside.value


def test_what_an_empty_field_takes_is_what_it_shows(new, entry, press, project, mock_wych):
    """A refusal from the portal leaves the example where an empty field still takes it."""
    notebook.drive(new.step("register"), {"password": CANARY})
    again = notebook.open_kit(afresh=True)
    panel = again.step("register").panels[0]
    press(panel)
    assert "another password" in entry(panel, "password").beside.value
    assert (
        entry(panel, "password").input.placeholder
        == again.desk.answers_to(again.desk.fields(panel.step))["password"].reveal()
    )
    again.close()


def test_a_wrong_secret_is_not_kept(new, fill, entry, press):
    """A password that will not do is dropped, and the reason does not repeat it, and stays; no example stands in for what was meant."""
    panel = new.step("register").panels[0]
    fill(panel, password="canary")
    for _ in range(2):
        assert "8 characters or more" in entry(panel, "password").beside.value
        assert entry(panel, "password").input.placeholder == "\u200b"
        press(panel)
    assert panel.state == "ask"
    assert "password" not in new.desk.drafts
    assert "canary" not in states()


def test_what_the_server_finds_stands_beside_the_field_too(new, fill, press, entry):
    """An address that somebody else has is refused by the portal, and its reason stands beside a field."""
    notebook.drive(new.step("register"), {"email": "kim@example.com", "password": CANARY})
    again = notebook.open_kit(afresh=True)
    panel = again.step("register").panels[0]
    fill(panel, email="kim@example.com", password="another-password")
    press(panel)
    assert panel.state == "ask"
    assert any(each.beside.value.count("✗") for each in panel.entries)
    assert "Basis" in panel.outcome.value
    again.close()


def test_a_double_click_registers_once(new, mock_wych):
    """Two clicks in a row are one: the second is ignored, whether the first has ended or not."""
    panel = new.step("register").panels[0]
    panel.button.click()
    panel.button.click()
    assert new.desk.wait()
    panel.button.click()
    assert asked_for(mock_wych, "/portal/api/accounts") == 1
    assert new.desk.start(STEPS[0]) is None


def test_a_click_after_a_correction_is_a_new_one(new, fill):
    """Somebody quick, who corrects a field and presses the button at once, is not taken for a double click."""
    panel = new.step("register").panels[0]
    fill(panel, email="kim")
    for email, state in (("kim", "ask"), ("kim@example.com", "done")):
        fill(panel, email=email)
        panel.button.click()
        assert new.desk.wait()
        assert panel.state == state


class Seen:
    """Whoever looks at a form until it is done."""

    def __init__(self, panel):
        self.panel = panel
        self.done = threading.Event()
        panel.desk.watch(self)

    def refresh(self):
        if self.panel.state == "done":
            self.done.set()


@pytest.mark.parametrize("first", ["key", "value"])
def test_enter_submits(new, entry, first):
    """Enter starts the step with what stands in the field, whether the browser tells of the key or of the value first."""
    panel = new.step("register").panels[0]
    seen = Seen(panel)
    field = entry(panel, "app_name").input
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
    panel = new.step("register").panels[0]
    fill(panel, email="kim", nzbn="1")
    press(panel)
    assert "Not sent" in panel.outcome.value
    fill(panel, email="kim@example.com")
    assert "Not sent" in panel.outcome.value
    fill(panel, nzbn="9429000000109")
    assert panel.outcome.value == ""


def test_credentials_that_are_there_are_shown_at_once(ready, project, press):
    """The tour of a new kernel, and one that comes back to the mock, begins where something is left to do."""
    page = ready.tour()
    assert [panel.state for panel in page.panels] == ["done", "ask", "later", "later"]
    ready.switch("sandbox")
    assert page.panels[0].state == "ask"
    ready.switch("mock")
    assert [panel.state for panel in page.panels] == ["done", "ask", "later", "later"]
    assert "Client id" in page.panels[0].outcome.value


def test_production_with_credentials_begins_where_something_is_left(project, new):
    """Confirmed, it shows the credentials that are there; before that nothing is done."""
    project.env.with_name(".env.production").write_text(
        "WYCH_ENVIRONMENT=production\nWYCH_CLIENT_ID=client-of-ours\nWYCH_CLIENT_SECRET=Zq9-canary-of-a-test\nWYCH_API_KEY=Zq9-canary-key-of-a-test\n"
        "WYCH_PARTNER_ID=partner-7\nWYCH_APP_ID=app-7\n"
    )
    page = new.tour()
    new.switch("production")
    assert [panel.state for panel in page.panels] == ["later"] * 4
    assert new.desk.outcomes == {}
    page.confirm.click()
    assert [panel.state for panel in page.panels] == ["done", "ask", "later", "later"]


def test_what_a_terminal_saved_is_there_in_the_tour(new, project, mock_wych):
    """A registration made elsewhere meanwhile is used by the cell that is run again."""
    assert new.tour().panels[0].state == "ask"
    project.ready_on(mock_wych)
    assert new.tour().panels[0].state == "done"


def test_keeping_what_is_there_after_a_refusal(new, fill, press):
    """The button brings back the credentials, without what went wrong meanwhile."""
    notebook.drive(new.step("register"), {"password": CANARY})
    panel = new.tour().panels[0]
    panel.again.click()
    fill(panel, first_name="Ada", password="refused-anyway")
    press(panel)
    assert "another password" in panel.outcome.value
    assert new.desk.drafts == {
        "first_name": "Ada"
    }  # a password that was refused is not sent again unseen
    new.desk.notes["register"] = "Stopped."
    new.desk.under_way = Run(STEPS[1], new.session)
    panel.other.click()
    assert panel.state == "ask"  # something else is under way
    new.desk.under_way = None
    panel.other.click()
    assert "Stopped" not in panel.outcome.value
    assert new.desk.drafts == {}
    assert panel.state == "done"
    assert "Client id" in panel.outcome.value
    assert "another password" not in panel.outcome.value


def test_enter_leads_to_what_is_to_be_corrected(new, entry, fill, press):
    """After Enter the first wrong field has the focus, once; a click on the button takes it nowhere."""
    panel = new.step("register").panels[0]
    led = []
    for each in panel.entries:
        each.input.focus = lambda name=each.field.name: led.append(name)
    fill(panel, nzbn="1", email="kim")
    press(panel)
    assert led == []
    fill(panel, nzbn="12")
    entry(panel, "first_name").input._handle_msg(submit())
    deadline = time.monotonic() + 10
    while not led and time.monotonic() < deadline:
        time.sleep(0.01)
    assert panel.desk.wait(10)
    fill(panel, nzbn="123")
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
    enter = Enter(lambda: acted.append(1))
    enter.value_came()
    enter.pressed()
    enter.value_came()
    enter.value_came()
    assert acted == [1]


def test_two_forms_of_one_session_stay_in_step(new, fill, press, entry):
    """What is written, wrong or done in one form shows in the other; fields are emptied in both."""
    one, two = new.step("register"), new.tour()
    fill(one.panels[0], first_name="Ada", email="ada", password=CANARY)
    there = two.panels[0]
    assert entry(there, "first_name").input.value == "Ada"
    assert "✗" in entry(there, "email").beside.value
    assert "kept, not shown" in entry(there, "password").input.placeholder
    fill(there, email="ada@example.com")
    press(there)
    assert one.panels[0].state == two.panels[0].state == "done"
    assert one.panels[0].outcome.value == two.panels[0].outcome.value


def test_running_a_cell_again_changes_nothing(new, mock_wych, press):
    """`open_kit()` gives the kit that is open, and a step that is done is shown, not done again."""
    press(new.step("register").panels[0])
    before = len(mock_wych.requests)
    again = notebook.open_kit()
    assert again is new
    assert again.step("register", email="other@example.com").panels[0].state == "done"
    assert len(mock_wych.requests) == before


def test_once_more_and_anew(ready, mock_wych, press):
    """A step that is done can be done again; registering anew asks again, and what stood on the old app is open again."""
    page = ready.tour()
    for panel in page.panels:
        press(panel)
    rested(ready.desk)
    press(page.panels[1], page.panels[1].again)
    assert asked_for(mock_wych, "/realms/partner/.well-known/openid-configuration") == 2
    page.panels[0].again.click()
    assert page.panels[0].state == "ask"
    rested(ready.desk)
    press(page.panels[0])
    assert [panel.state for panel in page.panels] == ["done", "ask", "later", "later"]


def test_progress_names_the_stages(new):
    """While a step is on its way there is a bar, and the stages are named as they come."""
    seen = []
    panel = new.step("register").panels[0]
    panel.outcome.observe(lambda change: seen.append(change["new"]), "value")
    panel.button.click()
    assert new.desk.wait()
    bars = [value for value in seen if "<progress" in value]
    assert [
        stage
        for stage in ("account", "business", "app", "saving")
        if f"<b>{stage} …</b>" not in "".join(bars)
    ] == []
    assert "<progress" not in panel.outcome.value


def test_stop_lets_nothing_more_be_sent(project, mock_wych, slow):
    """Stop frees the form at once, though a request hangs; when that has ended, none follows and its end changes nothing."""
    port, waiting, go, paths = slow
    project.on(mock_wych)
    project.env.write_text(
        project.env.read_text().replace(mock_wych.portal_url, f"http://127.0.0.1:{port}/portal")
    )
    kit = notebook.open_kit()
    panel = kit.step("register").panels[0]
    panel.button.click()
    run = kit.desk.under_way
    assert waiting.wait(10)
    assert panel.stop.layout.display is None
    panel.stop.click()
    assert panel.state == "ask"
    assert "Stopped" in panel.outcome.value
    go.set()
    assert run.ended.wait(10)
    assert kit.desk._at_work.acquire(timeout=10), "the thread is through"
    assert paths == ["/portal/api/accounts"]
    assert kit.desk.outcomes == {}
    kit.close()


def test_a_mistake_of_ours_is_called_one(ready, press, monkeypatch):
    """A bug in a step is shown as the kit's own, by kind and place, without its text, which may hold anything."""

    def broken(*_, **__):
        raise ZeroDivisionError(CANARY)

    page = ready.tour()
    monkeypatch.setattr(desks, "run", broken)
    press(page.panels[1])
    assert "A mistake in Wych Kit itself" in page.panels[1].outcome.value
    assert "ZeroDivisionError" in page.panels[1].outcome.value
    assert CANARY not in page.panels[1].outcome.value
    with pytest.raises(ZeroDivisionError):
        ready.step("discover")


def test_a_failure_is_explained_and_can_be_tried_again(project, mock_wych, press):
    """A refused secret is shown with what was seen, the cause, what to do and how that is known; the button stays."""
    project.ready_on(mock_wych, client_secret="not-the-secret-of-this-app-0001")
    kit = notebook.open_kit()
    page = kit.tour()
    for panel in page.panels[:3]:
        press(panel)
    assert isinstance(kit.desk.outcomes["token"], Failed)
    shown = page.panels[2].outcome.value
    assert [
        word
        for word in ("Seen", "Cause", "Do", "Basis", "wrong-client-secret")
        if word not in shown
    ] == []
    assert page.panels[2].state == "ask"
    assert "not-the-secret" not in states() + page.as_text() + page.as_html()
    kit.close()


def test_the_mock_is_started_when_none_answers(project, mock_wych, monkeypatch):
    """With nothing at the mock's address the kit starts one itself; one that cannot be started is said, not raised."""
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
    monkeypatch.setattr(desks, "start_mock_if_needed", refuse)
    kit = notebook.open_kit(afresh=True)
    panel = kit.step("register").panels[0]
    panel.button.click()
    assert kit.desk.wait()
    assert "the port is taken" in panel.outcome.value
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
    """On production nothing is sent, by button or by code, before that was asked once more; then it goes on."""
    project.on(mock_wych)
    kit = notebook.open_kit()
    page = kit.tour()
    page.environment.value = "production"
    assert kit.session.settings.environment.name == "production"
    assert "production" in page.banner.value
    assert "wych-on-production" in page.head._dom_classes
    assert page.question.layout.display is None
    assert {panel.state for panel in page.panels} == {"later"}
    assert kit.desk.start(STEPS[0]) is None
    assert "kit.confirm()" in kit.step("register", client_id="x").as_text()
    assert "kit.confirm()" in repr(kit.catch_up("token"))
    assert list(mock_wych.requests) == []
    page.confirm.click()
    assert page.panels[0].state == "ask"
    assert page.question.layout.display == "none"
    assert "Client secret" in page.as_text()
    page.environment.value = "mock"
    assert kit.session.uses_mock
    page.environment.value = "production"
    assert not kit.desk.open
    kit.close()


def test_each_environment_has_its_own_file(project, mock_wych, fill, press):
    """Switching to the sandbox asks what is to be brought and keeps it in `.env.sandbox`; `.env` stays as it was."""
    project.on(mock_wych)
    before = project.env.read_text()
    kit = notebook.open_kit()
    kit.switch("sandbox")
    panel = kit.tour().panels[0]
    assert panel.button.description == "Check and save"
    assert "Paste your app&#x27;s credentials" in panel.heading.value
    assert "ask Wych" in panel.heading.value
    fill(panel, **brought(mock_wych, client_secret=f"{CANARY}-1"))
    press(panel)
    assert (project.folder / ".env.sandbox").exists()
    assert CANARY in (project.folder / ".env.sandbox").read_text()
    assert project.env.read_text() == before
    assert CANARY not in states()
    with pytest.raises(ValueError, match="must be mock, sandbox or production"):
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
    """Id and secret the wrong way round: both fields are marked, the form stays, no file is made; put right, it goes on."""
    project.on(mock_wych)
    kit = notebook.open_kit()
    kit.switch("sandbox")
    page = kit.tour()
    panel = page.panels[0]
    fill(panel, **brought(mock_wych, client_id=SECRET, client_secret="my-app"))
    press(panel)
    assert (
        "looks like a secret, and Client secret like an id"
        in entry(panel, "client_id").beside.value
    )
    assert "compare it with Client id" in entry(panel, "client_secret").beside.value
    assert len(panel.entries) == 7
    assert panel.form.layout.display is None
    assert not (project.folder / ".env.sandbox").exists()
    fill(panel, client_id="my-app", client_secret=SECRET)
    time.sleep(panel.desk.resting(panel.step))
    press(panel)
    assert panel.state == "done"
    assert kit.session.settings.client_id == "my-app"
    kit.close()


def test_a_saved_value_that_cannot_be_right_is_asked_again(project, mock_wych, entry):
    """A file with id and secret swapped shows the two fields with the reason, empty, and neither text anywhere."""
    values = brought(mock_wych, client_id=SECRET, client_secret="my-app-7")
    env = "".join(f"WYCH_{name.upper()}={value}\n" for name, value in values.items())
    (project.folder / ".env.sandbox").write_text(f"WYCH_ENVIRONMENT=sandbox\n{env}", "utf-8")
    kit = notebook.open_kit("sandbox")
    page = kit.tour()
    assert [each.field.name for each in page.panels[0].entries] == ["client_id", "client_secret"]
    assert entry(page.panels[0], "client_id").input.value == ""
    assert (
        ".env.sandbox line 4: looks like a secret"
        in entry(page.panels[0], "client_id").beside.value
    )
    assert SECRET not in states() + page.as_text() + page.as_html()
    kit.close()


def test_the_token_counts_down(ready, mock_wych, press):
    """The token's form says how long the token lives, and that it has expired when it has."""
    page = ready.tour()
    for panel in page.panels[:3]:
        press(panel)
    assert "14 min 5" in page.panels[2].clock.value or "15 min 00" in page.panels[2].clock.value
    ready.session.token = type(ready.session.token)(
        ready.session.token.value, 900, time.monotonic() - 1
    )
    page.tick()
    assert "has expired" in page.panels[2].clock.value
    assert page.panels[1].clock.value == ""


def test_an_answer_that_no_step_asks_is_a_mistake(new):
    """A misspelt keyword, step or file is said at once, with the nearest right one."""
    with pytest.raises(TypeError, match=r"register does not ask emial \(did you mean email"):
        new.step("register", emial="kim@example.com")
    with pytest.raises(KeyError, match="did you mean token"):
        new.step("tokn")
    with pytest.raises(SettingInvalid, match="cannot be read"):
        notebook.drive(new.tour(), "missing.toml")


def test_answers_that_are_not_used_are_named(ready, capsys):
    """A step that has nothing left to ask, or that another comes before, says what it leaves lying."""
    capsys.readouterr()
    ready.step("customer_data", days="7")
    assert capsys.readouterr().out == "Not used yet: days. First comes: connect.\n"
    ready.step("register", nzbn="9429000000000")
    assert (
        capsys.readouterr().out
        == 'Not used: nzbn. register is done: its button "Register again" asks anew.\n'
    )


def test_an_edited_file_is_read_again_and_said(ready, project, capsys):
    """The next cell uses what the file says now and says so once; what was learnt with the old values is gone."""
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
    panel = page.panels[2]
    panel.again.click()
    ready.desk.wait()
    assert ready.desk.notes["token"] == ".env was changed: its new values are used from here on."
    assert ready.desk.outcomes["token"].diagnosis.reference == "wrong-client-secret"
    assert set(ready.desk.outcomes) == {"register", "discover", "token"}
    assert "was changed" in panel.outcome.value


def test_an_edited_file_that_cannot_be_read_costs_nothing(ready, project, capsys):
    """A cell and its form say what is wrong with the file; put right, all goes on with what was there."""
    good = project.env.read_bytes()
    project.env.write_bytes(b"\xff\xfe")
    page = ready.step("token")
    assert "Save it as UTF-8. Nothing was read" in capsys.readouterr().out
    assert ready.desk.outcomes["register"].diagnosis.reference == "env-file-unreadable"
    assert "Save it as UTF-8" in page.as_text()
    project.env.write_bytes(good)
    ready.step("token")
    assert isinstance(ready.desk.outcomes["token"], Done)


def test_an_edit_to_production_is_asked_about(ready, project, mock_wych):
    """A click that finds production in the file sends nothing."""
    page = ready.tour()
    before = len(mock_wych.requests)
    project.env.write_text(
        project.env.read_text().replace("WYCH_ENVIRONMENT=mock", "")
        + "\nWYCH_ENVIRONMENT=production\n"
    )
    ready.desk.do(page.panels[1].step)
    assert len(mock_wych.requests) == before
    assert not ready.desk.open
    assert page.question.layout.display is None


def test_what_the_kit_wrote_is_no_edit(new, capsys):
    """Registering writes the file; the next cell neither says that it changed nor forgets what is done."""
    new.catch_up("first_call")
    assert notebook.open_kit() is new
    new.step("first_call")
    assert capsys.readouterr().out == ""
    assert list(new.desk.outcomes) == ["register", "discover", "token", "first_call"]


def test_an_edit_keeps_what_is_written_in_forms(new, project, capsys):
    """A draft not sent yet is still there after somebody else edited the file."""
    page = new.step("register")
    new.desk.write(page.panels[0].entries[0].field, "Ada")
    project.env.write_text(project.env.read_text() + "\n# a remark\n")
    new.step("register")
    assert "was changed" in capsys.readouterr().out
    assert list(new.desk.drafts.values()) == ["Ada"]
