"""`wych-kit call`: sends any request and prints the response's body."""

from __future__ import annotations

import argparse
import contextlib
import re
import sys
from typing import TYPE_CHECKING, Any

from wych_kit.errors import SettingInvalid
from wych_kit.terminal.context import reach_wych, recording_client, report_error
from wych_kit.terminal.exit_status import DONE, REFUSED
from wych_kit.terminal.parser import add_examples

if TYPE_CHECKING:
    import httpx

    from wych_kit.settings.loading import Settings


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.description = (
        "Send any request with your credentials and print the body of the response.\n"
        "In a pipe the body stays as it came; JSON ends in a line break."
    )
    parser.add_argument("method", metavar="METHOD", type=_method, help="GET, POST, …")
    parser.add_argument(
        "path",
        metavar="PATH",
        help="below your app's path (users) or below the API's address (/partner/…)",
    )
    parser.add_argument(
        "--json",
        metavar="TEXT",
        type=_json_body,
        help="a JSON body; in a shell, put it in single quotes",
    )
    parser.add_argument(
        "-q",
        "--query",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="a query parameter; repeat it for more",
    )
    parser.add_argument(
        "--user",
        metavar="ID",
        help="use this user's token, which customer data require",
    )
    parser.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        help="show all requests and responses, without secrets",
    )
    add_examples(
        parser,
        "wych-kit call GET users",
        """wych-kit call POST user --json '{"email": "kim@example.com"}' -v""",
    )


def run(arguments: argparse.Namespace) -> int:
    """Send the request and return the exit status.

    Suspicious details of the request are printed on standard error before it is sent. It is sent
    all the same, unless its credentials would go to a host that they are not for.
    """
    from urllib.parse import parse_qsl

    path, _, query = arguments.path.partition("?")
    pairs = [
        *parse_qsl(query, keep_blank_values=True),
        *(pair.partition("=")[::2] for pair in arguments.query),
    ]
    content: dict[str, Any] = {"params": pairs or None, "user_id": arguments.user}
    if arguments.json is not None:
        # Sent as it was typed, not as Python would write the same JSON.
        content |= {
            "content": arguments.json,
            "headers": {"Content-Type": "application/json"},
        }
    with reach_wych(arguments) as settings:
        _refuse_dot_segments(path)
        return _send(arguments, settings, path, content)


def _send(
    arguments: argparse.Namespace, settings: Settings, path: str, content: dict[str, Any]
) -> int:
    from wych_kit.terminal.screen import Screen

    plain = arguments.plain
    screen = Screen(plain=plain, file=sys.stderr)

    def warn(request: httpx.Request) -> None:
        _warn_about(request, settings, screen)

    with recording_client(settings) as client:
        # httpx copies the hooks when they are set, so the whole dictionary is set again.
        hooks = client.http.event_hooks
        hooks["request"].append(warn)
        client.http.event_hooks = hooks
        response = client.request(arguments.method.upper(), path, **content)
        if arguments.verbose:
            for exchange in client.journal.exchanges:
                screen.show_exchange(exchange, whole=True)
        _print_body(response, plain=plain)
        if response.is_success:
            return DONE
        from wych_kit.client.api_errors import refusal_error

        report_error(refusal_error(response), settings, plain=plain)
        # Any HTTP error counts as refused, whatever the diagnosis says of it.
        return REFUSED


def _refuse_dot_segments(path: str) -> None:
    """Raise `SettingInvalid` for a path with `.` or `..` in it.

    URL libraries resolve dot segments (RFC 3986 section 5.2.4), so the request would go to a
    different path than the one that was typed.
    """
    from urllib.parse import unquote

    if any(part in (".", "..") for part in re.split(r"[/\\]", unquote(path))):
        raise SettingInvalid(
            "path",
            "contains . or .. as a segment. Use the full path instead",
            stage="call",
            reference="wrong-path",
        )


def _warn_about(request: httpx.Request, settings: Settings, screen: Any) -> None:
    from wych_kit.diagnosis.lint import lint_request

    for remark in lint_request(request, settings):
        if remark.certain and remark.reference == "wrong-host":
            raise SettingInvalid("address", remark.why, stage="call", reference="wrong-host")
        screen.say(str(remark), "yellow")


def _print_body(response: httpx.Response, *, plain: bool) -> None:
    if sys.stdout.isatty():
        _show_body(response, plain=plain)
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(response.content)
    # Anything but JSON may be a file, and stays as it is.
    with contextlib.suppress(ValueError, RecursionError):
        response.json()
        if not response.content.endswith(b"\n"):
            # Tools that read lines miss a last line without a line break.
            sys.stdout.buffer.write(b"\n")
    sys.stdout.buffer.flush()


def _show_body(response: httpx.Response, *, plain: bool) -> None:
    from wych_kit.terminal.screen import Screen

    screen = Screen(plain=plain)
    with contextlib.suppress(ValueError):
        response.json()
        screen.show_json(response.text)
        return
    # `say` replaces control characters, which a terminal would obey.
    screen.say(response.text)


def _method(text: str) -> str:
    if not re.fullmatch("[A-Za-z]+", text):
        raise argparse.ArgumentTypeError(
            f"use one word, such as GET or POST, as the method, not {text!r}"
        )
    return text


def _json_body(text: str) -> bytes:
    """Return the text as bytes. Invalid JSON is refused: most often a shell removed quotes."""
    import json

    try:
        json.loads(text)
        return text.encode()
    except (ValueError, RecursionError) as error:
        raise argparse.ArgumentTypeError(f"not valid JSON ({error}): {text}") from None
