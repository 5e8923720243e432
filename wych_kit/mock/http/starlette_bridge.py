"""A web application of Starlette's, asked with a request that is already read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wych_kit.mock.http.messages import Answer

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.types import Message

    from wych_kit.mock.http.messages import Request


async def answered(site: Starlette, request: Request) -> Answer:
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
