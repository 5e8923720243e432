"""Lint the URL at which a customer's browser returns from the consent (API facts section 6)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from wych_kit.callback.rules import STATES, UUID, find_issues
from wych_kit.diagnosis.lint.remark import Remark
from wych_kit.errors import SettingInvalid

if TYPE_CHECKING:
    from collections.abc import Iterator

_ID = "(the id as Wych sent it)"
_REFERENCES = {
    "repeated": "duplicate-parameter",
    "pending": "consent-pending",
    "rejected": "consent-rejected",
}


def lint_address(text: str) -> tuple[Remark, ...]:
    """Return the remarks on a callback URL. Raises `SettingInvalid` for what is not a URL."""
    try:
        parts = urlsplit(text.strip())
        whole = (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and not re.search(r"\s", text.strip())
        )
        pairs = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        whole, pairs = False, []
    if not whole:
        raise SettingInvalid(
            "The text",
            "is not a URL: it must start with https://",
            reference="bad-address",
        )
    return tuple(_remarks(pairs))


def _remarks(pairs: list[tuple[str, str]]) -> Iterator[Remark]:
    fields = dict(pairs)
    for issue in find_issues(pairs):
        yield Remark(
            _REFERENCES.get(issue.kind, "unknown-answer"),
            f"query, {issue.parameter}" if issue.parameter else "query",
            issue.explanation,
            _query(fields | {"state": "ACTIVE"} if issue.parameter == "state" else fields),
            certain=issue.kind in ("pending", "rejected"),
        )


def _query(fields: dict[str, str]) -> str:
    """Return the query as documented; only ids that are UUIDs are shown, the rest might be anything."""
    state = fields.get("state", "")
    shown = {
        "connection": fields.get("connection", ""),
        "state": state if state in STATES else "ACTIVE",
    }
    shown |= {"user": fields["user"]} if "user" in fields else {}
    return "&".join(
        f"{name}={value if name == 'state' or UUID.fullmatch(value) else _ID}"
        for name, value in shown.items()
    )
