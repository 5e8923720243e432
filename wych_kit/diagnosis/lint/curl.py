"""Read a pasted curl command into the request that it would send; nothing is looked up or sent.

No kept library does this: uncurl and curlparser stopped in 2021, bashlex in 2023.
"""

from __future__ import annotations

import argparse
import base64
import re
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import quote_plus

import httpx

from wych_kit.client.http_request import parse_url
from wych_kit.diagnosis.lint.remark import Remark
from wych_kit.diagnosis.lint.request import lint_request
from wych_kit.diagnosis.lint.request_view import UNKNOWN_HOST, RequestView
from wych_kit.diagnosis.lint.shell_words import Command, split_commands
from wych_kit.diagnosis.lint.token_request_rules import FORM
from wych_kit.errors import SettingInvalid
from wych_kit.secret import MASK

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from wych_kit.settings.loading import Settings

_EXPECTED = "is not a curl command: it must start with the word curl"
_DATA = (
    "-d",
    "--data",
    "--data-ascii",
    "--data-raw",
    "--data-binary",
    "--data-urlencode",
    "--json",
)
_SWITCHES = ("-s", "-S", "-v", "-i", "-f", "-#", "-N", "-4", "-6", "-g", "--compressed", "--silent", "--show-error", "--verbose",
             "--include", "--fail", "--fail-with-body", "--globoff", "--http1.1", "--http2", "--path-as-is")  # fmt: skip
_VALUED = ("-A", "--user-agent", "-e", "--referer", "-o", "--output", "-w", "--write-out", "-m", "--max-time", "-c", "--cookie-jar",
           "-x", "--proxy", "-E", "--cert", "--key", "--cacert", "--connect-timeout", "--retry", "--retry-delay", "--resolve",
           "--max-redirs", "-D", "--dump-header", "--noproxy", "-T", "--upload-file")  # fmt: skip


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ValueError(
            message.partition(":")[0] if "argument" not in message else "an option lacks its value"
        )


class _Part(argparse.Action):
    """Keep the data options in their order, each with its name: their order is the body's."""

    def __call__(
        self,
        _parser: Any,
        namespace: argparse.Namespace,
        value: str | Sequence[Any] | None,
        option: str | None = None,
    ) -> None:
        namespace.data = [*namespace.data, (option or "", str(value))]


def lint_curl(
    text: str, settings: Settings | None = None, *, now: float | None = None
) -> tuple[Remark, ...]:
    """Return the remarks on each curl command in a text.

    Raises `SettingInvalid` if there is none, or one that cannot be read.
    """
    curl_commands = _find_curl_commands(text)
    remarks: list[Remark] = []
    for number, (command, begins) in enumerate(curl_commands, 1):
        before = f"command {number}, " if len(curl_commands) > 1 else ""
        findings = _lint_command(command, command.words[begins + 1 :], settings, now)
        remarks += [replace(remark, where=before + remark.where) for remark in findings]
    return tuple(remarks)


def curl_request(text: str) -> httpx.Request:
    """Return the request of the first curl command in a text, to be sent by other means.

    Variables are marks in it: replace them first. Raises `SettingInvalid` as `lint_curl` does, and
    if the command has no valid URL.
    """
    command, begins = _find_curl_commands(text)[0]
    chosen = _read_options(command.words[begins + 1 :])
    request = _request(chosen, chosen.url)
    if request is None:
        raise SettingInvalid("The curl command", "has no valid URL", reference="bad-address")
    return request


def _find_curl_commands(text: str) -> list[tuple[Command, int]]:
    """Return the commands that call curl, and the position of that word in each."""
    try:
        curl_commands = [
            (command, command.words.index(word))
            for command in split_commands(text)
            if (word := _curl(command))
        ]
    except ValueError as error:
        raise SettingInvalid("The text", f"is not a valid shell command: {error}") from None
    if not curl_commands:
        raise SettingInvalid("The text", _EXPECTED)
    return curl_commands


def _curl(command: Command) -> str:
    """Return the word that is curl: the first one after a prompt and variable assignments."""
    words = [
        word
        for word in command.words
        if word not in ("$", "›", "%") and not re.match(r"\w+=", word)
    ]
    return words[0] if words and words[0].rpartition("/")[2] in ("curl", "curl.exe") else ""


def _lint_command(
    command: Command, words: list[str], settings: Settings | None, now: float | None
) -> Iterator[Remark]:
    chosen = _read_options(words)
    address = chosen.url
    request = _request(chosen, address)
    if request is None:
        why = "This is not a valid URL." if address else "The command has no URL."
        yield Remark(
            "bad-address", "address", why, (settings and settings.api_url) or f"https://{MASK}"
        )
        return
    for literal in dict.fromkeys(command.literal):
        name = (
            re.sub(r"\W", "", literal)
            if re.search("WYCH|TOKEN|KEY|SECRET|_ID", literal)
            else "NAME"
        )
        why = (
            "A shell does not replace a variable in single quotes, so its name is sent. Use double"
            " quotes."
        )
        yield Remark("placeholder-left", "quotes", why, f'"${{{name}}}"')
    dotted = re.search(
        r"(^|/)(\.|%2e){1,2}(/|$)",
        re.split(r"[?#]", address.partition("://")[2] or address)[0],
        re.IGNORECASE,
    )
    if dotted:
        why = "Dots as a folder name lead to a different path."
        yield Remark("wrong-path", "address", why, RequestView(request).address(query=False))
    yield from _options(chosen, RequestView(request))
    drop = {"placeholder-left"} if command.literal else set()
    yield from (
        remark
        for remark in lint_request(request, settings, now=now)
        if remark.reference not in drop
    )


def _options(chosen: argparse.Namespace, sent: RequestView) -> Iterator[Remark]:
    if sent.kind == "other" and not sent.has_credentials:
        return
    if chosen.location and sent.has_credentials:
        why = (
            "Following a redirect hands the API key, and a form after 307, to whatever host is"
            " named."
        )
        yield Remark("redirected", "option -L", why, "", certain=False)
    if chosen.insecure:
        why = (
            "curl does not verify the certificate, so anybody in between can read the credentials."
        )
        yield Remark("certificate-not-trusted", "option -k", why, "", certain=False)


def _read_options(words: list[str]) -> argparse.Namespace:
    """Return the options of a command; raise `SettingInvalid` if it cannot be read."""
    try:
        return _parse_options(words)
    except ValueError as error:
        raise SettingInvalid("The curl command", f"cannot be read: {error}") from None


def _parse_options(words: list[str]) -> argparse.Namespace:
    parser = _Parser(prog="curl", add_help=False, allow_abbrev=False)
    parser.add_argument("-X", "--request", default="")
    parser.add_argument("-H", "--header", action="append", default=[])
    parser.add_argument("-u", "--user")
    parser.add_argument("-b", "--cookie")
    parser.add_argument("-F", "--form", "--form-string", action="append", default=[])
    parser.add_argument("--url")
    parser.add_argument("--oauth2-bearer", dest="bearer")
    parser.add_argument(*_DATA, dest="data", action=_Part, default=[])
    parser.add_argument("-G", "--get", action="store_true")
    parser.add_argument("-I", "--head", action="store_true")
    parser.add_argument("-L", "--location", "--location-trusted", action="store_true")
    parser.add_argument("-k", "--insecure", action="store_true")
    parser.add_argument(*_SWITCHES, dest="switches", action="store_true")
    parser.add_argument(*_VALUED, dest="valued", action="append")
    chosen, rest = parser.parse_known_args(words)
    addresses = [word for word in rest if not word.startswith("-")]
    chosen.url = chosen.url or (addresses[0] if addresses else "")
    return chosen


def _request(chosen: argparse.Namespace, address: str) -> httpx.Request | None:
    if address.startswith(
        "‹"
    ):  # a variable: what is behind it is for the API, or an endpoint, and cannot be known
        address = re.sub(r"^‹[A-Z_]+›", f"https://{UNKNOWN_HOST}", address)
    elif address and "://" not in address:
        address = f"http://{address}"  # as curl guesses
    content = _content(chosen)
    if chosen.get and content:
        address += ("&" if "?" in address else "?") + content.decode()
        content = b""
    url = parse_url(address)
    if url is None or not url.host:
        return None
    method = chosen.request or (
        "HEAD" if chosen.head else "POST" if content or chosen.form else "GET"
    )
    if not re.fullmatch(r"[A-Za-z‹›_]+", method):
        return None
    headers = _headers(chosen, has_content=bool(content))
    if url.userinfo and not chosen.user:
        headers.append(("Authorization", _basic(f"{url.username}:{url.password}")))
    raw = [
        (name.encode("ascii", "replace"), value.encode("utf-8", "replace"))
        for name, value in headers
    ]
    return httpx.Request(
        method.encode("ascii", "replace").decode(), url, headers=raw, content=content or None
    )


def _content(chosen: argparse.Namespace) -> bytes:
    pieces = [
        _urlencode(value) if option == "--data-urlencode" else value
        for option, value in chosen.data
    ]
    whole = "" if any(option == "--json" for option, _ in chosen.data) else "&"
    return whole.join(pieces).encode("utf-8", "replace")


def _urlencode(value: str) -> str:
    """Encode as --data-urlencode does: the part after the first `=`; a variable stays as it is."""
    name, equals, text = value.partition("=")
    coded = "".join(
        piece if piece.startswith("‹") else quote_plus(piece)
        for piece in re.split("(‹[A-Z_]+›)", text if equals else name)
    )
    return f"{name}={coded}" if equals and name else coded


def _headers(chosen: argparse.Namespace, *, has_content: bool) -> list[tuple[str, str]]:
    pairs = [re.split("[:;]", line, maxsplit=1) for line in chosen.header]
    headers = [
        (pair[0].strip(), pair[1].strip(" \t"))
        for pair in pairs
        if len(pair) > 1 and pair[0].strip()
    ]
    names = {name.lower() for name, _ in headers}
    if chosen.user is not None and "authorization" not in names:
        headers.append(("Authorization", _basic(chosen.user)))
    if chosen.bearer is not None:
        headers.append(("Authorization", f"Bearer {chosen.bearer}"))
    if "content-type" not in names:
        if chosen.form:
            headers.append(("Content-Type", "multipart/form-data; boundary=x"))
        elif has_content and not chosen.get:
            as_json = any(option == "--json" for option, _ in chosen.data)
            headers.append(("Content-Type", "application/json" if as_json else FORM))
    return [(name, value) for name, value in headers if value or name.lower() != "content-type"]


def _basic(user: str) -> str:
    return "Basic " + base64.b64encode(user.encode("utf-8", "replace")).decode()
