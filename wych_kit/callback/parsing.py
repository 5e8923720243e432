"""From the address at which a browser came back, however it was pasted, to what it says."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from wych_kit.callback.rules import STATES, is_word, oddities
from wych_kit.errors import SettingInvalid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wych_kit.callback.rules import Oddity

_AROUND = " \t\r\n\"'`<>()[]«»‹›„“”\u2018\u2019\ufeff\u200b\u2060\xa0,;"
_LONGEST = 64 * 1024
_MOST = 100  # parameters
_DO = {
    "repeated": "open the consent link again and paste the address it ends at",
    "oauth-state": "paste the address at which the consent journey ended, not that of a login",
    "no-state": (
        "paste the whole address, to its end; in a shell, put single quotes round it, because &"
        " ends a command"
    ),
    "no-connection": "paste the whole address, from https:// to its end",
}


@dataclass(frozen=True, slots=True)
class Return:
    """What the browser brought back. `state` as it came, known or not; `user` where there was one.

    `notes` says what is odd without being wrong. It is not proven that Wych sent any of this: confirm the state by API.
    """

    connection: str
    state: str
    user: str | None = None
    notes: tuple[str, ...] = field(default=(), compare=False)

    @property
    def is_known(self) -> bool:
        """Whether the state is one that is documented."""
        return self.state in STATES


def read(address: str, callback_url: str | None = None) -> Return:
    """What an address says: whole, or only its query, with whatever a copy left around it.

    `callback_url`: where it should have come back to; another host or path is noted. Raises `SettingInvalid`, which names the
    parameter that is missing or odd and what to do.
    """
    if len(address) > _LONGEST:
        raise _incomplete(
            f"is longer than {_LONGEST // 1024} KiB: paste only the address at which the browser"
            " came back"
        )
    text = _tidied(address)
    query = _query(text)
    pairs = [pair for pair in _pairs(query) if pair not in _own(callback_url)]
    notes = list(_elsewhere(text, callback_url))
    for oddity in oddities(pairs):
        if oddity.kind in _DO:
            raise _incomplete(_reason(oddity, pairs))
        if oddity.kind not in ("pending", "rejected"):
            notes.append(_note(oddity, dict(pairs)))
    fields = dict(pairs)
    return Return(fields["connection"], fields["state"], fields.get("user") or None, tuple(notes))


def _tidied(address: str) -> str:
    """One line, as a browser has it: without what mail, chat and terminals put around an address or into it."""
    joined = re.sub(r"\s*[\r\n]+\s*", "", address.strip(_AROUND)).replace("&amp;", "&")
    words = [word for word in joined.split() if "connection=" in word or "state=" in word]
    return (words[0] if len(words) == 1 else joined).strip(_AROUND)


def _query(text: str) -> str:
    front, mark, rest = text.partition("?")
    query, _, fragment = (rest if mark else front).partition("#")
    named = bool(re.search(r"(^|[&?])(connection|state|user)=", query))
    if not named and re.search(r"(^|[&?#])(connection|state)=", fragment):
        raise _incomplete(
            "has the parameters after a #, which no server gets to see: a return has them after a ?"
        )
    if mark or named:
        return query
    if not text:
        raise SettingInvalid(
            "The address",
            "is empty: paste it from the browser's address bar",
            stage="call",
            reference="bad-address",
        )
    if re.match(r"(?i)https?://", text):
        raise _incomplete(
            "has nothing after a ?: connection and state are missing. Paste the whole address, to"
            " its end"
        )
    raise SettingInvalid(
        "The text",
        "is no address: one that starts with https:// is expected",
        stage="call",
        reference="bad-address",
    )


def _pairs(query: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query, keep_blank_values=True, errors="replace", max_num_fields=_MOST)
    except ValueError:
        raise _incomplete(
            f"has more than {_MOST} parameters: connection, state and perhaps user are expected"
        ) from None


def _own(callback_url: str | None) -> list[tuple[str, str]]:
    """The parameters that the app's owner put into the callback's address."""
    return parse_qsl((callback_url or "").partition("?")[2], keep_blank_values=True)


def _reason(oddity: Oddity, pairs: list[tuple[str, str]]) -> str:
    names = [name for name, _ in pairs]
    if oddity.kind == "repeated":
        twice = [name for name in ("connection", "state", "user") if names.count(name) > 1]
        return (
            f"has {' and '.join(twice) or 'a parameter'} more than once, and which one counts is"
            f" not known: {_DO['repeated']}"
        )
    if {"code", "error"} & set(names):
        return (
            f"is that of a login (it has {'code' if 'code' in names else 'error'}):"
            f" {_DO['oauth-state']}"
        )
    if oddity.kind == "oauth-state":
        return (
            "has a state that looks like OAuth's; here it is a status, ACTIVE, PENDING or"
            f" REJECTED: {_DO['oauth-state']}"
        )
    name = "connection" if oddity.kind == "no-connection" else "state"
    what = f"has an empty {name}" if name in names else f"has no {name}"
    return f"{what}: {_DO[oddity.kind]}"


def _note(oddity: Oddity, fields: dict[str, str]) -> str:
    if oddity.kind == "unknown-state" and is_word(fields["state"]):
        shown = fields["state"]
        capitals = " It is documented in capitals." if shown.upper() in STATES else ""
        return (
            f"The state {shown} is none that is documented: ACTIVE, PENDING and REJECTED"
            f" are.{capitals}"
        )
    return f"{oddity.parameter}: {oddity.why}" if oddity.kind == "odd-id" else oddity.why


def _elsewhere(text: str, callback_url: str | None) -> Iterator[str]:
    if not callback_url or not re.match(r"(?i)https?://", text):
        return
    try:
        came, due = urlsplit(text), urlsplit(callback_url)
        hosts = (came.hostname, came.port), (due.hostname, due.port)
    except ValueError:
        yield "Its host or port is none that can be called."
        return
    if hosts[0] != hosts[1]:
        yield "It came back to another host or port than your callback URL names."
    elif (came.path or "/") != (due.path or "/"):
        yield "It came back to another path than your callback URL names."


def _incomplete(reason: str) -> SettingInvalid:
    return SettingInvalid("The address", reason, stage="call", reference="callback-incomplete")
