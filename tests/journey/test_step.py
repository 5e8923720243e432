"""A step checks its answers before it acts, and says what came of it; it knows nothing of Wych."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import httpx
import pytest

from wych_kit.client.journal.recorder import Exchange, Journal
from wych_kit.diagnosis.diagnose import diagnose
from wych_kit.errors import Refused, SettingMissing, Unreachable
from wych_kit.journey.step import Done, Fact, Failed, Field, Step, run
from wych_kit.secret import Secret

NAME = Field("name", "Name")
PIN = Field(
    "pin", "Pin", secret=True, check=lambda text: None if text.isdigit() else "must be digits"
)
NOTE = Field(
    "note", "Note", optional=True, check=lambda text: "is too loud" if text.isupper() else None
)


class Session:
    """All that a step's runner needs."""

    def __init__(self):
        self.journal = Journal()
        self.explain = diagnose

    def exchange(self, status=200):
        with httpx.Client(
            transport=httpx.MockTransport(lambda _: httpx.Response(status)),
            event_hooks=self.journal.hooks(),
        ) as client:
            client.get("https://wych.example/")


def step(act=None, fields=(NAME, PIN, NOTE)):
    """A step that notes what it was given, or does what it is told."""
    given = []

    def take(session, answers, say):
        given.append(dict(answers))
        return Done((Fact("Name", "x"),), "a name") if act is None else act(session, answers, say)

    return Step("one", "One", "Because.", lambda _: fields, take), given


@pytest.mark.parametrize(
    ("answers", "faults"),
    [
        ({}, {"name": "Required", "pin": "Required"}),
        (
            {"name": "", "pin": Secret("")},
            {"name": "Required", "pin": "Required"},
        ),
        ({"name": "Kim", "pin": Secret("x")}, {"pin": "must be digits"}),
        ({"name": "Kim", "pin": Secret("1"), "note": "LOUD"}, {"note": "is too loud"}),
    ],
)
def test_a_wrong_answer_stops_the_step_before_it_acts(answers, faults):
    """Every fault is named, by field; nothing is done and nothing sent."""
    one, given = step()
    outcome = run(one, Session(), answers)
    assert outcome == Failed(None, faults=faults)
    assert given == []


def test_only_what_is_asked_is_passed_on():
    """Answers to other fields and empty optional ones never reach the step."""
    one, given = step()
    assert isinstance(
        run(one, Session(), {"name": "Kim", "pin": Secret("1"), "note": "", "other": "x"}), Done
    )
    assert given == [{"name": "Kim", "pin": Secret("1")}]


def test_a_step_that_asks_nothing_just_runs():
    """No fields, no answers needed, also when some are given."""
    one, given = step(fields=())
    assert isinstance(run(one, Session()), Done)
    assert isinstance(run(one, Session(), {"name": "Kim"}), Done)
    assert given == [{}, {}]


def test_our_own_error_is_an_outcome_with_its_diagnosis():
    """A refusal becomes `Failed`: the error, what it means, and the fields that the server found wrong."""
    refused = Refused(
        "the portal said no",
        stage="register",
        status=422,
        fields={"name": "is taken"},
        reference="registration-refused",
    )

    def act(*_):
        raise refused

    outcome = run(step(act)[0], Session(), {"name": "Kim", "pin": Secret("1")})
    assert isinstance(outcome, Failed)
    assert outcome.error is refused
    assert outcome.faults == {"name": "is taken"}
    assert outcome.diagnosis.reference == "registration-refused"


@pytest.mark.parametrize(
    "error", [SettingMissing("WYCH_API_KEY"), Unreachable("nothing answered", stage="call")]
)
def test_an_error_without_fields_has_no_faults(error):
    """Only a refusal can name fields."""

    def act(*_):
        raise error

    outcome = run(step(act, fields=())[0], Session())
    assert (outcome.error, outcome.faults) == (error, {})


@pytest.mark.parametrize("bug", [ZeroDivisionError, KeyError, httpx.ReadError, KeyboardInterrupt])
def test_a_bug_stays_an_exception(bug):
    """What is not this kit's own error is never blamed on the server."""

    def act(*_):
        raise bug("a bug")

    with pytest.raises(bug):
        run(step(act, fields=())[0], Session())


def test_exchanges_are_the_steps_own():
    """What was sent before is not in the outcome, whether the step comes through or fails."""
    session = Session()
    session.exchange()

    def act(session, answers, say):
        session.exchange(201)
        if answers:
            raise Unreachable("nothing answered", stage="call")
        return Done((), "")

    for answers in ({}, {"note": "fail"}):
        outcome = run(step(act, fields=(NOTE,))[0], session, answers)
        assert [exchange.status for exchange in outcome.exchanges] == [201]
    assert len(session.journal.exchanges) == 3


def test_a_full_journal_loses_no_exchange_of_the_step():
    """An exchange that takes the place of a forgotten one, even in memory, is still the step's."""
    journal = SimpleNamespace(exchanges=tuple(Exchange("", "GET", "", [], "") for _ in range(50)))

    def act(*_):
        journal.exchanges = ()
        journal.exchanges = tuple(Exchange("", "GET", "", [], "") for _ in range(50))
        return Done((), "")

    outcome = run(step(act, fields=())[0], SimpleNamespace(journal=journal, explain=diagnose))
    assert len(outcome.exchanges) == 50


def test_what_is_waited_for_is_told():
    """`say` reaches the caller's callback, and nobody has to listen."""
    heard = []

    def act(session, answers, say):
        say("the bus")
        return Done((), "")

    run(step(act, fields=())[0], Session())
    run(step(act, fields=())[0], Session(), say=heard.append)
    assert heard == ["the bus"]


def test_outcomes_cannot_be_changed():
    """What came of a step is a record."""
    outcome = run(step(fields=())[0], Session())
    with pytest.raises(dataclasses.FrozenInstanceError):
        outcome.have = "more"
