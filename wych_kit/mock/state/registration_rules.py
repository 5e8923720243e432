"""What the portal checks in what people type: each form gives the cleaned values, or a sentence for every field that is wrong."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:]+")
_LONGEST = 200
_SHORTEST_PASSWORD = 8
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class FieldErrors(Exception):
    """Something typed cannot be accepted. `fields` has a sentence for each wrong field, saying what to do; `status` is HTTP's, `more` what else is told."""

    def __init__(self, fields: dict[str, str], status: int = 422, **more: str) -> None:
        super().__init__(", ".join(fields))
        self.fields = fields
        self.status = status
        self.more = more


class _Field(NamedTuple):
    name: str
    missing: str
    fault: Callable[[str], str] = lambda _text: ""
    required: bool = True
    spaces_count: bool = False

    def read(self, typed: Mapping[str, Any]) -> tuple[str, str]:
        """The cleaned text, and what is wrong with it ("" for nothing)."""
        value = typed.get(self.name, "")
        if value is None:
            value = ""
        if not isinstance(value, str):
            return "", "Give this as text, in quotes."
        text = value if self.spaces_count else value.strip()
        if not text:
            return "", self.missing if self.required else ""
        if len(text) > _LONGEST:
            return "", f"Shorten this to {_LONGEST} characters or fewer."
        if not text.isprintable():
            return "", "Leave out line breaks and other characters that cannot be seen."
        return text, self.fault(text)


def has_valid_check_digit(nzbn: str) -> bool:
    """Whether 13 digits end in their GS1 check digit: weighted 1 and 3 by turns, the sum is a multiple of ten."""
    return sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(nzbn)) % 10 == 0


def is_email(text: str) -> bool:
    """Whether this can be an email address: of that shape, printable, and at most 200 characters."""
    return len(text) <= _LONGEST and text.isprintable() and _EMAIL.fullmatch(text) is not None


def _email(text: str) -> str:
    return "" if is_email(text) else "Enter an email address, such as kim@example.com."


def _password(text: str) -> str:
    return (
        ""
        if len(text) >= _SHORTEST_PASSWORD
        else f"Use {_SHORTEST_PASSWORD} characters or more, and none that you use elsewhere."
    )


def _nzbn(text: str) -> str:
    if not re.fullmatch("[0-9]{13}", text):
        return "Enter the 13 digits of the NZBN, without spaces."
    return (
        ""
        if has_valid_check_digit(text)
        else "Check the NZBN: its last digit does not fit the others."
    )


def _website(text: str) -> str:
    return "" if _address(text) else "Give a web address that begins with https:// or http://."


def _callback(text: str) -> str:
    parts = _address(text)
    if not parts or not (parts[0] == "https" or parts[1] in _LOOPBACK):
        return "Give an address that begins with https:// (http:// only for this computer)."
    if "#" in text or "@" in urlsplit(text).netloc:  # RFC 6749 3.1.2
        return (
            "Leave '#' and '@' out of the address: nothing may follow the path and query, and no"
            " name stand before the host."
        )
    return (
        ""
        if _HOST.fullmatch(parts[1])
        else (
            "Write the host in letters, digits, dots and hyphens (a name such as māori.nz as"
            " xn--…)."
        )
    )


def _address(text: str) -> tuple[str, str] | None:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"\s", text):
        return None
    return parts.scheme, parts.hostname


_ACCOUNT = (
    _Field("first_name", "Enter your first name."),
    _Field("last_name", "Enter your last name."),
    _Field("email", "Enter your email address.", _email),
    _Field("password", "Choose a password.", _password, spaces_count=True),
)
_SESSION = (
    _Field("email", "Enter your email address."),
    _Field("password", "Enter your password.", spaces_count=True),
)
_BUSINESS = (
    _Field("nzbn", "Enter the business's NZBN.", _nzbn),
    _Field("name", "Enter the business's name."),
)
_CALLBACK = _Field("callback_url", "", _callback, required=False)
_APP = (
    _Field("name", "Enter the app a name."),
    _Field("description", "", required=False),
    _Field("website", "", _website, required=False),
    _CALLBACK,
)


def read_account(typed: Mapping[str, Any]) -> dict[str, str]:
    """first_name, last_name, email (lower case), password. Raises `FieldErrors`."""
    return _lower_email(_read_form(_ACCOUNT, typed))


def read_session(typed: Mapping[str, Any]) -> dict[str, str]:
    """Email (lower case), password. Raises `FieldErrors`."""
    return _lower_email(_read_form(_SESSION, typed))


def read_sign_up(typed: Mapping[str, Any]) -> dict[str, str]:
    """What a customer gives: email (lower case), password. Raises `FieldErrors`."""
    return _lower_email(_read_form(_ACCOUNT[2:], typed))


def read_business(typed: Mapping[str, Any]) -> dict[str, str]:
    """nzbn, name. Raises `FieldErrors`."""
    return _read_form(_BUSINESS, typed)


def read_app(typed: Mapping[str, Any]) -> dict[str, str]:
    """name, and description, website, callback_url where "" is none. Raises `FieldErrors`."""
    return _read_form(_APP, typed)


def read_callback(typed: Mapping[str, Any]) -> dict[str, str]:
    """callback_url, where "" is none. Raises `FieldErrors`."""
    return _read_form((_CALLBACK,), typed)


def _read_form(fields: tuple[_Field, ...], typed: Mapping[str, Any]) -> dict[str, str]:
    read = {field.name: field.read(typed) for field in fields}
    if wrong := {name: fault for name, (_, fault) in read.items() if fault}:
        raise FieldErrors(wrong)
    return {name: text for name, (text, _) in read.items()}


def _lower_email(values: dict[str, str]) -> dict[str, str]:
    return values | {"email": values["email"].lower()}
