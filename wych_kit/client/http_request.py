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
    """A request with nothing of anybody's client in it: no default headers, no cookies, no key. It knows its stage and its basis.

    Asks for an uncompressed answer, so that a small answer cannot unpack into a huge one. Raises `Unexpected` for what is no address.
    """
    headers = {
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "User-Agent": USER_AGENT,
    }
    if (address := parse_url(url)) is None:
        raise Unexpected(
            f"the address for the {stage} request is none that can be called",
            stage=stage,
            reference="bad-address",
        )
    request = httpx.Request(method, address, headers=headers, **content)
    request.extensions |= {
        "timeout": httpx.Timeout(ANSWER_SECONDS).as_dict(),
        STAGE: stage,
        BASIS: basis,
    }
    return request


def stage_of(request: httpx.Request) -> Stage:
    """The stage that a `plain_request` belongs to; any other request is a call."""
    stage: Stage = request.extensions.get(STAGE, "call")
    return stage


def parse_url(text: str) -> httpx.URL | None:
    """The address, or `None` where httpx, its reading of the host, or the look-up of the name would raise an exception of its own."""
    try:
        url = httpx.URL(text)
        _ = url.host  # read late: a broken xn-- name raises here
        url.raw_host.decode("ascii").encode(
            "idna"
        )  # as the look-up does: a label is empty or too long
    except (httpx.InvalidURL, UnicodeError):
        return None
    return url


def is_loopback(host: str) -> bool:
    """Whether the host name is this machine, written in one of the usual ways. No name is looked up."""
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
