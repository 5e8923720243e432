"""True answers with something wrong in them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from wych_kit.mock.http.messages import Answer, compact_json

if TYPE_CHECKING:
    from wych_kit.mock.faults.active import Active

DOCUMENTS = frozenset({"issuer-mismatch", "discovery-incomplete", "endpoint-elsewhere"})
TOKENS = frozenset({"no-token", "not-bearer", "odd-lifetime"})
_EXTRA = 400 * 1024
_ELSEWHERE = "https://elsewhere.example"


def altered(active: Active, true: Answer) -> Answer:
    """A discovery document or a token's answer, spoilt as the fault says. All of it is invented."""
    value = json.loads(true.body)
    match active.fault.name:
        case "issuer-mismatch":
            value["issuer"] = f"{_ELSEWHERE}/realms/partner"
        case "discovery-incomplete":
            del value["token_endpoint"]
        case "endpoint-elsewhere":
            value["token_endpoint"] = f"{_ELSEWHERE}/realms/partner/protocol/openid-connect/token"
        case "no-token":
            del value["access_token"]
        case _:  # the parameter is named as the field
            value |= active.values
    return active.told(_with_body(true, compact_json(value)), "invented")


def lengthened(active: Active, true: Answer) -> Answer:
    """The true answer after 400 KiB of white space, which JSON allows (RFC 8259 §2)."""
    return active.told(_with_body(true, b" " * _EXTRA + true.body), "invented")


def with_header(true: Answer, name: bytes, text: bytes) -> Answer:
    """The answer with one header set."""
    return replace(
        true,
        headers=(*((known, value) for known, value in true.headers if known != name), (name, text)),
    )


def _with_body(true: Answer, body: bytes) -> Answer:
    return with_header(replace(true, body=body), b"content-length", b"%d" % len(body))
