"""Stores the exchanges of earlier commands, without secrets, for `wych-kit journal`."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import unquote

from wych_kit.client.journal.export import render_json_lines
from wych_kit.client.journal.recorder import Exchange
from wych_kit.settings import locations
from wych_kit.settings.private_files import write_private_file

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from wych_kit.settings.loading import Settings

# The oldest are removed first.
MAX_EXCHANGES = 200
_LEFT_OUT = "(a customer's own data: not stored on the disk)"


def is_sent_with(settings: Settings, exchange: Exchange) -> bool:
    """Return True if these settings may have sent the exchange.

    It went to one of their hosts, and not to a different partner's path. The history belongs to
    the user, so it also has the exchanges of other folders.
    """
    addresses = (settings.issuer_url, settings.api_url, settings.portal_url, settings.connect_url)
    if _host(exchange.url) not in {_host(address) for address in addresses if address}:
        return False
    base = f"{settings.api_url}/partner/"
    if not settings.partner_id or not exchange.url.startswith(base):
        return True
    return unquote(exchange.url.removeprefix(base).partition("/")[0]) == settings.partner_id


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].rpartition("@")[2].lower()


def _has_customer_data(exchange: Exchange) -> bool:
    # A refusal contains none, and is what people look for.
    return exchange.whose == "customer" and (
        exchange.status is None or exchange.status < HTTPStatus.BAD_REQUEST
    )


class History:
    """A file of JSON lines that only the user can read, in the kit's folder.

    A disk that cannot be written costs the history, not the command.
    """

    def __init__(self, home: Path | None) -> None:
        self.path = locations.journal(home)

    def read(self) -> list[Exchange]:
        """Return the stored exchanges, oldest first, without lines that cannot be read."""
        exchanges = []
        with suppress(OSError):
            # splitlines() would also split at U+2028, which a body may contain.
            for line in self.path.read_text("utf-8", "replace").split("\n"):
                with suppress(ValueError, KeyError, TypeError, RecursionError):
                    exchanges.append(Exchange.from_dict(json.loads(line)))
        return exchanges

    def add(self, exchanges: Iterable[Exchange]) -> None:
        """Add exchanges, without the data that a customer's bank sent."""
        added = [
            replace(exchange, response_body=_LEFT_OUT) if _has_customer_data(exchange) else exchange
            for exchange in exchanges
        ]
        if not added:
            return
        # Imported late: the first form appears sooner without it.
        from filelock import FileLock, Timeout

        with suppress(OSError, Timeout):
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with FileLock(self.path.with_suffix(".lock"), timeout=2, mode=0o600):
                lines = render_json_lines([*self.read(), *added][-MAX_EXCHANGES:])
                write_private_file(self.path, lines.encode("utf-8", "replace"))

    def clear(self) -> bool:
        """Remove the file. Return True if there was one."""
        with suppress(OSError):
            self.path.with_suffix(".lock").unlink(missing_ok=True)
            self.path.unlink()
            return True
        return False
