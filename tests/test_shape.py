"""The shape that keeps the project small: who may import whom, and what is explained."""

from __future__ import annotations

import ast
import io
import re
import subprocess
import sys
import tokenize
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from packaging.requirements import Requirement

import wych_kit

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "wych_kit"
MODULES = sorted(PACKAGE.rglob("*.py"))
SOURCES = [
    *MODULES,
    *sorted((ROOT / "tests").rglob("*.py")),
    *sorted((ROOT / "benchmarks").rglob("*.py")),
]
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
VAGUE = {"utils", "util", "helpers", "common", "base", "manager", "misc"}

# Each room with the rooms that it may import. A new file needs no entry here; a new room does.
LEAVES = ("secret", "errors")
CLIENT = (*LEAVES, "settings", "client")
DIAGNOSIS = (*CLIENT, "callback", "diagnosis")
ENGINE = (*DIAGNOSIS, "journey", "support", "training")
ROOMS: dict[str, tuple[str, ...]] = {
    "secret": (),
    "errors": (),
    "mock": (),  # its agreement with the client means something only while it shares nothing with it
    "settings": LEAVES,
    "client": (*LEAVES, "settings"),
    "callback": CLIENT,
    "diagnosis": (*CLIENT, "callback"),
    "journey": (*DIAGNOSIS, "mock"),
    "support": DIAGNOSIS,
    "training": (*DIAGNOSIS, "journey", "mock"),
    "terminal": (*ENGINE, "mock"),
    "notebook": (*ENGINE, "mock"),
    "__main__": ("terminal",),
}
# The extras whose libraries a room may import besides the client's own. The mock stands on its extra alone.
EXTRAS = {"terminal": ["terminal"], "notebook": ["notebook"], "mock": ["mock"]}


class Import(NamedTuple):
    """One import as written: the part of ours that does it, the dotted name it asks for, and where that is."""

    part: str
    name: str
    where: str


@cache
def imports(path: Path) -> list[Import]:
    """List the imports of a module, wherever in it they stand, those for types only included."""
    return list(_imports(path))


def _imports(path: Path) -> Iterator[Import]:
    inside = path.relative_to(PACKAGE).with_suffix("").parts
    for node in ast.walk(ast.parse(path.read_text())):
        where = f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.Import):
            yield from (Import(inside[0], alias.name, where) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = ["wych_kit", *inside[: len(inside) - node.level]] if node.level else []
            stem = ".".join([*above, *([node.module] if node.module else [])])
            # `from wych_kit import x` asks for the part x; from anywhere deeper only the stem matters.
            yield from (
                Import(inside[0], f"{stem}.{alias.name}" if stem == "wych_kit" else stem, where)
                for alias in node.names
            )


def own_parts() -> list[str]:
    """List the modules and folders directly in the package, but for its `__init__`."""
    return sorted(
        {path.relative_to(PACKAGE).with_suffix("").parts[0] for path in MODULES} - {"__init__"}
    )


def libraries(extras: list[str], rows: list[str]) -> set[str]:
    """List what the requirements and these extras name, extras within extras included."""
    options = PYPROJECT["project"]["optional-dependencies"]
    named = [
        Requirement(row) for row in [*rows, *(row for extra in extras for row in options[extra])]
    ]
    inner = [sorted(requirement.extras) for requirement in named if requirement.name == "wych-kit"]
    deeper: set[str] = set().union(*(libraries(extra, []) for extra in inner))
    return {
        requirement.name.lower() for requirement in named if requirement.name != "wych-kit"
    } | deeper


def test_every_module_has_its_place() -> None:
    """Each room of the package stands in the table above, and none has a name that says nothing."""
    assert set(own_parts()) == set(ROOMS)
    assert {path.stem for path in MODULES} & VAGUE == set()


@pytest.mark.parametrize("part", own_parts())
def test_imports_go_one_way(part: str) -> None:
    """A room imports only the rooms that the table names for it."""
    allowed = ("wych_kit.__version__.", *(f"wych_kit.{other}." for other in (part, *ROOMS[part])))
    asked = [
        found
        for path in MODULES
        for found in imports(path)
        if found.part == part and found.name.split(".")[0] == "wych_kit"
    ]
    assert [found for found in asked if not f"{found.name}.".startswith(allowed)] == []


@pytest.mark.parametrize("part", own_parts())
def test_libraries_are_those_declared(part: str) -> None:
    """A part imports no library that pyproject.toml does not name for it, so the client works without any extra."""
    owners = packages_distributions()
    core = [] if part == "mock" else PYPROJECT["project"]["dependencies"]
    allowed = libraries(EXTRAS.get(part, []), core)
    for found in (found for path in MODULES for found in imports(path) if found.part == part):
        top = found.name.split(".")[0]
        if top != "wych_kit" and top not in sys.stdlib_module_names:
            assert {name.lower().replace("_", "-") for name in owners.get(top, [top])} & allowed, (
                found
            )


def test_exports_are_all_there() -> None:
    """`__all__` is sorted, short, and what `dir()` shows; every name in it can be had."""
    assert list(wych_kit.__all__) == sorted(set(wych_kit.__all__))
    assert len(wych_kit.__all__) <= 18
    assert [name for name in wych_kit.__all__ if not hasattr(wych_kit, name)] == []
    fresh = "import wych_kit; print(*(name for name in dir(wych_kit) if not name.startswith('__')))"
    assert python(fresh).split() == [name for name in wych_kit.__all__ if not name.startswith("__")]


def test_type_checkers_see_the_same_exports() -> None:
    """What is exported lazily is imported under TYPE_CHECKING too, name for name, so that editors and mypy know it."""
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    blocks = [
        node
        for node in tree.body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    named = [
        alias.name
        for block in blocks
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    ]
    assert set(wych_kit.__all__) - set(named) == set()


def test_importing_the_package_loads_no_library() -> None:
    """`import wych_kit` alone costs next to nothing: it loads no library, and no part of ours."""
    loaded = python(
        "import sys; before = set(sys.modules); import wych_kit; print(*(set(sys.modules) -"
        " before))"
    ).split()
    assert [name for name in loaded if name.split(".")[0] not in sys.stdlib_module_names] == [
        "wych_kit"
    ]


def test_importing_the_client_loads_no_face() -> None:
    """`from wych_kit import WychAuth` loads, beyond what httpx does, nothing of the extras and nothing of the mock or the faces."""
    code = (
        "import sys, httpx; before = set(sys.modules); from wych_kit import WychAuth;"
        " print(*(set(sys.modules) - before))"
    )
    loaded = python(code).split()
    owners = packages_distributions()
    core = libraries([], PYPROJECT["project"]["dependencies"])
    extra = libraries(list(PYPROJECT["project"]["optional-dependencies"]), []) - core
    tops = {name.split(".")[0] for name in loaded}
    assert {
        top
        for top in tops
        if {name.lower().replace("_", "-") for name in owners.get(top, [])} & extra
    } == set()
    faces = {
        "wych_kit.mock",
        "wych_kit.terminal.walkthrough",
        "wych_kit.notebook",
        "wych_kit.terminal.cli",
        "wych_kit.journey.onboarding",
    }
    assert set(loaded) & faces == set()


def python(code: str) -> str:
    """What a new Python prints when it runs this."""
    return subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=ROOT,
    ).stdout


def definitions(
    tree: ast.Module | ast.ClassDef,
) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """List a module's public functions and classes, and the public methods of those classes."""
    for node in tree.body:
        if not isinstance(
            node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
        ) or node.name.startswith("_"):
            continue
        if any(
            ast.unparse(mark).endswith(("overload", ".setter", "override"))
            for mark in node.decorator_list
        ):
            continue  # explained where it is first defined
        yield node
        if isinstance(node, ast.ClassDef):
            yield from definitions(node)


def test_every_public_name_is_explained() -> None:
    """Every module, and every public function, class and method in it, has a docstring."""
    trees = {path.relative_to(ROOT): ast.parse(path.read_text()) for path in MODULES}
    bare = [
        f"{path}:{node.lineno} {node.name}"
        for path, tree in trees.items()
        for node in definitions(tree)
        if not ast.get_docstring(node)
    ]
    bare += [str(path) for path, tree in trees.items() if not ast.get_docstring(tree)]
    assert bare == []


def test_every_test_says_what_holds() -> None:
    """Every test has a docstring: what is true, not how it is tried."""
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    functions = [
        (file, node)
        for file in files
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    tests = [(file, node) for file, node in functions if node.name.startswith("test_")]
    assert len(tests) > 20
    assert [
        f"{file.name}:{node.lineno} {node.name}"
        for file, node in tests
        if not ast.get_docstring(node)
    ] == []


def test_every_ignored_rule_has_its_reason() -> None:
    """Beside every lint rule that pyproject.toml ignores stands why."""
    text = (ROOT / "pyproject.toml").read_text()
    lint = PYPROJECT["tool"]["ruff"]["lint"]
    codes = [
        *lint["ignore"],
        *(code for codes in lint["per-file-ignores"].values() for code in codes),
    ]
    reasoned = [line for line in text.splitlines() if re.search(r"#\s*\S.{6,}", line)]
    assert [
        code
        for code in codes
        if not any(f'"{code}"' in line.partition("#")[0] for line in reasoned)
    ] == []


def comments(path: Path) -> Iterator[tuple[int, str]]:
    """List a file's comments with their lines; texts that only look like one are not among them."""
    for token in tokenize.generate_tokens(io.StringIO(path.read_text()).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def test_every_silenced_check_has_its_reason() -> None:
    """A `noqa` or `type: ignore` names the rule it silences and says why, in the same comment."""
    silence = re.compile(r"#\s*(noqa\b|ruff:\s*noqa|type:\s*ignore)")
    reasoned = re.compile(
        r"#\s*(noqa:\s*[A-Z]+\d+(,\s*[A-Z]+\d+)*|ruff:\s*noqa:\s*[A-Z\d, ]+|type:\s*ignore\[[\w,"
        r" -]+\])\s+(#|-|—)\s+\w.{5,}"
    )
    found = [
        (path, line, text)
        for path in SOURCES
        for line, text in comments(path)
        if silence.search(text)
    ]
    assert [
        f"{path.relative_to(ROOT)}:{line} {text}"
        for path, line, text in found
        if not reasoned.search(text)
    ] == []
