"""The catalogue of what goes wrong: every entry is used somewhere, and every use has its entry."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from wych_kit.client.endpoints import Basis
from wych_kit.diagnosis.scenarios import SCENARIOS, MadeBy, Scenario, Side
from wych_kit.diagnosis.scenarios.documentation import STAGES, render_page, scenarios_at

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "wych_kit"
CATALOGUE = PACKAGE / "diagnosis" / "scenarios"
# Made, and found out, by other parts than the client's errors and its exchanges.
ONLY_BY_OTHERS = {
    "env-file-crlf": (
        "this kit reads either line end; a check of the file for other programs' sake names it"
    ),
    "ipv6-localhost": "takes a second look at the host, which an error has not had",
    "wrong-base-path": (
        "the same bytes as a refused key: named as the runner-up, told apart by a second request"
    ),
    "clock-ahead": "takes the server's Date beside this machine's",
}
# Rows of the usual causes that no entry has for its source, and why.
NO_ENTRY = {"D29": "neither Wych's documentation nor this kit introspects a token"}
REFERENCE = re.compile(r"[a-z]+\d?(-[a-z]+)*")
# Calls whose argument of that number is a reference, and the functions that give back (words, reference).
POSITIONAL = {"Remark": 0, "failure": 0, "explain_reference": 0}
TABLES = re.compile(r"_?[A-Z_]*(BY_\w+|GATEWAY\w*|INVENTED)$")
GIVES_PAIRS = {"_classify_transport_error"}
GIVES_ONE = {
    "classify_foreign_answer",
    "classify_redirect",
    "classify_page",
    "classify_discovery_refusal",
    "classify_token_refusal",
    "classify_gateway_refusal",
    "classify_recorded_error",
    "classify_tunnel_refusal",
    "classify_certificate_error",
}


def references() -> Iterator[tuple[str, str]]:
    """List each reference in the package, as written, with where it is."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.is_relative_to(CATALOGUE) or "mock" in path.relative_to(PACKAGE).parts:
            continue
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            for value in _holding(node):
                yield from ((text, f"{path.name}:{value.lineno}") for text in _results(value))


def _holding(node: ast.AST) -> Iterator[ast.expr]:
    """List the expressions at this node that give a reference."""
    if isinstance(node, ast.Call):
        yield from (keyword.value for keyword in node.keywords if keyword.arg == "reference")
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        place = POSITIONAL.get(name)
        yield from node.args[place : place + 1] if place is not None else []
    elif isinstance(node, ast.FunctionDef):
        named = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
        yield from (
            default for argument, default in named if argument.arg == "reference" and default
        )
        if node.name in GIVES_PAIRS:
            returned = [inner.value for inner in ast.walk(node) if isinstance(inner, ast.Return)]
            yield from (pair.elts[1] for pair in returned if isinstance(pair, ast.Tuple))
        if node.name in GIVES_ONE:
            yield from (
                inner.value
                for inner in ast.walk(node)
                if isinstance(inner, ast.Return) and inner.value
            )
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = [target.id for target in targets if isinstance(target, ast.Name)]
        if node.value and any(name == "reference" or TABLES.match(name) for name in names):
            yield node.value


def _results(value: ast.expr) -> Iterator[str]:
    """List the texts that an expression can give: of a choice both, of a table its values."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
    elif isinstance(value, ast.IfExp):
        yield from (*_results(value.body), *_results(value.orelse))
    elif isinstance(value, ast.BoolOp | ast.Dict):
        yield from (text for part in value.values for text in _results(part))
    elif (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Attribute)
        and value.func.attr == "get"
    ):
        yield from (text for part in (value.func.value, *value.args[1:]) for text in _results(part))


def mentioned() -> set[str]:
    """List every reference that stands as a text of its own anywhere in the package's code, the catalogue aside."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        if not path.is_relative_to(CATALOGUE) and "mock" not in path.relative_to(PACKAGE).parts:
            nodes = ast.walk(ast.parse(path.read_text()))
            found |= {
                node.value
                for node in nodes
                if isinstance(node, ast.Constant) and isinstance(node.value, str)
            }
    return found & SCENARIOS.keys()


def test_every_reference_is_in_the_catalogue():
    """An error cannot carry a reference that nobody explains."""
    used = list(references())
    assert len(used) > 40, "the search finds what there is"
    assert {
        "setting-missing",
        "redirected",
        "connection-refused",
        "quota-spent",
        "wrong-realm",
        "not-an-id",
    } <= {text for text, _ in used}
    assert [(text, where) for text, where in used if text not in SCENARIOS] == []


def test_every_entry_is_used():
    """No entry explains what cannot happen: each reference is given somewhere, or listed as found out by others with the reason."""
    assert SCENARIOS.keys() - mentioned() - ONLY_BY_OTHERS.keys() == set()
    assert ONLY_BY_OTHERS.keys() <= SCENARIOS.keys()


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_an_entry_is_complete(scenario: Scenario):
    """Reference in kebab case; cause and next action as sentences; a source; side and basis of those there are."""
    assert REFERENCE.fullmatch(scenario.reference)
    assert SCENARIOS[scenario.reference] is scenario
    assert re.fullmatch(r"([A-Z]|git ).*\.", scenario.cause)
    assert re.fullmatch(r"[A-Z].*", scenario.fix)
    assert scenario.source
    assert scenario.basis in get_args(Basis)
    assert scenario.side in get_args(Side)
    assert scenario.made_by in get_args(MadeBy)
    assert scenario.stage in STAGES
    assert re.fullmatch(r"\S.*[.!]", scenario.symptom)
    assert scenario.reference not in scenario.alike
    assert set(scenario.alike) <= SCENARIOS.keys()


def test_references_are_unique_and_cannot_be_changed():
    """One entry for each; the catalogue is read only."""
    text = "".join(path.read_text() for path in CATALOGUE.glob("*.py"))
    assert len(SCENARIOS) == len(re.findall(r"^ +Scenario\($", text, re.MULTILINE))
    with pytest.raises(TypeError):
        SCENARIOS["new"] = SCENARIOS["timeout"]  # type: ignore[index]  # that it cannot be is the point


def test_every_usual_cause_has_an_entry():
    """Each row D of the wire facts is the source of an entry, or is named here with the reason."""
    rows = set(
        re.findall(r"^\| (D\d+) ", (ROOT / "docs" / "wire-facts.md").read_text(), re.MULTILINE)
    )
    cited = {
        row for scenario in SCENARIOS.values() for row in re.findall(r"\bD\d+\b", scenario.source)
    }
    assert len(rows) > 30
    assert rows - cited == NO_ENTRY.keys()


def test_the_page_is_in_step():
    """docs/troubleshooting.md is what `python -m wych_kit.diagnosis.scenarios` prints; `make docs` makes it anew."""
    printed = subprocess.run(
        [sys.executable, "-m", "wych_kit.diagnosis.scenarios"],
        check=True,
        capture_output=True,
        timeout=60,
        cwd=ROOT,
    )
    committed = (ROOT / "docs" / "troubleshooting.md").read_bytes()
    assert printed.stdout == committed, "run: make docs"


def test_the_page_has_every_scenario_once():
    """Each has its heading, its link in the contents, and its cause, fix and basis below."""
    text = render_page()
    for reference, scenario in SCENARIOS.items():
        assert text.count(f"\n### {reference}\n") == 1
        assert text.count(f"(#{reference})") == 1
        assert f"- Likely cause: {scenario.cause}\n" in text
        assert f"{scenario.source} ({scenario.basis})\n" in text
    faults = re.findall(r"wych-kit fault on ([\w-]+)", text)
    assert faults == [
        each.reference
        for stage in STAGES
        for each in scenarios_at(stage)
        if each.made_by == "fault"
    ]


def test_the_catalogue_can_be_read_in_a_terminal(kit, project):
    """`wych-kit explain` lists all; with a reference it shows one whole."""
    listed = kit("explain")
    assert listed.status == 0
    assert {line.partition("\t")[0] for line in listed.out.splitlines()} >= SCENARIOS.keys()
    shown = kit("explain", "wrong-realm")
    scenario = SCENARIOS["wrong-realm"]
    assert shown.status == 0
    assert [
        each
        for each in (scenario.symptom, scenario.cause, scenario.fix, scenario.source)
        if each not in shown.out
    ] == []


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("wrong-relm", "wrong-realm"),
        ("API_KEY_REFUSED", "api-key-refused"),
        ("zzz", "wych-kit explain"),
    ],
)
def test_a_slip_in_a_reference_is_helped(kit, project, typed, meant):
    """The nearest reference is named, or the list when none is near; the exit status is that of a wrong word."""
    ran = kit("explain", typed)
    assert (ran.status, ran.out) == (2, "")
    assert meant in ran.err
