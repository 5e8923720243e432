"""The kit that a notebook opens: it shows steps, catches up and switches environments.

The check, the bundle, exercises and charts are imported when they
are asked for, so that the first form does not wait for them.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from wych_kit import mock
from wych_kit.errors import SettingInvalid
from wych_kit.journey.onboarding import ALL_STEPS, STEPS
from wych_kit.journey.registration import demonstration_answers
from wych_kit.journey.session import Session
from wych_kit.notebook.session_model import STEP_NAMES, SessionModel
from wych_kit.notebook.views.catch_up import CatchUpView, Examples
from wych_kit.notebook.views.usage_errors import shorten_setting_errors, without_traceback
from wych_kit.notebook.widgets.countdown import Countdown
from wych_kit.notebook.widgets.front_end_probe import FrontEndProbe
from wych_kit.notebook.widgets.page import Page
from wych_kit.secret import Secret
from wych_kit.settings import validation
from wych_kit.settings.loading import env_path, load_settings

if TYPE_CHECKING:
    from pathlib import Path

    from wych_kit.journey.step import Field, Step
    from wych_kit.notebook.views.bundle import BundleView
    from wych_kit.notebook.views.charts import Chart
    from wych_kit.notebook.views.check import CheckView
    from wych_kit.notebook.views.exercise import NotebookExercise
    from wych_kit.settings.loading import Settings

# By the path of the file of settings with which each was opened.
_OPEN_KITS: dict[Path, Kit] = {}
_ORIGINS = {"shell": "your shell"}


def open_kit(profile: str | None = None, *, register_again: bool = False) -> Kit:
    """Return the kit with the settings in `.env` (or `.env.<profile>`) and the shell.

    Running the cell again returns the same kit, with its
    forms and outcomes. With `register_again` that one is
    closed, and a new one asks for a new registration.
    """
    settings = load_settings(profile)
    path = _get_path(settings, profile)
    kit = _OPEN_KITS.get(path) if profile is None else None
    if kit is None:
        # A kit may have been switched to this file since it was opened.
        kit = next((other for other in _OPEN_KITS.values() if other.session.path == path), None)
    if kit is None or register_again:
        if kit is not None:
            kit.close()
            for opened_with in [key for key, other in _OPEN_KITS.items() if other is kit]:
                del _OPEN_KITS[opened_with]
        session = Session(settings, path, profile=profile, register_again=register_again)
        kit = _OPEN_KITS[path] = Kit(session)
    kit.reload_settings()
    kit.start_mock()
    return kit


class Kit:
    """The journey of one session. All its forms draw the same model, so they always agree."""

    def __init__(self, session: Session) -> None:
        self.model = SessionModel(session)
        self._probe = FrontEndProbe()
        self._countdown = Countdown(self.model)
        self._pages: dict[tuple[str, ...], Page] = {}
        self._examples: Examples = {}
        self._exercise: NotebookExercise | None = None

    @property
    def session(self) -> Session:
        """The session: `.settings`, `.client`, `.journal`, `.provider`, `.token`, `.users`."""
        return self.model.session

    def tour(self) -> Page:
        """Show the steps to a first call on one page.

        With credentials in the settings, registering is done already.
        """
        self.reload_settings()
        self.model.settle()
        self.model.observers.notify()
        return self._get_page(STEPS, switchable=True)

    def step(self, name: str, /, **answers: str | Secret) -> Page:
        """Show one step: its form, or its outcome once nothing is left to ask.

        With answers the step runs at once, and a question without one uses its
        example. Earlier steps that ask nothing run first; an earlier one that
        does ask, or fails, is shown above. All this happens in the cell: up to
        five requests, each with its own time limit. Interrupting the kernel
        counts as Stop. While a form's step is under way, nothing is started.

        Raises `KeyError` for an unknown step, `TypeError` for an answer
        that the step does not ask for or that is not text, and any bug.
        """
        not_text = {
            answer_name: type(answer).__name__
            for answer_name, answer in answers.items()
            if not isinstance(answer, str | Secret)
        }
        secrets = {key: Secret(answer) for key, answer in answers.items() if key not in not_text}
        answers.clear()  # a traceback shows the arguments, and one may be a password
        for answer_name, type_name in not_text.items():
            raise without_traceback(TypeError(f"{answer_name} must be text, not {type_name}"))
        step = _find_step(name)
        self.reload_settings()
        unfinished = self._run_earlier_steps(step)
        if unfinished is not None:
            if secrets:
                unused = ", ".join(secrets)
                _say(f"Not used yet: {unused}. Do this step first: {unfinished.name}.")
            return self._get_page((unfinished, step))
        fields = self.model.get_fields(step)
        self._refuse_unknown_answers(step, fields, secrets)
        for field in fields:
            if field.name in secrets:
                answer = secrets[field.name]
                self.model.save_answer(field, answer if field.secret else answer.reveal())
        # A step that asks shows its form first, unless this cell answers it.
        is_ready = bool(secrets) or not fields
        if is_ready and self.model.is_sending_allowed and not self.model.get_done(step):
            self.model.run_now(step)
        return self._get_page((step,))

    def _refuse_unknown_answers(
        self, step: Step[Session], fields: tuple[Field, ...], answers: dict[str, Secret]
    ) -> None:
        """Raise `TypeError` for an answer that is not asked for; say so if the step is done."""
        if answers and not fields:
            again = step.wording(self.session).again
            advice = f' Press "{again}" to change it.' if step.reset else ""
            _say(f"Not used: {', '.join(answers)}. The step {step.name} is done.{advice}")
            return
        names = [field.name for field in fields]
        for answer_name in answers:
            if answer_name not in names:
                near = validation.suggest_nearest(answer_name, names)
                raise without_traceback(
                    TypeError(f"The step {step.name} does not ask for {answer_name}{near}")
                )

    def catch_up(self, name: str) -> CatchUpView:
        """Run the steps before this one, so that a notebook can be opened on its own.

        On the mock the kit answers their questions with its examples, and says
        so. Elsewhere it invents nothing. Raises `KeyError` for an unknown step.
        """
        step = _find_step(name)
        earlier_steps = ALL_STEPS[: ALL_STEPS.index(step)]
        may_answer = self.model.is_sending_allowed and self.session.uses_mock
        for earlier in earlier_steps if may_answer else ():
            fields = self.model.get_fields(earlier)
            if fields and self._run_earlier_steps(earlier) is None:
                examples = demonstration_answers(earlier.name)
                outcome_before = self.model.outcomes.get(earlier.name)
                self.model.run_now(earlier, examples)
                outcome = self.model.outcomes.get(earlier.name)
                if outcome is not outcome_before:  # it may have been stopped
                    shown = [
                        examples[field.name]
                        for field in fields
                        if field.name in examples and not field.secret
                    ]
                    self._examples[earlier.name] = outcome, shown
        self._run_earlier_steps(step)
        return CatchUpView(self.model, earlier_steps, self._examples)

    def chart(self, name: str) -> Chart:
        """Draw the customer's data: "balances" over time, or "categories" in and out.

        Sends nothing. Raises `KeyError` for another
        name, `RuntimeError` while there are no data.
        """
        from wych_kit.notebook.views.charts import Chart

        if self.session.data is None:
            raise without_traceback(
                RuntimeError('There is no customer data yet. Run kit.step("customer_data") first')
            )
        return Chart(name, self.session.data)

    def check(self) -> CheckView:
        """Check the connection, from DNS to data, in 20 seconds at most."""
        from wych_kit.notebook.views.check import CheckView, run_check

        self.reload_settings()
        return CheckView(self.session.settings.environment, run_check(self.model))

    @shorten_setting_errors
    def bundle(self, to: str | Path | None = None) -> BundleView:
        """Write a zip for a support ticket: a check, the last exchanges, versions, no secrets.

        `to` is the file to write; without it the name has the time.
        Raises `SettingInvalid` if the file exists or cannot be written.
        """
        from wych_kit.notebook.views.bundle import write_bundle

        self.reload_settings()
        return write_bundle(self.model, to)

    @shorten_setting_errors
    def drill(
        self, reference: str | None = None, *, mystery: bool = False, seed: int | None = None
    ) -> NotebookExercise:
        """Begin an exercise: one defect in a set-up of its own. The exercise before it ends.

        Without a reference it is chosen at random, with `seed` the same one
        each time. A `mystery`, which a random one always is, does not tell
        its reference. Raises `SettingInvalid` for a reference that is not
        an exercise, and if the folder `wych-drill` is not an exercise's.
        """
        from wych_kit.notebook.views.exercise import NotebookExercise

        if self._exercise:
            self._exercise.close()
            self._exercise = None
        self._exercise = NotebookExercise(reference, mystery=mystery, seed=seed)
        return self._exercise

    def confirm(self) -> None:
        """Allow requests to production. Forms have a button for it."""
        self.model.confirm()

    @shorten_setting_errors
    def switch(self, environment: str) -> None:
        """Continue with `mock`, `sandbox` or `production`, with `.env` or `.env.<environment>`.

        Nothing is sent to production before it is confirmed. Raises
        `ValueError` for another name, and `SettingInvalid` if another
        source, such as your shell, sets a different environment.
        """
        if fault := validation.explain_problem("WYCH_ENVIRONMENT", environment):
            raise without_traceback(ValueError(f"The environment {fault}"))
        settings, profile = load_settings(), None
        if settings.environment.name != environment:
            settings, profile = load_settings(environment), environment
        session = Session(settings, _get_path(settings, profile), profile=profile)
        in_force = session.settings.values[0]
        if in_force.text != environment:
            raise SettingInvalid(
                in_force.name,
                f"is {in_force.text} and has priority. Change it there, then restart the kernel",
                origin=_ORIGINS.get(in_force.origin, in_force.origin),
            )
        self.model.replace_session(session)
        self.start_mock()

    def reload_settings(self) -> None:
        """Use the values that the file of settings has now, and say so if it was changed.

        Does nothing while a run is under way. An
        invalid file is reported, and nothing is read.
        """
        if self.model.current_run is not None:
            return
        try:
            was_changed = self.model.reload_settings()
        except SettingInvalid as error:
            _say(f"{error}. Nothing was read from it.")
            return
        if was_changed:
            self.model.observers.notify()
            _say(self.model.settings_changed_message)

    def start_mock(self) -> None:
        """Start a mock if the settings expect one and none answers."""
        # A step that needs the mock tries again, and then shows why it cannot start.
        with suppress(mock.CannotStart):
            self.model.start_mock()

    def close(self) -> None:
        """Stop what is under way and close the connections."""
        if self._exercise:
            self._exercise.close()
        self.model.close()

    def _run_earlier_steps(self, step: Step[Session]) -> Step[Session] | None:
        """Run the earlier steps that ask nothing; return the first that is not done, if any."""
        for earlier in ALL_STEPS[: ALL_STEPS.index(step)]:
            if self.model.get_done(earlier):
                continue
            if self.model.is_sending_allowed and not self.model.get_fields(earlier):
                self.model.run_now(earlier)
            if not self.model.get_done(earlier):
                return earlier
        return None

    def _get_page(self, steps: tuple[Step[Session], ...], *, switchable: bool = False) -> Page:
        # The same steps have the same page each time: widgets live as long as the kernel, so a cell
        # that is run sixty times must not make sixty pages.
        key = (*(step.name for step in steps), *(["switchable"] if switchable else []))
        page = self._pages.get(key)
        if page is None or page.comm is None:  # a person may have closed it
            switch = self.switch if switchable else None
            page = self._pages[key] = Page(steps, self.model, self._probe, switch=switch)
        self._countdown.show(page)
        return page


def _say(message: str) -> None:
    # Not a view: the cell's result is the page, and this stands above it.
    print(message)  # noqa: T201 - the output of a cell is for people


def _find_step(name: str) -> Step[Session]:
    # The forms count the steps, so the name may be a number.
    if name not in STEP_NAMES:
        near = validation.suggest_nearest(str(name), STEP_NAMES)
        advice = near or f". Use: {', '.join(STEP_NAMES)}"
        raise without_traceback(KeyError(f"There is no step {name}{advice}"))
    return ALL_STEPS[STEP_NAMES.index(name)]


def _get_path(settings: Settings, profile: str | None) -> Path:
    return settings.file.path or env_path(profile)
