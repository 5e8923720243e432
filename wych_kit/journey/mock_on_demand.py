"""Starts a mock at the address in the settings, if nothing answers there."""

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
    """Start a mock at the settings' address and return it; the caller stops it.

    Returns None if something answers there, or if the settings are not for a mock on this machine.
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
        # Another command may have started its mock a moment earlier. That one serves as well.
        for _ in range(20):
            with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=1):
                return None
            time.sleep(0.05)
        raise
