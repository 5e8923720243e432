"""`wych-kit fault`: makes a running mock fail on purpose, through its control port."""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from wych_kit.terminal.context import print_json, settings_of
from wych_kit.terminal.exit_status import DONE, REFUSED, UNREACHABLE, USAGE
from wych_kit.terminal.parser import add_examples, add_json_option

if TYPE_CHECKING:
    from pathlib import Path

    from wych_kit.secret import Secret
    from wych_kit.settings.loading import Settings
    from wych_kit.terminal.screen import Screen

# Seconds. The mock's control port itself waits 30 seconds for the mock's event loop.
_TIMEOUT = 35.0
_OK, _UNPROCESSABLE = 200, 422


class NoMock(Exception):
    """There is no mock to control. The message says what to do, `status` is the exit status."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.description = "Make the mock fail on purpose. Switch a fault on or off, or list all."
    actions = parser.add_subparsers(
        title="action", metavar="on|off|list", dest="act", required=True
    )
    on = actions.add_parser("on", help="switch a fault on")
    on.add_argument("name", metavar="NAME", help="a fault of wych-kit fault list")
    on.add_argument(
        "--times",
        metavar="N",
        type=int,
        help="apply it to the next N requests (default: until it is off)",
    )
    on.add_argument("--client", metavar="ID", help="apply it to one client id (default: all)")
    on.add_argument(
        "-p",
        dest="parameters",
        metavar="NAME=VALUE",
        type=_name_and_value,
        action="append",
        default=[],
        help="a parameter of the fault",
    )
    off = actions.add_parser("off", help="switch faults off")
    off.add_argument("name", metavar="NAME", nargs="?", help="one fault (default: all)")
    add_json_option(actions.add_parser("list", help="describe every fault and mark active ones"))
    add_examples(
        parser,
        "wych-kit fault on throttled --times 2",
        "wych-kit fault on timeout -p where=token",
        "wych-kit fault off",
        "wych-kit fault list",
    )


def run(arguments: argparse.Namespace) -> int:
    """Switch or list faults. 1 the mock refused, 2 wrong usage, 3 no mock runs."""
    from wych_kit.terminal.screen import Screen

    screen = Screen(plain=arguments.plain)
    method, path, body = _request(arguments)
    try:
        status, answer = _send(settings_of(arguments), method, path, body)
    except NoMock as error:
        Screen(plain=arguments.plain, file=sys.stderr).say(str(error))
        return error.status
    if status != _OK:
        message = str(answer.get("error", f"The mock answered {status}."))
        Screen(plain=arguments.plain, file=sys.stderr).say(message)
        return USAGE if status == _UNPROCESSABLE else REFUSED
    if arguments.act != "list":
        active = ", ".join(map(_describe, answer["on"]))
        screen.say(f"Active faults: {active}" if active else "No fault is active.")
    elif arguments.as_json:
        print_json(answer)
    else:
        _show_list(answer["faults"], screen)
    return DONE


def _request(arguments: argparse.Namespace) -> tuple[str, str, dict[str, Any] | None]:
    """Return method, path and body for the control port."""
    if arguments.act == "list":
        return "GET", "/faults", None
    path = "/faults" if arguments.name is None else f"/faults/{quote(arguments.name, safe='')}"
    if arguments.act == "off":
        return "DELETE", path, None
    body = {
        "times": arguments.times,
        "client": arguments.client,
        "parameters": dict(arguments.parameters),
    }
    return "PUT", path, body


def _show_list(faults: list[dict[str, Any]], screen: Screen) -> None:
    rows = []
    for fault in faults:
        rows.append((fault["name"], "on" if fault["on"] else "", fault["does"]))
        parameters = ", ".join(f"{name}={value}" for name, value in fault["parameters"].items())
        if parameters:
            rows.append(("", "", f"parameters: {parameters}"))
    screen.show_table(("fault", "", "what it does"), rows)


def _describe(active: dict[str, Any]) -> str:
    times = f" ({active['times']} more)" if active["times"] is not None else ""
    client = f" for {active['client']}" if active["client"] else ""
    return f"{active['name']}{times}{client}"


def _send(
    settings: Settings, method: str, path: str, body: dict[str, Any] | None
) -> tuple[int, dict[str, Any]]:
    """Return status and JSON of the control port's response. Raises `NoMock`."""
    import httpx

    from wych_kit.settings.url_validation import LOOPBACK

    address = urlsplit(settings.api_url or "")
    if address.hostname not in LOOPBACK:
        raise NoMock(
            "Only a mock on this machine can fail on purpose."
            f" WYCH_API_URL names {address.hostname}.",
            USAGE,
        )
    port = address.port or (443 if address.scheme == "https" else 80)
    if control := _find_control_port(settings.home, port):
        url, token = control
        try:
            headers = {"Authorization": f"Bearer {token.reveal()}"}
            # No proxy leads to this machine, so the proxy variables of the shell are ignored.
            with httpx.Client(trust_env=False, timeout=_TIMEOUT) as client:
                answer = client.request(method, url + path, headers=headers, json=body)
                return answer.status_code, answer.json()
        except (httpx.HTTPError, httpx.InvalidURL, ValueError):
            # A mock that was killed leaves its file behind.
            pass
    message = f"No mock with a control port runs at port {port}. Start one: wych-kit mock"
    raise NoMock(message, UNREACHABLE)


def _find_control_port(home: Path | None, port: int) -> tuple[str, Secret] | None:
    """Return URL and token of the control port from the file of the mock at `port`, or None."""
    from wych_kit.secret import Secret
    from wych_kit.settings import locations
    from wych_kit.settings.url_validation import LOOPBACK

    # The mock may have been started with the folder of `.env`, of the shell, or of neither.
    shell = os.environ.get("WYCH_HOME")
    for folder in (home, locations.expand_home(shell) if shell else None, None):
        file = locations.control(folder, port)
        try:
            # Another user's file could lead our token to a server of theirs.
            if hasattr(os, "getuid") and file.stat().st_uid != os.getuid():
                continue
            control = json.loads(file.read_text())
            if urlsplit(control["url"]).hostname in LOOPBACK:
                return str(control["url"]), Secret(str(control["token"]))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return None


def _name_and_value(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError(f"use NAME=VALUE, such as seconds=2, not {text!r}")
    return name, value
