"""The `wych-kit` command: reads the command line, calls, exits. No logic, and nothing imported before it is needed."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wych_kit.settings import Settings

_EXAMPLES = {
    "start": "wych-kit start\n  wych-kit start --answers answers.toml --json < /dev/null\n  wych-kit start --profile sandbox",
    "lab": "wych-kit lab\n  wych-kit lab --no-browser --port 8888\n  wych-kit lab --app",
    "mock": "wych-kit mock\n  wych-kit mock --port 0 --ephemeral --expires-in 30",
    "call": 'wych-kit call GET users\n  wych-kit call POST user --json \'{"email": "kim@example.com"}\' -v',
    "token": 'wych-kit token\n  curl -H "Authorization: Bearer $(wych-kit token --raw)" …',
    "env": "wych-kit env\n  wych-kit env --profile sandbox",
    "journal": "wych-kit journal\n  wych-kit journal 1 --as curl",
    "forget": "wych-kit forget\n  wych-kit forget --everything",
    "scan": "wych-kit scan .\n  wych-kit scan ~/.bash_history ~/.ipython\n  git log -p --all | wych-kit scan -",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status: 0 done, 1 refused, 2 something to give or correct, 3 nothing answered."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # an old code page is no reason to stop in the middle
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

            return mock(words[1:], prog="wych-kit mock", epilog=_epilog("mock"))
        parser = _parser()
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
        print(f"This needs {library}, which comes with an extra: pip install '.[{extra}]' where the source is", file=sys.stderr)  # noqa: T201 - no screen without it
        return 2


def _start(chosen: argparse.Namespace) -> int:
    from wych_kit.journey import Session
    from wych_kit.settings import env_path
    from wych_kit.start import start

    def act(settings: Settings) -> int:
        path = settings.file.path or env_path(chosen.profile)
        session = Session(settings, path, profile=chosen.profile, afresh=chosen.new)
        return start(session, answers=chosen.answers, as_json=chosen.as_json, plain=chosen.plain)

    return _with_wych(chosen, act)


def _lab(chosen: argparse.Namespace) -> int:
    from wych_kit.lab import lab

    return _with_wych(chosen, lambda _: lab(port=chosen.port, browser=chosen.browser, app=chosen.app))


def _scan(chosen: argparse.Namespace) -> int:
    from wych_kit.scanning import scan

    return scan(chosen.paths, _settings(chosen), allowed=chosen.allow)


def _call(chosen: argparse.Namespace) -> int:
    from wych_kit.commands import call

    path, _, query = chosen.path.partition("?")
    pairs = [*parse_qsl(query, keep_blank_values=True), *(pair.partition("=")[::2] for pair in chosen.query)]
    content: dict[str, Any] = {"params": pairs or None}
    if chosen.json is not None:
        content |= {"content": chosen.json, "headers": {"Content-Type": "application/json"}}

    def act(settings: Settings) -> int:
        return call(settings, chosen.method, path, content=content, verbose=chosen.verbose, plain=chosen.plain)

    return _with_wych(chosen, act)


def _token(chosen: argparse.Namespace) -> int:
    from wych_kit.commands import token

    return _with_wych(chosen, lambda settings: token(settings, raw=chosen.raw, plain=chosen.plain))


def _env(chosen: argparse.Namespace) -> int:
    from wych_kit.commands import env

    return env(_settings(chosen), as_json=chosen.as_json, plain=chosen.plain)


def _journal(chosen: argparse.Namespace) -> int:
    from wych_kit.commands import journal

    return journal(_settings(chosen), number=chosen.number, form=chosen.form, plain=chosen.plain)


def _forget(chosen: argparse.Namespace) -> int:
    from wych_kit.commands import forget

    return _explained(chosen, lambda: forget(_settings(chosen), everything=chosen.everything, plain=chosen.plain))


def _settings(chosen: argparse.Namespace) -> Settings:
    from wych_kit.settings import load_settings

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
        with _stand_in(settings):
            return act(settings)

    return _explained(chosen, run, settings)


def _explained(chosen: argparse.Namespace, run: Callable[[], int], settings: Settings | None = None) -> int:
    from wych_kit.errors import WychError

    try:
        return run()
    except WychError as error:
        from wych_kit.commands import explain

        return explain(error, settings, plain=chosen.plain, as_json=getattr(chosen, "as_json", False))


def _stand_in(settings: Settings) -> contextlib.AbstractContextManager[object]:
    """A mock at the address that the settings name, unless something answers there; nothing when they are not for one of ours.

    Raises `SettingInvalid` when it cannot start.
    """
    from wych_kit import mock
    from wych_kit.standin import stand_in

    try:
        started = stand_in(settings)
    except mock.CannotStart as error:
        from wych_kit.errors import SettingInvalid

        raise SettingInvalid("The mock", f"did not start: {error}", reference="mock-not-started") from None
    if started is None:
        return contextlib.nullcontext()
    # For whoever watches; the output stays clean.
    print("Started the mock for this command; `wych-kit mock` keeps one running.", file=sys.stderr)  # noqa: T201 - as above
    return started


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="wych-kit",
        description="From nothing to a first authenticated call on the Wych open-banking API.",
        epilog="Start with: wych-kit start. It needs no account and no internet: the mock is a pretend Wych on this machine.",
    )
    parser.add_argument("--version", action=_Version)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(name: str, words: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        added = commands.add_parser(
            name,
            help=words,
            description=words[0].upper() + words[1:] + ".",
            epilog=_epilog(name),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        added.set_defaults(run=run)
        added.add_argument("--profile", metavar="NAME", help="read .env.NAME instead of .env")
        added.add_argument("--plain", action="store_true", help="no colour and no layout: for screen readers and logs")
        return added

    start = command("start", "walk the journey: register, discover, token, first call", _start)
    start.add_argument("--answers", metavar="FILE", type=Path, help="take answers from a TOML file instead of asking")
    start.add_argument("--new", action="store_true", help="register anew although credentials are there")
    start.add_argument("--json", dest="as_json", action="store_true", help="ask nothing, print one JSON document")

    lab = command("lab", "open the same journey in JupyterLab, until Ctrl-C", _lab)
    lab.add_argument("--no-browser", dest="browser", action="store_false", help="only print the address")
    lab.add_argument("--port", metavar="NUMBER", type=int, choices=range(65536), default=0, help="instead of any free one")
    lab.add_argument("--app", action="store_true", help="the tour alone, without code: served with Voilà")

    commands.add_parser("mock", help="run the mock, a pretend Wych, until Ctrl-C", add_help=False)

    call = command("call", "make any call with your credentials and print the answer", _call)
    call.add_argument("method", metavar="METHOD", type=_method, help="GET, POST, …")
    call.add_argument("path", metavar="PATH", help="below your app's own path (users), or below the API's address (/partner/…)")
    call.add_argument("--json", metavar="TEXT", type=_json, help="a JSON body; in a shell, put single quotes round it")
    call.add_argument("-q", "--query", metavar="NAME=VALUE", action="append", default=[], help="a query parameter; repeat for more")
    call.add_argument("-v", "--verbose", action="store_true", help="show what went over the wire, without the secrets")

    token = command("token", "explain the token in force, claim by claim", _token)
    token.add_argument("--raw", action="store_true", help="print the token itself, and nothing else")

    env = command("env", "show each setting, where it comes from and what is odd about it", _env)
    env.add_argument("--json", dest="as_json", action="store_true", help="print one JSON document")

    journal = command("journal", "show what went over the wire in the last commands", _journal)
    journal.add_argument("number", metavar="NUMBER", nargs="?", type=int, help="one exchange in full; 1 is the newest")
    journal.add_argument("--as", dest="form", choices=("list", "curl", "python", "jsonl", "har"), default="list", help="as what")

    forget = command("forget", "remove the shared token", _forget)
    forget.add_argument("--everything", action="store_true", help="all tokens and the journal; settings and registrations stay")

    scan = command("scan", "look for your secrets, and for what looks like one, in files; never print them", _scan)
    scan.add_argument("paths", metavar="PATH", nargs="+", help="files and folders; - is standard input")
    scan.add_argument(
        "--allow", metavar="MARK", action="append", default=[], help="a finding that may be there, by its eight digits"
    )
    return parser


def _json(text: str) -> bytes:
    """The text as it is sent. Refused when it is no JSON: most often a shell has eaten its quotes."""
    import json

    try:
        json.loads(text)
        return text.encode()
    except (ValueError, RecursionError) as error:
        raise argparse.ArgumentTypeError(f"this is no JSON ({error}): {text}") from None


def _method(text: str) -> str:
    if not re.fullmatch("[A-Za-z]+", text):
        raise argparse.ArgumentTypeError(f"a method is one word, such as GET or POST, not {text!r}")
    return text


def _epilog(name: str) -> str:
    return f"example:\n  {_EXAMPLES[name]}"


class _Version(argparse.Action):
    def __init__(self, option_strings: Sequence[str], dest: str) -> None:
        super().__init__(option_strings, dest, nargs=0, help="print the version")

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from wych_kit import __version__

        print(f"wych-kit {__version__}")  # noqa: T201 - parser.exit() would say it on standard error
        parser.exit()
