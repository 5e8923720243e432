"""What registering asks, what it takes for an answer, and that its demonstration fits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wych_kit.client.portal import SECRETS
from wych_kit.journey.registration import (
    ACCOUNT_FIELDS,
    CREDENTIAL_FIELDS,
    check_nzbn,
    demonstration_answers,
)
from wych_kit.mock.state.registration_rules import has_valid_check_digit
from wych_kit.settings.loading import NAMES, SECRET_NAMES

FIELDS = {field.name: field for field in (*ACCOUNT_FIELDS, *CREDENTIAL_FIELDS)}


@pytest.mark.parametrize("text", ["9429000000109", "9429041525746", " 9429 0000 00109 "])
def test_a_good_nzbn_is_taken(text):
    """Thirteen digits from 94 on with a fitting last one, however they are spaced."""
    assert check_nzbn(text) is None


@pytest.mark.parametrize(
    ("text", "key_words"),
    [
        ("9429000000108", "last digit"),
        ("9429000001009", "last digit"),
        ("942900000010", "You entered 12."),
        ("94290000001099", "You entered 14."),
        ("9329000000109", "starts with 93"),
        ("942900000010x", "other characters"),
        ("٩429000000109", "other characters"),
        ("", "You entered 0."),
    ],
)
def test_a_wrong_nzbn_is_told_apart(text, key_words):
    """A wrong digit and a wrong shape are two different mistakes."""
    assert key_words in check_nzbn(text)


@given(st.from_regex("94[0-9]{11}", fullmatch=True))
def test_the_kit_and_the_mock_judge_an_nzbn_alike(text):
    """The kit's rule and the portal's were written apart, and agree."""
    assert (check_nzbn(text) is None) == has_valid_check_digit(text)


@given(st.text(max_size=30))
def test_any_text_is_judged_without_falling_over(text):
    """Whatever somebody types gets a sentence or is taken; no field raises."""
    for field in FIELDS.values():
        fault = field.check_answer(text)
        assert fault is None or (fault and "\n" not in fault)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("email", "kim"),
        ("email", "kim@example"),
        ("email", "kim@exa mple.com"),
        ("email", "a@b@c.nz"),
        ("password", "short"),
        ("first_name", "x" * 201),
        ("issuer_url", "http://login.example/realms/partner"),
        ("issuer_url", "https://login.example/realms/partner/"),
        ("api_url", "wych"),
        ("client_secret", "pasted\n"),
        ("api_key", "${API_KEY}"),
        ("app_id", "a/b"),
    ],
)
def test_a_wrong_answer_has_its_reason(name, text):
    """What cannot be right is said before anything is sent, without repeating a secret."""
    fault = FIELDS[name].check_answer(text)
    assert fault
    if FIELDS[name].secret:
        assert text.strip() not in fault


def test_the_demonstration_answers_everything_and_nothing_else():
    """Each of the mock's questions has its demonstration answer, in order, and each would be taken."""
    answers = demonstration_answers()
    assert list(answers) == [field.name for field in ACCOUNT_FIELDS]
    assert {
        field.name: field.check_answer(answers[field.name]) for field in ACCOUNT_FIELDS
    } == dict.fromkeys(answers)


def test_what_enter_accepts_would_be_taken():
    """A suggestion is a fit answer itself, and the same as the demonstration's."""
    assert {field.name: field.suggestion for field in ACCOUNT_FIELDS} == demonstration_answers()
    assert all(not field.suggestion for field in CREDENTIAL_FIELDS), (
        "nothing is suggested for the real Wych"
    )
    assert not any("wych." in field.help for field in CREDENTIAL_FIELDS), (
        "a hint is taken for an answer, and the sandbox's is not public"
    )


def test_what_is_brought_are_settings_and_secrets_stay_hidden():
    """The questions for the real Wych are named like settings; those that are secret there are asked hidden."""
    assert {f"WYCH_{field.name.upper()}" for field in CREDENTIAL_FIELDS} <= set(NAMES)
    assert {
        f"WYCH_{field.name.upper()}" for field in CREDENTIAL_FIELDS if field.secret
    } == SECRET_NAMES
    assert {field.name for field in CREDENTIAL_FIELDS if field.secret} == set(SECRETS)
    assert [field.name for field in ACCOUNT_FIELDS if field.secret] == ["password"]
