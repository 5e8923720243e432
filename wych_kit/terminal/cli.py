"""The `wych-kit` command: reads the command line, calls, exits. No logic, and nothing imported before it is needed."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from wych_kit.terminal import parser as arguments

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from wych_kit.settings.loading import Settings


def main(given: Sequence[str] | None = None) -> int:
    """Run the command; the exit status: 0 done, 1 refused, 2 something to give or correct, 3 nothing answered."""
    words = list(sys.argv[1:] if given is None else given)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(
                errors="backslashreplace"
            )  # an old code page is no reason to stop in the middle
    try:
        try:
            return _run(words)
        finally:
            sys.stdout.flush()  # a broken pipe is to show here
    except BrokenPipeError:  # whoever read our output has seen enough; Python's own flush at the end must not complain either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130


def _run(words: list[str]) -> int:
    try:
        if words[:1] == ["mock"]:
            from wych_kit.mock.__main__ import main as mock

            return mock(words[1:], prog="wych-kit mock", epilog=arguments.epilog("mock"))
        parser = arguments.parser(_RUNS)
        if not words:
            parser.print_help(sys.stderr)
            return 2
        chosen = parser.parse_args(words)
        return int(chosen.run(chosen))
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        if library == "wych_kit":
            raise
        extra = {"rich": "terminal", "prompt_toolkit": "terminal"}.get(library, "mock")
        print(  # noqa: T201 - no screen without it
            f"This needs {library}, which comes with an extra: pip install '.[{extra}]' where the"
            " source is",
            file=sys.stderr,
        )
        return 2


def _start(chosen: argparse.Namespace) -> int:
    from wych_kit.journey.session import Session
    from wych_kit.settings.loading import env_path
    from wych_kit.terminal.commands.start import start

    def act(settings: Settings) -> int:
        path = settings.file.path or env_path(chosen.profile)
        session = Session(
            settings,
            path,
            profile=chosen.profile,
            register_again=chosen.new,
            paste_credentials=chosen.brings,
        )
        return start(
            session,
            answers=chosen.answers,
            as_json=chosen.as_json,
            plain=chosen.plain,
            to_the_end=chosen.to_the_end,
        )

    return _with_wych(chosen, act)


def _lab(chosen: argparse.Namespace) -> int:
    from wych_kit.terminal.jupyter_server import lab

    return _with_wych(
        chosen, lambda _: lab(port=chosen.port, browser=chosen.browser, app=chosen.app)
    )


def _scan(chosen: argparse.Namespace) -> int:
    from wych_kit.terminal.commands.scan import scan

    return scan(chosen.paths, _settings(chosen), allowed=chosen.allow)


def _lint(chosen: argparse.Namespace) -> int:
    from wych_kit.terminal.context import lint

    return _explained(
        chosen,
        lambda: lint(_settings(chosen), chosen.paths, as_json=chosen.as_json, plain=chosen.plain),
    )


def _fault(chosen: argparse.Namespace) -> int:
    from wych_kit.terminal.commands.fault import fault, faults

    settings = _settings(chosen)
    if chosen.act == "list":
        return faults(settings, as_json=chosen.as_json, plain=chosen.plain)
    if chosen.act == "off":
        return fault(settings, chosen.name, None, plain=chosen.plain)
    asked = {"times": chosen.times, "client": chosen.client, "parameters": dict(chosen.parameters)}
    return fault(settings, chosen.name, asked, plain=chosen.plain)


def _call(chosen: argparse.Namespace) -> int:
    from wych_kit.terminal.context import call

    path, _, query = chosen.path.partition("?")
    pairs = [
        *parse_qsl(query, keep_blank_values=True),
        *(pair.partition("=")[::2] for pair in chosen.query),
    ]
    content: dict[str, Any] = {"params": pairs or None, "user_id": chosen.user}
    if chosen.json is not None:
        content |= {"content": chosen.json, "headers": {"Content-Type": "application/json"}}

    def act(settings: Settings) -> int:
        return call(
            settings,
            chosen.method,
            path,
            content=content,
            verbose=chosen.verbose,
            plain=chosen.plain,
        )

    return _with_wych(chosen, act)


def _check(chosen: argparse.Namespace) -> int:
    from wych_kit.terminal.context import check

    return _with_wych(
        chosen, lambda settings: check(settings, as_json=chosen.as_json, plain=chosen.plain)
    )


def _bundle(chosen: argparse.Namespace) -> int:
    from wych_kit.errors import SettingInvalid
    from wych_kit.terminal.commands.bundle import bundle

    settings = _settings(chosen)
    try:
        mock = _stand_in(settings) if chosen.check else contextlib.nullcontext()
    except SettingInvalid:  # the check in the bundle tells that nothing answers
        mock = contextlib.nullcontext()
    with mock:
        return bundle(
            settings, chosen.to, check=chosen.check, as_json=chosen.as_json, plain=chosen.plain
        )


def _token(chosen: argparse.Namespace) -> int:
    from wych_kit.terminal.context import token

    return _with_wych(chosen, lambda settings: token(settings, raw=chosen.raw, plain=chosen.plain))


def _env(chosen: argparse.Namespace) -> int:
    from wych_kit.terminal.context import env

    return env(_settings(chosen), as_json=chosen.as_json, plain=chosen.plain)


def _journal(chosen: argparse.Namespace) -> int:
    from wych_kit.terminal.commands.journal import journal

    return journal(
        _settings(chosen),
        number=chosen.number,
        form=chosen.form,
        everything=chosen.everything,
        plain=chosen.plain,
    )


def _forget(chosen: argparse.Namespace) -> int:
    from wych_kit.terminal.context import forget

    return _explained(
        chosen, lambda: forget(_settings(chosen), everything=chosen.everything, plain=chosen.plain)
    )


def _callback(chosen: argparse.Namespace) -> int:
    from wych_kit.terminal.commands import callback

    look = {"as_json": chosen.as_json, "plain": chosen.plain}

    def run() -> int:
        if chosen.read is not None:
            return callback.explain(chosen.read, _settings(chosen).callback_url, **look)
        if chosen.listed:
            return callback.scenes(chosen.only, **look)
        ids = {"connection": chosen.connection, "user": chosen.user}
        return callback.play(chosen.to, chosen.only, **ids, seconds=chosen.seconds, **look)

    return _explained(chosen, run)


def _explain(chosen: argparse.Namespace) -> int:
    from wych_kit.terminal.commands.explain import explain

    return explain(chosen.reference, plain=chosen.plain)


def _endpoints(chosen: argparse.Namespace) -> int:
    from wych_kit.terminal.commands.explain import endpoints

    return endpoints(_settings(chosen), as_json=chosen.as_json, plain=chosen.plain)


def _drill(chosen: argparse.Namespace) -> int:
    from wych_kit.terminal import drilling

    def typed(words: Sequence[str]) -> int:
        inner = arguments.parser(_RUNS).parse_args(words)
        inner.stand_in = (
            False  # the exercise has a mock of its own, and may be about one that does not answer
        )
        return int(inner.run(inner))

    def run() -> int:
        if chosen.act == "list":
            return drilling.listing(plain=chosen.plain)
        if chosen.act == "scores":
            return drilling.results(plain=chosen.plain)
        if chosen.act == "key":
            return drilling.page(chosen.reference, plain=chosen.plain)
        return drilling.drill(chosen.reference, typed, mystery=chosen.mystery, plain=chosen.plain)

    return _explained(chosen, run)


def _settings(chosen: argparse.Namespace) -> Settings:
    from wych_kit.settings.loading import load_settings

    return load_settings(chosen.profile)


def _with_wych(chosen: argparse.Namespace, act: Callable[[Settings], int]) -> int:
    """Run `act` with the settings, and with a mock behind them when they are for the mock and none runs."""
    settings = _settings(chosen)

    def run() -> int:
        for problem in settings.problems():
            if problem.name in (
                "WYCH_ENVIRONMENT",
                "WYCH_HOME",
                "profile",
            ):  # where everything goes: nothing begins before they are right
                raise problem
        with _stand_in(settings) if getattr(chosen, "stand_in", True) else contextlib.nullcontext():
            return act(settings)

    return _explained(chosen, run, settings)


def _explained(
    chosen: argparse.Namespace, run: Callable[[], int], settings: Settings | None = None
) -> int:
    from wych_kit.errors import WychError

    try:
        return run()
    except WychError as error:
        from wych_kit.terminal.context import explain

        return explain(
            error, settings, plain=chosen.plain, as_json=getattr(chosen, "as_json", False)
        )


def _stand_in(settings: Settings) -> contextlib.AbstractContextManager[object]:
    """A mock at the address that the settings name, unless something answers there; nothing when they are not for one of ours.

    Raises `SettingInvalid` when it cannot start.
    """
    from wych_kit import mock
    from wych_kit.journey.mock_on_demand import start_mock_if_needed

    try:
        started = start_mock_if_needed(settings)
    except mock.CannotStart as error:
        from wych_kit.errors import SettingInvalid

        raise SettingInvalid(
            "The mock", f"did not start: {error}", reference="mock-not-started"
        ) from None
    if started is None:
        return contextlib.nullcontext()
    # For whoever watches; the output stays clean.
    print("Started the mock for this command; `wych-kit mock` keeps one running.", file=sys.stderr)  # noqa: T201 - as above
    return started


_RUNS = {
    "start": _start,
    "lab": _lab,
    "fault": _fault,
    "call": _call,
    "check": _check,
    "bundle": _bundle,
    "token": _token,
    "env": _env,
    "journal": _journal,
    "forget": _forget,
    "lint": _lint,
    "callback": _callback,
    "explain": _explain,
    "endpoints": _endpoints,
    "drill": _drill,
    "scan": _scan,
}
