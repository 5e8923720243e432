"""Find what is unusual about a redirect's parameters (API facts section 6)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# The documented states of a redirect, and what each means for the data.
STATE_MEANINGS = {
    "ACTIVE": "The customer gave consent. Data is available once the API confirms it.",
    "PENDING": "The consent is not complete. No data is available until it is ACTIVE.",
    "REJECTED": (
        "The customer or the bank rejected the consent. This connection never has data."
        " Ask the customer for a new one."
    ),
}
STATES = tuple(STATE_MEANINGS)
# Ids of users and connections, as documented.
UUID = re.compile(r"(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DOCUMENTED_PARAMETERS = {"connection", "state", "user"}
_PLAIN_WORD = re.compile(r"(?i)[a-z]{1,24}([_ -][a-z]{1,24}){0,2}")
# OAuth's `state` is a random value (RFC 6749 section 10.12), which no status looks like.
_RANDOM_VALUE = re.compile(r"[\w.~+/=:-]{8,}")
_DOCUMENTED_STATES = "the documented states are ACTIVE, PENDING and REJECTED."

Kind = Literal[
    "repeated",
    "pending",
    "rejected",
    "oauth-state",
    "unknown-state",
    "no-state",
    "invalid-id",
    "no-connection",
    "additional",
]


class CallbackIssue(NamedTuple):
    """One issue of a redirect. `parameter` is empty if the issue is not about one of the three."""

    kind: Kind
    parameter: str
    explanation: str


def find_issues(pairs: Sequence[tuple[str, str]]) -> Iterator[CallbackIssue]:
    """Yield what is unusual about the decoded parameters, the most important first.

    No explanation repeats a value, because a person may have pasted anything, a secret included.
    """
    fields = dict(pairs)
    if len(fields) < len(pairs):
        yield CallbackIssue(
            "repeated", "", "A parameter appears twice, and it is not known which one counts."
        )
    yield from _check_state(fields.get("state"))
    for name in ("connection", "user"):
        if name in fields and not UUID.fullmatch(fields[name]):
            yield CallbackIssue("invalid-id", name, "The documented format of this id is a UUID.")
    if not fields.get("connection"):
        yield CallbackIssue(
            "no-connection", "", "The connection is missing. Every redirect names one."
        )
    if fields.keys() - _DOCUMENTED_PARAMETERS:
        yield CallbackIssue(
            "additional",
            "",
            "There are more parameters than the documented connection, state and user.",
        )


def is_plain_word(state: str) -> bool:
    """Return True for one to three plain words, which are safe to show whoever sent them."""
    return bool(_PLAIN_WORD.fullmatch(state))


def _check_state(state: str | None) -> Iterator[CallbackIssue]:
    if state == "PENDING":
        yield CallbackIssue("pending", "state", STATE_MEANINGS[state])
    elif state == "REJECTED":
        yield CallbackIssue("rejected", "state", STATE_MEANINGS[state])
    elif not state:
        yield CallbackIssue("no-state", "state", f"The state is missing; {_DOCUMENTED_STATES}")
    # Before the unknown words: a random value is a mistake with a name and a remedy of its own.
    elif not is_plain_word(state) and _RANDOM_VALUE.fullmatch(state):
        yield CallbackIssue(
            "oauth-state",
            "state",
            f"The state looks like OAuth's random value. Here it is a status; {_DOCUMENTED_STATES}",
        )
    elif state not in STATES:
        yield CallbackIssue(
            "unknown-state", "state", f"The state is not documented; {_DOCUMENTED_STATES}"
        )
