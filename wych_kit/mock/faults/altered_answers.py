"""Changes a correct answer so that something in it is wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from wych_kit.mock.http.messages import Answer, compact_json

if TYPE_CHECKING:
    from wych_kit.mock.faults.switch import ActiveFault, Faults
    from wych_kit.mock.http.messages import Request

DOCUMENT_FAULTS = frozenset({"issuer-mismatch", "discovery-incomplete", "endpoint-elsewhere"})
TOKEN_FAULTS = frozenset({"no-token", "not-bearer", "odd-lifetime"})
_EXTRA_BYTES = 400 * 1024
_ELSEWHERE = "https://elsewhere.example"


def apply_fault(names: frozenset[str], answer: Answer, request: Request, faults: Faults) -> Answer:
    """Return the answer, altered if one of these faults acts on the request."""
    fault = faults.first(names, request) if faults.active else None
    return _alter(fault, answer) if fault else answer


def _alter(fault: ActiveFault, answer: Answer) -> Answer:
    # All of it is invented.
    value = json.loads(answer.body)
    match fault.fault.name:
        case "issuer-mismatch":
            value["issuer"] = f"{_ELSEWHERE}/realms/partner"
        case "discovery-incomplete":
            del value["token_endpoint"]
        case "endpoint-elsewhere":
            value["token_endpoint"] = f"{_ELSEWHERE}/realms/partner/protocol/openid-connect/token"
        case "no-token":
            del value["access_token"]
        case _:
            # The other faults have one parameter, which has the name of the field.
            value |= fault.values
    return fault.explain(_replace_body(answer, compact_json(value)), "invented")


def lengthen(fault: ActiveFault, answer: Answer) -> Answer:
    """Return the answer after 400 KiB of white space, which JSON allows (RFC 8259 section 2)."""
    body = b" " * _EXTRA_BYTES + answer.body
    return fault.explain(_replace_body(answer, body), "invented")


def set_header(answer: Answer, name: bytes, text: bytes) -> Answer:
    """Return the answer with one header set."""
    others = ((other, value) for other, value in answer.headers if other != name)
    return replace(answer, headers=(*others, (name, text)))


def _replace_body(answer: Answer, body: bytes) -> Answer:
    return set_header(replace(answer, body=body), b"content-length", b"%d" % len(body))
