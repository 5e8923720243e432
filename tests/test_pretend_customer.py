"""The kit plays a customer: through the mock's own pages, on this machine only."""

from __future__ import annotations

import socket

import pytest

from wych_kit import pretend_customer
from wych_kit.callback import read
from wych_kit.errors import SettingInvalid, Unexpected, Unreachable

APP = "ready-made-app"


@pytest.mark.parametrize(("answer", "state"), [("agree", "ACTIVE"), ("refuse", "REJECTED"), ("later", "PENDING")])
def test_each_answer_comes_back(pretend, answer, state):
    """The address is one that `callback.read` takes, and the browser was not sent there."""
    came = read(pretend_customer.consent(f"{pretend.connect_url}/{APP}/connection", "kim@example.com", answer=answer))
    assert came.state == state
    assert came.user
    assert not [each for each in pretend.requests if "/callback" in each.path]


@pytest.mark.parametrize(("app", "bank", "heading"), [("nope", "kereru", "no such application"), (APP, "nope", "Choose your bank")])
def test_a_page_that_does_not_lead_on_is_named(pretend, app, bank, heading):
    """With its heading, so that one knows where it ended."""
    with pytest.raises(Unexpected, match=heading):
        pretend_customer.consent(f"{pretend.connect_url}/{app}/connection", "kim@example.com", bank=bank)


def test_nobody_elsewhere_is_played():
    """Not on Wych, whatever the link says."""
    with pytest.raises(SettingInvalid, match="only the mock's customers"):
        pretend_customer.consent("https://connect.wych.app/app/x/connection", "kim@example.com")


def test_no_mock_is_told():
    """Nothing answers: no traceback of a library."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        link = f"http://127.0.0.1:{free.getsockname()[1]}/app/x/connection"
    with pytest.raises(Unreachable, match="did not answer"):
        pretend_customer.consent(link, "kim@example.com")
