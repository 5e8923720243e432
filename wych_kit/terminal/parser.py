"""What the `wych-kit` command understands: every subcommand, its arguments and an example."""

from __future__ import annotations

import argparse
import contextlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Run = Callable[[argparse.Namespace], int]
    Command = Callable[
        [str, str], argparse.ArgumentParser
    ]  # a subcommand of this name, with a line of help

_EXAMPLES = {
    "start": (
        "wych-kit start\n  wych-kit start --all\n  wych-kit start --answers answers.toml --json <"
        " /dev/null\n  wych-kit start --profile sandbox"
    ),
    "lab": "wych-kit lab\n  wych-kit lab --no-browser --port 8888\n  wych-kit lab --app",
    "mock": (
        "wych-kit mock\n  wych-kit mock --port 0 --ephemeral --expires-in 30\n  wych-kit mock"
        " --fault throttled:times=2"
    ),
    "fault": (
        "wych-kit fault on throttled --times 2\n  wych-kit fault on timeout -p where=token\n "
        " wych-kit fault off\n  wych-kit fault list"
    ),
    "call": (
        'wych-kit call GET users\n  wych-kit call POST user --json \'{"email":'
        ' "kim@example.com"}\' -v'
    ),
    "check": "wych-kit check\n  wych-kit check --profile sandbox\n  wych-kit check --json",
    "bundle": (
        "wych-kit bundle\n  wych-kit bundle --profile sandbox --to ticket-1234.zip\n  wych-kit"
        " bundle --no-check --json"
    ),
    "token": 'wych-kit token\n  curl -H "Authorization: Bearer $(wych-kit token --raw)" …',
    "env": "wych-kit env\n  wych-kit env --profile sandbox",
    "journal": "wych-kit journal\n  wych-kit journal 1 --as curl",
    "forget": "wych-kit forget\n  wych-kit forget --everything",
    "lint": (
        "wych-kit lint\n  wych-kit lint .env.sandbox call.sh login.har\n  pbpaste | wych-kit lint -"
    ),
    "callback": (
        "wych-kit callback --to http://127.0.0.1:8000/callback\n"
        "  wych-kit callback --to https://staging.your.app/callback --only rejected --only script\n"
        "  wych-kit callback --read 'https://your.app/callback?connection=…&state=PENDING'"
    ),
    "explain": "wych-kit explain\n  wych-kit explain api-key-refused",
    "endpoints": "wych-kit endpoints\n  wych-kit endpoints --profile sandbox --json",
    "drill": (
        "wych-kit drill\n  wych-kit drill wrong-client-secret\n  wych-kit drill throttled"
        " --mystery\n  wych-kit drill --list"
    ),
    "scan": (
        "wych-kit scan\n  wych-kit scan ~/.bash_history ~/.ipython\n  git log -p --all | wych-kit"
        " scan -"
    ),
}

_LONGEST = 600  # seconds
_STATUSES = """exit status: 0 nothing is broken, 2 the settings are; else 10 and the number of the broken rung:
  12 host names   13 connection  14 TLS                   15 proxy  16 discovery document  17 issuer      18 clock
  19 token endpoint              20 client id and secret  21 token  22 API key             23 permission  24 data"""


def parser(runs: Mapping[str, Run]) -> argparse.ArgumentParser:
    """The parser of the whole command; what it parses has `run`, the one of `runs` that belongs to the subcommand."""
    made = argparse.ArgumentParser(
        prog="wych-kit",
        description="From nothing to a first authenticated call on the Wych open-banking API.",
        epilog=(
            "Start with: wych-kit start. It needs no account and no internet: the mock is a pretend"
            " Wych on this machine."
        ),
    )
    made.add_argument("--version", action=_Version)
    commands = made.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(name: str, words: str) -> argparse.ArgumentParser:
        added = commands.add_parser(
            name,
            help=words,
            description=words[0].upper() + words[1:] + ".",
            epilog=epilog(name),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        added.set_defaults(run=runs[name])
        added.add_argument("--profile", metavar="NAME", help="read .env.NAME instead of .env")
        added.add_argument(
            "--plain",
            action="store_true",
            help="no colour and no layout: for screen readers and logs",
        )
        return added

    _journey(command)
    commands.add_parser("mock", help="run the mock, a pretend Wych, until Ctrl-C", add_help=False)
    _mock(command)
    _calls(command)
    _looking(command)
    return made


def _journey(command: Command) -> None:
    start = command(
        "start", "walk the journey: register, discover, token, first call; then a customer"
    )
    start.add_argument(
        "--all",
        dest="to_the_end",
        action="store_true",
        help="go on to a customer's consent and data",
    )
    start.add_argument(
        "--answers",
        metavar="FILE",
        type=Path,
        help="take answers from a TOML file instead of asking",
    )
    start.add_argument(
        "--bring",
        dest="brings",
        action="store_true",
        help="enter what the mock's portal showed, instead of registering",
    )
    start.add_argument(
        "--new", action="store_true", help="register anew although credentials are there"
    )
    start.add_argument(
        "--json", dest="as_json", action="store_true", help="ask nothing, print one JSON document"
    )

    lab = command("lab", "open the same journey in JupyterLab, until Ctrl-C")
    lab.add_argument(
        "--no-browser", dest="browser", action="store_false", help="only print the address"
    )
    lab.add_argument(
        "--port",
        metavar="NUMBER",
        type=int,
        choices=range(65536),
        default=0,
        help="instead of any free one",
    )
    lab.add_argument(
        "--app", action="store_true", help="the tour alone, without code: served with Voilà"
    )


def _mock(command: Command) -> None:
    fault = command("fault", "let the mock misbehave: on NAME, off, list")
    acts = fault.add_subparsers(
        title="what to do", metavar="on|off|list", dest="act", required=True
    )
    on = acts.add_parser("on", help="switch a fault on")
    on.add_argument("name", metavar="NAME", help="one of wych-kit fault list")
    on.add_argument(
        "--times",
        metavar="N",
        type=int,
        help="for the next N requests it applies to (default: until it is off)",
    )
    on.add_argument("--client", metavar="ID", help="for one client id (default: for all)")
    on.add_argument(
        "-p",
        dest="parameters",
        metavar="NAME=VALUE",
        type=_pair,
        action="append",
        default=[],
        help="a parameter of the fault",
    )
    acts.add_parser("off", help="switch it off").add_argument(
        "name", metavar="NAME", nargs="?", help="one fault (default: all)"
    )
    listed = acts.add_parser(
        "list", help="every fault in a sentence; those that are on have a mark"
    )
    listed.add_argument(
        "--json", dest="as_json", action="store_true", help="print one JSON document"
    )


def _calls(command: Command) -> None:
    call = command(
        "call",
        "make any call with your credentials and print the answer: in a pipe as it came, JSON"
        " ending in a line break",
    )
    call.add_argument("method", metavar="METHOD", type=_method, help="GET, POST, …")
    call.add_argument(
        "path",
        metavar="PATH",
        help="below your app's own path (users), or below the API's address (/partner/…)",
    )
    call.add_argument(
        "--json",
        metavar="TEXT",
        type=_json,
        help="a JSON body; in a shell, put single quotes round it",
    )
    call.add_argument(
        "-q",
        "--query",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="a query parameter; repeat for more",
    )
    call.add_argument(
        "--user", metavar="ID", help="with the token of this user, which customer data take"
    )
    call.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        help="show what went over the wire, without the secrets",
    )

    check = command(
        "check",
        "climb from the host's name to the data and say which rung is broken, why, and what to do",
    )
    check.add_argument(
        "--json",
        dest="as_json",
        action="store_true",
        help="print one JSON document, with the exit status in it",
    )
    check.epilog = f"{_STATUSES}\n\n{check.epilog}"

    bundle = command("bundle", "write a zip for a support ticket, without any secret")
    bundle.add_argument(
        "--to",
        metavar="FILE.zip",
        type=Path,
        help="instead of wych-bundle-<time>.zip in this folder",
    )
    bundle.add_argument(
        "--no-check",
        dest="check",
        action="store_false",
        help="send nothing: hand on only what is there",
    )
    bundle.add_argument(
        "--json", dest="as_json", action="store_true", help="print one JSON document"
    )

    token = command("token", "explain the token in force, claim by claim")
    token.add_argument(
        "--raw", action="store_true", help="print the token itself, and nothing else"
    )

    env = command("env", "show each setting, where it comes from and what is odd about it")
    env.add_argument("--json", dest="as_json", action="store_true", help="print one JSON document")

    journal = command(
        "journal",
        "show what went over the wire in the last commands, to the hosts and the partner in your"
        " settings",
    )
    journal.add_argument(
        "number",
        metavar="NUMBER",
        nargs="?",
        type=int,
        help="one exchange in full; 1 is the newest",
    )
    journal.add_argument(
        "--all",
        dest="everything",
        action="store_true",
        help="whatever the settings; the numbers are others then",
    )
    journal.add_argument(
        "--as",
        dest="form",
        choices=("list", "curl", "python", "jsonl", "har"),
        default="list",
        help="as what",
    )

    forget = command("forget", "remove the shared token")
    forget.add_argument(
        "--everything",
        action="store_true",
        help="all tokens and the journal; settings and registrations stay",
    )


def _looking(command: Command) -> None:
    lint = command(
        "lint",
        "look for mistakes in a .env file, a curl command, a HAR or a callback's address; send"
        " nothing",
    )
    lint.add_argument(
        "paths",
        metavar="FILE",
        nargs="*",
        help="- is standard input; without any, the .env in force",
    )
    lint.add_argument("--json", dest="as_json", action="store_true", help="print one JSON document")

    _callback(command)

    explain = command("explain", "say what goes wrong in practice, why, and what to do")
    explain.add_argument(
        "reference",
        metavar="REFERENCE",
        nargs="?",
        help="one scenario by its name; without it, all of them",
    )

    endpoints = command("endpoints", "list the API's calls, with what is known of each path")
    endpoints.add_argument(
        "--json", dest="as_json", action="store_true", help="print one JSON document"
    )

    drill = command(
        "drill", "break and fix: find what was broken in a set-up of its own, and put it right"
    )
    drill.add_argument(
        "reference",
        metavar="REFERENCE",
        nargs="?",
        help="what is broken; without it anything, and not told",
    )
    drill.add_argument(
        "--mystery",
        action="store_true",
        help="do not tell which it is: for whoever sits in front of it",
    )
    acts = drill.add_mutually_exclusive_group()
    for act, words in (
        ("list", "every exercise, about how many minutes, and your best"),
        ("scores", "what was solved on this machine"),
        ("key", "the facilitator's key: all answers, or that of REFERENCE"),
    ):
        acts.add_argument(f"--{act}", dest="act", action="store_const", const=act, help=words)

    scan = command(
        "scan", "look for your secrets, and for what looks like one, in files; never print them"
    )
    scan.add_argument(
        "paths",
        metavar="PATH",
        nargs="*",
        default=["."],
        help="files and folders; this folder if left out; - is standard input",
    )
    scan.add_argument(
        "--allow",
        metavar="MARK",
        action="append",
        default=[],
        help="a finding that may be there, by its eight digits",
    )


def _callback(command: Command) -> None:
    callback = command(
        "callback",
        "play every return that a browser may bring at your own handler and judge what it does; no"
        " secret is sent",
    )
    what = callback.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--to", metavar="URL", help="your handler, on this machine or on a host for tests"
    )
    what.add_argument(
        "--list",
        dest="listed",
        action="store_true",
        help="what would be played, and what a good handler does",
    )
    what.add_argument(
        "--read",
        metavar="ADDRESS",
        help="explain one address that a browser came back with; - is standard input",
    )
    callback.add_argument(
        "--only",
        metavar="NAME",
        action="append",
        default=[],
        help="one return of the list; repeat for more",
    )
    callback.add_argument(
        "--connection",
        metavar="ID",
        help="a connection that exists, so that a handler which asks finds it",
    )
    callback.add_argument("--user", metavar="ID", help="its user")
    callback.add_argument(
        "--seconds",
        metavar="N",
        type=_seconds,
        default=10.0,
        help="the longest that one answer may take (default: 10)",
    )
    callback.add_argument(
        "--json", dest="as_json", action="store_true", help="print one JSON document"
    )


def _seconds(text: str) -> float:
    with contextlib.suppress(ValueError):
        if 0 < (seconds := float(text)) <= _LONGEST:
            return seconds
    raise argparse.ArgumentTypeError(f"write a number of seconds up to {_LONGEST}, not {text!r}")


def _json(text: str) -> bytes:
    """The text as it is sent. Refused when it is no JSON: most often a shell has eaten its quotes."""
    import json

    try:
        json.loads(text)
        return text.encode()
    except (ValueError, RecursionError) as error:
        raise argparse.ArgumentTypeError(f"this is no JSON ({error}): {text}") from None


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError(f"write NAME=VALUE, such as seconds=2, not {text!r}")
    return name, value


def _method(text: str) -> str:
    if not re.fullmatch("[A-Za-z]+", text):
        raise argparse.ArgumentTypeError(f"a method is one word, such as GET or POST, not {text!r}")
    return text


def epilog(name: str) -> str:
    """The example under a subcommand's help."""
    return f"example:\n  {_EXAMPLES[name]}"


class _Version(argparse.Action):
    def __init__(self, option_strings: Sequence[str], dest: str) -> None:
        super().__init__(option_strings, dest, nargs=0, help="print the version")

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from wych_kit import __version__

        print(f"wych-kit {__version__}")  # noqa: T201 - parser.exit() would say it on standard error
        parser.exit()
