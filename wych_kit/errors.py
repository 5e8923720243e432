"""What can go wrong, as facts.

    WychError                 everything this package raises on purpose
    ├── SettingMissing        never tried: a value is not there
    ├── SettingInvalid        never tried: a value cannot be right, and why
    ├── Unreachable           tried, and nothing answered
    ├── Refused               answered: no
    └── Unexpected            answered, with something that makes no sense

Each carries the `stage` where it showed and the `reference` of the scenario it is an instance of (see `wych_kit.diagnosis.scenarios`),
or `None` when nobody knows better than what was observed. What to do about it is said by `wych_kit.diagnosis.diagnose`, not here.
No secret may ever be put into one of these: their texts end up in tickets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Stage = Literal["settings", "register", "discovery", "token", "call"]


class WychError(Exception):
    """Something went wrong that a person can act on.

    `observed` is one sentence about what was seen, without advice; it is also what `str()` gives.
    """

    def __init__(self, observed: str, *, stage: Stage, reference: str | None = None) -> None:
        super().__init__(observed)
        self.observed = observed
        self.stage: Stage = stage
        self.reference = reference

    def __reduce__(self) -> tuple[object, ...]:
        # Keyword-only arguments do not survive Exception's own pickling, and process pools pickle what their workers raise.
        return (_rebuild, (type(self), self.args, dict(self.__dict__)))


def _rebuild(
    kind: type[WychError], args: tuple[object, ...], facts: dict[str, object]
) -> WychError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(facts)
    return error


class SettingMissing(WychError):
    """A setting is needed and nobody gave it. `name` is the variable's, such as `WYCH_CLIENT_ID`."""

    def __init__(self, name: str, *, stage: Stage = "settings") -> None:
        super().__init__(f"{name} is not set", stage=stage, reference="setting-missing")
        self.name = name


class SettingInvalid(WychError):
    """A setting was given and cannot be right. `name`, the `reason`, and the `origin` it came from ("shell", ".env line 4")."""

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
    """Nothing answered: no such host, refused, timed out, cut off. The secrets were not judged."""


class Refused(WychError):
    """The server understood and said no.

    `status` is the HTTP status; `code` and `description` are the body's `error` and `error_description` (RFC 6749 §5.2), or the
    gateway's error type and message; `retry_after` is in seconds when the server named a time; `fields` says what is wrong with
    single fields of a form, by name.
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
    """Something answered, and the answer makes no sense there: not JSON, a field missing, the wrong issuer, a redirect."""

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
