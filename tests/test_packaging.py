"""The lock files, environment.yml and the built package say what pyproject.toml says."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from packaging.metadata import Metadata
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

import wych_kit

ROOT = Path(__file__).parent.parent
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT: dict[str, Any] = PYPROJECT["project"]
LOCKS = {
    "requirements.lock": ("terminal", "mock"),
    "requirements-lab.lock": ("notebook",),
    "requirements-test.lock": ("test",),
}
PYTHONS = [
    row.rpartition(" ")[2] for row in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", row)
]
SYSTEMS = {
    "linux": {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"},
    "mac": {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix"},
    "windows": {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt"},
}


class Pin(NamedTuple):
    """One entry of a lock: what is required, as a requirement, and the hashes allowed for it."""

    requirement: Requirement
    hashes: tuple[str, ...]


def pins(lock: str) -> list[Pin]:
    """Read a lock. Entries are lines, continued by a backslash: a requirement, then its hashes."""
    entries = (ROOT / lock).read_text().replace("\\\n", " ").splitlines()
    parts = [re.split(r"\s+--hash=", entry.strip()) for entry in entries]
    return [Pin(Requirement(requirement), tuple(hashes)) for requirement, *hashes in parts]


def needs(extras: tuple[str, ...]) -> Iterator[Requirement]:
    """List what the package with these extras asks for itself, extras within extras included, and what building it takes."""
    rows = [*PROJECT["dependencies"], *PYPROJECT["dependency-groups"]["build"]]
    rows += itertools.chain.from_iterable(
        PROJECT["optional-dependencies"][extra] for extra in extras
    )
    for requirement in map(Requirement, rows):
        if canonicalize_name(requirement.name) == PROJECT["name"]:
            yield from needs(tuple(sorted(requirement.extras)))
        else:
            yield requirement


def applies(requirement: Requirement, machine: dict[str, str]) -> bool:
    """Whether the requirement's marker holds on that machine."""
    return requirement.marker is None or requirement.marker.evaluate(machine)


@pytest.fixture(params=itertools.product(PYTHONS, SYSTEMS), ids="-".join)
def machine(request: pytest.FixtureRequest) -> dict[str, str]:
    """Every Python we name on every kind of system, as markers see it."""
    python, system = request.param
    names = {
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
        "platform_machine": "x86_64",
    }
    return {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "extra": "",
        **names,
        **SYSTEMS[system],
    }


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_is_pins_and_hashes_only(lock: str) -> None:
    """A lock names no host, no index, no path and no tool: each line is an exact version or a sha256."""
    pin, digest = (
        r"[a-z0-9-]+(\[[a-z,]+\])?==[0-9][0-9a-z.]*( ; [a-z0-9_ .'<>=!()]+)?",
        r"--hash=sha256:[0-9a-f]{64}",
    )
    for line in (ROOT / lock).read_text().splitlines():
        assert re.fullmatch(rf"{pin} \\|    {digest}( \\)?", line, re.IGNORECASE), line
    assert all(entry.hashes for entry in pins(lock))


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_serves_what_pyproject_asks(lock: str, machine: dict[str, str]) -> None:
    """On every supported machine each dependency is pinned exactly once, at a version pyproject.toml allows."""
    here = [entry.requirement for entry in pins(lock) if applies(entry.requirement, machine)]
    pinned = {
        canonicalize_name(requirement.name): str(requirement.specifier).removeprefix("==")
        for requirement in here
    }
    assert len(pinned) == len(here)
    wanted = [requirement for requirement in needs(LOCKS[lock]) if applies(requirement, machine)]
    assert [
        str(row)
        for row in wanted
        if not row.specifier.contains(pinned.get(canonicalize_name(row.name), "0"))
    ] == []


@pytest.mark.parametrize("lock", [name for name in LOCKS if name != "requirements.lock"])
def test_locks_agree(lock: str) -> None:
    """What `make start` runs with is what is tested and what notebooks run with: the larger locks repeat the small one."""
    small, larger = (
        {(p.requirement.name, str(p.requirement.specifier), p.hashes) for p in pins(name)}
        for name in ("requirements.lock", lock)
    )
    assert small - larger == set()


def test_the_lock_can_build_the_package() -> None:
    """Set-up builds without isolation, so what the build system asks for is asked of the lock as well."""
    assert set(PYPROJECT["build-system"]["requires"]) <= set(
        PYPROJECT["dependency-groups"]["build"]
    )


def test_environment_yml_agrees_with_pyproject() -> None:
    """The conda file brings Python in our range and pip, and leaves the rest to extras that exist."""
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    assert set(environment) == {"name", "channels", "dependencies"}
    assert (environment["name"], environment["channels"]) == (PROJECT["name"], ["conda-forge"])
    python, pip, section = environment["dependencies"]
    assert python.startswith("python")
    assert SpecifierSet(python.removeprefix("python")) == SpecifierSet(PROJECT["requires-python"])
    assert (pip, list(section), len(section["pip"])) == ("pip", ["pip"], 1)
    ours = re.fullmatch(r"-e \.\[([a-z,]+)\]", section["pip"][0])
    assert ours, section
    assert set(ours[1].split(",")) <= set(PROJECT["optional-dependencies"])


def test_python_versions_agree() -> None:
    """The oldest Python is the same in requires-python, the classifiers, ruff and the Makefile."""
    oldest = min(PYTHONS, key=Version)
    assert PROJECT["requires-python"] == f">={oldest}"
    assert PYPROJECT["tool"]["ruff"]["target-version"] == f"py{oldest.replace('.', '')}"
    assert f"v >= ({oldest.replace('.', ', ')})" in (ROOT / "Makefile").read_text()
    assert f"--python-version {oldest} " in (ROOT / "Makefile").read_text()


def test_the_changelog_starts_with_this_version() -> None:
    """The newest entry of the changelog and the package's own `__version__` are the version that pyproject.toml names."""
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest
    assert newest[1] == wych_kit.__version__ == PROJECT["version"]


def test_the_wheel_holds_the_package_and_the_notebooks(tmp_path: Path) -> None:
    """The wheel holds every file of wych_kit that is not a cache, the notebooks, and nothing else; the metadata names every extra."""
    build = [
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "--target",
        "wheel",
        "--directory",
        str(tmp_path),
    ]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=60)
    (path,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(path) as wheel:
        inside = {name for name in wheel.namelist() if ".dist-info/" not in name}
        metadata = Metadata.from_email(
            wheel.read(f"wych_kit-{PROJECT['version']}.dist-info/METADATA")
        )
    package = ROOT / "wych_kit"
    files = {
        str(file.relative_to(ROOT))
        for file in package.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    files |= {f"wych_kit/notebooks/{path.name}" for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert inside == files
    assert "wych_kit/py.typed" in inside
    assert set(metadata.provides_extra or ()) == set(PROJECT["optional-dependencies"])


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_ci_is_what_a_person_runs() -> None:
    """`.ci/run` can be run, is valid bash that stops at the first failure, and ends in the commands that people use."""
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert subprocess.run(["bash", "-n", str(script)], check=False, timeout=10).returncode == 0
    lines = script.read_text().splitlines()
    assert "set -euo pipefail" in lines
    assert lines[-3:] == ["make check", "make test", "make contract"]
