"""Parse the URL of a redirect, however a person pasted it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from wych_kit.callback.rules import STATES, find_issues, is_plain_word
from wych_kit.errors import SettingInvalid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wych_kit.callback.rules import CallbackIssue

# What chats, mails, shells and word processors put around a URL.
_PASTE_MARKS = " \t\r\n\"'`<>()[]«»‹›„“”\u2018\u2019\ufeff\u200b\u2060\xa0,;"
_MAX_CHARACTERS = 64 * 1024
_MAX_PARAMETERS = 100
_REMEDIES = {
    "repeated": "Open the consent link again, and paste the URL it ends at",
    "oauth-state": "Paste the URL at the end of the consent journey, not that of a login",
    "no-state": (
        "Paste the whole URL, to its end. In a shell, put single quotes round it, because"
        " & ends a command"
    ),
    "no-connection": "Paste the whole URL, from https:// to its end",
}


@dataclass(frozen=True, slots=True)
class CallbackParameters:
    """The parameters of a redirect. Nothing proves that Wych sent them: confirm them by API.

    `state` is kept as it came, documented or not; `user` is None if it was missing or empty.
    `notes` are sentences about what is unusual but not wrong.
    """

    connection: str
    state: str
    user: str | None = None
    notes: tuple[str, ...] = field(default=(), compare=False)

    @property
    def is_known(self) -> bool:
        """Return True if the state is documented."""
        return self.state in STATES


def parse_callback(address: str, callback_url: str | None = None) -> CallbackParameters:
    """Return the parameters of a pasted URL, or of its query alone.

    `callback_url` is the URL that the browser should have come back to: another host or path
    becomes a note, and its own parameters are ignored. Raises `SettingInvalid`, which names the
    parameter that is missing or invalid, and what to do.
    """
    if len(address) > _MAX_CHARACTERS:
        raise _incomplete(
            f"is longer than {_MAX_CHARACTERS // 1024} KiB. Paste only the URL from the browser's"
            " address bar"
        )
    text = _strip_paste_marks(address)
    # The app's owner may have put parameters into the callback URL, and Wych keeps those.
    own = parse_qsl((callback_url or "").partition("?")[2], keep_blank_values=True)
    pairs = [pair for pair in _parse_pairs(_extract_query(text)) if pair not in own]
    notes = list(_compare_with_callback_url(text, callback_url))
    for issue in find_issues(pairs):
        if issue.kind in _REMEDIES:
            raise _incomplete(_explain_fault(issue, pairs))
        if issue.kind not in ("pending", "rejected"):
            notes.append(_describe_note(issue, dict(pairs)))
    fields = dict(pairs)
    return CallbackParameters(
        fields["connection"], fields["state"], fields.get("user") or None, tuple(notes)
    )


def _strip_paste_marks(address: str) -> str:
    """Return the URL on one line, without the text and the marks around it."""
    # Terminals and mails break long URLs; no URL contains a line break.
    joined = re.sub(r"\s*[\r\n]+\s*", "", address.strip(_PASTE_MARKS)).replace("&amp;", "&")
    urls = [word for word in joined.split() if "connection=" in word or "state=" in word]
    return (urls[0] if len(urls) == 1 else joined).strip(_PASTE_MARKS)


def _extract_query(text: str) -> str:
    front, mark, rest = text.partition("?")
    query, _, fragment = (rest if mark else front).partition("#")
    has_parameters = bool(re.search(r"(^|[&?])(connection|state|user)=", query))
    if not has_parameters and re.search(r"(^|[&?#])(connection|state)=", fragment):
        # Browsers do not send a fragment to a server (RFC 9110 section 7.1).
        raise _incomplete(
            "has the parameters after a #, which no server sees. A redirect has them after a ?"
        )
    if mark or has_parameters:
        return query
    if not text:
        raise SettingInvalid(
            "The URL",
            "is empty. Paste it from the browser's address bar",
            stage="call",
            reference="bad-address",
        )
    if re.match(r"(?i)https?://", text):
        raise _incomplete(
            "has no parameters, so connection and state are missing. Paste the whole URL, to its"
            " end"
        )
    raise SettingInvalid(
        "The text",
        "is not a valid URL. Paste one that starts with https://",
        stage="call",
        reference="bad-address",
    )


def _parse_pairs(query: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            query, keep_blank_values=True, errors="replace", max_num_fields=_MAX_PARAMETERS
        )
    except ValueError:
        raise _incomplete(
            f"has more than {_MAX_PARAMETERS} parameters. A redirect has connection, state and"
            " perhaps user"
        ) from None


def _explain_fault(issue: CallbackIssue, pairs: list[tuple[str, str]]) -> str:
    names = [name for name, _ in pairs]
    if issue.kind == "repeated":
        repeated = [name for name in ("connection", "state", "user") if names.count(name) > 1]
        return (
            f"has {' and '.join(repeated) or 'a parameter'} more than once, and it is not known"
            f" which one counts. {_REMEDIES['repeated']}"
        )
    # RFC 6749 section 4.1.2: a login ends with a code or an error, a consent with neither.
    if {"code", "error"} & set(names):
        return (
            f"is that of a login, because it has {'code' if 'code' in names else 'error'}."
            f" {_REMEDIES['oauth-state']}"
        )
    if issue.kind == "oauth-state":
        return (
            "has a state that looks like OAuth's random value. Here state is ACTIVE, PENDING or"
            f" REJECTED. {_REMEDIES['oauth-state']}"
        )
    name = "connection" if issue.kind == "no-connection" else "state"
    fault = f"has an empty {name}" if name in names else f"has no {name}"
    return f"{fault}. {_REMEDIES[issue.kind]}"


def _describe_note(issue: CallbackIssue, fields: dict[str, str]) -> str:
    state = fields.get("state", "")
    if issue.kind == "unknown-state" and is_plain_word(state):
        capitals = " The documentation writes it in capitals." if state.upper() in STATES else ""
        return f"The state {state} is not documented: ACTIVE, PENDING and REJECTED are.{capitals}"
    if issue.kind == "invalid-id":
        return f"{issue.parameter}: {issue.explanation}"
    return issue.explanation


def _compare_with_callback_url(text: str, callback_url: str | None) -> Iterator[str]:
    if not callback_url or not re.match(r"(?i)https?://", text):
        return
    try:
        actual, expected = urlsplit(text), urlsplit(callback_url)
        # `port` is read here because it is what raises for an invalid one.
        actual_host, expected_host = (
            (actual.hostname, actual.port),
            (expected.hostname, expected.port),
        )
    except ValueError:
        yield "Its host or port is not valid."
        return
    if actual_host != expected_host:
        yield "Its host or port differs from your callback URL's."
    elif (actual.path or "/") != (expected.path or "/"):
        yield "Its path differs from your callback URL's."


def _incomplete(reason: str) -> SettingInvalid:
    return SettingInvalid("The URL", reason, stage="call", reference="callback-incomplete")
