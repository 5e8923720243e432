"""One JupyterLab and one browser; each test has a notebook, a workspace and a mock with nothing in it."""

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


# Playwright keeps an event loop running in this thread, which other tests must not find: so not for the session.
@pytest.fixture(scope="module")
def browser():
    """Chromium."""
    if CHROMIUM is None:
        pytest.skip("no chromium on the path: apt-get install chromium")
    with chromium() as running:
        yield running


@pytest.fixture
def sheet(browser, lab, wych, request):
    """The tour, not run yet, in a window of 1280 by 900. Its project is gone afterwards: what one test keeps is no leak of the next one's."""
    wych.reset()
    path = project(lab.root / request.node.name.translate(str.maketrans("[]", "-_")), wych)
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    context.set_default_timeout(20_000)
    found = Sheet(context.new_page(), lab, path)
    found.open()
    yield found
    context.close()
    lab.end_kernels()
    shutil.rmtree(path.parent)
