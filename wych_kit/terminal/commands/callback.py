"""`wych-kit callback`: rehearses your callback handler, or explains one callback URL."""

from __future__ import annotations

import argparse
import contextlib
import sys
from typing import TYPE_CHECKING

from wych_kit.errors import SettingInvalid, Unreachable
from wych_kit.terminal.context import print_json, settings_of
from wych_kit.terminal.exit_status import DONE, REFUSED, UNREACHABLE
from wych_kit.terminal.parser import add_examples, add_json_option

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from wych_kit.callback.rehearsal.browser import HandlerResponse
    from wych_kit.callback.rehearsal.cases import Case
    from wych_kit.callback.rehearsal.runner import CaseResult
    from wych_kit.terminal.screen import Screen

# Characters of standard input: one more than a callback URL may have, so that a longer text is
# refused and not cut.
_MOST_INPUT = 64 * 1024 + 1
_LONGEST_WAIT = 600  # seconds
# Characters of a redirect's target that fit into a line of 80 columns.
_TARGET_WIDTH = 32
_SIGNS = {"ok": "✓", "look": "?", "wrong": "✗"}
_COLOURS = {"ok": "green", "look": "yellow", "wrong": "bold red"}
_LIMIT = (
    "This test cannot see whether your handler asks the API before it believes ACTIVE."
    " It must: anybody can call this URL."
)
_CONFIRM = (
    "A URL does not prove who made it. Ask the API for the connection's state before you trust it."
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.description = (
        "Send your callback handler every redirect Wych can send, and judge its responses.\n"
        "No secret is sent."
    )
    modes = parser.add_mutually_exclusive_group(required=True)
    modes.add_argument(
        "--to", metavar="URL", help="your handler, on this machine or on a test host"
    )
    modes.add_argument(
        "--list",
        dest="listed",
        action="store_true",
        help="list the redirects and the correct response to each; send nothing",
    )
    modes.add_argument(
        "--read",
        metavar="ADDRESS",
        help="explain one callback URL from a browser; - is standard input",
    )
    parser.add_argument(
        "--only",
        metavar="NAME",
        action="append",
        default=[],
        help="one redirect of the list; repeat it for more",
    )
    parser.add_argument(
        "--connection",
        metavar="ID",
        help="a connection that exists, for a handler that looks it up",
    )
    parser.add_argument("--user", metavar="ID", help="the user of that connection")
    parser.add_argument(
        "--seconds",
        metavar="N",
        type=_seconds,
        default=10.0,
        help="time limit for each response (default: 10)",
    )
    add_json_option(parser)
    add_examples(
        parser,
        "wych-kit callback --to http://127.0.0.1:8000/callback",
        "wych-kit callback --to https://staging.your.app/callback --only rejected --only script",
        "wych-kit callback --read 'https://your.app/callback?connection=…&state=PENDING'",
    )


def run(arguments: argparse.Namespace) -> int:
    """Rehearse, list or explain.

    0 fine, 1 a wrong response, 3 no handler answers. Raises `SettingInvalid` for an invalid URL,
    an unknown name, and a text that is no callback.
    """
    if arguments.read is not None:
        return _explain_url(arguments)
    if arguments.listed:
        return _list_cases(arguments)
    return _rehearse(arguments)


def _rehearse(arguments: argparse.Namespace) -> int:
    from wych_kit.callback.rehearsal.cases import CASES
    from wych_kit.callback.rehearsal.runner import require_own_handler
    from wych_kit.terminal.screen import Screen

    require_own_handler(arguments.to)
    cases = _choose_cases(arguments.only)
    screen = Screen(plain=arguments.plain)
    errors = Screen(plain=arguments.plain, file=sys.stderr)
    # The first case is always sent: it shows how the handler responds when all is well.
    count = sum(len(case.visits) for case in {CASES[0], *cases})
    requests = "1 request" if count == 1 else f"{count} requests"
    message = f"Sending {requests} to {arguments.to}. No secret is sent."
    (errors if arguments.as_json else screen).say(message)
    try:
        results = list(_play(arguments, cases, screen))
    except Unreachable as error:
        if arguments.as_json:
            print_json({"ok": False, "reason": error.observed})
        else:
            errors.say(f"No handler answers: {error.observed}. Start it, or correct --to.")
        return UNREACHABLE
    ok = all(result.assessment.judgement != "wrong" for result in results)
    if arguments.as_json:
        returns = [result.as_dict() for result in results]
        print_json({"ok": ok, "to": arguments.to, "returns": returns, "unseen": _LIMIT})
    else:
        _show_totals(screen, results)
    return DONE if ok else REFUSED


def _play(
    arguments: argparse.Namespace, cases: Sequence[Case], screen: Screen
) -> Iterator[CaseResult]:
    """Yield each result, after showing it."""
    from wych_kit.callback.rehearsal.runner import rehearse
    from wych_kit.terminal.screen import Progress

    silent = arguments.as_json
    waiting = contextlib.nullcontext(Progress()) if silent else screen.show_progress("Testing")
    with waiting as progress:
        results = rehearse(
            arguments.to,
            cases,
            connection=arguments.connection,
            user=arguments.user,
            seconds=arguments.seconds,
        )
        for number, result in enumerate(results, 1):
            progress.update(f"{number} of {len(cases)} done")
            if not silent:
                _show_result(screen, result)
            yield result


def _list_cases(arguments: argparse.Namespace) -> int:
    from wych_kit.terminal.screen import Screen

    cases = _choose_cases(arguments.only)
    if arguments.as_json:
        returns = [
            {
                "name": case.name,
                "basis": case.basis,
                "visits": [visit._asdict() for visit in case.visits],
                "good": f"A good handler {case.good_handler}",
            }
            for case in cases
        ]
        print_json({"returns": returns})
        return DONE
    rows = [(case.name, case.basis, case.good_handler) for case in cases]
    Screen(plain=arguments.plain).show_table(("redirect", "basis", "a good handler"), rows)
    return DONE


def _explain_url(arguments: argparse.Namespace) -> int:
    from wych_kit.callback.parsing import parse_callback
    from wych_kit.callback.rules import STATE_MEANINGS
    from wych_kit.terminal.screen import Screen

    url = sys.stdin.read(_MOST_INPUT) if arguments.read == "-" else arguments.read
    callback = parse_callback(url, settings_of(arguments).callback_url)
    meaning = STATE_MEANINGS.get(callback.state, "")
    if arguments.as_json:
        print_json(
            {
                "ok": True,
                "connection": callback.connection,
                "state": callback.state,
                "user": callback.user,
                "documented": callback.is_known,
                "meaning": meaning or None,
                "notes": callback.notes,
                "do": _CONFIRM,
            }
        )
        return DONE
    screen = Screen(plain=arguments.plain)
    rows = (
        ("connection", callback.connection),
        ("state", f"{callback.state}: {meaning}" if meaning else callback.state),
        ("user", callback.user or "not sent; it is optional"),
    )
    screen.show_table((), rows)
    for note in callback.notes:
        screen.say(note if screen.plain else f"? {note}", "yellow")
    screen.say(_CONFIRM)
    return DONE


def _choose_cases(names: Sequence[str]) -> tuple[Case, ...]:
    from wych_kit.callback.rehearsal.cases import CASES

    known = [case.name for case in CASES]
    for name in names:
        if name not in known:
            reason = f"does not know {name!r}. To list the names: wych-kit callback --list"
            raise SettingInvalid("--only", reason, stage="call")
    return tuple(case for case in CASES if not names or case.name in names)


def _show_result(screen: Screen, result: CaseResult) -> None:
    judgement, seen = result.assessment
    line = f"{judgement:<5} {result.case.name:<22} {_describe_responses(result.responses)}"
    screen.say(line if screen.plain else f"{_SIGNS[judgement]} {line}", _COLOURS[judgement])
    details = [seen] if seen else []
    if judgement != "ok":
        details.append(f"A good handler {result.case.good_handler} ({result.case.basis})")
    if screen.plain:
        for detail in details:
            screen.say(f"  {detail}")
    elif details:
        # A table keeps the indent where a line is too long for the window.
        screen.show_table((), [("    ", detail) for detail in details])


def _describe_responses(responses: Sequence[HandlerResponse]) -> str:
    """Return one line: earlier answers by their status, the last in full, and the time of all."""
    *earlier, last = responses
    before = "".join(f"{_describe(response).split(' → ')[0]}, then " for response in earlier)
    milliseconds = 1000 * sum(response.seconds for response in responses)
    return f"{before}{_describe(last)}, {milliseconds:.0f} ms"


def _describe(response: HandlerResponse) -> str:
    """Return the status, with the target of a redirect or the kind of page."""
    if response.status is None:
        return "no answer"
    if response.method == "HEAD":
        return f"HEAD {response.status}"
    target = response.location
    if len(target) > _TARGET_WIDTH:
        target = f"{target[: _TARGET_WIDTH - 1]}…"
    if target:
        return f"{response.status} → {target}"
    return (
        f"{response.status} {response.content_type}"
        if response.content_type
        else str(response.status)
    )


def _show_totals(screen: Screen, results: Sequence[CaseResult]) -> None:
    judgements = [result.assessment.judgement for result in results]
    counts = [f"{judgements.count(name)} {name}" for name in _SIGNS if name in judgements]
    redirects = "1 redirect" if len(results) == 1 else f"{len(results)} redirects"
    screen.say()
    screen.say(f"{redirects}: {', '.join(counts)}.", "bold")
    screen.say(_LIMIT)


def _seconds(text: str) -> float:
    with contextlib.suppress(ValueError):
        if 0 < (seconds := float(text)) <= _LONGEST_WAIT:
            return seconds
    raise argparse.ArgumentTypeError(f"use a number of seconds up to {_LONGEST_WAIT}, not {text!r}")
