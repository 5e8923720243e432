"""A mock where the settings expect one, for as long as nothing answers there."""

from __future__ import annotations

import contextlib
import socket
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from wych_kit.settings import locations
from wych_kit.settings.url_validation import LOOPBACK

if TYPE_CHECKING:
    from wych_kit.mock import Mock
    from wych_kit.settings.loading import Settings


def start_mock_if_needed(settings: Settings) -> Mock | None:
    """A mock at the settings' address, to be stopped by the caller; `None` when something answers there, or it is not one of ours.

    Raises `mock.CannotStart`.
    """
    address = urlsplit("" if settings.problems("WYCH_ISSUER_URL") else settings.issuer_url or "")
    if (
        settings.environment.name != "mock"
        or address.scheme != "http"
        or address.hostname not in LOOPBACK
    ):
        return None
    host, port = address.hostname or "", address.port or 80
    with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=1):
        return None
    from wych_kit import mock

    try:
        return mock.start(host=host, port=port, path=locations.mock(settings.home))
    except mock.CannotStart:
        for _ in range(20):  # another command was first by a moment: its mock will do
            with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=1):
                return None
            time.sleep(0.05)
        raise
