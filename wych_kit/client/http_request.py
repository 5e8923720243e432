"""The requests that the kit makes itself, and how an address is read. Nothing is sent here."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

import httpx

from wych_kit.errors import Stage, Unexpected

if TYPE_CHECKING:
    from typing import Any

USER_AGENT = "wych-kit"
STAGE = "wych_kit.stage"
"""The extension under which a request carries its stage."""
BASIS = "wych_kit.basis"
"""The extension of a request that says what our knowledge of the call rests on."""
# The longest that the body of an answer may take to be complete, counted from the request, however
# slowly it drips. Until the body begins, it is the longest wait for any one piece: connecting, and
# each read of the headers.
ANSWER_SECONDS = 10.0


def build_plain_request(
    method: str, url: str, stage: Stage = "token", *, basis: str = "documented", **content: Any
) -> httpx.Request:
    """Return a request without default headers, cookies or keys, which knows its stage and its basis.

    It asks for an uncompressed response, so that a small one cannot unpack into a huge one. Raises
    `Unexpected` for a text that is not a valid URL.
    """
    headers = {
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "User-Agent": USER_AGENT,
    }
    if (parsed := parse_url(url)) is None:
        raise Unexpected(
            f"the URL for the {stage} request is not valid",
            stage=stage,
            reference="bad-address",
        )
    request = httpx.Request(method, parsed, headers=headers, **content)
    request.extensions |= {
        "timeout": httpx.Timeout(ANSWER_SECONDS).as_dict(),
        STAGE: stage,
        BASIS: basis,
    }
    return request


def stage_of(request: httpx.Request) -> Stage:
    """Return the stage of a plain request; any other request is a call."""
    stage: Stage = request.extensions.get(STAGE, "call")
    return stage


def parse_url(text: str) -> httpx.URL | None:
    """Return the URL, or None if httpx or the look-up of its host would raise an exception of their own."""
    try:
        url = httpx.URL(text)
        # httpx decodes the host late, and an invalid xn-- name raises only here.
        _ = url.host
        # The look-up encodes the name so, and raises for an empty or too long label.
        url.raw_host.decode("ascii").encode("idna")
    except (httpx.InvalidURL, UnicodeError):
        return None
    return url


def is_loopback(host: str) -> bool:
    """Return True if the host name means this machine. Looks no name up."""
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
