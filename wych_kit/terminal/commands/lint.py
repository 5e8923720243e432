"""`wych-kit lint`: shows mistakes in files. It sends nothing and changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wych_kit.terminal.context import print_json, settings_of
from wych_kit.terminal.exit_status import DONE, REFUSED
from wych_kit.terminal.parser import add_examples, add_json_option

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from wych_kit.diagnosis.lint import Remark
    from wych_kit.settings.loading import Settings


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.description = (
        "Find mistakes in a .env file, a curl command, a HAR or a callback URL. Send nothing."
    )
    parser.add_argument(
        "paths",
        metavar="FILE",
        nargs="*",
        help="files to read; - is standard input (default: your .env)",
    )
    add_json_option(parser)
    add_examples(
        parser,
        "wych-kit lint",
        "wych-kit lint .env.sandbox call.sh login.har",
        "pbpaste | wych-kit lint -",
    )


def run(arguments: argparse.Namespace) -> int:
    """Show the mistakes. 0 without any, 1 with some.

    Raises `SettingInvalid` for a file that cannot be read or whose kind is unknown.
    """
    rows = _find_mistakes(settings_of(arguments), arguments.paths)
    status = REFUSED if rows else DONE
    if arguments.as_json:
        import dataclasses

        print_json([{"file": path, **dataclasses.asdict(remark)} for path, remark in rows])
        return status
    from wych_kit.terminal.screen import Screen

    screen = Screen(plain=arguments.plain)
    for path, remark in rows:
        place = remark.where if path == "-" else f"{path}, {remark.where}"
        certainty = "is" if remark.certain else "may be"
        screen.say(f"{place} {certainty} wrong: {remark.reference}")
        screen.say(f"  {remark.why}")
        screen.say(f"  Use: {remark.instead}" if remark.instead else "  Remove it.")
    if not rows:
        screen.say("No problems found.")
    return status


def _find_mistakes(settings: Settings, paths: Sequence[str]) -> list[tuple[str, Remark]]:
    from wych_kit.diagnosis.lint.any_input import lint_path
    from wych_kit.settings import locations

    if not paths and settings.file.path is None and settings.file.errors:
        raise settings.file.errors[0]
    # The default environment is nobody's choice, so no file is compared with it.
    by_default = settings.values[0].origin.startswith("default") and settings.file.path is None
    reference = None if by_default else settings
    # A file that is named twice is read once.
    names = dict.fromkeys(paths or [str(settings.file.path or locations.env_path())])
    return [(name, remark) for name in names for remark in lint_path(name, reference)]
