"""`wych-kit endpoints`: lists the API's endpoints, and how each path is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wych_kit.terminal.context import print_json, settings_of
from wych_kit.terminal.exit_status import DONE, USAGE
from wych_kit.terminal.parser import add_examples, add_json_option

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_json_option(parser)
    add_examples(parser, "wych-kit endpoints", "wych-kit endpoints --profile sandbox --json")


def run(arguments: argparse.Namespace) -> int:
    """List the endpoints. 2 if a setting that corrects a path is wrong."""
    from dataclasses import asdict

    from wych_kit.client.endpoints import current_endpoints
    from wych_kit.settings import endpoint_paths
    from wych_kit.terminal.screen import Screen

    settings = settings_of(arguments)
    endpoints = current_endpoints(settings)
    problems = [problem for problem in settings.problems() if problem.name in endpoint_paths.NAMES]
    invalid = {problem.name for problem in problems}
    status = USAGE if problems else DONE
    if arguments.as_json:
        rows = []
        for endpoint in endpoints:
            row = asdict(endpoint) | {"setting": endpoint.setting}
            # An invalid value may be anything, even a secret in the wrong place: never show it.
            rows.append(row | {"path": None} if endpoint.setting in invalid else row)
        print_json({"endpoints": rows, "problems": [str(problem) for problem in problems]})
        return status
    screen = Screen(plain=arguments.plain)
    for endpoint in endpoints:
        usable = endpoint.setting not in invalid
        path = f"{endpoint.method} {endpoint.path}" if usable else "(invalid, see below)"
        rows_of_one = [("path", path), ("source", endpoint.source)]
        if endpoint.setting:
            rows_of_one.append(("setting", endpoint.setting))
        screen.say(f"{endpoint.name}: {endpoint.basis}, {endpoint.token} token", "bold")
        screen.show_table((), rows_of_one)
    for problem in problems:
        screen.say(str(problem) if screen.plain else f"✗ {problem}", "yellow")
    return status
