"""Every sentence of the forms and of their text, as people read it.

After a change run `make snapshots` and read the difference.
"""

from __future__ import annotations

import pytest

from tests.sentences import steady, words_of
from wych_kit import notebook

# An answer that each step needs: without one, a step that asks only shows its form.
ANSWERS = {
    "register": {"first_name": "Ada"},
    "connect": {"callback": "demo"},
    "customer_data": {"days": "7"},
}
STEPS = ("register", "discover", "token", "first_call", "connect", "customer_data")

# Settings that differ from the ready-made app's, by what is wrong with them.
FAILURES = {
    "a wrong client secret": {"client_secret": "Xq7Lr2Vt9Kp4" * 3},
    "an unknown client id": {"client_id": "somebody-else"},
    "a wrong API key": {"api_key": "Moa2Kea7Wek4" * 3},
    "nothing answers": {"api_url": "http://127.0.0.1:9/v3"},
}


def say(widget):
    """Return what a widget and those in it say, a line each, buttons and examples included."""
    if getattr(widget.layout, "display", None) == "none":
        return ""
    html = getattr(widget, "value", "") if type(widget).__name__ == "HTML" else ""
    lines = [words_of(html)] if html else []
    for name in ("description", "placeholder", "tooltip"):
        text = getattr(widget, name, None)
        if isinstance(text, str) and text.strip("\u200b"):
            lines.append(f"[{name}: {text}]")
    return "\n".join([*lines, *filter(None, map(say, getattr(widget, "children", ())))])


@pytest.fixture
def shown(project):
    """Return all that a page shows, as widgets and as text."""

    def read(page):
        forms = "\n\n".join(say(form) for form in page.forms)
        return steady(f"{forms}\n\nAS TEXT\n{page.as_text()}", project.folder, project.home)

    return read


def test_the_tour_before_it_begins(new, shown, snapshot):
    """Every step, with nothing answered yet."""
    assert shown(new.tour()) == snapshot


def test_the_way_to_customer_data(new, shown, snapshot):
    """Each step when it worked, with the example answers."""
    for name in STEPS:
        page = new.step(name, **ANSWERS.get(name, {}))
        # Else the snapshot would keep the sentences of a form that nobody answered.
        assert [form.state for form in page.forms] == ["done"]
        assert shown(page) == snapshot(name=name)


def test_answers_that_are_wrong(new, shown, snapshot):
    """What stands beside each field, and what the form says of them together."""
    page = new.step("register", email="kim", nzbn="123", password="short", first_name=" ")
    assert shown(page) == snapshot


@pytest.mark.parametrize("failure", FAILURES)
def test_steps_that_fail(failure, project, mock_wych, shown, snapshot):
    """What happened, the likely reason, the next step."""
    project.ready_on(mock_wych, **FAILURES[failure])
    kit = notebook.open_kit()
    try:
        assert shown(kit.step("first_call")) == snapshot
    finally:
        kit.close()


def test_credentials_are_pasted(project, mock_wych, shown, snapshot):
    """The first step for somebody who has an app at Wych, before and after invalid answers."""
    project.write_env(environment="sandbox")
    kit = notebook.open_kit()
    try:
        assert shown(kit.tour()) == snapshot(name="asked")
        page = kit.step("register", client_id="Xq7Lr2Vt9Kp4" * 3, client_secret="my-app")
        assert shown(page) == snapshot(name="swapped")
    finally:
        kit.close()


def test_the_other_views(project, ready, snapshot):
    """The check, the bundle, catching up, and an exercise with a hint and an answer."""

    def read(view):
        return steady(repr(view), project.folder, project.home)

    assert read(ready.check()) == snapshot(name="check")
    assert read(ready.catch_up("first_call")) == snapshot(name="catching up")
    assert read(ready.bundle("ticket.zip")) == snapshot(name="bundle")
    exercise = ready.drill("wrong-client-secret")
    views = (
        exercise,
        exercise.check(),
        exercise.done(),
        exercise.hint(),
        exercise.answer("wrong-realm"),
    )
    assert "\n\n".join(map(read, views)) == snapshot(name="exercise")
