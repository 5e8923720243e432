"""The address at which a customer's browser comes back from the consent journey (API facts section 6)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from wych_kit.errors import SettingInvalid
from wych_kit.lint.finding import Remark

if TYPE_CHECKING:
    from collections.abc import Iterator

_STATES = ("ACTIVE", "PENDING", "REJECTED")
_UUID = re.compile(r"(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_KNOWN = {"connection", "state", "user"}
_ID = "(the id as Wych sent it)"


def lint_address(text: str) -> tuple[Remark, ...]:
    """What a callback's address says, or lacks. Raises `SettingInvalid` for what is no address."""
    try:
        parts = urlsplit(text.strip())
        whole = parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", text.strip())
        pairs = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        whole, pairs = False, []
    if not whole:
        raise SettingInvalid("The text", "is no address: one that starts with https:// is expected", reference="bad-address")
    return tuple(_remarks(pairs))


def _remarks(pairs: list[tuple[str, str]]) -> Iterator[Remark]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        yield Remark(
            "duplicate-parameter",
            "query",
            "A parameter is there twice: which one counts is not known.",
            _query(fields),
            certain=False,
        )
    state = fields.get("state")
    if state == "PENDING":
        why = "The consent is not given yet: there is no data before the connection is ACTIVE."
        yield Remark("consent-pending", "query, state", why, _query(fields | {"state": "ACTIVE"}))
    elif state == "REJECTED":
        why = "The customer, or the bank, said no: this connection brings no data. A new one must be asked for."
        yield Remark("consent-rejected", "query, state", why, _query(fields | {"state": "ACTIVE"}))
    elif state != "ACTIVE":
        why = f"The state is {'missing' if state is None else 'none that is documented'}: ACTIVE, PENDING and REJECTED are."
        yield Remark("unknown-answer", "query, state", why, _query(fields | {"state": "ACTIVE"}), certain=False)
    for name in ("connection", "user"):
        if name in fields and not _UUID.fullmatch(fields[name]):
            yield Remark("unknown-answer", f"query, {name}", "Ids here are documented as UUIDs.", _query(fields), certain=False)
    if "connection" not in fields:
        yield Remark(
            "unknown-answer", "query", "The connection is missing, which every callback names.", _query(fields), certain=False
        )
    if fields.keys() - _KNOWN:
        why = "There are parameters besides connection, state and user; no others are documented."
        yield Remark("unknown-answer", "query", why, _query(fields), certain=False)


def _query(fields: dict[str, str]) -> str:
    """The query as documented. Only ids that are UUIDs are repeated: anything might have been pasted there."""
    state = fields.get("state", "")
    shown = {"connection": fields.get("connection", ""), "state": state if state in _STATES else "ACTIVE"}
    shown |= {"user": fields["user"]} if "user" in fields else {}
    return "&".join(f"{name}={value if name == 'state' or _UUID.fullmatch(value) else _ID}" for name, value in shown.items())
