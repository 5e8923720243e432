"""`wych-kit forget`: removes saved tokens and the journal. Settings and registrations stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wych_kit.terminal.context import settings_of
from wych_kit.terminal.exit_status import DONE
from wych_kit.terminal.parser import add_examples

if TYPE_CHECKING:
    import argparse

    from wych_kit.settings.loading import Settings


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "--everything",
        action="store_true",
        help="all tokens and the journal; settings and registrations stay",
    )
    add_examples(parser, "wych-kit forget", "wych-kit forget --everything")


def run(arguments: argparse.Namespace) -> int:
    """Remove what is saved and say what it was."""
    from wych_kit.terminal.screen import Screen

    settings = settings_of(arguments)
    removed = _remove_everything(settings) if arguments.everything else _remove_token(settings)
    message = f"Removed: {' and '.join(removed)}." if removed else "There was nothing to remove."
    Screen(plain=arguments.plain).say(message)
    return DONE


def _remove_token(settings: Settings) -> list[str]:
    from wych_kit.client.api import WychClient

    return ["the token"] if WychClient(settings).auth.forget() else []


def _remove_everything(settings: Settings) -> list[str]:
    import shutil

    from wych_kit.client.journal.history import History
    from wych_kit.settings import locations

    removed = []
    folder = locations.tokens(settings.home)
    if folder.exists():
        shutil.rmtree(folder, ignore_errors=True)
        removed.append("all tokens")
    if History(settings.home).clear():
        removed.append("the journal")
    return removed
