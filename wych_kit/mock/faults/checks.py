"""Runs the checks of a role in order, and asks the fault switch before each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from wych_kit.mock.http.messages import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from wych_kit.mock.faults.switch import ActiveFault, Faults
    from wych_kit.mock.http.messages import Request


class Subject(Protocol):
    """A request, with what earlier checks found out about it."""

    request: Request


T = TypeVar("T", bound=Subject)


def pass_always(_: object) -> None:
    """Find nothing: the check of a row that only has faults."""


def apply_always(_: object, __: ActiveFault) -> bool:
    """Return True: a fault acts on every request of its client."""
    return True


@dataclass(frozen=True, slots=True)
class Check(Generic[T]):
    """One check of a role.

    `find_refusal` returns the answer to a request that fails the check, or None. `faults` has, by
    name, the answers of the faults that make it fail; one that depends on the request is a function.
    `applies` says if a fault acts on this request.
    """

    name: str
    find_refusal: Callable[[T], Answer | None]
    faults: Mapping[str, Answer | Callable[[T], Answer]] = field(default_factory=dict)
    applies: Callable[[T, ActiveFault], bool] = apply_always


def run_checks(checks: Iterable[Check[T]], subject: T, faults: Faults) -> Answer | None:
    """Return the refusal of the first check that fails, or None if all pass."""
    for check in checks:
        # Without active faults, which is usual, this costs one look at an empty dictionary.
        if faults.active and check.faults and (refusal := _find_fault(check, subject, faults)):
            return refusal
        if refusal := check.find_refusal(subject):
            return refusal
    return None


def _find_fault(check: Check[T], subject: T, faults: Faults) -> Answer | None:
    active = faults.first(
        check.faults, subject.request, lambda active: check.applies(subject, active)
    )
    if active is None:
        return None
    refusal = check.faults[active.fault.name]
    return active.explain(refusal if isinstance(refusal, Answer) else refusal(subject))
