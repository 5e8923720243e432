"""One start of a step, from the click to its outcome; and who is notified of it."""

from __future__ import annotations

import logging
import threading
import weakref
from typing import TYPE_CHECKING, Protocol

from wych_kit import mock
from wych_kit.client.journal.history import History
from wych_kit.diagnosis.diagnose import diagnose
from wych_kit.errors import SettingInvalid, Unreachable
from wych_kit.journey.step import Failed, exchanges_since, run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wych_kit.journey.session import Session
    from wych_kit.journey.step import Answer, Done, Step
    from wych_kit.notebook.session_model import SessionModel

_log = logging.getLogger(__name__)


class Stopped(Exception):
    """A person pressed Stop, or the settings changed to an unconfirmed production."""


class StepRun:
    """One start of a step, for the session of that moment.

    `stages` are the names of what it has waited for so far.
    `ended` is set once the outcome, if any, is recorded and drawn.
    """

    def __init__(self, step: Step[Session], session: Session) -> None:
        self.step = step
        # A person may switch environments meanwhile: this run must never move to another session.
        self.session = session
        self.stages: list[str] = []
        self.is_stopped = False
        self.ended = threading.Event()

    def perform(self, model: SessionModel, answers: Mapping[str, Answer]) -> None:
        """Run the step in the calling thread and record its outcome in the model.

        Ends without an outcome when it is stopped. Settings,
        the network and Wych's answers become a `Failed`; any
        other exception is a bug and is raised.
        """
        try:
            # A request of a stopped run may still be on its way. This run waits until it has ended.
            with model.request_lock:
                self.raise_on_stop()
                outcome = self._attempt(model, answers)
            model.record(self, outcome)
        except Stopped:
            pass

    def _attempt(self, model: SessionModel, answers: Mapping[str, Answer]) -> Done | Failed:
        def show_stage(stage: str) -> None:
            self.raise_on_stop()
            if self.stages[-1:] != [stage]:  # a step that waits names the same stage repeatedly
                self.stages.append(stage)
                model.observers.notify()

        session = self.session
        exchanges_before = session.journal.exchanges
        try:
            # The file may have been edited since the last click, even to another environment.
            if model.reload_settings(self.step):
                model.notes[self.step.name] = model.settings_changed_message
            if not model.is_sending_allowed:
                raise Stopped
            model.start_mock(self)
            self.raise_on_stop()
            return model.drafts.keep_first_faults(run(self.step, session, answers, say=show_stage))
        except SettingInvalid as error:
            return Failed(session.explain(error), error)
        except mock.CannotStart as error:
            unreachable = Unreachable(str(error), stage="settings")
            return Failed(diagnose(unreachable), unreachable)
        finally:
            # Written for a stopped or broken run too: `wych-kit journal` shows what was sent.
            History(session.settings.home).add(exchanges_since(session.journal, exchanges_before))

    def raise_on_stop(self) -> None:
        """Raise `Stopped` if Stop was pressed. Called between two requests, never within one."""
        if self.is_stopped:
            raise Stopped


class Observer(Protocol):
    """Something that draws the model."""

    def refresh(self) -> None:
        """Draw the present state."""


class Observers:
    """Those who are notified when the model changed, in whichever thread it changed."""

    def __init__(self) -> None:
        # Reentrant: drawing a form may itself change the model, such as by emptying a field.
        self._lock = threading.RLock()
        # Weak: a page that the notebook forgot must not be kept alive to be drawn.
        self._observers: weakref.WeakSet[Observer] = weakref.WeakSet()

    def add(self, observer: Observer) -> None:
        """Notify this one too, for as long as somebody else holds a reference to it."""
        self._observers.add(observer)

    def notify(self) -> None:
        """Have every observer draw. One that fails is logged and stops neither others nor the step."""
        with self._lock:
            for observer in list(self._observers):
                try:
                    observer.refresh()
                except Exception as error:  # noqa: BLE001 - the step goes on, whatever it was
                    _log.warning("A form could not be drawn: %s", locate_error(error))


def locate_error(error: Exception) -> str:
    """Return the error's class and the line that raised it, without its text.

    The text is left out since it may hold anything, a secret too.
    """
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return f"{type(error).__name__} at ?"
    module = trace.tb_frame.f_globals.get("__name__", "?")
    return f"{type(error).__name__} at {module}, line {trace.tb_lineno}"
