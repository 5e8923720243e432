"""`wych-kit journal`: shows recorded requests and responses, or exports them."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from wych_kit.terminal.context import command_to_type, print_json, settings_of
from wych_kit.terminal.exit_status import DONE, USAGE
from wych_kit.terminal.parser import add_examples

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from wych_kit.client.journal.recorder import Exchange
    from wych_kit.settings.loading import Settings
    from wych_kit.terminal.screen import Screen


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.description = (
        "Show the requests and responses of the last commands.\n"
        "Only exchanges with the hosts and the partner in your settings are shown."
    )
    parser.add_argument(
        "number",
        metavar="NUMBER",
        nargs="?",
        type=int,
        help="show this exchange in full; 1 is the newest",
    )
    parser.add_argument(
        "--all",
        dest="everything",
        action="store_true",
        help="include other hosts and partners; this changes the numbers",
    )
    parser.add_argument(
        "--as",
        dest="form",
        choices=("list", "curl", "python", "jsonl", "har"),
        default="list",
        help="the format (default: list)",
    )
    add_examples(parser, "wych-kit journal", "wych-kit journal 1 --as curl")


def run(arguments: argparse.Namespace) -> int:
    """Show the exchanges, the newest last, or one by its number. 2 for an unknown number."""
    from wych_kit.client.journal.history import History, is_sent_with
    from wych_kit.terminal.screen import Screen

    settings = settings_of(arguments)
    remarks = Screen(plain=arguments.plain, file=sys.stderr)
    recorded = History(settings.home).read()
    # An exchange with another host or partner may belong to someone else's set-up.
    exchanges = (
        recorded
        if arguments.everything
        else [exchange for exchange in recorded if is_sent_with(settings, exchange)]
    )
    if not recorded:
        remarks.say("Nothing is recorded yet. Make an exchange with: wych-kit call GET users")
    elif len(exchanges) < len(recorded):
        hidden = len(recorded) - len(exchanges)
        remarks.say(f"Hidden, for other hosts or partners: {hidden}. --all shows them.")
    if not exchanges:
        return DONE
    number = arguments.number
    if number is not None and not 1 <= number <= len(exchanges):
        remarks.say(f"Choose a number from 1 (the newest) to {len(exchanges)}.")
        return USAGE
    if arguments.form == "list":
        _show(exchanges, number, Screen(plain=arguments.plain))
    else:
        chosen = exchanges if number is None else [exchanges[-number]]
        _export(chosen, arguments.form, settings, remarks=remarks)
    return DONE


def _show(exchanges: Sequence[Exchange], number: int | None, screen: Screen) -> None:
    from wych_kit.client.journal.transcript import describe_outcome

    if number is not None:
        screen.show_exchange(exchanges[-number], whole=True)
        return
    rows = [
        (
            str(len(exchanges) - index),
            exchange.started if screen.plain else exchange.started[:19].replace("T", " "),
            _describe_request(exchange, plain=screen.plain),
            describe_outcome(exchange),
        )
        for index, exchange in enumerate(exchanges)
    ]
    screen.show_table(("number", "when", "request", "response"), rows)


def _describe_request(exchange: Exchange, *, plain: bool) -> str:
    from wych_kit.client.journal.transcript import render_summary

    if plain:
        return f"{exchange.method} {exchange.url}"
    # A full address takes five lines of a narrow table. `wych-kit journal NUMBER` shows it.
    return render_summary(exchange).partition(" → ")[0]


def _export(
    exchanges: Sequence[Exchange], form: str, settings: Settings, *, remarks: Screen
) -> None:
    from wych_kit import __version__
    from wych_kit.client.journal import export

    if form == "har":
        print_json(export.render_har(exchanges, __version__))
        return
    if form == "jsonl":
        print(export.render_json_lines(exchanges), end="")  # noqa: T201 - this is the output
        return
    render = export.render_curl if form == "curl" else export.render_python
    text = "\n\n".join(map(render, exchanges))
    print(text)  # noqa: T201 - this is the output
    # Only for a person: a script that collects standard error has no use for it.
    if sys.stderr.isatty():
        remarks.say_unbroken(*describe_variables(text, exchanges, settings))


def describe_variables(
    text: str, exchanges: Sequence[Exchange], settings: Settings
) -> Iterator[str]:
    """Yield a line for each variable in an exported request: where its value is found.

    No line is an `export` to paste: a variable of the shell would override `.env` from then on.
    """
    from wych_kit.settings.loading import NAMES

    path = settings.file.path
    profile = path.name.removeprefix(".env").removeprefix(".") if path else ""
    for name in dict.fromkeys(re.findall(r"\bWYCH_[A-Z_]+", text)):
        if name in NAMES:
            yield f"{name}: see {path or 'your settings'}"
        elif name == "WYCH_ACCESS_TOKEN" and not all(exchange.whose for exchange in exchanges):
            yield f"{name}: run `{command_to_type('token --raw', profile)}`"
        elif name == "WYCH_ACCESS_TOKEN":
            yield f"{name}: the customer's own token, which is in memory only"
