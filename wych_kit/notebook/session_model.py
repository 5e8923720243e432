"""What all forms of one session share: what is written, outcomes, what is under way. Draws nothing, and tells those who do.

A step runs in a thread of its own, so that the form still answers; it is stopped between two requests, each of which has a time
limit.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from wych_kit import mock
from wych_kit.client.journal.history import History
from wych_kit.diagnosis.diagnose import diagnose
from wych_kit.errors import SettingInvalid, Unreachable
from wych_kit.journey.mock_on_demand import start_mock_if_needed
from wych_kit.journey.onboarding import ALL_STEPS
from wych_kit.journey.step import Done, Failed, exchanges_since, run
from wych_kit.notebook.drafts import Written
from wych_kit.notebook.step_run import Run, Stopped, place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wych_kit.journey.session import Session
    from wych_kit.journey.step import Answer, Field, Step
    from wych_kit.mock import Mock

# Seconds after an end in which another start is taken for the second half of a double click.
DOUBLE_CLICK = 0.5

NAMES = tuple(step.name for step in ALL_STEPS)
STOPPED = "Stopped. A request that was on its way may have arrived; doing it again is safe."


class Desk(Written):
    """One session and everything its forms show. Safe to use from several threads."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.outcomes: dict[str, Done | Failed] = {}
        self.notes: dict[str, str] = {}
        self.bugs: dict[str, str] = {}
        self.under_way: Run | None = None
        self.confirmed = False
        self._deciding = threading.RLock()
        self._at_work = threading.Lock()
        self._latest: Run | None = None
        self._ended = ("", 0.0)
        self._mock: Mock | None = None

    @property
    def open(self) -> bool:
        """Whether anything may be sent: Wych's production is asked about once more."""
        return self.confirmed or self.session.settings.environment.name != "production"

    @property
    def changed(self) -> str:
        """What is said when the file of settings was changed by somebody else."""
        return f"{self.session.path.name} was changed: its new values are used from here on."

    def reread(self, step: Step[Session] | None = None) -> bool:
        """Use what the file of settings says now; whether it was changed. Raises `SettingInvalid`, and then all stays as it was.

        What came of steps with the old values goes, but for those before the one to be done; what is written in forms stays.
        """
        before = self.session.settings.environment
        if not self.session.reread():
            return False
        with self._deciding:
            for name in NAMES[NAMES.index(step.name) if step else 0 :]:
                self.outcomes.pop(name, None)
            self.confirmed = self.confirmed and self.session.settings.environment == before
            if step is not ALL_STEPS[0]:
                self.outcomes.pop(ALL_STEPS[0].name, None)
                self.settle()
        return True

    def settle(self) -> None:
        """Show the credentials that are there: registering that asks nothing sends nothing, and is done."""
        with self._deciding:
            registers = self.under_way is not None and self.under_way.step is ALL_STEPS[0]
            if (
                self.open
                and not registers
                and not self.done(ALL_STEPS[0])
                and not self.fields(ALL_STEPS[0])
            ):
                self.outcomes[ALL_STEPS[0].name] = run(ALL_STEPS[0], self.session)

    def turn(self, step: Step[Session]) -> None:
        """Ask for the step the other way, unless something is under way. What went wrong on the one way is no news on the other."""
        with self._deciding:
            if self.under_way is not None:
                return
            step.switch_mode(self.session)
            self.forget_faults()
            for said in (self.notes, self.bugs):
                said.pop(step.name, None)
            if not self.fields(step):
                self.drafts.clear()  # nobody is asked any more
            if isinstance(self.outcomes.get(step.name), Failed):
                del self.outcomes[step.name]
            self.settle()
        self.tell()

    def fields(self, step: Step[Session]) -> tuple[Field, ...]:
        """What the step still asks."""
        return tuple(step.fields(self.session))

    def done(self, step: Step[Session]) -> Done | None:
        """What came of a step that came through and asks nothing more."""
        outcome = self.outcomes.get(step.name)
        return outcome if isinstance(outcome, Done) and not self.fields(step) else None

    def confirm(self) -> None:
        """Yes, this is meant for production."""
        with self._deciding:
            self.confirmed = True
            self.settle()
        self.tell()

    def write(self, field: Field, answer: Answer) -> None:
        """A field was left with this in it: keep it, and say at once when it will not do. A click after that is a new one."""
        self._ended = ("", 0.0)
        self.note(field, answer)
        if not self.faults:
            for name, outcome in [*self.outcomes.items()]:
                if isinstance(outcome, Failed) and outcome.diagnosis is None:
                    del self.outcomes[name]  # it was not sent, for what is put right now
        self.tell()

    def resting(self, step: Step[Session]) -> float:
        """Seconds until the step can be started again: a second click straight after the first means the same."""
        name, when = self._ended
        return max(0.0, when + DOUBLE_CLICK - time.monotonic()) if name == step.name else 0.0

    def start(self, step: Step[Session]) -> Run | None:
        """Run the step with what is written, in a thread. `None` for a second click, and while something is under way."""
        with self._deciding:
            run_ = None if self.resting(step) else self._begin(step)
        if run_ is None:
            return None
        try:
            answers = self.answers_to(self.fields(step))
            self.tell()
            threading.Thread(
                target=self._work, args=(run_, answers), name=f"wych-kit-{step.name}", daemon=True
            ).start()
        except BaseException:
            self._release(run_)
            raise
        return run_

    def do(self, step: Step[Session], answers: Mapping[str, Answer] | None = None) -> None:
        """Run the step here and now, unless something is under way.

        An exception that is not one of ours is raised; Ctrl-C counts as Stop.
        """
        run_ = self._begin(step)
        if run_ is None:
            return
        try:
            self._finish(
                run_,
                self._outcome(
                    run_, self.answers_to(self.fields(step)) if answers is None else answers
                ),
            )
        except (KeyboardInterrupt, Stopped):
            self.stop()
        finally:
            self._release(run_)

    def stop(self) -> None:
        """Let nothing more be sent. What is on its way ends by its own time limit, unheard."""
        with self._deciding:
            run_ = self._halt()
            if run_ is not None:
                self.notes[run_.step.name] = STOPPED
        if run_ is not None:
            self._release(run_)

    def wait(self, seconds: float = 60) -> bool:
        """Wait until nothing is under way and that is drawn; whether it is so."""
        return self._latest is None or self._latest.ended.wait(seconds)

    def change(self, session: Session) -> None:
        """Go on with another session: nothing of the old one stays."""
        with self._deciding:
            run_, old, self.session = self._halt(), self.session, session
            self.confirmed = False
            self.forget_faults()
            for held in (self.outcomes, self.drafts, self.notes, self.bugs):
                held.clear()
            self.settle()
        self._leave(old)
        self._release(run_)

    def close(self) -> None:
        """Stop what is under way, close the connections, and the mock if it is ours."""
        self.stop()
        self._leave(self.session)

    def _leave(self, session: Session) -> None:
        session.close()
        with self._deciding:
            ours, self._mock = self._mock, None
        if ours is not None:
            ours.stop()

    def _halt(self) -> Run | None:
        """Stop what is under way, if anything is. Others are told later, since they may ask for what is locked here."""
        run_, self.under_way = self.under_way, None
        if run_ is not None:
            run_.stopped = True
            self._ended = (run_.step.name, time.monotonic())
        return run_

    def stand_in(self, run_: Run | None = None) -> None:
        """Start a mock where the settings expect one and none answers. Raises `mock.CannotStart`."""
        found = start_mock_if_needed(run_.session.settings if run_ else self.session.settings)
        if found is None:
            return
        with self._deciding:
            wanted = run_ is None or not run_.stopped
            if wanted:
                self._mock = found
        if not wanted:
            found.stop()  # whoever closes the desk has been, and would not come again

    def _begin(self, step: Step[Session]) -> Run | None:
        """The one run there may be at a time; `None` when there is one, and while production is not confirmed."""
        with self._deciding:
            if self.under_way is not None or not self.open:
                return None
            self.under_way = self._latest = Run(step, self.session)
            self.notes.clear()
            self.bugs.clear()
            return self.under_way

    def _work(self, run_: Run, answers: Mapping[str, Answer]) -> None:
        try:
            self._finish(run_, self._outcome(run_, answers))
        except Stopped:
            pass
        except Exception as error:  # noqa: BLE001 - nobody would see it in a thread; its text may hold anything
            with self._deciding:
                if not run_.stopped:
                    self.bugs[run_.step.name] = place(error)
        finally:
            self._release(run_)

    def _outcome(self, run_: Run, answers: Mapping[str, Answer]) -> Done | Failed:
        def say(words: str) -> None:
            run_.go_on()
            if run_.stages[-1:] != [words]:  # who waits says so again and again
                run_.stages.append(words)
                self.tell()

        with self._at_work:  # a request that was given up may still be on its way
            run_.go_on()
            journal = run_.session.journal
            before = journal.exchanges
            try:
                if self.reread(run_.step):
                    self.notes[run_.step.name] = self.changed
                if not self.open:
                    raise Stopped
                self.stand_in(run_)
                run_.go_on()
                return self.with_refusals(run(run_.step, run_.session, answers, say=say))
            except SettingInvalid as error:
                return Failed(run_.session.explain(error), error)
            except mock.CannotStart as error:
                missing = Unreachable(str(error), stage="settings")
                return Failed(diagnose(missing), missing)
            finally:
                History(run_.session.settings.home).add(exchanges_since(journal, before))

    def _finish(self, run_: Run, outcome: Done | Failed) -> None:
        with self._deciding:
            if run_.stopped:
                return
            self.faults = dict(outcome.faults) if isinstance(outcome, Failed) else {}
            if isinstance(outcome, Done) and run_.step.name in self.outcomes:
                for name in NAMES[NAMES.index(run_.step.name) + 1 :]:
                    self.outcomes.pop(name, None)  # they stood on what was replaced
            self.outcomes[run_.step.name] = outcome
            for field in self.fields(run_.step) if self.faults else ():
                if field.secret and field.name in self.faults:
                    self.drafts.pop(
                        field.name, None
                    )  # it was refused, and nobody could see what it is
            if isinstance(outcome, Done):
                self.drafts.clear()
                self.forget_faults()

    def _release(self, run_: Run | None) -> None:
        with self._deciding:
            if run_ is not None and self.under_way is run_:
                self.under_way = None
                self._ended = (run_.step.name, time.monotonic())
        try:
            self.tell()
        finally:
            if run_ is not None:
                run_.ended.set()
