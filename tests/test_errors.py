"""Errors are facts: one sentence observed, a stage, a reference; they travel between processes whole."""

import copy
import pickle

import pytest

from wych_kit.errors import (
    Refused,
    SettingInvalid,
    SettingMissing,
    Unexpected,
    Unreachable,
    WychError,
)

ERRORS = [
    WychError("something was seen", stage="call", reference="clock-skew"),
    SettingMissing("WYCH_API_KEY", stage="call"),
    SettingInvalid(
        "WYCH_CLIENT_ID",
        "has a space inside",
        origin=".env line 4",
        stage="token",
        reference="stray-whitespace",
    ),
    Unreachable("nothing answered at 127.0.0.1:9", stage="discovery", reference="mock-not-running"),
    Refused(
        "the answer was 429",
        stage="call",
        status=429,
        code="slow_down",
        description="Too Many",
        retry_after=1.5,
        reference="x",
    ),
    Unexpected("the answer was HTML", stage="token", status=200, reference="tls-interception"),
    Unexpected("the answer was cut off", stage="call"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize(
    "travel",
    [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))],
    ids=["copy", "deep", "pickle"],
)
def test_an_error_travels_whole(error, travel):
    """Class, message and every fact survive a copy and a trip to another process."""
    back = travel(error)
    assert type(back) is type(error)
    assert back.args == error.args
    assert vars(back) == vars(error)
    assert str(back) == str(error)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_the_text_is_what_was_observed(error):
    """str() is the one sentence of observation, and every error is a WychError with a stage."""
    assert str(error) == error.observed
    assert error.args == (error.observed,)
    assert isinstance(error, WychError)
    assert error.stage in {"settings", "register", "discovery", "token", "call"}


def test_notes_travel_too():
    """What somebody added to an error on its way is still there afterwards."""
    error = Unreachable("nothing answered", stage="call")
    error.add_note("while the workshop's wifi was down")
    assert pickle.loads(pickle.dumps(error)).__notes__ == ["while the workshop's wifi was down"]


def test_setting_errors_say_which_setting_and_where_from():
    """The sentence names the variable, its origin when known, and the reason."""
    assert str(SettingMissing("WYCH_API_KEY")) == "WYCH_API_KEY is not set"
    assert str(SettingInvalid("WYCH_API_KEY", "is empty")) == "WYCH_API_KEY is empty"
    assert (
        str(SettingInvalid("WYCH_API_KEY", "is empty", origin="shell"))
        == "WYCH_API_KEY (shell) is empty"
    )
    assert SettingMissing("WYCH_API_KEY").reference == "setting-missing"
    assert SettingInvalid("WYCH_API_KEY", "is empty").reference == "setting-invalid"


def test_an_error_nobody_has_a_scenario_for_says_so():
    """The reference is None, not a made-up word, when only the observation is known."""
    assert Refused("the answer was 418", stage="call", status=418).reference is None
    assert Unexpected("the answer was HTML", stage="call").status is None
