"""How many exchanges were compared, said at the end of a run."""

from __future__ import annotations

import pytest

from tests.contract import keycloak
from tests.contract.likeness import ORDERS, VOLATILE

COMPARED = pytest.StashKey[int]()
DIFFERENT = pytest.StashKey[int]()


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """One line, when there is anything to say."""
    if compared := config.stash.get(COMPARED, 0):
        different = config.stash.get(DIFFERENT, 0)
        told = f"{compared} exchanges compared with Keycloak {keycloak.VERSION}: {different} differ"
        terminalreporter.write_line(
            f"{told}. Put aside: {len(VOLATILE)} fields and {len(ORDERS)} orders, for reasons in"
            " tests/contract/likeness.py."
        )
