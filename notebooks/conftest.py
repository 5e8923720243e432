"""Runs the notebooks as tests, on the mock, each in an empty project of its own.

These are hooks: nbval's items are no functions, so fixtures do not reach them.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from wych_kit import mock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wych_kit.mock import Mock

HERE = Path(__file__).parent
VEGA = "application/vnd.vegalite.v5+json"


@contextmanager
def surroundings(wych: Mock) -> Iterator[None]:
    """Set the environment that a kernel inherits: the mock's addresses and an empty home.

    Resets the mock, so that each notebook begins with nothing registered.
    """
    wych.reset()
    project = Path(tempfile.mkdtemp(prefix="wych-notebook-"))
    # At exit: it is the kernel's working folder, until the kernel stops.
    atexit.register(shutil.rmtree, project, ignore_errors=True)
    startup = project / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (project / "pyproject.toml").touch()
    # A kernel starts in its notebook's folder, where `.env` would be the developer's own.
    (startup / "00-leave.py").write_text(f"import os\nos.chdir({str(project)!r})\n", "utf-8")
    variables = {
        f"WYCH_{name.upper()}": getattr(wych, name)
        for name in ("issuer_url", "api_url", "portal_url", "connect_url")
    }
    variables |= {
        "WYCH_HOME": str(project / "kit"),
        "IPYTHONDIR": str(project / "ipython"),
        "NO_COLOR": "1",
    }
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("WYCH_")]:
        del os.environ[name]
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _is_ours(item: pytest.Item) -> bool:
    return item.path.suffix == ".ipynb"


def pytest_collection_modifyitems(items: list[Any]) -> None:
    """Refuse notebooks with a cell that was never run: it would be compared with nothing."""
    never_run = sorted(
        {str(item.path) for item in items if _is_ours(item) and item.cell.execution_count is None}
    )
    if never_run:
        raise pytest.UsageError(
            f"cells never run, `make notebooks` does it: {', '.join(never_run)}"
        )


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: Any) -> Any:
    """Start the mock before nbval starts a notebook's kernel, which it does for the first cell."""
    if not _is_ours(item) or item.parent.kernel is not None:
        return (yield)
    # A chart has dates in it, and is not text that sanitize.cfg could change.
    item.parent.skip_compare = (*item.parent.skip_compare, VEGA)
    if not hasattr(item.config, "wych"):
        item.config.wych = mock.start(seed=1, ephemeral=True)
    with surroundings(item.config.wych):
        return (yield)


def pytest_unconfigure(config: Any) -> None:
    """Stop the mock. Each worker has its own."""
    if hasattr(config, "wych"):
        config.wych.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: Any, call: pytest.CallInfo[None]) -> Any:
    """Remember the first cell of a notebook that failed."""
    report = yield
    if _is_ours(item) and report.failed and call.when == "call":
        item.parent.failed_cell = getattr(item.parent, "failed_cell", None) or item.name
    return report


def pytest_runtest_call(item: Any) -> None:
    """Skip the cells after one that failed: they only fail because of it."""
    if _is_ours(item) and (failed_cell := getattr(item.parent, "failed_cell", None)):
        pytest.skip(f"{failed_cell} failed before")
