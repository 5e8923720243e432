"""`wych-kit explain`: shows one scenario of the catalogue, or the list of all."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from wych_kit.terminal.exit_status import DONE, USAGE
from wych_kit.terminal.parser import add_examples

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "reference",
        metavar="REFERENCE",
        nargs="?",
        help="the problem to describe (default: list all)",
    )
    add_examples(parser, "wych-kit explain", "wych-kit explain api-key-refused")


def run(arguments: argparse.Namespace) -> int:
    """Show one scenario, or all by stage. 2 for an unknown reference, with a suggestion."""
    from wych_kit.diagnosis.scenarios import SCENARIOS
    from wych_kit.diagnosis.scenarios.documentation import (
        STAGES,
        describe_scenario,
        nearest_reference,
        scenarios_at,
    )
    from wych_kit.terminal.screen import Screen

    screen = Screen(plain=arguments.plain)
    if arguments.reference is None:
        for stage, title in STAGES.items():
            screen.say(title, "bold")
            screen.show_table(
                (), [(scenario.reference, scenario.cause) for scenario in scenarios_at(stage)]
            )
        return DONE
    reference = nearest_reference(arguments.reference)
    if reference is None or reference != arguments.reference:
        message = f"No scenario is called {arguments.reference}. {_suggest(arguments.reference)}"
        Screen(plain=arguments.plain, file=sys.stderr).say(message)
        return USAGE
    screen.say(reference, "bold")
    screen.show_table((), describe_scenario(SCENARIOS[reference]))
    return DONE


def _suggest(text: str) -> str:
    from wych_kit.diagnosis.scenarios.documentation import nearest_reference, search_scenarios

    reference = nearest_reference(text)
    if reference:
        return f"Did you mean {reference}? wych-kit explain {reference}"
    related = search_scenarios(text)
    if related:
        return f"These mention it: {', '.join(related)}"
    return "To list all: wych-kit explain"
