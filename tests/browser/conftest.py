"""Provides one JupyterLab and one browser, and a notebook and an empty mock for each test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.browser.lab import CHROMIUM, Sheet, chromium, jupyter, project
from wych_kit import mock

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    """All tests here need a browser."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """JupyterLab, on this machine's loopback."""
    with jupyter(tmp_path_factory.mktemp("lab")) as running:
        yield running


@pytest.fixture(scope="session")
def wych():
    """The mock."""
    with mock.running(ephemeral=True) as running:
        yield running


# Not for the session: Playwright keeps an event loop running in this thread, which other tests must
# not find.
@pytest.fixture(scope="module")
def browser():
    """Chromium."""
    if CHROMIUM is None:
        pytest.skip("no chromium on the path: apt-get install chromium")
    with chromium() as running:
        yield running


@pytest.fixture
def sheet(browser, lab, wych, request):
    """The tour, not run yet, in a window of 1280 by 900.

    Its project is removed afterwards, so that no test finds what an earlier one stored.
    """
    wych.reset()
    path = project(lab.root / request.node.name.translate(str.maketrans("[]", "-_")), wych)
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    context.set_default_timeout(20_000)
    opened = Sheet(context.new_page(), lab, path)
    opened.open()
    yield opened
    context.close()
    lab.end_kernels()
    shutil.rmtree(path.parent)
