"""Define a scenario: one thing that goes wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from wych_kit.client.endpoints import Basis
    from wych_kit.errors import Stage

Side = Literal["yours", "theirs", "the network's", "unclear"]
# Who can fix it, as people read it; JSON has the keys.
WHO_CAN_FIX: dict[Side, str] = {
    "yours": "you",
    "theirs": "Wych",
    "the network's": "your network",
    "unclear": "not known yet",
}
# How it comes about: a wrong setting; a request written by hand, which this kit never sends; the
# mock told to misbehave; a customer of the mock's whose connection is so, or is asked for so;
# sockets, name service and proxies; a condition of this kit itself.
MadeBy = Literal["values", "request", "fault", "customer", "network", "kit"]


@dataclass(frozen=True, slots=True)
class Scenario:
    """One thing that goes wrong.

    `stage` is where it shows first, `symptom` what you see there, `cause` the likely reason, `fix`
    the next step, `side` who can take it.

    `source` names the fact behind it, and `basis` how far that fact can be trusted: `documented`
    by Wych or a standard, `inferred` from the products that seem to be behind Wych, or `invented`
    here. `alike` are the references that look the same from outside, the closest first: where the
    first one cannot be told apart, a diagnosis names it too.
    """

    reference: str
    stage: Stage
    made_by: MadeBy
    symptom: str
    cause: str
    fix: str
    side: Side
    source: str
    basis: Basis
    alike: tuple[str, ...] = ()
