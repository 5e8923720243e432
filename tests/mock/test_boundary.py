"""The mock and the kit know nothing of each other but HTTP."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import wych_kit.mock

FOLDER = Path(wych_kit.mock.__file__).parent


def test_imports_nothing_of_the_kit():
    """No module of the mock imports from the package outside the mock."""
    foreign = []
    for file in FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0, file
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            foreign += [
                (file.name, name)
                for name in names
                if name.startswith("wych_kit") and not name.startswith("wych_kit.mock")
            ]
    assert foreign == []


def test_naming_the_mock_loads_nothing():
    """`from wych_kit import mock` loads neither the web server nor the database."""
    script = (
        "import sys; from wych_kit import mock; dir(mock);print([name for name in ('starlette',"
        " 'uvicorn', 'sqlalchemy', 'cryptography', 'limits') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout.strip() == "[]"


def test_names_are_those_it_lists():
    """Everything in `__all__` can be had, and nothing else is made up."""
    assert all(getattr(wych_kit.mock, name) for name in wych_kit.mock.__all__)
    assert not hasattr(wych_kit.mock, "nonsense")
