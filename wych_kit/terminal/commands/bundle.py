"""`wych-kit bundle`: writes a zip for a support ticket and lists what is in it."""

from __future__ import annotations

import contextlib
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wych_kit.errors import SettingInvalid
from wych_kit.terminal.context import print_json, settings_of, start_mock_if_needed
from wych_kit.terminal.exit_status import DONE, REFUSED, USAGE
from wych_kit.terminal.parser import add_examples, add_json_option

if TYPE_CHECKING:
    import argparse

    from wych_kit.settings.loading import Settings
    from wych_kit.support.bundle.create import Bundle
    from wych_kit.terminal.screen import Screen


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.description = "Write a zip for a support ticket. It contains no secrets."
    parser.add_argument(
        "--to",
        metavar="FILE.zip",
        type=Path,
        help="the file to write (default: wych-bundle-<time>.zip in this folder)",
    )
    parser.add_argument(
        "--no-check",
        dest="check",
        action="store_false",
        help="leave out wych-kit check, so that nothing is sent",
    )
    add_json_option(parser)
    add_examples(
        parser,
        "wych-kit bundle",
        "wych-kit bundle --profile sandbox --to ticket-1234.zip",
        "wych-kit bundle --no-check --json",
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the bundle. 0 written, 1 stopped by a secret, 2 the file cannot be written."""
    settings = settings_of(arguments)
    with contextlib.ExitStack() as stack:
        if arguments.check:
            # A mock that cannot start stops nothing: the check in the bundle reports it.
            with contextlib.suppress(SettingInvalid):
                stack.enter_context(start_mock_if_needed(settings))
        return _write(settings, arguments)


def _write(settings: Settings, arguments: argparse.Namespace) -> int:
    from wych_kit.diagnosis.connectivity import check_connectivity
    from wych_kit.support.bundle.create import NOTHING_WRITTEN, create_bundle
    from wych_kit.terminal.screen import Progress, Screen

    screen = Screen(plain=arguments.plain)
    errors = Screen(plain=arguments.plain, file=sys.stderr)
    silent = arguments.as_json or not arguments.check
    waiting = contextlib.nullcontext(Progress()) if silent else screen.show_progress("Checking")
    try:
        with waiting as progress:
            check = partial(check_connectivity, say=progress.update) if arguments.check else None
            bundle = create_bundle(settings, arguments.to, check=check)
    except SettingInvalid as error:
        if arguments.as_json:
            print_json({"ok": False, "reason": error.observed})
        else:
            errors.say(f"{error.observed}. {NOTHING_WRITTEN}")
        return USAGE
    if arguments.as_json:
        print_json(_as_dict(bundle))
    else:
        _show(bundle, settings, screen=screen, errors=errors)
    return REFUSED if bundle.path is None else DONE


def _show(bundle: Bundle, settings: Settings, *, screen: Screen, errors: Screen) -> None:
    if bundle.path is not None:
        screen.show_banner(settings.environment)
        rows = [
            (part.name, part.description, f"{len(part.content)} bytes") for part in bundle.parts
        ]
        screen.show_table((), rows)
    for line in bundle.lines():
        (errors if bundle.path is None else screen).say(line)


def _as_dict(bundle: Bundle) -> dict[str, Any]:
    if bundle.path is None:
        findings = [
            {
                "part": finding.part,
                "line": finding.line,
                "what": finding.kind,
                "mark": finding.digits,
            }
            for finding in bundle.findings
        ]
        return {"ok": False, "found": findings}
    parts = [
        {"name": part.name, "holds": part.description, "bytes": len(part.content)}
        for part in bundle.parts
    ]
    return {"ok": True, "path": str(bundle.path), "parts": parts}
