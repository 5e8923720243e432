"""What is odd about the parameters of a return (API facts section 6). Said here once, for whoever reads or judges an address."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# What the documented states of a return say.
MEANINGS = {
    "ACTIVE": "The customer agreed: once the API confirms it, there is data.",
    "PENDING": "The consent is not given yet: there is no data before the connection is ACTIVE.",
    "REJECTED": (
        "The customer, or the bank, said no: this connection brings no data. A new one must be"
        " asked for."
    ),
}
# The states that are documented for a return.
STATES = tuple(MEANINGS)
# What ids of users and connections look like, as documented.
UUID = re.compile(r"(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_KNOWN = {"connection", "state", "user"}
_WORD = re.compile(r"(?i)[a-z]{1,24}([_ -][a-z]{1,24}){0,2}")
_OPAQUE = re.compile(r"[\w.~+/=:-]{8,}")

Kind = Literal[
    "repeated",
    "pending",
    "rejected",
    "oauth-state",
    "unknown-state",
    "no-state",
    "odd-id",
    "no-connection",
    "additional",
]


class Oddity(NamedTuple):
    """One thing that is odd: its kind, the parameter it is about (empty when that has no name to show), and why, in a sentence."""

    kind: Kind
    parameter: str
    why: str


def oddities(pairs: Sequence[tuple[str, str]]) -> Iterator[Oddity]:
    """What is odd about these parameters, in order. Nothing in a text of ours repeats a value: anything might have been pasted."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        yield Oddity("repeated", "", "A parameter is there twice: which one counts is not known.")
    yield from _of_state(fields.get("state"))
    for name in ("connection", "user"):
        if name in fields and not UUID.fullmatch(fields[name]):
            yield Oddity("odd-id", name, "Ids here are documented as UUIDs.")
    if not fields.get("connection"):
        yield Oddity("no-connection", "", "The connection is missing, which every callback names.")
    if fields.keys() - _KNOWN:
        yield Oddity(
            "additional",
            "",
            "There are parameters besides connection, state and user; no others are documented.",
        )


def is_word(state: str) -> bool:
    """Whether a state is a plain word or three: then it may be shown, whoever sent it."""
    return bool(_WORD.fullmatch(state))


def _of_state(state: str | None) -> Iterator[Oddity]:
    if state == "PENDING":
        yield Oddity("pending", "state", MEANINGS[state])
    elif state == "REJECTED":
        yield Oddity("rejected", "state", MEANINGS[state])
    elif not state:
        yield Oddity("no-state", "state", f"The state is missing: {_DOCUMENTED}")
    elif not is_word(state) and _OPAQUE.fullmatch(state):
        yield Oddity(
            "oauth-state",
            "state",
            f"The state looks like OAuth's, a value to compare. Here it is a status: {_DOCUMENTED}",
        )
    elif state not in STATES:
        yield Oddity(
            "unknown-state", "state", f"The state is none that is documented: {_DOCUMENTED}"
        )


_DOCUMENTED = "ACTIVE, PENDING and REJECTED are."
