"""The state that all forms of a session share: one run at a time, which can be stopped."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from wych_kit import notebook
from wych_kit.errors import SettingInvalid
from wych_kit.journey.onboarding import STEPS, TOKEN
from wych_kit.journey.step import Done, Failed, run
from wych_kit.notebook import session_model, step_run

CANARY = "canary-3f9c-Password"


@pytest.fixture
def held(monkeypatch):
    """Hold the first run where it would start a mock; yield the sessions of the steps that ran."""

    class Held:
        reached, go, ran = threading.Event(), threading.Event(), []

        def through(self, model):
            """Let go, and wait until the thread has ended."""
            self.go.set()
            assert model.request_lock.acquire(timeout=20)
            model.request_lock.release()

    def stand_in(_):
        if not Held.reached.is_set():
            Held.reached.set()
            Held.go.wait(20)

    def recorded(step, session, answers, **kwargs):
        Held.ran.append(session)
        return run(step, session, answers, **kwargs)

    def hold():
        monkeypatch.setattr(step_run, "run", recorded)
        monkeypatch.setattr(session_model, "start_mock_if_needed", stand_in)
        return Held()

    yield hold
    Held.go.set()


# One run, on its own session ------------


def test_a_run_never_moves_to_another_session(ready, mock_wych, held):
    """Switching to production while a step begins sends nothing, to neither environment."""
    hold = held()
    assert ready.model.start(STEPS[2])
    assert hold.reached.wait(10)
    ready.switch("production")
    hold.through(ready.model)
    assert hold.ran == []
    assert ready.model.outcomes == {}
    assert list(mock_wych.requests) == []


def test_getting_a_token_says_so_before_it_asks(ready, mock_wych):
    """The first request of the step comes after its first word, which is where a step is stopped."""

    def say(_):
        raise step_run.Stopped

    with pytest.raises(step_run.Stopped):
        run(TOKEN, ready.session, say=say)
    assert list(mock_wych.requests) == []


def test_code_waits_for_what_is_under_way(ready, held):
    """`kit.step` starts nothing while a step is under way. Stop still reaches that step."""
    ready.step("register")
    hold = held()
    started = ready.model.start(STEPS[1])
    assert hold.reached.wait(10)
    assert ready.step("discover").forms[0].state == "busy"
    ready.step("token")
    assert ready.model.current_run is started
    ready.model.stop()
    hold.through(ready.model)
    assert hold.ran == []
    assert set(ready.model.outcomes) == {"register"}


def test_a_kit_opened_afresh_stops_the_old_one(ready, held):
    """What the old kit has under way sends nothing more, and writes no `.env` under the new one."""
    hold = held()
    old = ready.model
    assert old.start(STEPS[1])
    assert hold.reached.wait(10)
    new = notebook.open_kit(register_again=True)
    hold.through(old)
    assert hold.ran == []
    new.close()


def test_two_starts_at_once_are_one(ready, monkeypatch):
    """A click and Enter in the same moment start the step once."""
    found, real = [], session_model.StepRun
    second = threading.Thread(target=lambda: found.append(ready.model.start(STEPS[1])))

    def slowly(*args):
        if not second.ident:
            second.start()
            second.join(0.3)  # it gets as far as it can
        return real(*args)

    monkeypatch.setattr(session_model, "StepRun", slowly)
    assert ready.model.start(STEPS[1])
    second.join(20)
    assert ready.model.wait_until_idle()
    assert found == [None]


# What was written ------------


def test_an_example_never_replaces_what_was_refused(new, mock_wych, fill, press, entry):
    """With an invalid password nothing is sent, by button or by code. A valid one is sent."""
    form = new.step("register").forms[0]
    fill(form, password="short")
    press(form)
    assert form.state == "ask"
    assert "8 characters" in entry(form, "password").message.value
    new.step("register", password="brief")
    assert isinstance(new.model.outcomes["register"], Failed)
    assert list(mock_wych.requests) == []
    new.step("register", password=CANARY)
    assert isinstance(new.model.outcomes["register"], Done)


def test_an_answer_that_is_no_text_is_a_mistake(new):
    """A number is refused before anything is kept, and the forms work on."""
    with pytest.raises(TypeError, match=r"nzbn.*int"):
        new.step("register", nzbn=9429000000109, first_name="Ada")
    assert new.model.drafts.answers == {}
    assert new.tour().forms[0].state == "ask"


@pytest.mark.parametrize("wrong", [{"emial": "kim@example.com"}, {"nzbn": 1}, {"email": 3}])
def test_a_traceback_shows_no_password(new, wrong):
    """No frame of a call with a mistake has the password, as `%xmode Verbose` would show it."""
    with pytest.raises(TypeError) as caught:
        new.step("register", password=CANARY, **wrong)
    trace, seen = caught.value.__traceback__.tb_next, []
    while trace is not None:
        seen.append(repr(trace.tb_frame.f_locals))
        trace = trace.tb_next
    assert seen
    assert CANARY not in "".join(seen)


# Drawing ------------


class Broken:
    """A view that cannot be drawn."""

    def refresh(self):
        raise UnicodeError(CANARY)


def test_a_form_that_cannot_be_drawn_costs_nothing_else(new, press, caplog):
    """A form that cannot be drawn stops neither the step nor other forms, and logs no text."""
    views = [Broken() for _ in range(3)]
    for view in views:
        new.model.observers.add(view)
    page = new.tour()
    press(page.forms[0])
    press(page.forms[1])
    assert [form.state for form in page.forms[:2]] == ["done", "done"]
    assert new.model.current_run is None
    assert "A form could not be drawn: UnicodeError at" in caplog.text
    assert CANARY not in caplog.text


def test_a_thread_that_cannot_start_leaves_nothing_under_way(ready, press, monkeypatch):
    """A machine out of threads is an error once; the step can be started when there are some again."""

    def start(_):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", start)
        with pytest.raises(RuntimeError):
            ready.model.start(STEPS[1])
    assert ready.model.current_run is None
    assert ready.model.wait_until_idle(0)


def test_a_countdown_goes_on_after_a_mistake(ready, monkeypatch):
    """A page that cannot draw the time once is drawn again a second later."""
    page = ready.tour()
    again, ticks = threading.Event(), []

    def tick():
        ticks.append(1)
        if len(ticks) == 1:
            raise UnicodeError(CANARY)
        again.set()

    monkeypatch.setattr(page, "tick", tick)
    ready.step("token")
    assert again.wait(20)


def test_a_new_token_is_counted_when_the_old_one_ends(ready, monkeypatch):
    """A token that comes while the end of the one before is drawn gets a thread of its own."""
    page = ready.tour()
    ready.step("token")
    countdown, token, counting = ready._countdown, ready.session.token, ready._countdown._thread

    def tick():
        if not ready.session.token.fresh:
            ready.session.token = token
            countdown.refresh()

    monkeypatch.setattr(page, "tick", tick)
    ready.session.token = type(token)(token.value, 900, time.monotonic() - 1)
    counting.join(20)
    assert not counting.is_alive()
    assert countdown._thread is not counting
    assert countdown._thread.is_alive()
    ready.session.token = None


def test_a_note_stands_under_its_own_step(ready, held, told):
    """What is said of a stopped step stands under that one, and goes with the next start."""
    page = ready.tour()
    ready.step("register")
    hold = held()
    ready.model.start(STEPS[1])
    hold.reached.wait(10)
    ready.model.stop()
    hold.through(ready.model)
    assert ["Stopped" in told(form) for form in page.forms] == [False, True, False, False]
    ready.step("discover")
    assert "Stopped" not in page.forms[1].outcome.value


def test_a_bug_does_not_outlive_the_next_start(ready, press, told, monkeypatch):
    """A mistake of ours is shown under its step only, until something is started again."""
    page = ready.tour()
    press(page.forms[0])
    with monkeypatch.context() as patch:
        patch.setattr(step_run, "run", lambda *_, **__: 1 / 0)
        press(page.forms[1])
    assert ["bug in Wych Kit" in told(form) for form in page.forms] == [False, True, False, False]
    ready.model._last_end = ("", 0.0)
    seen = []
    page.forms[1].outcome.observe(lambda change: seen.append(change["new"]), "value")
    press(page.forms[1])
    assert seen
    assert not any("bug in Wych Kit" in value for value in seen)


def test_a_cell_run_sixty_times_has_one_page(ready):
    """The same steps are the same page, so that nothing piles up; one that somebody closed is made anew."""
    pages = {id(ready.tour()) for _ in range(60)} | {id(ready.tour())}
    assert len(pages) == 1
    page = ready.tour()
    page.close()
    assert ready.tour() is not page


# Which kit ------------


def test_the_shell_is_not_overruled(project, mock_wych, monkeypatch):
    """Switching is refused beside the dropdown and in code if the shell sets the environment."""
    project.on(mock_wych)
    monkeypatch.setenv("WYCH_ENVIRONMENT", "mock")
    kit = notebook.open_kit()
    page = kit.tour()
    page.environment.value = "production"
    assert page.environment.value == "mock"
    assert "WYCH_ENVIRONMENT (your shell) is mock" in page.switch_error.value
    assert kit.session.path == project.env
    with pytest.raises(SettingInvalid, match="WYCH_ENVIRONMENT"):
        kit.switch("sandbox")
    page.environment.value = "mock"
    monkeypatch.delenv("WYCH_ENVIRONMENT")
    page.environment.value = "sandbox"
    assert (page.switch_error.value, kit.session.settings.environment.name) == ("", "sandbox")
    kit.close()


def test_a_file_has_one_kit(project, mock_wych):
    """`open_kit` returns the kit that was switched to a file, and the one that began with it."""
    project.on(mock_wych)
    kit = notebook.open_kit()
    kit.switch("sandbox")
    assert notebook.open_kit("sandbox") is kit
    assert notebook.open_kit() is kit
    anew = notebook.open_kit("sandbox", register_again=True)
    first = notebook.open_kit()
    assert first not in (kit, anew), "the one that was closed is not given out again"
    for each in (anew, first):
        each.close()


def test_an_unknown_environment_is_drawn(project, mock_wych):
    """A name with a space is no class of the page, and no colour is given to it."""
    project.on(mock_wych)
    project.env.write_text(project.env.read_text().replace("'mock'", "'my sandbox'"))
    kit = notebook.open_kit()
    page = kit.tour()
    assert page.header._dom_classes == ("wych-top",)
    assert "my sandbox" in page.banner.value
    kit.close()


@pytest.fixture
def unused():
    """A port that was free a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def test_opening_the_kit_brings_the_mock(project, unused):
    """The first cell starts a mock before any step runs, and starts it again if it stopped."""
    project.write_env(environment="mock", issuer_url=f"http://127.0.0.1:{unused}/realms/partner")
    kit = notebook.open_kit()
    socket.create_connection(("127.0.0.1", unused), timeout=5).close()
    kit.model._mock.stop()
    assert notebook.open_kit() is kit
    socket.create_connection(("127.0.0.1", unused), timeout=5).close()
    kit.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", unused), timeout=5)
