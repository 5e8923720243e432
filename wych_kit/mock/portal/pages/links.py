"""Find an app by the name in its consent link, and make links that sign a customer in once.

`/app/{appName}/connection` is Wych's form of the path; how it spells a name is not public. Here
`appName` is the name in lower case with hyphens. The first app of a name has it plain; a later one
has the first eight digits of its id added. The name as entered and the app's id lead there too.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any, NamedTuple
from unicodedata import normalize

from wych_kit.mock.portal.pages.sessions import random_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wych_kit.mock.state.clock import Clock
    from wych_kit.mock.state.store import Store

ROOT = "/app"
# Seconds. A mail may take minutes to arrive.
LIFE = 15 * 60
_MOST = 1000


def slug(name: str) -> str:
    """Return a name as it stands in a path: lower case ASCII letters and digits, with hyphens."""
    # NFKD divides ū into u and a macron, which ASCII then drops.
    plain = normalize("NFKD", name).encode("ascii", "ignore").decode().lower().replace("'", "")
    return re.sub("[^a-z0-9]+", "-", plain).strip("-")


def apps_by_name(store: Store) -> dict[str, dict[str, Any]]:
    """Return every app by the name in its path."""
    named: dict[str, dict[str, Any]] = {}
    for app in store.list_apps():
        name = slug(app["name"])
        # A name in a script without ASCII letters has no slug; such an app is found by its id.
        choices = (name, f"{name}-{app['id'][:8]}", app["id"]) if name else (app["id"],)
        named[next(choice for choice in choices if choice not in named)] = app
    return named


def name_of(store: Store, app_id: str) -> str:
    """Return the name in the app's path."""
    return next(name for name, app in apps_by_name(store).items() if app["id"] == app_id)


def in_link(store: Store, app: Mapping[str, Any]) -> str:
    """Return the app's name for its consent link.

    It is the name as entered, unless that leads to a different app.
    """
    meant = find_app(store, app["name"])
    return str(app["name"]) if meant and meant[1]["id"] == app["id"] else name_of(store, app["id"])


def find_app(store: Store, name: str) -> tuple[str, Mapping[str, Any]] | None:
    """Return the app of this name or id, with the name in its path; None if there is none."""
    named = apps_by_name(store)
    # As it stands in a path first, then as a person may type it, then by the app's id.
    for choice in (name, slug(name)):
        if choice in named:
            return choice, named[choice]
    return next(((known, app) for known, app in named.items() if app["id"] == name), None)


class Ticket(NamedTuple):
    """A link that signs an email address in at an app.

    With a `password` (a hash) it sets that, too. `until` is in seconds since 1970.
    """

    app_id: str
    email: str
    password: str
    until: float


class Links:
    """One-time links: the last thousand, stored as hashes.

    They are valid for 15 minutes of the mock's clock.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._tickets: dict[bytes, Ticket] = {}

    def make(self, app_id: str, email: str, password: str = "") -> str:
        """Return the path and query of a link that signs this customer in."""
        token = random_text()
        self._tickets[_kept_as(token)] = Ticket(app_id, email, password, self._clock.now() + LIFE)
        if len(self._tickets) > _MOST:
            del self._tickets[next(iter(self._tickets))]
        return f"{ROOT}/{name_of(self._store, app_id)}/connection?token={token}"

    def redeem(self, app_id: str, token: str) -> Ticket | None:
        """Use a link up and return what it is for.

        None if it is used, expired, unknown or of a different app.
        """
        ticket = self._tickets.get(_kept_as(token))
        if ticket is None or ticket.app_id != app_id:
            return None
        # Used up even when expired. A link for a different app is left to its owner.
        del self._tickets[_kept_as(token)]
        return ticket if self._clock.now() <= ticket.until else None

    def reset(self) -> None:
        """Forget all links."""
        self._tickets.clear()


def _kept_as(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
