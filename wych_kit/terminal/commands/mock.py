"""`wych-kit mock`: runs the mock until Ctrl-C. Its options are those of `wych_kit.mock`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wych_kit.terminal.parser import add_examples

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the mock's own options."""
    from wych_kit.mock.__main__ import add_options

    parser.description = "Run the mock, a local simulation of Wych, until Ctrl-C."
    add_options(parser)
    add_examples(
        parser,
        "wych-kit mock",
        "wych-kit mock --port 0 --ephemeral --expires-in 30",
        "wych-kit mock --fault throttled:times=2",
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve until Ctrl-C and return the exit status: 0 stopped, 2 it could not start."""
    from wych_kit.mock.server import serve

    options = vars(arguments).copy()
    del options["run"]
    return serve(**options)
