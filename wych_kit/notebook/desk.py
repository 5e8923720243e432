"""What all forms of one session share: outcomes, drafts, what is under way. Draws nothing, and tells those who do.

A step runs in a thread of its own, so that the form still answers; it is stopped between two requests, each of which has a time
limit. Whoever draws is told through `refresh()`, from whichever thread.
"""

from __future__ import annotations

import contextlib
import threading
import time
import weakref
from typing import TYPE_CHECKING, Protocol

from wych_kit import mock
from wych_kit.diagnosis import diagnose
from wych_kit.errors import Unreachable
from wych_kit.history import History
from wych_kit.journey import STEPS
from wych_kit.ladder import climb
from wych_kit.secret import Secret
from wych_kit.standin import stand_in
from wych_kit.steps import Done, Failed, run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wych_kit.journey import Session
    from wych_kit.ladder import Report
    from wych_kit.mock import Mock
    from wych_kit.steps import Answer, Field, Step

DOUBLE_CLICK = 0.5
"""Seconds after an end in which another start is taken for the second half of a double click."""

NAMES = tuple(step.name for step in STEPS)


class View(Protocol):
    """Something that draws the desk."""

    def refresh(self) -> None:
        """Draw anew."""


class Stopped(Exception):
    """A person pressed Stop."""


class Run:
    """One start of a step: its stages so far, and whether it was told to stop."""

    def __init__(self, step: Step[Session]) -> None:
        self.step = step
        self.stages: list[str] = []
        self.stopped = False
        self.ended = threading.Event()


class Desk:
    """One session and everything its forms show. Safe to use from several threads."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.outcomes: dict[str, Done | Failed] = {}
        self.drafts: dict[str, Answer] = {}
        self.faults: dict[str, str] = {}
        self.note = ""
        self.bug = ""
        self.under_way: Run | None = None
        self.confirmed = False
        self._at_work = threading.Lock()
        self._telling = threading.RLock()
        self._latest: Run | None = None
        self._ended = ("", 0.0)
        self._views: weakref.WeakSet[View] = weakref.WeakSet()
        self._mock: Mock | None = None

    @property
    def open(self) -> bool:
        """Whether anything may be sent: Wych's production is asked about once more."""
        return self.confirmed or self.session.settings.environment.name != "production"

    def fields(self, step: Step[Session]) -> tuple[Field, ...]:
        """What the step still asks."""
        return tuple(step.fields(self.session))

    def done(self, step: Step[Session]) -> Done | None:
        """What came of a step that came through and asks nothing more."""
        outcome = self.outcomes.get(step.name)
        return outcome if isinstance(outcome, Done) and not self.fields(step) else None

    def answers(self, step: Step[Session]) -> dict[str, Answer]:
        """What is written in the fields; a field left empty takes its suggestion, as Enter does in the terminal."""
        found: dict[str, Answer] = {}
        for field in self.fields(step):
            if answer := self.drafts.get(field.name) or field.suggestion:
                found[field.name] = Secret(answer) if field.secret else answer
        return found

    def watch(self, view: View) -> None:
        """Tell this one whenever something changed, for as long as somebody holds it."""
        self._views.add(view)

    def tell(self) -> None:
        """Have everybody draw anew."""
        with self._telling:
            for view in list(self._views):
                view.refresh()

    def write(self, field: Field, answer: Answer) -> None:
        """A field was left with this in it: keep it, and say at once when it will not do. A click after that is a new one."""
        self._ended = ("", 0.0)
        self.drafts[field.name] = Secret(answer) if field.secret else answer
        fault = field.fault(answer) if answer else None
        self.faults.pop(field.name, None)
        if fault:
            self.faults[field.name] = fault
            if field.secret:
                del self.drafts[field.name]
        self.tell()

    def resting(self, step: Step[Session]) -> float:
        """Seconds until the step can be started again: a second click straight after the first means the same."""
        name, when = self._ended
        return max(0.0, when + DOUBLE_CLICK - time.monotonic()) if name == step.name else 0.0

    def start(self, step: Step[Session]) -> Run | None:
        """Run the step with what is written, in a thread. `None` for a second click, and while something is under way."""
        if self.under_way is not None or not self.open or self.resting(step):
            return None
        run_ = self.under_way = self._latest = Run(step)
        self.note = ""
        answers = self.answers(step)
        self.tell()
        threading.Thread(target=self._work, args=(run_, answers), name=f"wych-kit-{step.name}", daemon=True).start()
        return run_

    def do(self, step: Step[Session], answers: Mapping[str, Answer] | None = None) -> None:
        """Run the step here and now. An exception that is not one of ours is raised; Ctrl-C counts as Stop."""
        run_ = self.under_way = self._latest = Run(step)
        self.note = ""
        try:
            self._finish(run_, self._outcome(run_, self.answers(step) if answers is None else answers))
        except (KeyboardInterrupt, Stopped):
            self.stop()
        finally:
            self._release(run_)

    def climb(self) -> Report | None:
        """Check every rung from the host's name to the data, here and now; `None` while nothing may be sent.

        Changes no outcome. Where the mock cannot be started, the rung of the connection says that nothing is there.
        """
        if not self.open:
            return None
        settings = self.session.settings
        with contextlib.suppress(mock.CannotStart):
            self._mock = stand_in(settings) or self._mock
        report = climb(settings, journal=self.session.journal)
        History(settings.home).add(report.exchanges)
        return report

    def stop(self) -> None:
        """Let nothing more be sent. What is on its way ends by its own time limit, unheard."""
        if self.under_way is not None:
            self.under_way.stopped = True
            self.note = "Stopped. A request that was on its way may have arrived; doing it again is safe."
            self._release(self.under_way)

    def wait(self, seconds: float = 60) -> bool:
        """Wait until nothing is under way and that is drawn; whether it is so."""
        return self._latest is None or self._latest.ended.wait(seconds)

    def change(self, session: Session) -> None:
        """Go on with another session: nothing of the old one stays."""
        self.stop()
        self.close()
        self.session = session
        self.confirmed = False
        self.note = self.bug = ""
        for held in (self.outcomes, self.drafts, self.faults):
            held.clear()
        self.tell()

    def close(self) -> None:
        """Close the connections, and the mock if it is ours."""
        self.session.close()
        if self._mock is not None:
            self._mock.stop()
            self._mock = None

    def _work(self, run_: Run, answers: Mapping[str, Answer]) -> None:
        try:
            self._finish(run_, self._outcome(run_, answers))
        except Stopped:
            pass
        except Exception as error:  # noqa: BLE001 - nobody would see it in a thread; its text may hold anything
            if not run_.stopped:
                self.bug = f"{type(error).__name__} at {_place(error)}"
        finally:
            self._release(run_)

    def _outcome(self, run_: Run, answers: Mapping[str, Answer]) -> Done | Failed:
        def say(words: str) -> None:
            if run_.stopped:
                raise Stopped
            run_.stages.append(words)
            self.tell()

        with self._at_work:  # a request that was given up may still be on its way
            if run_.stopped:
                raise Stopped
            journal = self.session.journal
            before = {id(exchange) for exchange in journal.exchanges}
            try:
                self._mock = stand_in(self.session.settings) or self._mock
                return run(run_.step, self.session, answers, say=say)
            except mock.CannotStart as error:
                missing = Unreachable(str(error), stage="settings")
                return Failed(diagnose(missing), missing)
            finally:
                History(self.session.settings.home).add(each for each in journal.exchanges if id(each) not in before)

    def _finish(self, run_: Run, outcome: Done | Failed) -> None:
        if run_.stopped:
            return
        self.bug = ""
        self.faults = dict(outcome.faults) if isinstance(outcome, Failed) else {}
        if isinstance(outcome, Done) and run_.step.name in self.outcomes:
            for name in NAMES[NAMES.index(run_.step.name) + 1 :]:
                self.outcomes.pop(name, None)  # they stood on what was replaced
        self.outcomes[run_.step.name] = outcome
        if isinstance(outcome, Done):
            self.drafts.clear()

    def _release(self, run_: Run) -> None:
        if self.under_way is run_:
            self.under_way = None
            self._ended = (run_.step.name, time.monotonic())
        self.tell()
        run_.ended.set()


def _place(error: Exception) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_globals.get('__name__', '?')}, line {trace.tb_lineno}" if trace else "?"
