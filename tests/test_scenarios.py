"""The catalogue of what goes wrong: every entry is used somewhere, and every use has its entry."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from wych_kit.scenarios import SCENARIOS, Basis, Scenario, Side

PACKAGE = Path(__file__).parent.parent / "wych_kit"
REFERENCE = re.compile(r"[a-z]+(-[a-z]+)*")
# Calls whose argument of that number is a reference, and the functions that give back (words, reference).
POSITIONAL = {"Finding": 1}
TABLES = re.compile(r"_?[A-Z_]*(REFERENCES|REFUSALS)$")
GIVES_PAIRS = {"_broken_connection"}


def references() -> Iterator[tuple[str, str]]:
    """List each reference in the package, as written, with where it is."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.name == "scenarios.py" or "mock" in path.relative_to(PACKAGE).parts:
            continue
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            for value in _holding(node):
                yield from ((text, f"{path.name}:{value.lineno}") for text in _results(value))


def _holding(node: ast.AST) -> Iterator[ast.expr]:
    """List the expressions at this node that give a reference."""
    if isinstance(node, ast.Call):
        yield from (keyword.value for keyword in node.keywords if keyword.arg == "reference")
        place = POSITIONAL.get(getattr(node.func, "id", ""))
        yield from node.args[place : place + 1] if place is not None else []
    elif isinstance(node, ast.FunctionDef):
        named = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
        yield from (default for argument, default in named if argument.arg == "reference" and default)
        if node.name in GIVES_PAIRS:
            returned = [inner.value for inner in ast.walk(node) if isinstance(inner, ast.Return)]
            yield from (pair.elts[1] for pair in returned if isinstance(pair, ast.Tuple))
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
    elif isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == "get":
        yield from (text for part in (value.func.value, *value.args[1:]) for text in _results(part))


def mentioned() -> set[str]:
    """List every reference that stands as a text of its own anywhere in the package's code, the catalogue aside."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        if path.name != "scenarios.py":
            nodes = ast.walk(ast.parse(path.read_text()))
            found |= {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return found & SCENARIOS.keys()


def test_every_reference_is_in_the_catalogue():
    """An error cannot carry a reference that nobody explains."""
    used = list(references())
    assert len(used) > 40, "the search finds what there is"
    assert {"setting-missing", "redirected", "connection-refused", "quota-spent", "wrong-realm", "odd-secret"} <= {
        text for text, _ in used
    }
    assert [(text, where) for text, where in used if text not in SCENARIOS] == []


def test_every_entry_is_used():
    """No entry explains what cannot happen."""
    assert SCENARIOS.keys() - mentioned() == set()


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


def test_references_are_unique_and_cannot_be_changed():
    """One entry for each; the catalogue is read only."""
    text = (PACKAGE / "scenarios.py").read_text()
    assert len(SCENARIOS) == len(re.findall(r'^\s+Scenario\(\s*"', text, re.MULTILINE))
    with pytest.raises(TypeError):
        SCENARIOS["new"] = SCENARIOS["timeout"]  # type: ignore[index]  # that it cannot be is the point
