"""The state that all forms of one session share. It draws nothing.

A form's step runs in a thread, so that the form still answers. It is
stopped between two requests, each of which has its own time limit.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from wych_kit.journey.mock_on_demand import start_mock_if_needed
from wych_kit.journey.onboarding import ALL_STEPS
from wych_kit.journey.step import Done, Failed, run
from wych_kit.notebook.drafts import Drafts
from wych_kit.notebook.step_run import Observers, StepRun, locate_error

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wych_kit.journey.session import Session
    from wych_kit.journey.step import Answer, Field, Step
    from wych_kit.mock import Mock

# Seconds after the end of a run in which another start counts as the second half of a double click.
DOUBLE_CLICK = 0.5
STEP_NAMES = tuple(step.name for step in ALL_STEPS)
STOPPED = "Stopped. Wych may have received the last request. You can run this step again safely."
_REGISTER = ALL_STEPS[0]


class SessionModel:
    """One session and all that its forms show. Safe to use from several threads.

    `outcomes`, `notes` and `bugs` are by the step's name.
    `current_run` is the only run there can be at a time, or None.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.drafts = Drafts()
        self.observers = Observers()
        self.outcomes: dict[str, Done | Failed] = {}
        self.notes: dict[str, str] = {}
        self.bugs: dict[str, str] = {}
        self.current_run: StepRun | None = None
        self.is_confirmed = False
        # Held by a run for as long as it may send. A stopped run holds it until its request ends.
        self.request_lock = threading.Lock()
        # Reentrant, as settling is part of confirming, switching and reloading. Observers are
        # notified outside it: they may read the model from another thread.
        self._state_lock = threading.RLock()
        self._latest_run: StepRun | None = None
        self._last_end = ("", 0.0)
        self._mock: Mock | None = None

    # What there is ------------

    @property
    def is_sending_allowed(self) -> bool:
        """True unless this is production and nobody has confirmed it."""
        return self.is_confirmed or self.session.settings.environment.name != "production"

    @property
    def settings_changed_message(self) -> str:
        """The sentence to show after the file of settings was edited elsewhere."""
        return f"{self.session.path.name} was changed. Wych Kit now uses its new values."

    def get_fields(self, step: Step[Session]) -> tuple[Field, ...]:
        """Return the fields whose answers the step still needs."""
        return tuple(step.fields(self.session))

    def get_done(self, step: Step[Session]) -> Done | None:
        """Return the outcome of a step that succeeded and asks nothing more, else None."""
        outcome = self.outcomes.get(step.name)
        return outcome if isinstance(outcome, Done) and not self.get_fields(step) else None

    def get_restart_delay(self, step: Step[Session]) -> float:
        """Return the seconds left in which a second click on the step is ignored (double click)."""
        name, ended_at = self._last_end
        if name != step.name:
            return 0.0
        return max(0.0, ended_at + DOUBLE_CLICK - time.monotonic())

    # What a person does ------------

    def confirm(self) -> None:
        """Allow requests to production."""
        with self._state_lock:
            self.is_confirmed = True
            self.settle()
        self.observers.notify()

    def save_answer(self, field: Field, answer: Answer) -> None:
        """Keep what was typed into a field, and mark it at once if it is invalid."""
        # Whoever corrects a field and then clicks means it: that is no double click.
        self._last_end = ("", 0.0)
        self.drafts.save(field, answer)
        if not self.drafts.faults:
            for name, outcome in [*self.outcomes.items()]:
                # "Nothing was sent" is no longer true of a form with all its fields corrected.
                if isinstance(outcome, Failed) and outcome.diagnosis is None:
                    del self.outcomes[name]
        self.observers.notify()

    def switch_mode(self, step: Step[Session]) -> None:
        """Ask for the step the other way. Does nothing while a run is under way."""
        with self._state_lock:
            if self.current_run is not None:
                return
            step.switch_mode(self.session)
            # What went wrong one way says nothing about the other.
            self.drafts.clear_faults()
            self.notes.pop(step.name, None)
            self.bugs.pop(step.name, None)
            if not self.get_fields(step):
                self.drafts.answers.clear()
            if isinstance(self.outcomes.get(step.name), Failed):
                del self.outcomes[step.name]
            self.settle()
        self.observers.notify()

    # One start of a step, in this order: start, StepRun.perform, record, release -------------------

    def start(self, step: Step[Session]) -> StepRun | None:
        """Run the step in a thread, with the answers in the forms.

        Return None for a double click, during another
        run, and before production is confirmed.
        """
        with self._state_lock:
            step_run = None if self.get_restart_delay(step) else self._admit(step)
        if step_run is None:
            return None

        def perform() -> None:
            try:
                step_run.perform(self, answers)
            except Exception as error:  # noqa: BLE001 - nobody would see it in a thread
                with self._state_lock:
                    if not step_run.is_stopped:
                        self.bugs[step.name] = locate_error(error)
            finally:
                self._release(step_run)

        try:
            answers = self.drafts.get_answers(self.get_fields(step))
            self.observers.notify()
            threading.Thread(target=perform, name=f"wych-kit-{step.name}", daemon=True).start()
        except BaseException:
            # A machine out of threads must not leave a form that is busy for ever.
            self._release(step_run)
            raise
        return step_run

    def run_now(self, step: Step[Session], answers: Mapping[str, Answer] | None = None) -> None:
        """Run the step in the calling thread. Does nothing where `start` would return None.

        Without `answers` it uses those in the
        forms. Ctrl-C counts as Stop. Raises bugs.
        """
        step_run = self._admit(step)
        if step_run is None:
            return
        try:
            if answers is None:
                answers = self.drafts.get_answers(self.get_fields(step))
            step_run.perform(self, answers)
        except KeyboardInterrupt:
            self.stop()
        finally:
            self._release(step_run)

    def _admit(self, step: Step[Session]) -> StepRun | None:
        with self._state_lock:
            if self.current_run is not None or not self.is_sending_allowed:
                return None
            self.current_run = self._latest_run = StepRun(step, self.session)
            self.notes.clear()
            self.bugs.clear()
            return self.current_run

    def record(self, step_run: StepRun, outcome: Done | Failed) -> None:
        """Keep the outcome of a run, unless it was stopped meanwhile."""
        step = step_run.step
        with self._state_lock:
            if step_run.is_stopped:
                return
            if isinstance(outcome, Done) and step.name in self.outcomes:
                # Later steps used what this run replaced, such as the app or the token.
                for name in STEP_NAMES[STEP_NAMES.index(step.name) + 1 :]:
                    self.outcomes.pop(name, None)
            self.outcomes[step.name] = outcome
            if isinstance(outcome, Done):
                self.drafts.clear()
            else:
                self.drafts.set_faults(outcome.faults, self.get_fields(step))

    def _release(self, step_run: StepRun | None) -> None:
        with self._state_lock:
            if step_run is not None and self.current_run is step_run:
                self.current_run = None
                self._last_end = (step_run.step.name, time.monotonic())
        try:
            self.observers.notify()
        finally:
            if step_run is not None:
                step_run.ended.set()

    def stop(self) -> None:
        """Let nothing more be sent. A request on its way ends by its own time limit, unrecorded."""
        with self._state_lock:
            step_run = self._halt()
            if step_run is not None:
                self.notes[step_run.step.name] = STOPPED
        if step_run is not None:
            self._release(step_run)

    def _halt(self) -> StepRun | None:
        step_run, self.current_run = self.current_run, None
        if step_run is not None:
            step_run.is_stopped = True
            self._last_end = (step_run.step.name, time.monotonic())
        return step_run

    def wait_until_idle(self, seconds: float = 60) -> bool:
        """Wait until no run is under way and that is drawn. Return False if it takes longer."""
        return self._latest_run is None or self._latest_run.ended.wait(seconds)

    # The session and its mock ------------

    def settle(self) -> None:
        """Show the credentials that are there: registering that asks nothing sends nothing."""
        with self._state_lock:
            if (
                self.is_sending_allowed
                and not (self.current_run is not None and self.current_run.step is _REGISTER)
                and not self.get_done(_REGISTER)
                and not self.get_fields(_REGISTER)
            ):
                self.outcomes[_REGISTER.name] = run(_REGISTER, self.session)

    def reload_settings(self, step: Step[Session] | None = None) -> bool:
        """Use the values that the file of settings has now. Return True if it was changed.

        Forgets the outcomes of `step` and later ones, or all: they
        came from the old values. What is typed in forms stays.
        Raises `SettingInvalid`, after which everything is as before.
        """
        environment_before = self.session.settings.environment
        if not self.session.reread():
            return False
        with self._state_lock:
            for name in STEP_NAMES[STEP_NAMES.index(step.name) if step else 0 :]:
                self.outcomes.pop(name, None)
            # A file that now says production is a new question.
            self.is_confirmed = (
                self.is_confirmed and self.session.settings.environment == environment_before
            )
            if step is not _REGISTER:
                self.outcomes.pop(_REGISTER.name, None)
                self.settle()
        return True

    def replace_session(self, session: Session) -> None:
        """Continue with another session, such as another environment's. Nothing of the old stays."""
        with self._state_lock:
            step_run, old_session, self.session = self._halt(), self.session, session
            self.is_confirmed = False
            self.drafts.clear()
            self.outcomes.clear()
            self.notes.clear()
            self.bugs.clear()
            self.settle()
        self._dispose(old_session)
        self._release(step_run)

    def start_mock(self, step_run: StepRun | None = None) -> None:
        """Start a mock if the settings expect one and none answers. Raises `mock.CannotStart`."""
        session = step_run.session if step_run else self.session
        started = start_mock_if_needed(session.settings)
        if started is None:
            return
        with self._state_lock:
            is_wanted = step_run is None or not step_run.is_stopped
            if is_wanted:
                self._mock = started
        if not is_wanted:
            # Whoever closed this model has already stopped its mock, and does so only once.
            started.stop()

    def close(self) -> None:
        """Stop the run under way, close the connections, and the mock if this model started it."""
        self.stop()
        self._dispose(self.session)

    def _dispose(self, session: Session) -> None:
        session.close()
        with self._state_lock:
            own_mock, self._mock = self._mock, None
        if own_mock is not None:
            own_mock.stop()
