"""From an error to its cause, the evidence and the next action: nothing guessed, nothing asked, few lines."""

from __future__ import annotations

import re
import socket

import pytest

from wych_kit.diagnosis.diagnose import diagnose, explain_reference
from wych_kit.diagnosis.scenarios import SCENARIOS
from wych_kit.errors import (
    Refused,
    SettingInvalid,
    SettingMissing,
    Unexpected,
    Unreachable,
    WychError,
)
from wych_kit.terminal.screen import Screen

HOST = "login.sandbox.recipient.example:8443"
SEEN = f"{HOST} answered in some way"
MOST_LINES = 8


def lines(diagnosis, tty, **options) -> list[str]:
    """The lines that a person sees, empty ones left out."""
    file = tty()
    Screen(file=file, **options).show_diagnosis(diagnosis)
    return [
        line for line in re.sub(r"\x1b\[[0-9;]*m", "", file.getvalue()).splitlines() if line.strip()
    ]


@pytest.mark.parametrize("reference", SCENARIOS)
@pytest.mark.parametrize("plain", [False, True], ids=["laid out", "plain"])
def test_every_diagnosis_is_told_in_few_lines(reference, plain, tty, project, monkeypatch):
    """At 80 columns, a line of evidence, the cause, what to do and how we know take few lines, and nothing is left out."""
    monkeypatch.setenv("COLUMNS", "80")
    found = diagnose(WychError(SEEN, stage="token", reference=reference))
    shown = lines(found, tty, plain=plain)
    assert len(shown) <= MOST_LINES, "\n".join(shown)
    text = " ".join(" ".join(shown).split())
    for words in (SEEN, found.qualified_cause, found.action, found.provenance, reference):
        assert "".join(words.split()) in "".join(text.split())


@pytest.mark.parametrize(
    "error",
    [
        WychError("it was odd", stage="call"),
        Refused("api.wych.example refused GET /v3 with 418", stage="call", status=418),
        Unexpected("the answer makes no sense", stage="token"),
        Refused(
            "api.wych.example refused GET /v3 with 409",
            stage="call",
            status=409,
            reference="not-in-the-catalogue",
        ),
    ],
)
def test_what_nobody_knows_is_called_unknown(error):
    """No cause is made up: the evidence stands alone, and the reference is the error's own."""
    found = diagnose(error)
    assert found.cause == SCENARIOS["unknown-answer"].cause
    assert found.evidence == (error.observed,)
    assert (found.reference, found.stage, found.side) == (error.reference, error.stage, "unclear")


def test_how_sure_a_diagnosis_is_and_what_it_may_be_instead():
    """What leaves one cause is certain; what shares its bytes with another is likely, and names it; an answer nobody knows is unknown."""

    def sureness(reference):
        found = diagnose(WychError(SEEN, stage="call", reference=reference))
        return found.confidence, found.runner_up

    assert sureness("certificate-expired") == ("certain", None)
    assert sureness("setting-missing") == ("certain", None)
    assert sureness("api-key-refused") == ("likely", "wrong-base-path")
    assert sureness("unknown-client") == ("likely", "wrong-client-secret")
    assert sureness("wrong-client-secret") == ("likely", "unknown-client")
    assert sureness("connection-refused") == ("likely", None)
    local = diagnose(
        Unreachable("localhost:1 refused", stage="call", reference="connection-refused")
    )
    assert local.runner_up == "ipv6-localhost"
    unsent = diagnose(
        SettingInvalid("WYCH_API_KEY", "is a masked value", reference="masked-secret")
    )
    assert (unsent.confidence, unsent.runner_up) == ("likely", None)
    assert sureness("unknown-answer") == sureness(None) == ("unknown", None)


def test_a_reference_found_by_other_means_is_explained():
    """The catalogue's words with the finder's evidence and certainty; a reference that is none is a bug."""
    found = explain_reference(
        "ipv6-localhost",
        "discovery",
        ("::1 refuses, 127.0.0.1 answers",),
        confidence="certain",
        runner_up="timeout",
    )
    assert (found.cause, found.action) == (
        SCENARIOS["ipv6-localhost"].cause,
        SCENARIOS["ipv6-localhost"].fix,
    )
    assert (found.evidence, found.confidence, found.runner_up) == (
        ("::1 refuses, 127.0.0.1 answers",),
        "certain",
        "timeout",
    )
    assert found.qualified_cause == f"Certain: {found.cause}"
    assert found.provenance.endswith("· ipv6-localhost · Or: timeout")
    with pytest.raises(KeyError):
        explain_reference("unheard-of", "call", ())


def test_what_nobody_answered_is_no_answer():
    """No connection, and no better word for it: the cause is not an answer that nobody gave."""
    assert diagnose(Unreachable("no route", stage="call")).cause == SCENARIOS["unreachable"].cause


def test_what_to_do_names_the_setting():
    """A missing or wrong setting is named in the action, and where it came from."""
    assert "WYCH_API_KEY" in diagnose(SettingMissing("WYCH_API_KEY", stage="call")).action
    wrong = SettingInvalid("WYCH_API_KEY", "has a space inside", origin=".env line 4")
    assert diagnose(wrong).action == "Correct WYCH_API_KEY (.env line 4)."


def test_the_servers_own_waiting_time_is_told():
    """Retry-After, when the server named one, comes before the general advice."""
    error = Refused(
        "too often", stage="token", status=429, retry_after=7.0, reference="too-many-token-requests"
    )
    assert diagnose(error).action.startswith("Wait 7 seconds, as the server asks. ")
    assert (
        "0 seconds" not in diagnose(Refused("x", stage="token", status=429, retry_after=0.0)).action
    )


@pytest.mark.parametrize("error", [ValueError("x"), KeyboardInterrupt(), None, "text", [1]])
def test_only_our_own_errors_are_diagnosed(error):
    """A bug is no answer of Wych's."""
    with pytest.raises(TypeError, match="WychError"):
        diagnose(error)


@pytest.mark.parametrize("reference", [*SCENARIOS, None, "unheard-of"])
def test_diagnosing_is_pure(reference, monkeypatch):
    """The same error gives the same diagnosis, without network, files or clock, and stays as it was."""
    error = Refused("no", stage="call", status=403, reference=reference)
    before = dict(vars(error))

    def forbidden(*_args, **_options):
        raise AssertionError("diagnosing touched the world")

    for owner, name in ((socket, "socket"), (socket, "getaddrinfo")):
        monkeypatch.setattr(owner, name, forbidden)
    monkeypatch.setattr("builtins.open", forbidden)
    monkeypatch.setattr("time.time", forbidden)
    first, second = diagnose(error), diagnose(error)
    monkeypatch.undo()
    assert first == second
    assert vars(error) == before
