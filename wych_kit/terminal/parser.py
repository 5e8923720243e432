"""Reads the command line of `wych-kit`. It imports only the command that was chosen."""

from __future__ import annotations

import argparse
from importlib import import_module
from typing import TYPE_CHECKING

from wych_kit.terminal.commands import COMMANDS, GROUPS

if TYPE_CHECKING:
    from collections.abc import Sequence

_EPILOG = """\
New here? Run: wych-kit start
It needs no account and no internet, because it uses the mock.
For the options of a command: wych-kit COMMAND --help"""


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Return the options of the chosen command; their `run` is its action.

    Raises `SystemExit`: 0 after `--help` or `--version`, 2 for a wrong command line.
    """
    if not words or words[0] not in COMMANDS:
        _refuse(words)
    return _command_parser(words[0]).parse_args(words[1:])


def add_json_option(parser: argparse.ArgumentParser, message: str = "") -> None:
    """Add `--json`, which asks for one JSON document instead of text."""
    parser.add_argument(
        "--json",
        dest="as_json",
        action="store_true",
        help=message or "print one JSON document",
    )


def add_examples(parser: argparse.ArgumentParser, *lines: str) -> None:
    """Show these command lines at the end of a command's help."""
    parser.epilog = "\n  ".join(["examples:" if len(lines) > 1 else "example:", *lines])


def _command_parser(name: str) -> argparse.ArgumentParser:
    summary = COMMANDS[name].summary
    parser = argparse.ArgumentParser(
        prog=f"wych-kit {name}",
        description=f"{summary[0].upper()}{summary[1:]}.",
        # Examples keep their lines.
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    module = import_module(f"wych_kit.terminal.commands.{COMMANDS[name].module}")
    parser.set_defaults(run=module.run)
    # The mock reads no `.env` file and prints plain text in any case.
    if name != "mock":
        parser.set_defaults(start_mock=True)
        parser.add_argument("--profile", metavar="NAME", help="read .env.NAME instead of .env")
        parser.add_argument(
            "--plain",
            action="store_true",
            help="no colour and no layout, for screen readers and logs",
        )
    module.configure(parser)
    return parser


def _refuse(words: Sequence[str]) -> None:
    """Show the help or the version, or say what is wrong with the first word; then exit."""
    overview = _overview_parser()
    if not words:
        import sys

        overview.print_help(sys.stderr)
        overview.exit(2)
    if not words[0].startswith("-"):
        from difflib import get_close_matches

        similar = get_close_matches(words[0], COMMANDS, n=1)
        advice = f"Did you mean {similar[0]}?" if similar else "To list all: wych-kit --help"
        overview.error(f"unknown command {words[0]!r}. {advice}")
    overview.parse_args(words[:1])
    overview.error("a command is missing")


def _overview_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="wych-kit",
        usage="wych-kit [--help] [--version] COMMAND ...",
        description="From nothing to a first authenticated call on the Wych open-banking API.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    # argparse has no groups of subcommands. Positional arguments in groups look the same in the
    # help, and this parser is never given a command to parse.
    for title, sentence in GROUPS.items():
        group = parser.add_argument_group(title, sentence)
        for command in COMMANDS.values():
            if command.group == title:
                group.add_argument(
                    command.name, nargs="?", metavar=command.name, help=command.summary
                )
    parser.add_argument("--version", action=_Version)
    return parser


class _Version(argparse.Action):
    """Prints the version and exits. argparse's own action needs the version beforehand."""

    def __init__(self, option_strings: Sequence[str], dest: str) -> None:
        super().__init__(option_strings, dest, nargs=0, help="print the version")

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from wych_kit import __version__

        print(f"wych-kit {__version__}")  # noqa: T201 - parser.exit() prints on standard error
        parser.exit()
