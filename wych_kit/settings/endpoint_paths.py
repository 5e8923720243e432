"""Checks the settings for API paths that Wych has not published.

They are settings so that people with the real documentation can correct them without code. Each is
a text such as `GET /partner/{partnerId}/app/{appId}/user/{userId}/connections`; without a method,
the kit's own is used.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from wych_kit.secret import Secret
from wych_kit.settings.copy_mistakes import Finding, find_in_text

if TYPE_CHECKING:
    from collections.abc import Callable

# Other settings fill these in, so every path may have them.
EVERYWHERE = ("partnerId", "appId")
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_METHOD = re.compile(r"([A-Za-z]+)[ \t]+(?=\S)")
_NAME = re.compile(r"\{([^{}/]*)\}")
_VERSION = re.compile(r"/v[0-9]+(/|$)")


class Placeholders(NamedTuple):
    """The placeholders of one path, besides those of `EVERYWHERE`."""

    required: tuple[str, ...]
    optional: tuple[str, ...]


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


def split_method(text: str) -> tuple[str, str]:
    """Return the method in capitals, or "" if there is none, and the path."""
    match = _METHOD.match(text)
    return (match[1].upper(), text[match.end() :]) if match else ("", text)


def path_checker(name: str) -> Callable[[Secret], Finding | None]:
    """Return the function that checks the text of the setting `name` ("WYCH_PATH_ACCOUNTS")."""
    required, optional = PLACEHOLDERS[name]

    def check(text: Secret) -> Finding | None:
        method, path = split_method(text.reveal())
        if method and method not in _METHODS:
            return _invalid(
                f"starts with an unknown method. Use {', '.join(_METHODS)}, or leave the method out"
            )
        return _check_path(path) or _check_template(
            path, required, (*EVERYWHERE, *required, *optional)
        )

    return check


def _check_path(path: str) -> Finding | None:
    if "://" in path:
        return _invalid("is a whole URL. Use only what follows WYCH_API_URL, starting with /")
    if not path.startswith("/"):
        return _invalid(
            "does not start with /. Use a path below WYCH_API_URL, such as"
            " GET /partner/{partnerId}/…"
        )
    if _VERSION.match(path):
        return _invalid("starts with the version, which WYCH_API_URL already has. Remove it")
    if re.search(r"[?#%\\]", path):
        return _invalid("contains ? # % or \\. Use the path alone; the kit adds the query")
    if re.search(r"//|/\.{1,2}(/|$)", path):
        return _invalid("contains // or a part that is only dots. Write each part of the path once")
    if path.endswith("/"):
        return _invalid("ends in a slash. Remove it")
    return None


def _check_template(path: str, required: tuple[str, ...], known: tuple[str, ...]) -> Finding | None:
    marks = ", ".join(f"{{{name}}}" for name in known)
    names, bare = _NAME.findall(path), _NAME.sub("x", path)
    # A half-written mark, or the style of another documentation: `:userId`, `<userId>`.
    if "{" in bare or "}" in bare or ":" in bare or "<" in bare:
        return _invalid(f"has a placeholder in another notation. Use {marks}")
    if not set(names) <= set(known):
        return _invalid(f"has an unknown placeholder. Use {marks}")
    if missing := [name for name in required if name not in names]:
        return _invalid(f"lacks {{{missing[0]}}}. Write it where the id belongs")
    return find_in_text(Secret(bare))


def _invalid(reason: str) -> Finding:
    return Finding(reason, "setting-invalid")
