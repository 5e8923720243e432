"""The proof: every scenario of the catalogue is made to happen, over real sockets, and every way of looking names it, first.

A scenario that is added without a way to make it turns this red, and so does one that is named wrongly anywhere.
"""

from __future__ import annotations

import contextlib
import io
import socket
from typing import NamedTuple

import pytest

from wych_kit.client import backoff, http_request
from wych_kit.diagnosis.connectivity import check, check_connectivity
from wych_kit.diagnosis.scenarios import SCENARIOS
from wych_kit.journey.onboarding import STEPS
from wych_kit.journey.session import Session
from wych_kit.journey.step import Failed
from wych_kit.notebook.session_model import SessionModel
from wych_kit.notebook.views import text
from wych_kit.terminal.screen import Screen
from wych_kit.terminal.walkthrough import PreparedAnswers, walk
from wych_kit.training import detection
from wych_kit.training.defects import DEFECTS, ExerciseSetup, requests

pytestmark = pytest.mark.slow


WAYS = ("check", "lint", "exchanges", "terminal", "notebook")
STEPWISE = ("terminal", "notebook")


class Coarser(NamedTuple):
    """What is named in a scenario's place, by the ways that see less; whether the scenario is the runner-up there; and why."""

    ways: tuple[str, ...]
    named: str | None
    why: str
    runner_up: bool = False


COARSER = {
    "shell-shadows-file": Coarser(
        ("check", "exchanges", *STEPWISE),
        "wrong-client-secret",
        "the server refuses a secret; the action says that the shell's is another one",
        runner_up=True,
    ),
    "wrong-base-path": Coarser(
        ("exchanges", *STEPWISE),
        "api-key-refused",
        "only the check's counter-test tells the two Forbiddens apart",
        runner_up=True,
    ),
    "ipv6-localhost": Coarser(
        ("exchanges", *STEPWISE),
        "connection-refused",
        "only the check tries the other address of localhost",
        runner_up=True,
    ),
    "proxy-unreachable": Coarser(
        ("exchanges",), "connection-refused", "an exchange does not say through which proxy it went"
    ),
    "wrong-host": Coarser(
        ("exchanges",), "name-not-found", "the other host does not exist; the remark came before"
    ),
    "unknown-answer": Coarser(
        STEPWISE, None, "a step has no reference for what nobody knows, and says that it is unknown"
    ),
}
NO_STEP_FAILS = {
    "setting-missing": "the first step asks for the value instead",
    "unknown-setting": "the first step asks for the value that is missing under its right name",
    "env-file-line": "the first step asks for the value that the line hides",
    "environment-mismatch": "the first step asks for the values again, and says why",
    "clock-ahead": "tokens are used by their lifetime, so a wrong clock stops no step",
    "clock-behind": "tokens are used by their lifetime, so a wrong clock stops no step",
}


@pytest.fixture(autouse=True)
def _impatient(project, monkeypatch):
    """Nobody waits for what will not come, and nothing of this machine's settings counts."""
    monkeypatch.setattr(check, "CHECK_SECONDS", 2.5)
    monkeypatch.setattr(http_request, "ANSWER_SECONDS", 1.5)
    monkeypatch.setattr(backoff, "ATTEMPTS", 1)


@pytest.fixture
def broken(monkeypatch):
    """Makes a set-up that works, and breaks it."""
    with contextlib.ExitStack() as stack:

        def make(reference):
            way = DEFECTS[reference]
            setup = stack.enter_context(ExerciseSetup(**way.options))
            way.apply(setup)
            if way.impossible_because:
                stack.enter_context(monkeypatch.context()).setattr(
                    socket, "getaddrinfo", only_ipv6(socket.getaddrinfo)
                )
            return setup

        yield make


def only_ipv6(look_up):
    """A look-up in which localhost is ::1 and nothing else."""

    def faked(host, port, *rest, **options):
        if host in ("localhost", b"localhost"):
            return [(socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", port, 0, 0))]
        return look_up(host, port, *rest, **options)

    return faked


def by_terminal(setup):
    """What is drawn in a terminal of the first step that fails, in words too."""
    file = io.StringIO()
    with (
        setup.shell_applied(),
        contextlib.closing(Session(setup.settings(), setup.env)) as session,
    ):
        if not setup.journal.exchanges:
            session.journal = setup.journal
        outcome = walk(session, Screen(file=file, plain=True), PreparedAnswers({})).outcomes[-1][1]
    return failed(outcome, file.getvalue())


def by_notebook(setup):
    """What a notebook's model holds of the first step that fails, and shows without widgets."""
    with (
        setup.shell_applied(),
        contextlib.closing(SessionModel(Session(setup.settings(), setup.env))) as model,
    ):
        for step in STEPS:
            model.run_now(step)
            if isinstance(outcome := model.outcomes[step.name], Failed):
                break
    return failed(outcome, "\n".join(text.render_outcome(outcome, "")))


def failed(outcome, drawn):
    """The cause of a step that failed, once it is seen in what is drawn."""
    if not isinstance(outcome, Failed) or outcome.diagnosis is None:
        return None
    found = outcome.diagnosis
    assert found.reference is None or found.reference in drawn
    assert found.confidence == "unknown" or found.confidence.capitalize() in drawn
    return detection.Detection(found.reference, found.confidence, found.runner_up)


LOOKS = {
    "check": detection.detect_by_check,
    "lint": detection.detect_by_lint,
    "terminal": by_terminal,
    "notebook": by_notebook,
    "exchanges": (
        detection.detect_by_exchanges
    ),  # the last: it judges what the terminal's steps sent, where the break sends nothing itself
}


def due(reference):
    """The ways of looking that have to name a scenario: the one that its break says, and a step where a check does."""
    ways = {DEFECTS[reference].shows}
    if ways == {"check"} and reference not in NO_STEP_FAILS:
        ways |= set(STEPWISE)
    if SCENARIOS[reference].made_by == "request":
        ways.add("exchanges")
    return ways


def test_each_scenario_can_be_made():
    """Every scenario but this kit's own conditions has a way to make it, and every way makes a scenario of the catalogue."""
    assert set(DEFECTS) == {
        reference for reference, known in SCENARIOS.items() if known.made_by != "kit"
    }


@pytest.mark.parametrize("reference", DEFECTS)
def test_named_right_first(broken, reference):
    """Every way of looking that says anything names this scenario first, and those that have to say something do.

    Where one sees less, what it names instead is listed with the reason, and is never certain. When the break is undone, all holds.
    """
    setup = broken(reference)
    found = {way: look(setup) for way, look in LOOKS.items()}
    coarser = COARSER.get(reference)
    for way, named in found.items():
        assert named is None or named.runner_up is None or named.confidence != "certain", way
        if coarser and way in coarser.ways:
            assert named is not None, way
            assert (named.reference, named.confidence == "certain") == (coarser.named, False), way
            assert not coarser.runner_up or named.runner_up == reference, way
        else:
            assert named is None or named.reference == reference, way
            assert named is not None or way not in due(reference), way
    setup.mend()
    assert detection.detect_by_check(setup) is None
    assert detection.detect_by_lint(setup) is None


def test_a_request_put_right_is_answered(broken):
    """The commands are right but for their one mistake: without it they are answered, and nothing is left to remark on."""
    setup = broken("api-key-missing")
    for write in (
        lambda: requests.call(setup),
        lambda: requests.token(setup, requests.GRANT, requests.CLIENT, requests.SECRET),
        lambda: requests.token(
            setup, "-u 'mock-percent-in-secret:mock-only-50%25-off'", requests.GRANT
        ),
    ):
        write()
        assert detection.detect_by_lint(setup) is None
        assert detection.detect_by_exchanges(setup) is None


@pytest.mark.parametrize("options", [{}, {"tls": "private-ca"}])
def test_a_set_up_that_is_not_broken(options):
    """Nobody has anything to say about a set-up that works."""
    with ExerciseSetup(**options) as setup:
        assert {way: look(setup) for way, look in LOOKS.items()} == dict.fromkeys(LOOKS)


def test_what_is_listed_is_so():
    """The lists of exceptions name scenarios and ways that there are."""
    assert set(COARSER) | set(NO_STEP_FAILS) <= set(DEFECTS)
    assert {way for each in COARSER.values() for way in each.ways} <= set(WAYS)


def test_a_shell_that_wins_comes_first(broken):
    """Where the shell's API key wins over the file's, that is what to do something about, after a counter-test too."""
    setup = broken("shell-shadows-file")
    setup.mend()
    setup.shell["WYCH_API_KEY"] = "mock-only-another-key-0002"
    with setup.shell_applied():
        found = check_connectivity(setup.settings()).diagnosis
    assert (found.reference, found.confidence) == ("api-key-refused", "certain")
    assert "Unset or correct" in found.action
