"""Which of the API's paths are guesses of ours in a session. On Wych itself a guess is not tried."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wych_kit.client import endpoints

if TYPE_CHECKING:
    from wych_kit.journey.session import Session


def is_known(session: Session, name: str) -> bool:
    """Whether a path is more than a guess: Wych has published it, a setting says it, or the mock has it so."""
    return session.on_the_mock or endpoints.endpoint(name, session.settings).basis != "invented"
