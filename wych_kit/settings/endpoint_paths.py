"""The paths of the API that Wych has not published: settings, so that who has the real documentation corrects them without code.

Each is a text such as `GET /partner/{partnerId}/app/{appId}/user/{userId}/connections`; without a method it keeps the usual one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from wych_kit.secret import Secret
from wych_kit.settings.copy_mistakes import Finding, in_plain_text

if TYPE_CHECKING:
    from collections.abc import Callable

# What the settings themselves fill in.
EVERYWHERE = ("partnerId", "appId")
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_METHOD = re.compile(r"([A-Za-z]+)[ \t]+(?=\S)")
_NAME = re.compile(r"\{([^{}/]*)\}")
_VERSION = re.compile(r"/v[0-9]+(/|$)")


class Placeholders(NamedTuple):
    """What is filled into one path: the names that have to be in it, and those that may."""

    due: tuple[str, ...]
    allowed: tuple[str, ...]


PLACEHOLDERS = {
    "WYCH_PATH_USER_TOKEN": Placeholders(("userId",), ()),
    "WYCH_PATH_CONNECTIONS": Placeholders(("userId",), ()),
    "WYCH_PATH_CONNECTION": Placeholders(("connectionId",), ()),
    "WYCH_PATH_REVOKE_CONNECTION": Placeholders(("connectionId",), ()),
    "WYCH_PATH_ACCOUNTS": Placeholders((), ("userId", "connectionId")),
    "WYCH_PATH_BALANCES": Placeholders(("accountId",), ("userId", "connectionId")),
    "WYCH_PATH_TRANSACTIONS": Placeholders(("accountId",), ("userId", "connectionId")),
}
NAMES = tuple(PLACEHOLDERS)


def parted(text: str) -> tuple[str, str]:
    """The method in capitals, "" when there is none, and the path."""
    found = _METHOD.match(text)
    return (found[1].upper(), text[found.end() :]) if found else ("", text)


def check(name: str) -> Callable[[Secret], Finding | None]:
    """What judges the text of the setting `name`."""
    due, allowed = PLACEHOLDERS[name]

    def judge(text: Secret) -> Finding | None:
        method, path = parted(text.reveal())
        if method and method not in _METHODS:
            return _wrong(
                f"begins with a word that is no method: {', '.join(_METHODS)} are; without one it"
                " keeps the usual one"
            )
        return _as_path(path) or _as_template(path, due, (*EVERYWHERE, *due, *allowed))

    return judge


def _as_path(path: str) -> Finding | None:
    if "://" in path:
        return _wrong("is a whole address: give what comes after WYCH_API_URL, from / on")
    if not path.startswith("/"):
        return _wrong(
            "is no path: it starts with / and goes below WYCH_API_URL, as in GET"
            " /partner/{partnerId}/…"
        )
    if _VERSION.match(path):
        return _wrong("begins with the version, which WYCH_API_URL ends in: leave it out")
    if re.search(r"[?#%\\]", path):
        return _wrong(
            "has ? # % or \\ in it: give the path alone; what is asked for beside it is added by"
            " the kit"
        )
    if re.search(r"//|/\.{1,2}(/|$)", path):
        return _wrong("has // or a dot for a folder in it: write each part of the path once")
    if path.endswith("/"):
        return _wrong("ends with /: leave that out")
    return None


def _as_template(path: str, due: tuple[str, ...], known: tuple[str, ...]) -> Finding | None:
    marks = ", ".join(f"{{{name}}}" for name in known)
    names, bare = _NAME.findall(path), _NAME.sub("x", path)
    if "{" in bare or "}" in bare or ":" in bare or "<" in bare:
        return _wrong(f"has a part to fill in that is written otherwise than {marks}")
    if not set(names) <= set(known):
        return _wrong(
            f"has a part to fill in that this kit does not know here: {marks} are filled in"
        )
    if missing := [name for name in due if name not in names]:
        return _wrong(f"lacks {{{missing[0]}}}: write it where the id goes")
    return in_plain_text(Secret(bare))


def _wrong(reason: str) -> Finding:
    return Finding(reason, "setting-invalid")
