"""Whoever reads "wire facts A3-4" or "API facts 5.3" can look it up in docs/."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


ROOT = Path(__file__).parent.parent
WIRE, API = ROOT / "docs" / "wire-facts.md", ROOT / "docs" / "api-facts.md"
CODE = [path for top in ("wych_kit", "tests") for path in sorted((ROOT / top).rglob("*.py"))]
# This file's own examples lead nowhere on purpose, and other people's code means other things by "A1".
SOURCES = [path for path in CODE if path != Path(__file__) and "node_modules" not in path.parts]
# These name the documents as such, not a row of them.
DOCUMENTATION = ROOT / "wych_kit/diagnosis/scenarios/documentation.py"
PROSE = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", WIRE, API]
WIRE_ROW = re.compile(
    r"(?<![\w%+/=])(?:[AB][1-9](?:-\d{1,2}b?)?|D\d{1,2})(?![\w%+=])"
)  # no piece of an escape or of base64
WIRE_SECTION = re.compile(r"wire facts'?,? section (\w+)", re.IGNORECASE)
API_PLACE = re.compile(r"API facts,?(?: section (\d+)(?:,? row (\d+))?| (\d\.\d+))?")
OUTSIDE = re.compile(r"\bdesign,? section|wire-behaviour|wych-api\b", re.IGNORECASE)


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """List what a file says to a reader, with its lines: all of a document; of code its comments and texts, one by one."""
    if path.suffix == ".md":
        yield from enumerate(path.read_text().splitlines(), 1)
        return
    comments = (
        token
        for token in tokenize.generate_tokens(io.StringIO(path.read_text()).readline)
        if token.type == tokenize.COMMENT
    )
    yield from ((comment.start[0], comment.string) for comment in comments)
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, " ".join(node.value.split())


def lines_of(document: Path) -> Iterator[tuple[str, str, list[str]]]:
    """List a document's sections and rows: the section's number, the row's (or ""), and the row's cells."""
    section = ""
    for line in document.read_text().splitlines():
        if heading := re.match(r"#+ (\w+)\. ", line):
            section = heading[1]
            yield section, "", []
        elif line.startswith("|"):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            yield section, cells[0], cells


def places(document: Path) -> set[tuple[str, str]]:
    """List where a citation can lead: (section, row), and (section, "") for the whole of it."""
    return {(section, row) for section, row, _ in lines_of(document)}


def wire_places() -> set[str]:
    """The numbers of the wire facts' sections and rows; a row's number holds its section's, so it needs no pair."""
    return {row or section for section, row in places(WIRE)}


def cited(path: Path) -> Iterator[tuple[str, bool]]:
    """List a file's citations as "line: what", each with whether docs/ has it."""
    wire, api = wire_places(), places(API)
    for line, text in texts(path):
        for found in WIRE_ROW.findall(text) + WIRE_SECTION.findall(text):
            yield f"{line}: wire facts {found}", found in wire
        for found in API_PLACE.finditer(text):
            section, row, endpoint = found.groups(default="")
            there = ("5", endpoint) in api if endpoint else (section, row) in api
            yield (
                f"{line}: {found[0]}",
                there or (path in {*PROSE, DOCUMENTATION} and found[0] == "API facts"),
            )


@pytest.mark.parametrize("path", [*SOURCES, *PROSE], ids=lambda path: str(path.relative_to(ROOT)))
def test_every_citation_resolves(path: Path) -> None:
    """Each row and section that code, tests and documents name is in docs/; "API facts" alone would send nobody anywhere."""
    assert [citation for citation, there in cited(path) if not there] == []


def test_citations_are_found() -> None:
    """The search finds each kind of citation, in code, comments and texts; were it blind, all would seem to resolve."""
    found = {citation.partition(": ")[2] for path in SOURCES for citation, _ in cited(path)}
    kinds = {
        "wire facts A1",
        "wire facts A3-22",
        "wire facts B3-9",
        "wire facts D25",
        "wire facts 0",
    }
    assert (
        kinds
        | {
            "API facts 5.3",
            "API facts section 7",
            "API facts, section 8, row 6",
            "API facts section 9 row 2",
        }
        <= found
    )
    assert len(found) > 80


@pytest.mark.parametrize(
    ("text", "there"),
    [
        ("wire facts A3-99", False),
        ("as in B9", False),
        ("wire facts D99", False),
        ("API facts 5.99", False),
        ("API facts section 12", False),
        ("API facts, section 8, row 99", False),
        ("see the API facts", False),
        ("wire facts, section 7", False),
        ("API facts section 8, row 6", True),
    ],
)
def test_what_is_not_there_is_missed(tmp_path: Path, text: str, *, there: bool) -> None:
    """A row or section that docs/ does not have is noticed."""
    file = tmp_path / "some.py"
    file.write_text(f'"""{text}."""\n')
    assert [ok for _, ok in cited(file)] == [there]


@pytest.mark.parametrize("path", [*SOURCES, *PROSE], ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_outside_the_repository_is_cited(path: Path) -> None:
    """No text sends its reader to a document that a clone does not have."""
    assert [f"{path.name}:{line}" for line, text in texts(path) if OUTSIDE.search(text)] == []


def test_rows_are_numbered_without_gaps() -> None:
    """A3 has rows 1 to 36, B3 1 to 25 and 16b, D 1 to 33, each once, so that "A3-7 to A3-12" leads somewhere throughout."""
    rows = [row for _, row, _ in lines_of(WIRE) if re.fullmatch(r"[ABD]\d+-?\d*b?", row)]
    whole = (
        [f"A3-{number}" for number in range(1, 37)]
        + [f"B3-{number}" for number in range(1, 26)]
        + ["B3-16b"]
    )
    assert sorted(rows) == sorted([*whole, *(f"D{number}" for number in range(1, 34))])


def test_what_the_mock_does_is_what_its_tests_claim() -> None:
    """A row marked "no" is one that the mock's tests excuse; every other row is named by a test of the mock's."""
    excused, named = set(), set()
    for path in sorted((ROOT / "tests" / "mock").glob("test_*.py")):
        tree = ast.parse(path.read_text())
        lists = [
            node
            for node in tree.body
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "NOT_CLAIMED"
        ]
        excused |= {key for node in lists for key in ast.literal_eval(node.value)}
        inside = {id(part) for node in lists for part in ast.walk(node)}
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and id(node) not in inside
            ):
                named |= set(WIRE_ROW.findall(node.value))
    mock = {row: cells[-1] for _, row, cells in lines_of(WIRE) if re.match(r"[AB]3-", row)}
    assert {row for row, mark in mock.items() if not mark.startswith(("yes", "no"))} == set()
    assert {row for row, mark in mock.items() if mark.startswith("no")} - excused == set()
    assert {row for row, mark in mock.items() if mark.startswith("yes")} - named == set()


def test_the_documents_can_be_found() -> None:
    """README and CONTRIBUTING lead to both documents."""
    for document in (ROOT / "README.md", ROOT / "CONTRIBUTING.md"):
        assert [
            name
            for name in ("docs/wire-facts.md", "docs/api-facts.md")
            if f"]({name})" not in document.read_text()
        ] == []


def test_links_within_the_api_facts_lead_somewhere() -> None:
    """Each [page] named in the API facts has its address at the end, and each address is used."""
    text = API.read_text()
    defined = set(re.findall(r"^\[([\w-]+)\]: https://", text, re.MULTILINE))
    used = set(re.findall(r"\[([a-z-]+)\](?![:(\[])", text)) | set(
        re.findall(r"\]\[([a-z-]+)\]", text)
    )
    assert defined == used
