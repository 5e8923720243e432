"""The notebooks as tests, always on the mock: each in an empty project of its own, whatever this machine's settings are.

nbval's items are no functions, so fixtures do not reach them; these are hooks.
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
    """What a kernel started meanwhile inherits: the mock's addresses, and a home with nothing in it. The mock remembers nothing.

    A kernel starts in its notebook's folder, where `.env` would be the developer's own, so its first act is to leave it.
    """
    wych.reset()
    place = Path(tempfile.mkdtemp(prefix="wych-notebook-"))
    atexit.register(
        shutil.rmtree, place, ignore_errors=True
    )  # the kernel stands in it until it stops
    startup = place / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (place / "pyproject.toml").touch()
    (startup / "00-leave.py").write_text(f"import os\nos.chdir({str(place)!r})\n", "utf-8")
    ours = {
        f"WYCH_{name.upper()}": getattr(wych, name)
        for name in ("issuer_url", "api_url", "portal_url", "connect_url")
    }
    ours |= {"WYCH_HOME": str(place / "kit"), "IPYTHONDIR": str(place / "ipython"), "NO_COLOR": "1"}
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("WYCH_")]:
        del os.environ[name]
    os.environ.update(ours)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _is_ours(item: pytest.Item) -> bool:
    return item.path.suffix == ".ipynb"


def pytest_collection_modifyitems(items: list[Any]) -> None:
    """A cell that was never run would be compared with nothing, so it is an error."""
    never = sorted(
        {str(item.path) for item in items if _is_ours(item) and item.cell.execution_count is None}
    )
    if never:
        raise pytest.UsageError(f"cells never run, `make notebooks` does it: {', '.join(never)}")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: Any) -> Any:
    """A notebook's kernel is started by nbval before the first cell."""
    if not _is_ours(item) or item.parent.kernel is not None:
        return (yield)
    item.parent.skip_compare = (
        *item.parent.skip_compare,
        VEGA,
    )  # it has dates in it, and is no text that could be sanitized
    if not hasattr(item.config, "wych"):
        item.config.wych = mock.start(seed=1, ephemeral=True)
    with surroundings(item.config.wych):
        return (yield)


def pytest_unconfigure(config: Any) -> None:
    """The mock stops with the tests; each worker has its own."""
    if hasattr(config, "wych"):
        config.wych.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: Any, call: pytest.CallInfo[None]) -> Any:
    """The first broken cell of a notebook is the one to look at."""
    report = yield
    if _is_ours(item) and report.failed and call.when == "call":
        item.parent.broken = getattr(item.parent, "broken", None) or item.name
    return report


def pytest_runtest_call(item: Any) -> None:
    """What comes after a broken cell says nothing."""
    if _is_ours(item) and (broken := getattr(item.parent, "broken", None)):
        pytest.skip(f"{broken} failed before")
