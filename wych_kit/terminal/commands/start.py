"""`wych-kit start`: walks through all steps at a keyboard, in a pipe, or as one JSON document."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from wych_kit.errors import WychError
from wych_kit.terminal.context import command_to_type, is_interactive, print_json, reach_wych
from wych_kit.terminal.exit_status import DONE, INTERRUPTED, USAGE
from wych_kit.terminal.parser import add_examples, add_json_option

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from wych_kit.journey.session import Session
    from wych_kit.journey.step import Done, Failed, Step
    from wych_kit.terminal.screen import Screen
    from wych_kit.terminal.walkthrough import AnswerSource, Walk


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.description = (
        "Walk through every step: register, find the endpoints, get a token, make the first call."
    )
    parser.add_argument(
        "--all",
        dest="to_the_end",
        action="store_true",
        help="continue with a customer's consent and data",
    )
    parser.add_argument(
        "--answers",
        metavar="FILE",
        type=Path,
        help="read the answers from a TOML file instead of asking",
    )
    parser.add_argument(
        "--bring",
        dest="brings",
        action="store_true",
        help="paste credentials from the mock's portal instead of registering",
    )
    parser.add_argument(
        "--new", action="store_true", help="register again, although credentials are saved"
    )
    add_json_option(parser, "ask nothing and print one JSON document")
    add_examples(
        parser,
        "wych-kit start",
        "wych-kit start --all",
        "wych-kit start --answers answers.toml --json < /dev/null",
        "wych-kit start --profile sandbox",
    )


def run(arguments: argparse.Namespace) -> int:
    """Walk through the steps and return the exit status.

    Raises `SettingInvalid` for an answers file that cannot be used. The first call is the last
    step; `--all` continues to a customer's data.
    """
    from wych_kit.journey.session import Session
    from wych_kit.settings.locations import env_path

    with reach_wych(arguments) as settings:
        session = Session(
            settings,
            settings.file.path or env_path(arguments.profile),
            profile=arguments.profile,
            register_again=arguments.new,
            paste_credentials=arguments.brings,
        )
        return _walk_through(session, arguments)


def _walk_through(session: Session, arguments: argparse.Namespace) -> int:
    from wych_kit.client.journal.history import History
    from wych_kit.journey.answers_file import read_answers
    from wych_kit.journey.onboarding import ALL_STEPS, STEPS
    from wych_kit.terminal.screen import Screen
    from wych_kit.terminal.walkthrough import walk

    answers = read_answers(arguments.answers) if arguments.answers else {}
    steps = ALL_STEPS if arguments.to_the_end else STEPS
    command = "start --all" if arguments.to_the_end else "start"
    screen = None if arguments.as_json else Screen(plain=arguments.plain)
    if screen:
        screen.show_banner(session.settings.environment)
    source = _answer_source(session, answers, screen)
    if not source.can_retry and (missing := _missing_answers(session, source, steps)):
        return _report_missing(session, missing, screen)
    try:
        journey = walk(session, screen, source, steps)
    except KeyboardInterrupt:
        return _stop(session, source, command, screen)
    finally:
        session.close()
        History(session.settings.home).add(session.journal.exchanges)
    if screen:
        _show_end(session, journey, source, command=command, screen=screen)
    else:
        print_json(_as_dict(session, journey, source))
    return journey.status


def _answer_source(
    session: Session, answers: Mapping[str, Any], screen: Screen | None
) -> AnswerSource:
    """Return a person at the keyboard, or the answers from the file.

    On the mock, demonstration answers fill what the file leaves open.
    """
    from wych_kit.journey.onboarding import ALL_STEPS
    from wych_kit.journey.registration import demonstration_answers
    from wych_kit.terminal.walkthrough import PreparedAnswers, PromptedAnswers

    if screen and is_interactive():
        return PromptedAnswers(screen, answers)
    names = [step.name for step in ALL_STEPS]
    examples = demonstration_answers(*names) if session.uses_mock else {}
    return PreparedAnswers(answers, examples)


def _missing_answers(
    session: Session, source: AnswerSource, steps: Sequence[Step[Session]]
) -> dict[str, str]:
    """Return the required fields without an answer, by name, each with its label and help.

    This is known before the first request, so nothing is registered by half.
    """
    from wych_kit.journey.onboarding import pending_fields

    fields = pending_fields(session, steps)
    answers = source(fields, {})
    # The walk itself asks again, and counts the demonstration answers that it used.
    source.used.clear()
    return {
        field.name: f"{field.label} ({field.help})"
        for field in fields
        if not field.optional and field.name not in answers
    }


def _report_missing(session: Session, missing: Mapping[str, str], screen: Screen | None) -> int:
    from wych_kit.journey.registration import setting_name
    from wych_kit.settings.loading import NAMES

    names = {}
    for name, message in missing.items():
        setting = setting_name(name)
        names[setting if setting in NAMES else name] = message
    if screen is None:
        print_json({"ok": False, "missing": names})
        return USAGE
    screen.say("Nothing was started: these answers are missing or invalid.")
    for name, message in names.items():
        screen.say(f"  {name}: {message}")
    screen.say(f"Set those that begin with WYCH_ in {session.path.name} or in the shell.")
    screen.say("Or write answers to a TOML file for --answers, in lower case without WYCH_:")
    screen.say('client_id = "…". Or run this command in a terminal, which asks you.')
    if session.uses_mock:
        again = command_to_type("start --new", session.profile)
        screen.say(f"Or register again on the mock: {again}")
    return USAGE


def _stop(
    session: Session,
    source: AnswerSource,
    command: str,
    screen: Screen | None,
) -> int:
    """Save the credentials typed so far, and say how to continue."""
    message = ""
    # The mock's credentials are worth nothing, and a new registration takes a second.
    if source.can_retry and not session.uses_mock:
        try:
            session.save_credentials(source.partial)
        except WychError as error:
            message = str(error)
    if screen:
        saved = ", ".join(session.saved)
        message = message or (
            f"Saved to {session.path}: {saved}." if saved else "Nothing was saved."
        )
        screen.say()
        screen.say(f"Stopped. {message}")
        screen.say(f"To continue: {command_to_type(command, session.profile)}")
    return INTERRUPTED


def _show_end(
    session: Session,
    journey: Walk,
    source: AnswerSource,
    *,
    command: str,
    screen: Screen,
) -> None:
    screen.say()
    if source.used:
        screen.say(f"The kit used its demonstration answers for: {', '.join(source.used)}.")
    if session.saved:
        screen.say(f"Saved to {session.path}: {', '.join(session.saved)}.")
    if journey.status != DONE:
        again = command_to_type(command, session.profile)
        screen.say(f"After you have fixed it, continue with: {again}", "bold")
        return
    connection = session.connection
    data = "start --all"
    if connection:
        data = f"call GET connection/{connection.id}/accounts --user {connection.user_id}"
    screen.say("Try next:", "bold")
    for words in ("journal 1 --as curl", data, "call GET users", "token"):
        # In one piece, so that it can be copied.
        screen.say_unbroken(f"  {command_to_type(words, session.profile)}")


def _as_dict(session: Session, journey: Walk, source: AnswerSource) -> dict[str, Any]:
    return {
        "ok": journey.status == DONE,
        "environment": session.settings.environment.name,
        "steps": [_step_as_dict(step, outcome) for step, outcome in journey.outcomes],
        "saved": {"file": str(session.path), "settings": list(session.saved)},
        "demonstration_answers": source.used,
    }


def _step_as_dict(step: Step[Session], outcome: Done | Failed) -> dict[str, Any]:
    from wych_kit.journey.step import Done

    common = {
        "name": step.name,
        "exchanges": [exchange.as_dict() for exchange in outcome.exchanges],
    }
    if not isinstance(outcome, Done):
        diagnosis = outcome.diagnosis
        fields = diagnosis.__slots__ if diagnosis else ()
        return {
            **common,
            "outcome": "failed",
            "faults": dict(outcome.faults),
            "diagnosis": {name: getattr(diagnosis, name) for name in fields} or None,
        }
    facts = [
        {"label": fact.label, "value": fact.value, "remark": fact.remark} for fact in outcome.facts
    ]
    tables = [
        {"title": table.title, "columns": table.columns, "rows": table.rows}
        for table in outcome.tables
    ]
    # The key is there only for a step that has tables.
    tables_if_any = {"tables": tables} if tables else {}
    return {**common, "outcome": "done", "have": outcome.have, "facts": facts, **tables_if_any}
