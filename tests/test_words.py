"""Words that people read: short sentences, and none of the words that the kit has stopped using."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from wych_kit.diagnosis.scenarios import SCENARIOS

ROOT = Path(__file__).parent.parent
SNAPSHOTS = sorted(ROOT.glob("tests/*/__snapshots__/*.ambr"))
NOTEBOOKS = sorted(ROOT.glob("notebooks/*.ipynb"))
# The two lists of facts are tables that quote servers word for word.
DOCUMENTS = [
    path
    for path in (
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        *sorted((ROOT / "docs").glob("*.md")),
    )
    if path.name not in {"api-facts.md", "wire-facts.md"}
]
LONGEST = 25

# Each with what to say instead. A word in a name, such as the scenario `odd-lifetime`, is no word.
BANNED = {
    r"\banew\b|\bonce more\b": "again",
    r"(?<!-)\bodd(ity|ities|ly)?\b(?!-)": "invalid, unexpected, suspicious",
    r"nothing to remark": "No problems found",
    r"\btake (it|them) away\b|\btake away\b": "remove",
    r"\bless than nothing\b": "negative",
    r"\brungs?\b|\bladder\b|\bclimb(s|ed|ing)?\b": "check",
    r"\bpretend(s|ed)?\b": "a local simulation, the mock",
    r"under the bonnet": "what happens underneath",
    r"\btold\b": "reported, described as",
    r"\bbrought\b|(?<!-)\bbrings?\b": "pasted, provided",
    r"\banother (one|'s)\b|\banother's\b": "wrong, a different app's",
    r"\bwhose side\b": "who can fix it",
    r"\bis no \w+ that\b": "is not a valid",
    r"\bgood for \d+": "expires in",
    r"\breadable by you only\b": "only you can read it",
    r"\bWhoever\b|\bwhoever\b": "anybody who, or a name for the person",
    r"\blets? the (client|app) in\b": "accepted the client",
    r"\b(holds|held) true\b|✓ held|\bbroken rung\b": "passed, failed",
    r"\bgateway takes it\b|\btakes? the (token|key|secret)\b": "accepts",
}


def sentences(text):
    """List the sentences of a text: a heading, a row, a list item or a line of code is one of its own."""
    text = re.sub(r"\[[\w-]+\]\([^)]*\),?", "", text)  # a table of contents
    text = re.sub(r"`[^`]*`|https?://\S+|\]\([^)]*\)", "X", text)
    pieces = re.split(r"\n\s*\n| · |\n(?=\s*(?:[-*|#>\d]|\w+:))|\||(?<=[.!?:;])\s", text)
    return [" ".join(piece.split()) for piece in pieces if piece.strip()]


def prose(document):
    """List the text of a Markdown document, without code."""
    return re.sub(r"^```.*?^```", "\n\n", document, flags=re.MULTILINE | re.DOTALL)


def markdown(notebook):
    """List the Markdown cells of a notebook."""
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    return "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


def snapshot_text(path):
    """List what a snapshot stores, a screen a paragraph; requests, responses and data are not sentences."""
    lines = path.read_text("utf-8").splitlines()
    kept = [line.strip() for line in lines if not re.match(r"# |\s+(\$|[{}\[\]\"]|…)", line)]
    return "\n".join(line if line.startswith("[") else f"{line}\n" for line in kept)


TEXTS = {
    **{str(path.relative_to(ROOT)): snapshot_text(path) for path in SNAPSHOTS},
    **{str(path.relative_to(ROOT)): markdown(path) for path in NOTEBOOKS},
    **{str(path.relative_to(ROOT)): prose(path.read_text("utf-8")) for path in DOCUMENTS},
    "the catalogue of scenarios": "\n\n".join(
        text for each in SCENARIOS.values() for text in (each.symptom, each.cause, each.fix)
    ),
}


@pytest.mark.parametrize("name", TEXTS)
def test_sentences_are_short(name):
    """No sentence has more than 25 words."""
    long = [
        each for each in sentences(TEXTS[name]) if len(re.findall(r"\w[\w'’-]*", each)) > LONGEST
    ]
    assert long == []


@pytest.mark.parametrize("name", TEXTS)
def test_no_word_of_the_old_dialect(name):
    """None of the words that a stranger would have to ask about."""
    text = " ".join(re.sub(r"`[^`]*`|\]\([^)]*\)", "X", TEXTS[name]).split())
    found = {
        f"{text[max(0, match.start() - 30) : match.end() + 30]}: say {instead}"
        for pattern, instead in BANNED.items()
        for match in re.finditer(pattern, text)
    }
    assert found == set()


def test_the_search_sees_what_it_looks_for():
    """A long sentence and a banned word are found, or the tests above could not fail."""
    assert len(re.findall(r"\w+", max(sentences("Short. " + "word " * 30 + "."), key=len))) == 30
    assert any(re.search(pattern, "A pretend Wych.") for pattern in BANNED)
    assert not any(re.search(pattern, "odd-lifetime") for pattern in BANNED)
