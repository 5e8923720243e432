"""`wych-kit lab`: opens the notebooks in JupyterLab, or in Voilà without code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wych_kit.terminal.context import reach_wych
from wych_kit.terminal.parser import add_examples

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.description = "Open the same steps as notebooks in JupyterLab, until Ctrl-C."
    parser.add_argument(
        "--no-browser",
        dest="browser",
        action="store_false",
        help="print the address only; open no browser",
    )
    parser.add_argument(
        "--port",
        metavar="NUMBER",
        type=int,
        choices=range(65536),
        default=0,
        help="port to listen on (default: any free port)",
    )
    parser.add_argument(
        "--app",
        action="store_true",
        help="show the tour without code, served by Voilà",
    )
    add_examples(
        parser,
        "wych-kit lab",
        "wych-kit lab --no-browser --port 8888",
        "wych-kit lab --app",
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve the notebooks until Ctrl-C and return the exit status."""
    from wych_kit.terminal.jupyter_server import serve_notebooks

    with reach_wych(arguments):
        return serve_notebooks(port=arguments.port, browser=arguments.browser, app=arguments.app)
