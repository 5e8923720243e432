"""What a notebook holds: a session, and the ways to show its steps, catch up and switch environments.

The check, the bundle, the drill and charts are imported when they are asked for: the first form does not wait for them.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from wych_kit import mock
from wych_kit.errors import SettingInvalid
from wych_kit.journey.onboarding import ALL_STEPS, STEPS
from wych_kit.journey.registration import demonstration_answers
from wych_kit.journey.session import Session
from wych_kit.notebook.session_model import Desk
from wych_kit.notebook.views.bundle import Handover
from wych_kit.notebook.views.catch_up import Examples, Recap
from wych_kit.notebook.views.usage_errors import slip, without_traceback
from wych_kit.notebook.widgets.countdown import Countdown
from wych_kit.notebook.widgets.front_end_probe import Heartbeat
from wych_kit.notebook.widgets.page import Page
from wych_kit.secret import Secret
from wych_kit.settings import validation
from wych_kit.settings.loading import env_path, load_settings

if TYPE_CHECKING:
    from wych_kit.journey.step import Step
    from wych_kit.notebook.views.charts import Chart
    from wych_kit.notebook.views.check import Check
    from wych_kit.notebook.views.exercise import Practice
    from wych_kit.settings.loading import Settings

_OPEN: dict[Path, Kit] = {}
_WHERE = {"shell": "your shell"}


def open_kit(profile: str | None = None, *, afresh: bool = False) -> Kit:
    """The kit of this notebook, with the settings in `.env` (or `.env.<profile>`) and the shell.

    Run the cell again and you have the same kit, with all it knows. `afresh` starts a new one, which registers anew.
    """
    settings = load_settings(profile)
    path = _path(settings, profile)
    kit = _OPEN.get(path) if profile is None else None
    kit = kit or next(
        (each for each in _OPEN.values() if each.session.path == path), None
    )  # one may have been switched to this file
    if kit is None or afresh:
        if kit is not None:
            kit.close()
            for place in [place for place, each in _OPEN.items() if each is kit]:
                del _OPEN[place]
        kit = _OPEN[path] = Kit(Session(settings, path, profile=profile, register_again=afresh))
    kit.reread()
    kit.stand_in()
    return kit


class Kit:
    """The journey of one session. What it shows stays in step: all forms draw the same desk."""

    def __init__(self, session: Session) -> None:
        self.desk = Desk(session)
        self._heartbeat = Heartbeat()
        self._countdown = Countdown(self.desk)
        self._pages: dict[tuple[str, ...], Page] = {}
        self._examples: Examples = {}
        self._practice: Practice | None = None

    @property
    def session(self) -> Session:
        """The engine's session: `.settings`, `.client`, `.journal`, `.provider`, `.token`, `.users`."""
        return self.desk.session

    def tour(self) -> Page:
        """The whole journey on one page, one step after the other. Credentials that are there need no registering."""
        self.reread()
        self.desk.settle()
        self.desk.tell()
        return self._page(STEPS, switchable=True)

    def step(self, name: str, /, **answers: str | Secret) -> Page:
        """One step: its form, or with nothing left to ask, what came of it.

        With answers it runs at once, and a question left open takes its example. Steps before it that ask nothing are caught up;
        the first that does ask, or does not come through, is shown first. All this is done in the kernel: up to five requests, each with
        its own time limit, and interrupting the kernel counts as Stop. While a form's step is under way nothing is started. Raises `KeyError` for a name that no step has, `TypeError`
        for an answer that the step does not ask, and whatever is no mistake of the world but ours.
        """
        unfit = {
            word: type(answer).__name__
            for word, answer in answers.items()
            if not isinstance(answer, str | Secret)
        }
        given = {word: Secret(answer) for word, answer in answers.items() if word not in unfit}
        answers.clear()  # a traceback shows them, and one may be a password
        for word, kind in unfit.items():
            raise slip(TypeError(f"{word} has to be text, not {kind}"))
        step = _step(name)
        self.reread()
        first = self._open_before(step)
        if first is not None:
            if given:
                print(f"Not used yet: {', '.join(given)}. First comes: {first.name}.")  # noqa: T201 - beside the cell's form
            return self._page((first, step))
        asked = self.desk.fields(step)
        for word in set(given) - {field.name for field in asked} if asked else ():
            raise slip(
                TypeError(
                    f"{name} does not ask"
                    f" {word}{validation.suggest_nearest(word, [field.name for field in asked])}"
                )
            )
        if given and not asked:
            again = (
                f': its button "{step.wording(self.session).again}" asks anew' if step.reset else ""
            )
            print(f"Not used: {', '.join(given)}. {name} is done{again}.")  # noqa: T201 - beside the cell's form
        for field in asked:
            if field.name in given:
                self.desk.write(
                    field, given[field.name] if field.secret else given[field.name].reveal()
                )
        if self.desk.open and not self.desk.done(step) and (given or not asked):
            self.desk.do(step)
        return self._page((step,))

    def catch_up(self, name: str) -> Recap:
        """Do what comes before this step, so that a notebook opens on its own; on the mock with the example answers, and says so.

        Raises `KeyError` for a name that no step has.
        """
        step = _step(name)
        before = ALL_STEPS[: ALL_STEPS.index(step)]
        for earlier in before if self.desk.open and self.session.uses_mock else ():
            asked = self.desk.fields(earlier)
            if asked and self._open_before(earlier) is None:
                examples, before_it = (
                    demonstration_answers(earlier.name),
                    self.desk.outcomes.get(earlier.name),
                )
                self.desk.do(earlier, examples)
                found = self.desk.outcomes.get(earlier.name)
                if found is not before_it:  # it may have been stopped
                    said = [
                        examples[field.name]
                        for field in asked
                        if field.name in examples and not field.secret
                    ]
                    self._examples[earlier.name] = found, said
        self._open_before(step)
        return Recap(self.desk, before, self._examples)

    def chart(self, name: str) -> Chart:
        """A chart of the customer's data that are here: "balances" over time, or "categories" in and out. Nothing is sent.

        Raises `KeyError` for another name, `RuntimeError` before there are data.
        """
        from wych_kit.notebook.views.charts import Chart

        if self.session.data is None:
            raise slip(RuntimeError('there are no data yet: kit.step("customer_data") gets them'))
        return Chart(name, self.session.data)

    def check(self) -> Check:
        """Climb from the host's name to the data: which rung is broken, why, and what to do. 20 seconds at most."""
        from wych_kit.notebook.views.check import Check, climbed

        self.reread()
        return Check(self.session.settings.environment, climbed(self.desk))

    @without_traceback
    def bundle(self, to: str | Path | None = None) -> Handover:
        """Write a zip for a support ticket, without secrets: a check, the last exchanges, versions. `to`: not the name with the time.

        Raises `SettingInvalid` when it cannot be written there, or something is there.
        """
        from wych_kit.notebook.views.check import NOT_BEFORE, climbed
        from wych_kit.support.bundle import make

        self.reread()
        settings = self.session.settings
        made = make(
            settings, Path(to) if to else None, check=lambda _: climbed(self.desk) or NOT_BEFORE
        )
        return Handover(settings.environment, made)

    @without_traceback
    def drill(
        self, reference: str | None = None, *, mystery: bool = False, seed: int | None = None
    ) -> Practice:
        """Break and fix: what this names is broken in a set-up of its own, for you to find and put right; without a name anything is.

        A `mystery`, which the latter always is, does not tell what was broken. The exercise before it ends. Raises `SettingInvalid`
        for a name that is no exercise, and where the folder `wych-drill` is something else's.
        """
        from wych_kit.notebook.views.exercise import Practice

        if self._practice:
            self._practice.close()
            self._practice = None
        self._practice = Practice(reference, mystery=mystery, seed=seed)
        return self._practice

    def confirm(self) -> None:
        """Yes, this is meant for production. Forms have a button for it."""
        self.desk.confirm()

    @without_traceback
    def switch(self, environment: str) -> None:
        """Go on with `mock`, `sandbox` or `production`: with `.env` when that is for it, else with `.env.<environment>`.

        Production asks once more before anything is sent. Raises `ValueError` for another name, and `SettingInvalid` when something
        says otherwise, such as your shell.
        """
        if fault := validation.explain_problem("WYCH_ENVIRONMENT", environment):
            raise slip(ValueError(f"an environment {fault}"))
        settings, profile = load_settings(), None
        if settings.environment.name != environment:
            settings, profile = load_settings(environment), environment
        session = Session(settings, _path(settings, profile), profile=profile)
        held = session.settings.values[0]
        if held.text != environment:
            raise SettingInvalid(
                held.name,
                f"is {held.text}, which wins: change it there, then restart the kernel",
                origin=_WHERE.get(held.origin, held.origin),
            )
        self.desk.change(session)
        self.stand_in()

    def reread(self) -> None:
        """Use what the file of settings says now, and say so when it was changed; never while something is under way.

        What is written in forms stays. Another environment is asked about again, if it is production.
        """
        if self.desk.under_way is not None:
            return
        try:
            changed = self.desk.reread()
        except SettingInvalid as error:
            print(f"{error}. Nothing was read from it.")  # noqa: T201 - beside the cell's form
            return
        if changed:
            self.desk.tell()
            print(self.desk.changed)  # noqa: T201 - beside the cell's form

    def stand_in(self) -> None:
        """Have a mock to speak to, where one is wanted and none answers. One that cannot start is told of by the step that needs it."""
        with suppress(mock.CannotStart):
            self.desk.stand_in()

    def close(self) -> None:
        """Stop what is under way and close the connections."""
        if self._practice:
            self._practice.close()
        self.desk.close()

    def _open_before(self, step: Step[Session]) -> Step[Session] | None:
        """Catch up; the first earlier step that still asks or did not come through."""
        for earlier in ALL_STEPS[: ALL_STEPS.index(step)]:
            if self.desk.open and not self.desk.done(earlier) and not self.desk.fields(earlier):
                self.desk.do(earlier)
            if not self.desk.done(earlier):
                return earlier
        return None

    def _page(self, steps: tuple[Step[Session], ...], *, switchable: bool = False) -> Page:
        """The page with these steps: the same one each time, since widgets live as long as the kernel, seen or not."""
        names = (*(step.name for step in steps), *(["switchable"] if switchable else []))
        page = self._pages.get(names)
        if page is None or page.comm is None:  # closed by somebody
            page = self._pages[names] = Page(
                steps, self.desk, self._heartbeat, switch=self.switch if switchable else None
            )
        self._countdown.show(page)
        return page


def _step(name: str) -> Step[Session]:
    names = [step.name for step in ALL_STEPS]
    if name not in names:  # which may be a number, as the forms count them
        raise slip(
            KeyError(
                "there is no step"
                f" {name}{validation.suggest_nearest(str(name), names) or '; there are ' + ', '.join(names)}"
            )
        )
    return ALL_STEPS[names.index(name)]


def _path(settings: Settings, profile: str | None) -> Path:
    return settings.file.path or env_path(profile)
