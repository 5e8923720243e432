"""The catalogue as a page, docs/troubleshooting.md, and as lines for a terminal."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from wych_kit.diagnosis.scenarios import SCENARIOS, WHO_CAN_FIX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wych_kit.diagnosis.scenarios.scenario import Scenario

# Each stage with its title, in the order in which a newcomer meets them.
STAGES = {
    "settings": "Settings and their file",
    "register": "Registering",
    "discovery": "Connecting and discovery",
    "token": "The token",
    "call": "Calls",
}
_MADE_BY = {
    "values": "`wych-kit drill {reference}`, or set the value so and run `wych-kit start`",
    "request": (
        "`wych-kit drill {reference}`, or send such a request by hand; this kit never makes one"
    ),
    "fault": "`wych-kit drill {reference}`, or `wych-kit fault on {reference}`",
    "customer": (
        "`wych-kit drill {reference}`, or let the mock have such a customer, from Python:"
        " `wych.connect(email, state=…)`"
    ),
    "network": "`wych-kit drill {reference}`, or point an address or a proxy variable there",
    "kit": "nothing to practise: a condition of this kit itself",
}
_ABOUT = """# Troubleshooting

What goes wrong between a new data recipient and Wych, by where it shows first: what one sees, why, and what to do.
The kit names the reference when it meets one; `wych-kit explain REFERENCE` shows the same in a terminal.

What is said of Keycloak and AWS is inferred: no Wych host was asked (see [what is proven](wire-facts.md), and
[what Wych documents](api-facts.md)). Where several causes look alike from outside, all are named.

This page is made from the catalogue by `make docs`: change `wych_kit/scenarios/`, not the page.
"""


def page() -> str:
    """The whole page as Markdown."""
    return "\n".join([_ABOUT, *_contents(), *_sections()])


def _contents() -> Iterator[str]:
    for stage, title in STAGES.items():
        links = ", ".join(f"[{each.reference}](#{each.reference})" for each in at(stage))
        yield f"- {title}: {links}"
    yield ""


def _sections() -> Iterator[str]:
    for stage, title in STAGES.items():
        yield f"## {title}\n"
        for each in at(stage):
            yield f"### {each.reference}\n"
            yield from (f"- {label}: {marked_up(words)}" for label, words in facts(each))
            yield ""


def marked_up(words: str) -> str:
    """A text for Markdown: outside code, what would be taken for a tag or for emphasis stands as it is."""
    pieces = words.split("`")
    return "`".join(
        piece if number % 2 else re.sub(r"([<*])", r"\\\1", piece)
        for number, piece in enumerate(pieces)
    )


def at(stage: str) -> list[Scenario]:
    """The scenarios that show first at this stage, in the catalogue's order."""
    return [each for each in SCENARIOS.values() if each.stage == stage]


def facts(scenario: Scenario) -> list[tuple[str, str]]:
    """All that is known of one, as rows of label and words."""
    return [
        ("Seen", scenario.symptom),
        ("Cause", scenario.cause),
        ("Do", scenario.fix),
        ("Who can fix it", WHO_CAN_FIX[scenario.side]),
        ("Looks alike", ", ".join(scenario.alike) or "nothing else here"),
        ("To see it happen", _MADE_BY[scenario.made_by].format(reference=scenario.reference)),
        ("Basis", f"{scenario.source} ({scenario.basis})"),
    ]


def nearest(word: str) -> str | None:
    """The reference that was probably meant; `None` when none is near."""
    folded = "-".join(word.lower().replace("_", " ").split())
    if folded in SCENARIOS:
        return folded
    return next(iter(difflib.get_close_matches(folded, SCENARIOS, n=1, cutoff=0.6)), None)


def about(words: str) -> list[str]:
    """The references of scenarios whose texts have all these words, at most six, those that have them in the reference first."""
    wanted = words.lower().replace("-", " ").split()
    named, told = [], []
    for reference, each in SCENARIOS.items():
        if all(word in reference for word in wanted):
            named.append(reference)
        elif all(
            word in f"{reference} {each.symptom} {each.cause} {each.fix}".lower() for word in wanted
        ):
            told.append(reference)
    return [*named, *told][:6] if wanted else []
