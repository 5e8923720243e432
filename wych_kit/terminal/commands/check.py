"""`wych-kit check`: tests every stage from DNS to data and shows the result of each."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from wych_kit.terminal.context import print_json, reach_wych
from wych_kit.terminal.parser import add_examples, add_json_option

if TYPE_CHECKING:
    import argparse

    from wych_kit.settings.loading import Settings

# Scripts depend on these numbers: `Report.status` makes them.
_STATUSES = """\
exit status: 0 all checks passed, 2 a setting is wrong, else 10 + the failed check:
  12 host names   13 connection   14 TLS   15 proxy   16 discovery document
  17 issuer   18 clock   19 token endpoint   20 client id and secret
  21 token   22 API key   23 permission   24 data"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.description = (
        "Test every stage from DNS to data. Report the first failure, its cause and the fix."
    )
    add_json_option(parser, "print one JSON document; it contains the exit status")
    add_examples(
        parser,
        "wych-kit check",
        "wych-kit check --profile sandbox",
        "wych-kit check --json",
    )
    parser.epilog = f"{_STATUSES}\n\n{parser.epilog}"


def run(arguments: argparse.Namespace) -> int:
    """Run the checks and return the report's exit status."""
    with reach_wych(arguments) as settings:
        return _check(settings, as_json=arguments.as_json, plain=arguments.plain)


def _check(settings: Settings, *, as_json: bool, plain: bool) -> int:
    from wych_kit.client.journal.history import History
    from wych_kit.diagnosis.connectivity import check_connectivity
    from wych_kit.diagnosis.connectivity.report import ALL_PASSED, STATE_LABELS, STATE_SYMBOLS
    from wych_kit.terminal.screen import Progress, Screen

    screen = Screen(plain=plain)
    waiting = contextlib.nullcontext(Progress()) if as_json else screen.show_progress("Checking")
    with waiting as progress:
        report = check_connectivity(settings, say=progress.update)
    History(settings.home).add(report.exchanges)
    if as_json:
        print_json(report.as_dict())
        return report.status
    screen.show_banner(settings.environment)
    rows = [
        (
            ("" if screen.plain else f"{STATE_SYMBOLS[check.state]} ") + STATE_LABELS[check.state],
            f"{number} {check.title}",
            check.observed,
        )
        for number, check in enumerate(report.checks, 1)
    ]
    screen.show_table((), rows)
    if report.diagnosis is None:
        screen.say(ALL_PASSED if screen.plain else f"✓ {ALL_PASSED}", "green")
    else:
        screen.show_diagnosis(report.diagnosis)
    return report.status
