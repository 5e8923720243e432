"""A bug of the kit's own, anywhere on the way, shows no secret."""

from __future__ import annotations

import io

import pytest
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from tests.silence.checks import LeavesNoSecret
from tests.silence.collector import (
    SECRETS,
    fail_once,
    keep_history,
    sign_up,
    tracebacks,
    use_good_credentials,
)
from wych_kit.journey.registration import ACCOUNT_FIELDS
from wych_kit.terminal.screen import Screen
from wych_kit.terminal.walkthrough import PromptedAnswers

pytestmark = pytest.mark.slow


def use(collector):
    """Put a bug into function after function: its traceback shows the locals of every frame up to the command."""
    answers = sign_up(collector)
    functions = {
        "wych_kit.client.portal.require_json_object": ("start", "--new", "--answers", str(answers)),
        "wych_kit.settings.env_file_writer._save": ("start", "--new", "--answers", str(answers)),
        "wych_kit.client.discovery._split_grants": ("token",),
        "wych_kit.client.token_endpoint._parse_lifetime": ("call", "GET", "users"),
        "wych_kit.client.claims.verify": ("token",),
        "wych_kit.client.token_cache.TokenFile.write": ("call", "GET", "users"),
        "wych_kit.client.api.parse_json": ("start",),
        "wych_kit.terminal.commands.call._print_body": ("call", "GET", "users"),
        "wych_kit.diagnosis.connectivity.http_checks._describe_token": ("check",),
        "wych_kit.diagnosis.connectivity.bounded_client.BoundedClient.get_token": ("check",),
        "wych_kit.client.journal.history.render_json_lines": ("start",),
        "wych_kit.terminal.commands.env._note": ("env",),
    }
    for function, words in functions.items():
        use_good_credentials(collector)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(function, _bug)
            try:
                collector.run(*words)
            except ZeroDivisionError as error:
                collector.leftovers += tracebacks(f"a bug in {function}", error)
            else:
                raise AssertionError(f"{words} never came to {function}")
    collector.settings(client_id=None, partner_id=None, app_id=None)
    with create_pipe_input() as keyboard:
        keyboard.send_text("\r\r\r" + SECRETS["password"] + "\x03")
        ask = PromptedAnswers(Screen(file=io.StringIO()), {}, input=keyboard, output=DummyOutput())
        try:
            ask(ACCOUNT_FIELDS, {})
        except KeyboardInterrupt as error:
            collector.leftovers += tracebacks("Ctrl-C", error)
            collector.alive.append(ask)
    use_good_credentials(collector)
    fail_once(collector)
    keep_history(collector)


def _bug(*_args, **_options):
    raise ZeroDivisionError("a bug")


class TestBugs(LeavesNoSecret):
    """No bug leaves a secret behind."""
