"""What `wych-kit fault` does: tells the mock that the settings name to misbehave, through its control port."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import httpx

from wych_kit.secret import Secret
from wych_kit.settings import locations
from wych_kit.settings.url_validation import LOOPBACK
from wych_kit.terminal.screen import Screen
from wych_kit.terminal.walkthrough import DONE, REFUSED, UNREACHABLE, USAGE

if TYPE_CHECKING:
    from pathlib import Path

    from wych_kit.settings.loading import Settings

_PATIENCE = 35.0  # seconds; the mock itself waits 30 for its loop


class NoMock(Exception):
    """There is no mock of ours to tell; the text says what to do. `status` is the exit status that this deserves."""

    def __init__(self, words: str, status: int) -> None:
        super().__init__(words)
        self.status = status


def fault(
    settings: Settings, name: str | None, asked: dict[str, Any] | None, *, plain: bool = False
) -> int:
    """Switches the fault on as `asked` (times, client, parameters), or off (None); all of them off without a name."""
    path = "/faults" if name is None else f"/faults/{quote(name, safe='')}"
    try:
        status, said = _told(settings, "DELETE" if asked is None else "PUT", path, asked)
    except NoMock as error:
        Screen(plain=plain, file=sys.stderr).say(str(error))
        return error.status
    if status != httpx.codes.OK:
        Screen(plain=plain, file=sys.stderr).say(
            str(said.get("error", f"The mock answered {status}."))
        )
        return USAGE if status == httpx.codes.UNPROCESSABLE_ENTITY else REFUSED
    on = said["on"]
    Screen(plain=plain).say(
        f"On now: {', '.join(map(_described, on))}" if on else "No fault is on."
    )
    return DONE


def faults(settings: Settings, *, as_json: bool = False, plain: bool = False) -> int:
    """Every fault in a sentence; those that are on have a mark."""
    try:
        status, said = _told(settings, "GET", "/faults", None)
    except NoMock as error:
        Screen(plain=plain, file=sys.stderr).say(str(error))
        return error.status
    if status != httpx.codes.OK:
        Screen(plain=plain, file=sys.stderr).say(
            str(said.get("error", f"The mock answered {status}."))
        )
        return REFUSED
    screen = Screen(plain=plain)
    if as_json:
        print(json.dumps(said, indent=2))  # noqa: T201 - this is the output
        return DONE
    for each in said["faults"]:
        screen.say(f"{'on ' if each['on'] else '   '} {each['name']:<24} {each['does']}")
        takes = ", ".join(f"{name}={value}" for name, value in each["parameters"].items())
        if takes:
            screen.say(f"{'':<28} takes {takes}")
    return DONE


def _described(active: dict[str, Any]) -> str:
    name, client = str(active["name"]), active["client"]
    times = f" ({active['times']} more)" if active["times"] is not None else ""
    return name + times + (f" for {client}" if client else "")


def _told(
    settings: Settings, method: str, path: str, body: dict[str, Any] | None
) -> tuple[int, dict[str, Any]]:
    """What the control port answers. Raises `NoMock`."""
    address = urlsplit(settings.api_url or "")
    if address.hostname not in LOOPBACK:
        raise NoMock(
            "Only a mock on this machine can be told to misbehave; WYCH_API_URL names"
            f" {address.hostname}.",
            USAGE,
        )
    port = address.port or (443 if address.scheme == "https" else 80)
    if found := _control(settings.home, port):
        url, token = found
        try:
            headers = {"Authorization": f"Bearer {token.reveal()}"}
            with httpx.Client(
                trust_env=False, timeout=_PATIENCE
            ) as client:  # no proxy leads to this machine
                answer = client.request(method, url + path, headers=headers, json=body)
                return answer.status_code, answer.json()
        except (httpx.HTTPError, httpx.InvalidURL, ValueError):
            pass  # left by a mock that was killed
    raise NoMock(
        f"No mock with a control port runs at port {port}. Start one: wych-kit mock", UNREACHABLE
    )


def _control(home: Path | None, port: int) -> tuple[str, Secret] | None:
    """Where the control port is and what it asks for, from the file of the mock at `port`."""
    shell = os.environ.get("WYCH_HOME")
    for folder in (home, locations.expanded(shell) if shell else None, None):
        file = locations.control(folder, port)
        try:
            if hasattr(os, "getuid") and file.stat().st_uid != os.getuid():
                continue
            found = json.loads(file.read_text())
            if urlsplit(found["url"]).hostname in LOOPBACK:
                return str(found["url"]), Secret(str(found["token"]))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return None
