"""Run the mock as a process: `python -m wych_kit.mock`."""

from __future__ import annotations

import argparse
import sys

from wych_kit.mock.options import TLS


def main(arguments: list[str] | None = None) -> int:
    """Serve until Ctrl-C and return the exit status; 2 means that the mock could not start."""
    parser = argparse.ArgumentParser(
        prog="python -m wych_kit.mock",
        description="A local simulation of Wych.",
    )
    add_options(parser)
    # After the parser is built, so that --help does not load the server.
    from wych_kit.mock.server import serve

    return serve(**vars(parser.parse_args(arguments)))


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the mock's options to a parser; each is an argument of `serve` with the same name."""
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (default: this computer only)")
    add(
        "--port",
        type=int,
        default=9924,
        help="port to listen on, 0 for any free one (default: 9924)",
    )
    add("--path", help="SQLite file to store data in (default: one in your data directory)")
    add("--ephemeral", action="store_true", help="store nothing; everything is lost at the end")
    add("--seed", help="make ids, secrets and tokens repeatable")
    add(
        "--expires-in",
        type=int,
        default=900,
        metavar="SECONDS",
        help="lifetime of a token (default: 900; Wych's text says 3600)",
    )
    add("--rate", type=float, metavar="N", help="calls a second that an API key may make")
    add("--burst", type=int, metavar="N", help="calls that an API key may make at once")
    add("--quota", type=int, metavar="N", help="calls that an API key may make in a day")
    add("--tls", choices=TLS, help="use https, with a certificate of this kind")
    add(
        "--fault",
        action="append",
        default=[],
        dest="faults",
        metavar="NAME[:times=1,…]",
        help="switch a fault on; repeat the option for more",
    )
    add(
        "--grants-joined",
        action="store_true",
        help="list the grant types in one string, as Wych's page shows them",
    )
    add("--find-only", action="store_true", help="let POST /user find users but create none (404)")
    add(
        "--no-callback-user",
        action="store_false",
        dest="callback_user",
        help="leave the user out of the consent's callback",
    )
    add(
        "--no-basis",
        action="store_false",
        dest="basis_header",
        help="leave the header x-wych-mock-basis out",
    )
    add(
        "--no-control",
        action="store_false",
        dest="control",
        help="open no second port, which wych-kit fault needs",
    )
    add("--json", action="store_true", dest="as_json", help="print the addresses as JSON")


if __name__ == "__main__":
    sys.exit(main())
