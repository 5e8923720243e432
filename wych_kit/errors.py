"""Defines the errors of this package, as facts without advice.

    WychError                 everything that this package raises on purpose
    ├── SettingMissing        nothing was sent: a setting has no value
    ├── SettingInvalid        nothing was sent: a value is invalid, with the reason
    ├── Unreachable           a request was sent, and no response came
    ├── Refused               the response was a refusal
    └── Unexpected            the response makes no sense

Each has the `stage` at which it happened and the `reference` of its scenario (see
`wych_kit.diagnosis.scenarios`), or None if no scenario is known. `wych_kit.diagnosis.diagnose` says
what to do about it. Never put a secret into one of these: their texts end up in tickets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Stage = Literal["settings", "register", "discovery", "token", "call"]


class WychError(Exception):
    """Something that a person can act on went wrong.

    `observed` says in one sentence what happened, without advice; `str()` gives the same.
    """

    def __init__(self, observed: str, *, stage: Stage, reference: str | None = None) -> None:
        super().__init__(observed)
        self.observed = observed
        self.stage: Stage = stage
        self.reference = reference

    def __reduce__(self) -> tuple[object, ...]:
        # Keyword-only arguments do not survive Exception's own pickling, and process pools pickle
        # what their workers raise.
        return (_rebuild, (type(self), self.args, dict(self.__dict__)))


def _rebuild(
    kind: type[WychError], args: tuple[object, ...], facts: dict[str, object]
) -> WychError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(facts)
    return error


class SettingMissing(WychError):
    """A required setting has no value. `name` is its variable, such as `WYCH_CLIENT_ID`."""

    def __init__(self, name: str, *, stage: Stage = "settings") -> None:
        super().__init__(f"{name} is not set", stage=stage, reference="setting-missing")
        self.name = name


class SettingInvalid(WychError):
    """A setting, or another input of the user, is invalid.

    `reason` continues a sentence that begins with `name`; `origin` is where the value comes from,
    such as "shell" or ".env line 4", or "".
    """

    def __init__(
        self,
        name: str,
        reason: str,
        *,
        origin: str = "",
        stage: Stage = "settings",
        reference: str = "setting-invalid",
    ) -> None:
        super().__init__(
            f"{name}{f' ({origin})' if origin else ''} {reason}", stage=stage, reference=reference
        )
        self.name = name
        self.reason = reason
        self.origin = origin


class Unreachable(WychError):
    """No response came: unknown host, connection refused, timeout, connection cut off."""


class Refused(WychError):
    """The server understood the request and refused it.

    `status` is the HTTP status. `code` and `description` are the body's `error` and
    `error_description` (RFC 6749 section 5.2), or the gateway's error type and message.
    `retry_after` is in seconds, or None if the server named no time. `fields` says what is wrong
    with single fields of a form, by name.
    """

    def __init__(
        self,
        observed: str,
        *,
        stage: Stage,
        status: int,
        code: str = "",
        description: str = "",
        retry_after: float | None = None,
        fields: Mapping[str, str] | None = None,
        reference: str | None = None,
    ) -> None:
        super().__init__(observed, stage=stage, reference=reference)
        self.status = status
        self.code = code
        self.description = description
        self.retry_after = retry_after
        self.fields = dict(fields or {})


class Unexpected(WychError):
    """A response makes no sense: it is not JSON, lacks a field, names another issuer, redirects."""

    def __init__(
        self,
        observed: str,
        *,
        stage: Stage,
        status: int | None = None,
        reference: str | None = None,
    ) -> None:
        super().__init__(observed, stage=stage, reference=reference)
        self.status = status
