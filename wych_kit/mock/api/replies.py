"""What the application behind the gateway is asked and says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from wych_kit.mock.state.clients import Client


class Call(NamedTuple):
    """A call that the gateway let through: whose token it carries, the path with the ids in it, the query's pairs, the body."""

    client: Client
    subject: str
    path: str
    where: dict[str, str]
    query: list[tuple[str, str]]
    body: dict[str, Any]


class Reply(NamedTuple):
    """What the application says: a status, a value for JSON (None is no body), and why, when it is a refusal."""

    status: int
    value: Any
    reason: str = ""


class Refused(Exception):
    """No answer for this call but `reply`, which says why."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.reason)
        self.reply = reply


def refuse(status: int, code: str, reason: str) -> Reply:
    """A refusal. Wych's own words for these are not public: its form and its code are invented."""
    return Reply(status, {"error": code, "message": reason[0].upper() + reason[1:] + "."}, reason)


CONNECTION_NOT_FOUND = refuse(404, "connection_not_found", "no connection has this id")
# Why no data of a connection in this state are given.
CONSENT = {
    "PENDING": refuse(409, "consent_pending", "the user has not consented yet"),
    "REJECTED": refuse(403, "consent_rejected", "the user has not agreed to share data"),
    "REVOKED": refuse(403, "consent_revoked", "the user has taken the consent back"),
    "EXPIRED": refuse(403, "consent_expired", "the consent is over: the user can give it again"),
}
