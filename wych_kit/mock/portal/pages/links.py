"""Where an app's users consent, and links that sign a user in once.

`/app/{appName}/connection` is Wych's own form of the path; how it spells a name is not public. Here `appName` is the name in lower case
with hyphens. The app that had a name first keeps it plain; a later one of the same name has the first eight digits of its id behind it.
The name as it was typed and the app's id find the app too, and lead to that path.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any, NamedTuple
from unicodedata import normalize

from wych_kit.mock.portal.pages.sessions import drawn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wych_kit.mock.state.clock import Clock
    from wych_kit.mock.state.store import Store

ROOT = "/app"
LIFE = 15 * 60
_MOST = 1000


def slug(name: str) -> str:
    """A name as it stands in a path: lower case ASCII letters and digits, with hyphens between."""
    plain = normalize("NFKD", name).encode("ascii", "ignore").decode().lower().replace("'", "")
    return re.sub("[^a-z0-9]+", "-", plain).strip("-")


def spelt(store: Store) -> dict[str, dict[str, Any]]:
    """Every app under the one name that its path has."""
    named: dict[str, dict[str, Any]] = {}
    for app in store.apps():
        name = slug(app["name"])
        choices = (name, f"{name}-{app['id'][:8]}", app["id"]) if name else (app["id"],)
        named[next(choice for choice in choices if choice not in named)] = app
    return named


def name_of(store: Store, app_id: str) -> str:
    """The name that the app's path has."""
    return next(name for name, app in spelt(store).items() if app["id"] == app_id)


def in_link(store: Store, app: Mapping[str, Any]) -> str:
    """What stands for the app in its consent link: the name as it was typed, unless that leads to one that had it first."""
    meant = found(store, app["name"])
    return str(app["name"]) if meant and meant[1]["id"] == app["id"] else name_of(store, app["id"])


def found(store: Store, name: str) -> tuple[str, Mapping[str, Any]] | None:
    """The app meant by a name or an id, with the one name that its path has."""
    named = spelt(store)
    for choice in (name, slug(name)):
        if choice in named:
            return choice, named[choice]
    return next(((known, app) for known, app in named.items() if app["id"] == name), None)


class Ticket(NamedTuple):
    """What a link does: signs this address in at this app, and sets a password (as a hash) when there is one."""

    app_id: str
    email: str
    password: str
    until: float


class Links:
    """One-time links of the last thousand, good for fifteen minutes of the mock's clock and kept hashed."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._tickets: dict[bytes, Ticket] = {}

    def make(self, app_id: str, email: str, password: str = "") -> str:
        """The path and query of a link that signs this user in."""
        token = drawn()
        self._tickets[_kept_as(token)] = Ticket(app_id, email, password, self._clock.now() + LIFE)
        if len(self._tickets) > _MOST:
            del self._tickets[next(iter(self._tickets))]
        return f"{ROOT}/{name_of(self._store, app_id)}/connection?token={token}"

    def redeem(self, app_id: str, token: str) -> Ticket | None:
        """What the link with this token is for; None when it is used, too old, unknown or another app's. It is used up."""
        ticket = self._tickets.get(_kept_as(token))
        if ticket is None or ticket.app_id != app_id:
            return None
        del self._tickets[_kept_as(token)]
        return ticket if self._clock.now() <= ticket.until else None

    def reset(self) -> None:
        """Forgets all."""
        self._tickets.clear()


def _kept_as(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
