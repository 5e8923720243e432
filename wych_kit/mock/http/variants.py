"""Sides that the mock can take where Wych's own pages contradict one another, or where its own marks are not wanted."""

from __future__ import annotations

import json
from dataclasses import replace

from wych_kit.mock.http.messages import Answer, answer, compact

BASIS = b"x-wych-mock-basis"


def grants_joined(true: Answer) -> Answer:
    """The discovery document with its grants in one text, as Wych's page shows it (API facts, section 8, row 6)."""
    try:
        document = json.loads(true.body)
        joined = " ".join(document["grant_types_supported"])
    except (ValueError, KeyError):  # a refusal, or what a fault left of the document
        return true
    document["grant_types_supported"] = [joined]
    headers = [header for header in true.headers if header[0] != b"content-length"]
    return answer(true.status, compact(document), *headers, row=true.row, reason=true.reason)


def without_basis(marked: Answer) -> Answer:
    """The answer without the mock's own header, as a stranger would send it."""
    return replace(marked, headers=tuple(header for header in marked.headers if header[0] != BASIS))
