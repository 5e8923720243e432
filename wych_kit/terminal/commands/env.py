"""`wych-kit env`: shows every setting, its origin and its problems. Secrets stay hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wych_kit.terminal.context import print_json, settings_of
from wych_kit.terminal.exit_status import DONE, USAGE
from wych_kit.terminal.parser import add_examples, add_json_option

if TYPE_CHECKING:
    import argparse
    from collections.abc import Set as AbstractSet

    from wych_kit.settings.loading import Value


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.description = (
        "Show every setting, where its value comes from, and what is wrong with it."
    )
    add_json_option(parser)
    add_examples(parser, "wych-kit env", "wych-kit env --profile sandbox")


def run(arguments: argparse.Namespace) -> int:
    """Show the settings. 2 if one of them is wrong."""
    settings = settings_of(arguments)
    problems = settings.problems()
    hidden = settings.hidden()
    rows = [
        (setting.name, _safe_text(setting, hidden), setting.origin, _note(setting))
        for setting in settings.values
    ]
    if arguments.as_json:
        keys = ("name", "value", "origin", "note")
        shown = [dict(zip(keys, row, strict=True)) for row in rows]
        print_json({"settings": shown, "problems": [str(problem) for problem in problems]})
        return USAGE if problems else DONE
    from wych_kit.terminal.screen import Screen

    screen = Screen(plain=arguments.plain)
    screen.show_banner(settings.environment)
    screen.show_table(("setting", "value", "from", "note"), rows)
    for problem in problems:
        screen.say(str(problem) if screen.plain else f"✗ {problem}", "yellow")
    return USAGE if problems else DONE


def _safe_text(value: Value, hidden: AbstractSet[str]) -> str:
    """Return the value, or a mask and a fingerprint for what must not be shown."""
    from wych_kit.secret import Secret
    from wych_kit.settings.url_validation import mask_password

    if value.text is None:
        return "-"
    if value.name in hidden:
        secret = Secret(value.text)
        return f"{secret} {secret.fingerprint()}"
    # An address may contain a user and a password.
    return mask_password(str(value.text))


def _note(value: Value) -> str:
    from wych_kit.secret import Secret

    notes = []
    if value.shadowed:
        different = ", which is different" if value.differs else ""
        notes.append(f"overrides {value.shadowed}{different}")
    if isinstance(value.text, Secret):
        notes.extend(value.text.looks_odd())
    return "; ".join(notes)
