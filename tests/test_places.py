"""Where the kit keeps things: in WYCH_HOME, else where the system wants them."""

from pathlib import Path

import platformdirs
import pytest

from wych_kit import places


@pytest.mark.parametrize("of", [places.tokens, places.journal, places.mock])
def test_everything_is_below_the_kits_home(of, tmp_path):
    """With a home given, nothing lies outside it."""
    assert of(tmp_path).is_relative_to(tmp_path)


def test_without_a_home_the_system_decides(monkeypatch):
    """Tokens are a cache, what is remembered is data: each in the user's own folder for that, under the kit's name."""
    assert places.tokens(None) == platformdirs.user_cache_path("wych-kit", appauthor=False) / "tokens"
    data = platformdirs.user_data_path("wych-kit", appauthor=False)
    assert (places.journal(None).parent, places.mock(None).parent) == (data, data)


def test_no_two_things_share_a_place():
    """Each has its own file or folder, and asking makes none of them."""
    home = Path("/nowhere/at/all")
    assert len({places.tokens(home), places.journal(home), places.mock(home)}) == 3
    assert not home.exists()
