"""A request as it came and an answer as it will go: the little that the roles share."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from starlette.requests import ClientDisconnect

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.types import Message, Receive, Scope, Send

# On every answer whose shape or text is not documented; `basis_header=False` leaves it out.
BASIS_HEADER = b"x-wych-mock-basis"

Headers = tuple[tuple[bytes, bytes], ...]


@dataclass(slots=True)
class Request:
    """What came. `path` is raw, without the query; header names are lower case; `address` is the caller's IP."""

    method: str
    path: str
    headers: dict[bytes, bytes]
    address: str
    scope: Scope
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back, complete with `Content-Length`. `row` names the fact it follows, `reason` is for the mock's own record."""

    status: int
    headers: Headers
    body: bytes
    row: str = ""
    reason: str = ""

    def with_reason(self, reason: str, row: str = "") -> Answer:
        """The same bytes on the wire, with a closer reason (and row) in the record."""
        return replace(self, reason=reason, row=row or self.row)


# No answer at all, for the record.
NOTHING = Answer(0, (), b"")


def answer(
    status: int, body: bytes, *headers: tuple[bytes, bytes], row: str = "", reason: str = ""
) -> Answer:
    """An answer with its length said."""
    return Answer(status, (*headers, (b"content-length", b"%d" % len(body))), body, row, reason)


def compact_json(value: Any) -> bytes:
    """JSON as both servers write it: no space, keys in the order given."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def read_scope(scope: Scope) -> Request:
    """The request of an ASGI scope, its body not read yet."""
    caller = scope.get("client")
    return Request(
        scope["method"],
        scope["raw_path"].decode("latin-1"),
        dict(scope["headers"]),
        caller[0] if caller else "",
        scope,
    )


def header_size(request: Request) -> int:
    """Bytes of the header block, with the colon, space and line end of each line."""
    return sum(len(name) + len(text) + 4 for name, text in request.scope["headers"])


async def read_body(request: Request, receive: Receive, limit: int) -> bool:
    """Reads the body into `request`; False when it is longer than `limit` bytes.

    Raises `ClientDisconnect` when the caller hangs up before the end: half a request is none.
    """
    announced = request.headers.get(b"content-length", b"0")
    if announced.isdigit() and int(announced) > limit:
        return False
    parts: list[bytes] = []
    length, more = 0, True
    while more and length <= limit:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        length += len(parts[-1])
        more = message.get("more_body", False)
    request.body = b"".join(parts)
    return length <= limit


async def send(answer_: Answer, send_: Send) -> None:
    """Puts the answer on the wire."""
    await send_(
        {"type": "http.response.start", "status": answer_.status, "headers": answer_.headers}
    )
    await send_({"type": "http.response.body", "body": answer_.body})


async def ask_site(site: Starlette, request: Request) -> Answer:
    """What it answers, as invented, with the reason that its handlers put into the scope."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": request.body}

    async def send(message: Message) -> None:
        sent.append(message)

    await site(request.scope, receive, send)
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return Answer(
        sent[0]["status"],
        tuple(sent[0]["headers"]),
        body,
        "invented",
        request.scope.get("reason", ""),
    )


def join_grants(true: Answer) -> Answer:
    """The discovery document with its grants in one text, as Wych's page shows it (API facts, section 8, row 6)."""
    try:
        document = json.loads(true.body)
        joined = " ".join(document["grant_types_supported"])
    except (ValueError, KeyError):  # a refusal, or what a fault left of the document
        return true
    document["grant_types_supported"] = [joined]
    headers = [header for header in true.headers if header[0] != b"content-length"]
    return answer(true.status, compact_json(document), *headers, row=true.row, reason=true.reason)


def without_basis(marked: Answer) -> Answer:
    """The answer without the mock's own header, as a stranger would send it."""
    return replace(
        marked, headers=tuple(header for header in marked.headers if header[0] != BASIS_HEADER)
    )
