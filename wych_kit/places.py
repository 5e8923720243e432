"""Where the kit keeps what it keeps: in WYCH_HOME when that is set, else where the system wants such things."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def tokens(home: Path | None) -> Path:
    """The folder of the shared tokens."""
    if home is not None:
        return home / "tokens"
    from platformdirs import user_cache_path

    return user_cache_path("wych-kit", appauthor=False) / "tokens"


def journal(home: Path | None) -> Path:
    """The file of the last commands' exchanges."""
    return _data(home) / "journal.jsonl"


def mock(home: Path | None) -> Path:
    """The file in which a mock that the kit starts remembers registrations."""
    return _data(home) / "mock.sqlite"


def _data(home: Path | None) -> Path:
    if home is not None:
        return home
    from platformdirs import user_data_path

    return user_data_path("wych-kit", appauthor=False)
