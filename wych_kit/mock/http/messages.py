"""Define requests and answers, and convert them from and to ASGI."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from starlette.requests import ClientDisconnect

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.types import Message, Receive, Scope, Send

# Says on which kind of knowledge an answer rests. The identity provider's answers never carry it:
# they are compared with a real one byte for byte.
BASIS_HEADER = b"x-wych-mock-basis"

Headers = tuple[tuple[bytes, bytes], ...]


@dataclass(slots=True)
class Request:
    """A request. `path` is raw, without the query; header names are lower case.

    `address` is the caller's IP. `body` is empty until `read_body`.
    """

    method: str
    path: str
    headers: dict[bytes, bytes]
    address: str
    scope: Scope
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, complete with `Content-Length`.

    `row` names the row of the wire facts that it follows, `reason` is for the mock's own log.
    Neither is sent.
    """

    status: int
    headers: Headers
    body: bytes
    row: str = ""
    reason: str = ""

    def with_reason(self, reason: str, row: str = "") -> Answer:
        """Return the same bytes with a closer reason, and row, for the log."""
        return replace(self, reason=reason, row=row or self.row)


# For the log of a request that was left without an answer. Status 0 is never sent.
NOTHING = Answer(0, (), b"")


def answer(
    status: int, body: bytes, *headers: tuple[bytes, bytes], row: str = "", reason: str = ""
) -> Answer:
    """Return an answer with its length in the headers."""
    return Answer(status, (*headers, (b"content-length", b"%d" % len(body))), body, row, reason)


def compact_json(value: Any) -> bytes:
    """Return JSON as both servers write it: without spaces, keys in the order given."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def read_scope(scope: Scope) -> Request:
    """Return the request of an ASGI scope; its body is not read yet."""
    caller = scope.get("client")
    return Request(
        method=scope["method"],
        path=scope["raw_path"].decode("latin-1"),
        headers=dict(scope["headers"]),
        address=caller[0] if caller else "",
        scope=scope,
    )


def header_size(request: Request) -> int:
    """Return the bytes of the header block, with the colon, space and line end of each line."""
    return sum(len(name) + len(text) + 4 for name, text in request.scope["headers"])


async def read_body(request: Request, receive: Receive, limit: int) -> bool:
    """Read the body into `request`, and return False if it is longer than `limit` bytes.

    Raises `ClientDisconnect` when the caller hangs up before the end: half a request must not be
    answered.
    """
    # An announced length is refused before a byte is read. A chunked body announces none, so its
    # parts are counted below.
    announced = request.headers.get(b"content-length", b"0")
    if announced.isdigit() and int(announced) > limit:
        return False
    # Joined once at the end: adding to bytes copies all that came before.
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


async def send(response: Answer, asgi_send: Send) -> None:
    """Send an answer to an ASGI server."""
    await asgi_send(
        {"type": "http.response.start", "status": response.status, "headers": response.headers}
    )
    await asgi_send({"type": "http.response.body", "body": response.body})


async def ask_site(site: Starlette, request: Request) -> Answer:
    """Return a Starlette site's answer to a request whose body is read.

    Its shape is invented; its handlers may put a reason into the scope.
    """
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": request.body}

    async def send(message: Message) -> None:
        sent.append(message)

    await site(request.scope, receive, send)
    # The first message has status and headers; every other one is a part of the body.
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return Answer(
        sent[0]["status"],
        tuple(sent[0]["headers"]),
        body,
        "invented",
        request.scope.get("reason", ""),
    )


def join_grants(discovery: Answer) -> Answer:
    """Return the discovery document with its grants in one text, as Wych's page shows it.

    API facts, section 8, row 6. Any other answer is returned unchanged.
    """
    try:
        document = json.loads(discovery.body)
        joined = " ".join(document["grant_types_supported"])
    # A refusal, or a document that a fault has altered.
    except (ValueError, KeyError):
        return discovery
    document["grant_types_supported"] = [joined]
    # `answer` adds the new length.
    headers = [header for header in discovery.headers if header[0] != b"content-length"]
    return answer(
        discovery.status,
        compact_json(document),
        *headers,
        row=discovery.row,
        reason=discovery.reason,
    )


def without_basis(original: Answer) -> Answer:
    """Return the answer without the mock's own header."""
    return replace(
        original, headers=tuple(header for header in original.headers if header[0] != BASIS_HEADER)
    )
