"""Set-up as `make` does it, with a uv that only writes down what it was asked. `.ci/run` does the same with the real tools."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

pytestmark = pytest.mark.slow


ROOT = Path(__file__).parent.parent
SETUP = (
    "Makefile",
    "pyproject.toml",
    "requirements.lock",
    "requirements-lab.lock",
    "requirements-test.lock",
)
FOREIGN = {
    "VIRTUAL_ENV": "/somebody/else",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONPATH": "/somebody",
    "PIP_USER": "1",
    "UV_PYTHON": "3.9",
}
FAKE_UV = """#!/bin/sh
echo "$@" >> "$UV_ASKED"
env >> "$UV_ENVIRONMENT"
if [ "$1" = venv ]; then
    mkdir -p .venv/bin
    printf '#!/bin/sh\\necho "ran $@"\\n' > .venv/bin/python
    chmod +x .venv/bin/python
fi
case "$*" in *"$UV_FAILS_AT"*) exit 1 ;; esac
"""

# A Python whose venv has a Python that only writes down what it was asked; what KEY asks is answered by a real one.
FAKE_PYTHON = """#!/bin/sh
case "$*" in *"-m venv"*) ;; *) exec "{real}" "$@" ;; esac
echo "$1 $2" | sed 's/-m //' >> "$UV_ASKED"
mkdir -p .venv/bin
cat > .venv/bin/python <<'END'
#!/bin/sh
case "$*" in *install*) ;; *) echo "ran $@"; exit ;; esac
echo "$@" >> "$UV_ASKED"
case "$*" in *"$UV_FAILS_AT") exit 1 ;; esac
END
chmod +x .venv/bin/python
"""

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="needs make")


class Clone(NamedTuple):
    """A copy of what set-up reads, and beside it the tools it finds."""

    folder: Path
    tools: Path

    def make(
        self, *arguments: str, env: Mapping[str, str] | None = None, fails_at: str = "nothing"
    ) -> subprocess.CompletedProcess[str]:
        """Run make there. Output is text."""
        notes = {
            "UV_ASKED": str(self.tools / "asked"),
            "UV_ENVIRONMENT": str(self.tools / "environment"),
            "UV_FAILS_AT": fails_at,
        }
        ours = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("MAKE", "MFLAGS", "ARGS", "WORKERS"))
        }
        return subprocess.run(
            ["make", f"UV={self.tools / 'uv'}", f"PYTHON={sys.executable}", *arguments],
            cwd=self.folder,
            env=ours | notes | dict(env or {}),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def touch(self, name: str) -> None:
        """Make a file newer than all that set-up left; by ageing the rest, as file times are no finer than a tick of the kernel."""
        for path in (*self.folder.iterdir(), *self.folder.glob(".venv/.*")):
            then = path.stat().st_mtime_ns - 10**10
            os.utime(path, ns=(then, then))
        (self.folder / name).touch()

    def asked(self) -> list[str]:
        """What uv was asked since the last time: `venv`, the lock's name, or `kit` for the package itself."""
        notes = self.tools / "asked"
        lines = notes.read_text().splitlines() if notes.exists() else []
        notes.unlink(missing_ok=True)
        return [
            (
                "venv"
                if line.startswith("venv")
                else "kit"
                if line.endswith("-e .")
                else Path(line.split()[-1]).name
            )
            for line in lines
        ]


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    """A clone in a folder with a space in its name."""
    folder, tools = tmp_path / "a clone", tmp_path / "tools"
    folder.mkdir()
    tools.mkdir()
    for name in SETUP:
        shutil.copy(ROOT / name, folder / name)
    script(tools / "uv", FAKE_UV)
    return Clone(folder, tools)


def script(path: Path, text: str) -> Path:
    """Write an executable."""
    path.write_text(text)
    path.chmod(0o755)
    return path


def test_start_sets_up_once(clone: Clone) -> None:
    """The first start makes a venv, fills it from the lock, installs the package and runs it; the second only runs it."""
    first = clone.make("start", "ARGS=--json")
    assert (first.returncode, first.stdout) == (0, "ran -m wych_kit start --json\n")
    assert clone.asked() == ["venv", "requirements.lock", "kit"]
    second = clone.make("start", "ARGS=--json")
    assert (second.returncode, second.stdout, second.stderr) == (
        0,
        "ran -m wych_kit start --json\n",
        "",
    )
    assert clone.asked() == []


def test_tests_add_to_the_same_venv(clone: Clone) -> None:
    """What tests need is added when they are first wanted, and neither `check` nor `start` asks for it again."""
    clone.make("start")
    clone.asked()
    assert (
        clone.make("test").stdout
        == "ran -m pytest -n 2 --dist loadfile\nran -m pytest -m browser tests/browser\n"
    )
    assert (
        clone.make("test", "ARGS=-k token").stdout
        == "ran -m pytest -n 2 --dist loadfile -k token\n"
    )
    assert clone.asked() == ["requirements-test.lock"]
    assert clone.make("check").returncode == clone.make("start").returncode == 0
    assert clone.asked() == []


@pytest.mark.parametrize(
    ("changed", "again"),
    [
        ("requirements.lock", ["venv", "requirements.lock", "kit", "requirements-test.lock"]),
        ("requirements-test.lock", ["requirements-test.lock"]),
        ("requirements-lab.lock", []),
        ("pyproject.toml", ["kit"]),
        ("Makefile", []),
    ],
)
def test_a_changed_input_repeats_what_depends_on_it(
    clone: Clone, changed: str, again: list[str]
) -> None:
    """A newer lock makes the venv anew, a newer pyproject.toml installs the package again, and nothing else is repeated."""
    clone.make("test")
    clone.asked()
    clone.touch(changed)
    clone.make("test")
    assert clone.asked() == again
    clone.make("test")
    assert clone.asked() == []


def test_a_moved_folder_gets_a_new_venv(clone: Clone) -> None:
    """A venv holds absolute paths, so a folder that was moved or copied is set up anew."""
    clone.make("start")
    clone.asked()
    moved = Clone(clone.folder.rename(clone.folder.with_name("moved")), clone.tools)
    moved.make("start")
    assert moved.asked() == ["venv", "requirements.lock", "kit"]


def test_another_python_gets_a_new_venv(clone: Clone) -> None:
    """The same folder with another version of Python is set up anew."""
    clone.make("start")
    clone.asked()
    other = script(clone.tools / "python-next", '#!/bin/sh\necho "3.99.0-0badcafe"\n')
    clone.make("start", f"PYTHON={other}")
    assert clone.asked() == ["venv", "requirements.lock", "kit"]


@pytest.mark.parametrize(
    ("fails_at", "missing"), [("venv --quiet", 3), ("requirements.lock", 2), ("-e .", 1)]
)
def test_a_set_up_that_was_cut_short_is_not_taken_for_finished(
    clone: Clone, fails_at: str, missing: int
) -> None:
    """Wherever set-up stops, it says how to go on, runs nothing, and the next run does what is missing."""
    broken = clone.make("start", fails_at=fails_at)
    assert (broken.returncode, broken.stdout) == (2, "")
    assert "Set-up stopped; what is printed above says why." in broken.stderr
    clone.asked()
    assert clone.make("start").stdout == "ran -m wych_kit start\n"
    assert clone.asked() == ["venv", "requirements.lock", "kit"][-missing:]


def test_other_environments_do_not_leak_in(clone: Clone) -> None:
    """Somebody's active venv, search path and installer settings reach neither uv nor the venv; uv is told where to install."""
    clone.make("start", env=FOREIGN)
    seen = (clone.tools / "environment").read_text().splitlines()
    assert any(line.startswith("PATH=") for line in seen)
    assert [line for line in seen if line.split("=")[0] in FOREIGN] == []
    installs = [
        line for line in (clone.tools / "asked").read_text().splitlines() if line.startswith("pip")
    ]
    assert all(
        " --python .venv/bin/python " in line and " --compile-bytecode" in line for line in installs
    )
    assert " --require-hashes " in installs[0]
    assert installs[1].endswith(" --no-deps --no-build-isolation -e .")


@pytest.mark.parametrize("goal", ["start", "lab"])
@pytest.mark.parametrize("uv", [[], ["UV="]], ids=["uv", "pip"])
def test_an_old_python_is_named(clone: Clone, goal: str, uv: list[str]) -> None:
    """Python below 3.11 is refused before anything is made, with its version and how to name another."""
    old = script(
        clone.tools / "python-old", '#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.6\nexit 0\n'
    )
    refused = clone.make(goal, f"PYTHON={old}", *uv)
    assert refused.returncode == 2
    assert (
        f"Wych Kit needs Python 3.11 or newer. '{old}' is: Python 3.9.6. Name another: make {goal}"
        " PYTHON=python3.12" in refused.stderr
    )
    assert not (clone.folder / ".venv").exists()


def test_a_python_without_venv_is_named(clone: Clone) -> None:
    """Debian splits venv off: without uv that is said, with the package to install, before anything is made."""
    bare = script(
        clone.tools / "python-bare",
        f'#!/bin/sh\ncase "$*" in *ensurepip*) exit 1 ;; esac\nexec "{sys.executable}" "$@"\n',
    )
    refused = clone.make("start", f"PYTHON={bare}", "UV=")
    assert refused.returncode == 2
    assert "comes without venv. Debian, Ubuntu: sudo apt install python3-venv" in refused.stderr
    assert not (clone.folder / ".venv").exists()


def test_lab_sets_up_and_opens(clone: Clone) -> None:
    """`make lab` adds JupyterLab once and leaves the rest to the command, with what is given for it."""
    assert clone.make("lab", "ARGS=--no-browser").stdout == "ran -m wych_kit lab --no-browser\n"
    assert clone.asked() == ["venv", "requirements.lock", "kit", "requirements-lab.lock"]
    assert clone.make("lab").stdout == "ran -m wych_kit lab\n"
    assert clone.asked() == []


def test_what_is_added_is_not_there_already(clone: Clone) -> None:
    """With pip the base and the lab's part are installed at the same time: they share no package, and together they are the lab's lock."""
    clone.make("lab")
    base, lab = (
        blocks((ROOT / name).read_text()) for name in ("requirements.lock", "requirements-lab.lock")
    )
    added = blocks((clone.folder / ".venv" / "requirements-lab.lock").read_text())
    assert added == {name: block for name, block in lab.items() if name not in base}
    differing = {name for name in base.keys() & lab.keys() if base[name] != lab[name]}
    assert differing == {"cffi", "pycparser"}  # PyPy, which the base spares them, has them
    assert {name for name in differing if base[name].split()[0] != lab[name].split()[0]} == set()


def blocks(lock: str) -> dict[str, str]:
    """What a lock says of each package: version and hashes."""
    return {block.split("==")[0]: block for block in re.split(r"\n(?! )", lock) if block}


@pytest.mark.parametrize("fails_at", ["", "requirements.lock", "requirements-lab.lock"])
def test_lab_with_pip(clone: Clone, fails_at: str) -> None:
    """Without uv the same is installed, and when one of the two at work stops, nothing is opened and the next run does what is missing."""
    fake = script(clone.tools / "python", FAKE_PYTHON.format(real=sys.executable))
    if fails_at:
        broken = clone.make("lab", "UV=", f"PYTHON={fake}", fails_at=fails_at)
        assert (broken.returncode, broken.stdout) == (2, "")
        assert "Set-up stopped; what is printed above says why." in broken.stderr
        assert "venv" in clone.asked()
    opened = clone.make("lab", "UV=", f"PYTHON={fake}", "ARGS=--no-browser")
    assert (opened.returncode, opened.stdout) == (0, "ran -m wych_kit lab --no-browser\n")
    done = clone.asked()
    assert fails_at in ("", *done)
    assert ("venv" in done) == (not fails_at)
    again = clone.make("lab", "UV=", f"PYTHON={fake}")
    assert (again.stdout, again.stderr, clone.asked()) == ("ran -m wych_kit lab\n", "", [])


def test_goals_take_turns(clone: Clone) -> None:
    """Two goals at once, with a make that may do several things at a time, set the venv up once."""
    fake = script(clone.tools / "python", FAKE_PYTHON.format(real=sys.executable))
    assert (
        clone.make(
            "-j4", "lab", "test", "UV=", f"PYTHON={fake}", env={"GOAL": "somebody's"}
        ).returncode
        == 0
    )
    assert sorted(clone.asked()) == [
        "kit",
        "requirements-lab.lock",
        "requirements-test.lock",
        "requirements.lock",
        "venv",
    ]


def test_clean_keeps_what_is_yours(clone: Clone) -> None:
    """`make clean` removes the venv and caches, and leaves the settings somebody saved."""
    clone.make("start")
    (clone.folder / ".env").write_text("WYCH_CLIENT_ID=mine\n")
    (clone.folder / "wych_kit" / "__pycache__").mkdir(parents=True)
    assert clone.make("clean").returncode == 0
    assert sorted(path.name for path in clone.folder.iterdir()) == sorted(
        [*SETUP, ".env", "wych_kit"]
    )
    assert list((clone.folder / "wych_kit").iterdir()) == []


def test_make_alone_lists_every_target(clone: Clone) -> None:
    """`make` without a word prints one short aligned line for each target, needs no Python, and makes nothing."""
    listed = clone.make("PYTHON=no-such-python").stdout.splitlines()
    phony = next(
        line for line in (ROOT / "Makefile").read_text().splitlines() if line.startswith(".PHONY:")
    )
    assert [line.split()[1] for line in listed] == [
        name for name in phony.split()[1:] if name != "help"
    ]
    assert {line.index(line.split()[2], 6) for line in listed} == {len("make notebooks ")}
    assert max(map(len, listed)) < 80
    assert not (clone.folder / ".venv").exists()
