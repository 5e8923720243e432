"""Define a call that passed the gateway, and the application's reply."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from wych_kit.mock.state.clients import Client


class Call(NamedTuple):
    """A call that passed the gateway.

    `subject` is whom its token speaks for; `where` has the ids of the path, and `query` the pairs
    of the query string.
    """

    client: Client
    subject: str
    path: str
    where: dict[str, str]
    query: list[tuple[str, str]]
    body: dict[str, Any]


class Reply(NamedTuple):
    """A status, a value for JSON (None for no body) and, for a refusal, the reason."""

    status: int
    value: Any
    reason: str = ""


class Refused(Exception):
    """Raised to refuse a call with `reply`, which has the reason."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.reason)
        self.reply = reply


def refuse(status: int, code: str, reason: str) -> Reply:
    """Return a refusal. Its form and its code are invented: Wych's own words are not public."""
    return Reply(status, {"error": code, "message": reason[0].upper() + reason[1:] + "."}, reason)


CONNECTION_NOT_FOUND = refuse(404, "connection_not_found", "no connection has this id")
# The refusal for a connection in each state that gives no data. 409 for PENDING, because the same
# call can succeed later.
CONSENT = {
    "PENDING": refuse(409, "consent_pending", "the user has not consented yet"),
    "REJECTED": refuse(403, "consent_rejected", "the user has not agreed to share data"),
    "REVOKED": refuse(403, "consent_revoked", "the user has taken the consent back"),
    "EXPIRED": refuse(403, "consent_expired", "the consent is over: the user can give it again"),
}
