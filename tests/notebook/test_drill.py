"""`kit.drill()`: an exercise in a notebook, as text and as HTML."""

from __future__ import annotations

import re
from html import unescape

import pytest

from wych_kit.errors import SettingInvalid
from wych_kit.notebook.views.exercise import NotebookExercise


def shown(thing):
    """Text and HTML, without the port of the exercise's own mock."""
    found = thing._repr_mimebundle_()
    assert found["text/plain"] == repr(thing)
    return [
        re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", found[form])
        for form in ("text/plain", "text/html")
    ]


def test_a_wrong_value_is_found_and_put_right(new, project):
    """An exercise goes from its situation over a failed check and an attempt to the solution."""
    practice = new.drill("wrong-client-secret")
    for form in shown(practice):
        assert "It worked yesterday." in form
        assert "about 4 minutes." in form
        assert ".done()" in form
    assert "✗ failed  Client id and secret" in repr(practice.check())
    assert "✗ Not yet." in repr(practice.done())
    assert (project.folder / "wych-drill" / ".env").is_file()
    practice.copy("client_secret")
    for form in shown(practice.done()):
        assert "✓ Solved." in form
        assert "3 of 3 points" in form


def test_two_runs_read_the_same(new):
    """No time, no random id: a stored notebook does not change."""
    runs = []
    for _ in range(2):
        practice = new.drill("realm-disabled")
        parts = (
            practice,
            practice.check(),
            practice.hint(),
            practice.answer("wrong-realm"),
            practice.answer("realm-disabled"),
        )
        runs.append([shown(part) for part in parts])
    assert runs[0] == runs[1]


def test_a_value_is_written(new):
    """By its name as in code; the value is not shown, and a slip in the name is helped."""
    practice = new.drill("wrong-client-secret")
    secret = practice.drill.setup.wych.credentials.client_secret
    assert secret not in repr(practice.write(client_secret=secret))
    with pytest.raises(SettingInvalid, match="did you mean client_secret"):
        practice.write(client_secert="x")
    assert "✓ Solved." in repr(practice.done())


def test_a_line_is_taken_out(new):
    """Also one whose name is no setting: an empty value does it."""
    practice = new.drill("unknown-setting")
    assert "WYCH_CLIENT_SECERT" in repr(practice.done())
    practice.write(client_secert="")
    practice.copy("client_secret")
    assert "✓ Solved." in repr(practice.done())


def test_a_request_is_shown_and_changed(new):
    """`request.sh` can be replaced and shown. Its markup is escaped in HTML."""
    practice = new.drill("api-key-missing")
    text, html = shown(practice)
    assert "request.sh: .replace(" in text
    assert "Shell" not in text + html
    assert '"api-key: $WYCH_API_KEY"' in repr(practice.show())
    html = shown(practice.show())[1]
    assert '"api-key' not in html
    assert '"api-key: $WYCH_API_KEY"' in unescape(html)
    practice.replace("api-key:", "x-api-key:")
    assert "✓ Solved." in repr(practice.done())


def test_the_shell_is_shown_and_put_right(new):
    """Its variables, secrets masked; one is taken out."""
    practice = new.drill("shell-shadows-file")
    assert repr(practice.show()) == "WYCH_CLIENT_SECRET=••••••"
    practice.unset("WYCH_CLIENT_SECRET")
    assert "✓ Solved." in repr(practice.done())
    assert "no variable" in repr(practice.show())


def test_what_went_over_the_wire_is_shown(new):
    """`journal` shows an exchange as sent and received, without secrets, and refuses other numbers."""
    practice = new.drill("consent-ended")
    assert "customer's data" in repr(practice)
    for form in shown(practice.journal()):
        assert "/accounts" in form
        assert "consent_revoked" in form
        assert "‹WYCH_API_KEY›" in form
        assert practice.drill.setup.wych.credentials.api_key not in form
    for number in (0, 99):
        with pytest.raises(IndexError, match=f"no exchange {number}"):
            practice.journal(number)
    assert "✓ Solved." in repr(practice.answer("consent-ended"))


def test_a_mystery_tells_nothing(new):
    """A mystery shows neither its reference nor its minutes before it is given up."""
    for practice in (new.drill("wrong-realm", mystery=True), new.drill(seed=6)):
        forms = [*shown(practice), *shown(practice.done()), *shown(practice.hint())]
        told = repr(practice.give_up())
        reference = practice.drill.reference
        assert f"It is {reference}." in told
        assert [form for form in forms if reference in form or "minutes" in form] == []


def test_the_next_one_ends_the_last(new, project):
    """An exercise that ends stops its mock and removes its folder, however it ends."""
    first = new.drill("wrong-client-secret")
    (project.folder / "wych-drill" / "notes.txt").write_text("of the first")
    second = new.drill("wrong-realm")
    assert first.drill.setup.wych.url != second.drill.setup.wych.url
    assert not (project.folder / "wych-drill" / "notes.txt").exists()
    new.close()
    assert not (project.folder / "wych-drill").exists()
    with pytest.raises(SettingInvalid, match="did you mean wrong-realm"):
        new.drill("wrong-relam")
    third = NotebookExercise("wrong-realm")
    third.close()
    assert not (project.folder / "wych-drill").exists()


def test_the_kit_itself_goes_on(ready, project):
    """An exercise changes neither the kit's session nor the project's `.env`."""
    ready.step("discover")
    before = (
        project.env.read_bytes(),
        dict(ready.model.outcomes),
        len(ready.session.journal.exchanges),
    )
    practice = ready.drill("wrong-client-secret")
    practice.check()
    practice.done()
    assert (
        project.env.read_bytes(),
        dict(ready.model.outcomes),
        len(ready.session.journal.exchanges),
    ) == before
