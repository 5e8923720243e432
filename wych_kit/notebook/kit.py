"""What a notebook holds: a session, and the ways to show its steps, catch up and switch environments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wych_kit import checks
from wych_kit.journey import STEPS, Session, demonstration
from wych_kit.notebook.check import Check
from wych_kit.notebook.countdown import Countdown
from wych_kit.notebook.desk import Desk
from wych_kit.notebook.heartbeat import Heartbeat
from wych_kit.notebook.page import Page
from wych_kit.notebook.recap import Recap
from wych_kit.settings import env_path, load_settings

if TYPE_CHECKING:
    from pathlib import Path

    from wych_kit.secret import Secret
    from wych_kit.steps import Step

_OPEN: dict[Path, Kit] = {}


def open_kit(profile: str | None = None, *, afresh: bool = False) -> Kit:
    """The kit of this notebook, with the settings in `.env` (or `.env.<profile>`) and the shell.

    Run the cell again and you have the same kit, with all it knows. `afresh` starts a new one, which registers anew.
    """
    path = _file(profile)
    if afresh and path in _OPEN:
        _OPEN.pop(path).close()
    if path not in _OPEN:
        _OPEN[path] = Kit(_session(profile, afresh=afresh))
    return _OPEN[path]


class Kit:
    """The journey of one session. What it shows stays in step: all forms draw the same desk."""

    def __init__(self, session: Session) -> None:
        self.desk = Desk(session)
        self._heartbeat = Heartbeat()
        self._countdown = Countdown(self.desk)

    @property
    def session(self) -> Session:
        """The engine's session: `.settings`, `.client`, `.journal`, `.provider`, `.token`, `.users`."""
        return self.desk.session

    def tour(self) -> Page:
        """The whole journey on one page, one step after the other."""
        return self._page(STEPS, switchable=True)

    def step(self, name: str, /, **answers: str | Secret) -> Page:
        """One step: its form, or with nothing left to ask, what came of it.

        With answers it runs at once, and a question left open takes its example. Steps before it that ask nothing are caught up;
        the first that does ask, or does not come through, is shown first. Raises `KeyError` for a name that no step has, `TypeError`
        for an answer that the step does not ask, and whatever is no mistake of the world but ours.
        """
        step = _step(name)
        first = self._open_before(step)
        if first is not None:
            return self._page((first, step))
        asked = self.desk.fields(step)
        for word in set(answers) - {field.name for field in asked} if asked else ():
            raise TypeError(f"{name} does not ask {word}{checks.nearest(word, [field.name for field in asked])}")
        for field in asked:
            if field.name in answers:
                self.desk.write(field, answers[field.name])
        if self.desk.open and not self.desk.done(step) and (answers or not asked):
            self.desk.do(step)
        return self._page((step,))

    def catch_up(self, name: str) -> Recap:
        """Do what comes before this step, so that a notebook opens on its own; on the mock with the example answers.

        Raises `KeyError` for a name that no step has.
        """
        step = _step(name)
        if self.desk.open and self.session.on_the_mock and self.desk.fields(STEPS[0]) and step is not STEPS[0]:
            self.desk.do(STEPS[0], demonstration())
        self._open_before(step)
        return Recap(self.desk, STEPS[: STEPS.index(step)])

    def check(self) -> Check:
        """Climb from the host's name to the data: which rung is broken, why, and what to do. 20 seconds at most."""
        return Check(self.session.settings.environment, self.desk.climb())

    def confirm(self) -> None:
        """Yes, this is meant for production. Forms have a button for it."""
        self.desk.confirmed = True
        self.desk.tell()

    def switch(self, environment: str) -> None:
        """Go on with `mock`, `sandbox` or `production`: with `.env` when that is for it, else with `.env.<environment>`.

        Production asks once more before anything is sent. Raises `ValueError` for another name.
        """
        if fault := checks.check("WYCH_ENVIRONMENT", environment):
            raise ValueError(f"an environment {fault}")
        usual = load_settings().environment.name == environment
        self.desk.change(_session(None if usual else environment))

    def close(self) -> None:
        """Close the connections."""
        self.desk.close()

    def _open_before(self, step: Step[Session]) -> Step[Session] | None:
        """Catch up; the first earlier step that still asks or did not come through."""
        for earlier in STEPS[: STEPS.index(step)]:
            if self.desk.open and not self.desk.done(earlier) and not self.desk.fields(earlier):
                self.desk.do(earlier)
            if not self.desk.done(earlier):
                return earlier
        return None

    def _page(self, steps: tuple[Step[Session], ...], *, switchable: bool = False) -> Page:
        page = Page(steps, self.desk, self._heartbeat, switch=self.switch if switchable else None)
        self._countdown.show(page)
        return page


def _step(name: str) -> Step[Session]:
    names = [step.name for step in STEPS]
    if name not in names:
        raise KeyError(f"there is no step {name}{checks.nearest(name, names)}")
    return STEPS[names.index(name)]


def _file(profile: str | None) -> Path:
    return load_settings(profile).file.path or env_path(profile)


def _session(profile: str | None, *, afresh: bool = False) -> Session:
    return Session(load_settings(profile), _file(profile), profile=profile, afresh=afresh)
