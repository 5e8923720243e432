"""The tour in JupyterLab, in a real browser: by typing, clicking and looking."""

from __future__ import annotations

import pytest

from wych_kit.settings import load_settings

PASSWORD = "canary-3f9c-Password"


def test_from_nothing_to_the_first_call(sheet, wych):
    """Shift+Enter, typing into the fields and four clicks lead to an authenticated call, with what was typed."""
    sheet.run()
    sheet.fill("First name", "Ada")
    sheet.fill("Email", "ada@example.com")
    sheet.fill("Password", PASSWORD)
    sheet.fill("App name", "Ada's app")
    sheet.go_through()
    assert "Your first authenticated call" in sheet.form.inner_text()
    assert load_settings(path=sheet.path.parent / ".env").app_name == "Ada's app"
    assert wych.token_requests == 1
    assert [request.status for request in wych.requests if request.path.endswith("/users")] == [200]
