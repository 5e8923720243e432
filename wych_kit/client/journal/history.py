"""The exchanges of earlier commands, so that `wych-kit journal` can show what the last one did. Redacted before they get here."""

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

# Exchanges; the oldest go first.
KEEP = 200
_NOT_OURS = "(a customer's own data: not kept on the disk)"


def is_sent_with(settings: Settings, exchange: Exchange) -> bool:
    """Whether these settings may have sent it: to one of their hosts, and below their partner's path if it is below any.

    The history is the user's, and a folder's settings are not the only ones in it.
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


def _is_data(exchange: Exchange) -> bool:
    """Whether its answer is a customer's own data; a refusal holds none, and is what one looks for."""
    return exchange.whose == "customer" and (
        exchange.status is None or exchange.status < HTTPStatus.BAD_REQUEST
    )


class History:
    """A file of JSON lines that only the user can read, in the kit's place.

    A disk that cannot be written costs the history, not the command.
    """

    def __init__(self, home: Path | None) -> None:
        self.path = locations.journal(home)

    def read(self) -> list[Exchange]:
        """What is kept, oldest first; lines that cannot be read are passed over."""
        found = []
        with suppress(OSError):
            # splitlines() would also split at U+2028, which bodies may hold
            for line in self.path.read_text("utf-8", "replace").split("\n"):
                with suppress(ValueError, KeyError, TypeError, RecursionError):
                    found.append(Exchange.from_dict(json.loads(line)))
        return found

    def add(self, exchanges: Iterable[Exchange]) -> None:
        """Keep these too, but not what a customer's bank said of the customer: that is nobody's to leave lying about."""
        added = [
            replace(each, response_body=_NOT_OURS) if _is_data(each) else each for each in exchanges
        ]
        if not added:
            return
        from filelock import FileLock, Timeout  # which a first form does not wait for

        with suppress(OSError, Timeout):
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with FileLock(self.path.with_suffix(".lock"), timeout=2, mode=0o600):
                lines = render_json_lines([*self.read(), *added][-KEEP:])
                write_private_file(self.path, lines.encode("utf-8", "replace"))

    def clear(self) -> bool:
        """Remove the file. Says whether there was one."""
        with suppress(OSError):
            self.path.with_suffix(".lock").unlink(missing_ok=True)
            self.path.unlink()
            return True
        return False
