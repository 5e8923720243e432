"""Where the kit keeps things: in WYCH_HOME, else where the system wants them."""

from pathlib import Path

import platformdirs
import pytest

from wych_kit.settings import locations


@pytest.mark.parametrize("of", [locations.tokens, locations.journal, locations.mock])
def test_everything_is_below_the_kits_home(of, tmp_path):
    """With a home given, nothing lies outside it."""
    assert of(tmp_path).is_relative_to(tmp_path)


def test_without_a_home_the_system_decides(monkeypatch):
    """Tokens are a cache, what is remembered is data: each in the user's own folder for that, under the kit's name."""
    assert (
        locations.tokens(None)
        == platformdirs.user_cache_path("wych-kit", appauthor=False) / "tokens"
    )
    data = platformdirs.user_data_path("wych-kit", appauthor=False)
    assert (locations.journal(None).parent, locations.mock(None).parent) == (data, data)


def test_no_two_things_share_a_place():
    """Each has its own file or folder, and asking makes none of them."""
    home = Path("/nowhere/at/all")
    assert len({locations.tokens(home), locations.journal(home), locations.mock(home)}) == 3
    assert not home.exists()
