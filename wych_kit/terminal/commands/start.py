"""`wych-kit start`: the journey from the first answer to the last exit status, at a keyboard, in a pipe, or as one JSON document."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from wych_kit.client.journal.history import History
from wych_kit.errors import WychError
from wych_kit.journey.answers_file import read_answers
from wych_kit.journey.onboarding import ALL_STEPS, STEPS, pending_fields
from wych_kit.journey.registration import demonstration_answers, setting_name
from wych_kit.journey.step import Done
from wych_kit.settings.loading import NAMES
from wych_kit.settings.locations import typed
from wych_kit.terminal.screen import Screen
from wych_kit.terminal.walkthrough import (
    DONE,
    INTERRUPTED,
    USAGE,
    Given,
    Person,
    Walk,
    has_a_person,
    walk,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from wych_kit.journey.session import Session
    from wych_kit.journey.step import Failed, Step


def start(
    session: Session,
    *,
    answers: Path | None = None,
    as_json: bool = False,
    plain: bool = False,
    to_the_end: bool = False,
) -> int:
    """Walk the journey; the exit status. Raises `SettingInvalid` for an answers file that will not do.

    It ends with the first call; `to_the_end` goes on to a customer's data.

    With nobody to ask, answers come from settings and the file; on the mock the demonstration's answers fill what is left open. With
    a person, the person is asked.
    """
    given = read_answers(answers) if answers else {}
    steps, command = (ALL_STEPS, "start --all") if to_the_end else (STEPS, "start")
    screen = None if as_json else Screen(plain=plain)
    if screen:
        screen.banner(session.settings.environment)
    ask: Given | Person
    if screen and has_a_person():
        ask = Person(screen, given)
    else:
        ask = Given(
            given,
            demonstration_answers(*(step.name for step in ALL_STEPS)) if session.uses_mock else {},
        )
        if missing := _missing(session, ask, steps):
            return _nobody_to_ask(session, screen, missing)
    try:
        walked = walk(session, screen, ask, steps)
    except KeyboardInterrupt:
        return _broken_off(session, screen, ask, command)
    finally:
        session.close()
        History(session.settings.home).add(session.journal.exchanges)
    if screen:
        _close(session, screen, walked, ask, command)
    else:
        print(json.dumps(_document(session, walked, ask), indent=2, ensure_ascii=False))  # noqa: T201 - this is the output
    return walked.status


def _missing(session: Session, ask: Given, steps: Sequence[Step[Session]]) -> dict[str, str]:
    """What is asked and not there, with a word on what it is."""
    fields = pending_fields(session, steps)
    found = ask(fields, {})
    ask.used.clear()
    return {
        field.name: f"{field.label} ({field.help})"
        for field in fields
        if not field.optional and field.name not in found
    }


def _nobody_to_ask(session: Session, screen: Screen | None, missing: Mapping[str, str]) -> int:
    names = {
        setting_name(name) if setting_name(name) in NAMES else name: words
        for name, words in missing.items()
    }
    if screen is None:
        print(json.dumps({"ok": False, "missing": names}, indent=2, ensure_ascii=False))  # noqa: T201 - this is the output
        return USAGE
    screen.say("Not started: nobody is here to ask, and these are missing or will not do:")
    for name, words in names.items():
        screen.say(f"  {name}: {words}")
    file = session.path.name
    screen.say(
        f"Give those with WYCH_ in {file} or in the shell, or any in a file with --answers, in"
        " lower case and without WYCH_"
    )
    screen.say('(client_id = "…"), or run this in a terminal.')
    if session.uses_mock:
        screen.say(f"Or register anew on the mock: {typed('start --new', session.profile)}")
    return USAGE


def _broken_off(session: Session, screen: Screen | None, ask: Given | Person, command: str) -> int:
    trouble = ""
    if isinstance(ask, Person) and not session.uses_mock:
        try:
            session.save_credentials(ask.partial)
        except WychError as error:
            trouble = str(error)
    if screen:
        screen.say()
        saved = (
            f"Saved in {session.path}: {', '.join(session.saved)}."
            if session.saved
            else "Nothing was saved."
        )
        screen.say(f"Stopped. {trouble or saved}")
        screen.say(f"Go on with: {typed(command, session.profile)}")
    return INTERRUPTED


def _close(
    session: Session, screen: Screen, walked: Walk, ask: Given | Person, command: str
) -> None:
    screen.say()
    if isinstance(ask, Given) and ask.used:
        screen.say(
            "Answered with the demonstration answers that come with the kit:"
            f" {', '.join(ask.used)}."
        )
    if session.saved:
        screen.say(f"Saved in {session.path}: {', '.join(session.saved)}.")
    if walked.status == DONE:
        screen.say("Next, one of:", "bold")
        connection = session.connection
        further = (
            f"call GET connection/{connection.id}/accounts --user {connection.user_id}"
            if connection
            else "start --all"
        )
        for words in ("journal 1 --as curl", further, "call GET users", "token"):
            screen.whole(f"  {typed(words, session.profile)}")
    else:
        screen.say(f"When that is put right, go on with: {typed(command, session.profile)}", "bold")


def _document(session: Session, walked: Walk, ask: Given | Person) -> dict[str, Any]:
    return {
        "ok": walked.status == DONE,
        "environment": session.settings.environment.name,
        "steps": [_step(step, outcome) for step, outcome in walked.outcomes],
        "saved": {"file": str(session.path), "settings": list(session.saved)},
        "demonstration_answers": ask.used if isinstance(ask, Given) else [],
    }


def _step(step: Step[Session], outcome: Done | Failed) -> dict[str, Any]:
    common = {
        "name": step.name,
        "exchanges": [exchange.as_dict() for exchange in outcome.exchanges],
    }
    if isinstance(outcome, Done):
        facts = [
            {"label": fact.label, "value": fact.value, "remark": fact.remark}
            for fact in outcome.facts
        ]
        tables = [
            {"title": each.title, "columns": each.columns, "rows": each.rows}
            for each in outcome.tables
        ]
        return {
            **common,
            "outcome": "done",
            "have": outcome.have,
            "facts": facts,
            **({"tables": tables} if tables else {}),
        }
    found = outcome.diagnosis
    return {
        **common,
        "outcome": "failed",
        "faults": dict(outcome.faults),
        "diagnosis": (
            None if found is None else {name: getattr(found, name) for name in found.__slots__}
        ),
    }
