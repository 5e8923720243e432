"""A mock that issues odd secrets, and a project that uses it, for as long as one file's tests run."""

from __future__ import annotations

import gc
import logging
import os
import warnings

import pytest

from tests.silence.collector import ECHO, LOGGERS, LeakCollector, Leftover, objects
from wych_kit import mock


@pytest.fixture(scope="module")
def collector(request, tmp_path_factory):
    """Collect all that is left behind by the `use(collector)` of a test file, in a project of its own."""
    folder = tmp_path_factory.mktemp("silence")
    (folder / "project").mkdir()
    (folder / "project" / "pyproject.toml").touch()
    root = logging.getLogger()
    before = {name: logging.getLogger(name).level for name in LOGGERS} | {"": root.level}
    gc.collect()
    gc.freeze()  # what other tests left alive is none of this journey's objects
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        for name in [name for name in os.environ if name.startswith("WYCH_")]:
            patch.delenv(name)
        patch.setenv("WYCH_HOME", str(folder / "kit"))
        patch.setenv("HOME", str(folder / "home"))
        patch.chdir(folder / "project")
        with mock.running(path=folder / "mock.sqlite") as wych:
            collector = LeakCollector(folder, patch, wych)
            root.addHandler(collector.log)
            for name in before:
                logging.getLogger(name).setLevel(logging.DEBUG)
            try:
                request.module.use(collector)
                collector.leftovers += objects()
            finally:
                gc.unfreeze()
                root.removeHandler(collector.log)
                for name, level in before.items():
                    logging.getLogger(name).setLevel(level)
            collector.leftovers += [
                Leftover("mock's request log", repr(row)) for row in wych.requests
            ]
            collector.leftovers.append(Leftover("mock", repr(wych)))
    # httpcore logs the headers that a server sends, whatever they repeat; the kit cannot prevent that.
    collector.leftovers += [
        Leftover("log", line) for line in dict.fromkeys(collector.log.lines) if ECHO not in line
    ]
    collector.leftovers += [Leftover("warning", f"{row.message} {row!r}") for row in warned]
    return collector
