"""Show scenarios as the page docs/troubleshooting.md and as rows for a terminal."""

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
    "token": "Getting a token",
    "call": "Calling the API",
}
_MADE_BY = {
    "values": "`wych-kit drill {reference}`, or set such a value and run `wych-kit start`",
    "request": (
        "`wych-kit drill {reference}`, or send such a request by hand; the kit never sends one"
    ),
    "fault": "`wych-kit drill {reference}`, or `wych-kit fault on {reference}`",
    "customer": (
        "`wych-kit drill {reference}`, or give the mock such a customer in Python:"
        " `wych.connect(email, state=…)`"
    ),
    "network": "`wych-kit drill {reference}`, or set such a URL or proxy variable",
    "kit": "there is no exercise: it is a condition of the kit itself",
}
_ABOUT = """# Troubleshooting

What can go wrong between a new data recipient and Wych, sorted by where it shows first. Each entry says what you see,
the likely cause and what to do. The kit names the reference in its messages. `wych-kit explain REFERENCE` shows the same
in a terminal.

What is said about Keycloak and AWS is inferred: no Wych host was asked. See [the wire facts](wire-facts.md) and
[the API facts](api-facts.md). Where several causes look the same from outside, the entry names them all.

`make docs` writes this page from the catalogue: change `wych_kit/diagnosis/scenarios/`, not the page.
"""


def render_page() -> str:
    """Return the whole page as Markdown."""
    return "\n".join([_ABOUT, *_contents(), *_sections()])


def _contents() -> Iterator[str]:
    for stage, title in STAGES.items():
        links = ", ".join(f"[{each.reference}](#{each.reference})" for each in scenarios_at(stage))
        yield f"- {title}: {links}"
    yield ""


def _sections() -> Iterator[str]:
    for stage, title in STAGES.items():
        yield f"## {title}\n"
        for each in scenarios_at(stage):
            yield f"### {each.reference}\n"
            yield from (
                f"- {label}: {escape_markdown(text)}" for label, text in describe_scenario(each)
            )
            yield ""


def escape_markdown(text: str) -> str:
    """Return a text for Markdown; outside code, `<` and `*` are escaped."""
    pieces = text.split("`")
    return "`".join(
        piece if number % 2 else re.sub(r"([<*])", r"\\\1", piece)
        for number, piece in enumerate(pieces)
    )


def scenarios_at(stage: str) -> list[Scenario]:
    """Return the scenarios that show first at this stage, in the catalogue's order."""
    return [each for each in SCENARIOS.values() if each.stage == stage]


def describe_scenario(scenario: Scenario) -> list[tuple[str, str]]:
    """Return all that is known of a scenario, as rows of label and text."""
    return [
        ("What you see", scenario.symptom),
        ("Likely cause", scenario.cause),
        ("What to do", scenario.fix),
        ("Who can fix it", WHO_CAN_FIX[scenario.side]),
        ("Looks the same", ", ".join(scenario.alike) or "nothing else in this list"),
        ("How to reproduce it", _MADE_BY[scenario.made_by].format(reference=scenario.reference)),
        ("Basis", f"{scenario.source} ({scenario.basis})"),
    ]


def nearest_reference(word: str) -> str | None:
    """Return the reference that was probably meant, or None if none is similar."""
    folded = "-".join(word.lower().replace("_", " ").split())
    if folded in SCENARIOS:
        return folded
    return next(iter(difflib.get_close_matches(folded, SCENARIOS, n=1, cutoff=0.6)), None)


def search_scenarios(words: str) -> list[str]:
    """Return at most six references whose texts contain all these words.

    A reference that contains them itself comes first.
    """
    wanted = words.lower().replace("-", " ").split()
    in_name, in_text = [], []
    for reference, each in SCENARIOS.items():
        if all(word in reference for word in wanted):
            in_name.append(reference)
        elif all(
            word in f"{reference} {each.symptom} {each.cause} {each.fix}".lower() for word in wanted
        ):
            in_text.append(reference)
    return [*in_name, *in_text][:6] if wanted else []
