"""Check what people type into the portal's forms.

Each function returns the cleaned values, or raises `FieldErrors` with a sentence for every invalid
field. The rules are the mock's own: Wych's are not public.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Only the shape: whether an address exists can only be found out by writing to it.
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:]+")
_MAX_LENGTH = 200
_MIN_PASSWORD_LENGTH = 8
# http is allowed here only: RFC 8252 §7.3 lets native apps listen on loopback without TLS.
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class FieldErrors(Exception):
    """Raised for a form with invalid fields.

    `fields` has a sentence for each, which says what to do. `status` is the HTTP status; `more` is
    added to the body.
    """

    def __init__(self, fields: dict[str, str], status: int = 422, **more: str) -> None:
        super().__init__(", ".join(fields))
        self.fields = fields
        self.status = status
        self.more = more


class _Field(NamedTuple):
    name: str
    missing: str
    find_fault: Callable[[str], str] = lambda _text: ""
    required: bool = True
    keeps_spaces: bool = False

    def read(self, typed: Mapping[str, Any]) -> tuple[str, str]:
        """Return the cleaned text and its fault, "" for none."""
        value = typed.get(self.name, "")
        # JSON's null is the same as a missing field.
        if value is None:
            value = ""
        if not isinstance(value, str):
            return "", "Give this as text, in quotes."
        # Spaces are part of a password (NIST SP 800-63B), and a mistake everywhere else.
        text = value if self.keeps_spaces else value.strip()
        if not text:
            return "", self.missing if self.required else ""
        if len(text) > _MAX_LENGTH:
            return "", f"Shorten this to {_MAX_LENGTH} characters or fewer."
        if not text.isprintable():
            return "", "Leave out line breaks and other characters that cannot be seen."
        return text, self.find_fault(text)


def has_valid_check_digit(nzbn: str) -> bool:
    """Return True if 13 digits end in their GS1 check digit.

    Weighted 1 and 3 by turns, the digits must add up to a multiple of ten.
    """
    return sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(nzbn)) % 10 == 0


def is_email(text: str) -> bool:
    """Return True for the shape of an email address: printable, and at most 200 characters."""
    return len(text) <= _MAX_LENGTH and text.isprintable() and _EMAIL.fullmatch(text) is not None


def _email(text: str) -> str:
    return "" if is_email(text) else "Enter an email address, such as kim@example.com."


def _password(text: str) -> str:
    return (
        ""
        if len(text) >= _MIN_PASSWORD_LENGTH
        else f"Use {_MIN_PASSWORD_LENGTH} characters or more, and none that you use elsewhere."
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
    return "" if _parse_url(text) else "Give a web address that begins with https:// or http://."


def _callback(text: str) -> str:
    parts = _parse_url(text)
    if not parts or not (parts[0] == "https" or parts[1] in _LOOPBACK):
        return "Give an address that begins with https:// (http:// only for this computer)."
    if "#" in text or "@" in urlsplit(text).netloc:
        # RFC 6749 §3.1.2 forbids a fragment; an @ before the host can disguise it.
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


def _parse_url(text: str) -> tuple[str, str] | None:
    try:
        parts = urlsplit(text)
        # `urlsplit` checks a port only when it is read.
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
    _Field("password", "Choose a password.", _password, keeps_spaces=True),
)
_SESSION = (
    _Field("email", "Enter your email address."),
    # No rule for its length: a wrong password is refused in the same words, whatever its shape.
    _Field("password", "Enter your password.", keeps_spaces=True),
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
    """Return first_name, last_name, email (lower case) and password. Raises `FieldErrors`."""
    return _lower_email(_read_form(_ACCOUNT, typed))


def read_session(typed: Mapping[str, Any]) -> dict[str, str]:
    """Return email (lower case) and password. Raises `FieldErrors`."""
    return _lower_email(_read_form(_SESSION, typed))


def read_sign_up(typed: Mapping[str, Any]) -> dict[str, str]:
    """Return a customer's email (lower case) and password. Raises `FieldErrors`."""
    return _lower_email(_read_form(_ACCOUNT[2:], typed))


def read_business(typed: Mapping[str, Any]) -> dict[str, str]:
    """Return nzbn and name. Raises `FieldErrors`."""
    return _read_form(_BUSINESS, typed)


def read_app(typed: Mapping[str, Any]) -> dict[str, str]:
    """Return name, description, website and callback_url ("" if missing). Raises `FieldErrors`."""
    return _read_form(_APP, typed)


def read_callback(typed: Mapping[str, Any]) -> dict[str, str]:
    """Return callback_url; "" means none. Raises `FieldErrors`."""
    return _read_form((_CALLBACK,), typed)


def _read_form(fields: tuple[_Field, ...], typed: Mapping[str, Any]) -> dict[str, str]:
    # Every field is read before anything is raised, so that a form shows all its faults at once.
    results = {field.name: field.read(typed) for field in fields}
    if faults := {name: fault for name, (_, fault) in results.items() if fault}:
        raise FieldErrors(faults)
    return {name: text for name, (text, _) in results.items()}


def _lower_email(values: dict[str, str]) -> dict[str, str]:
    # So that one person cannot register twice by typing a capital letter.
    return values | {"email": values["email"].lower()}
