"""Collects the parts of a bundle: files, each with a name, a description and a text."""

from __future__ import annotations

import json
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wych_kit import __version__
from wych_kit.client.journal.export import render_har, render_json_lines
from wych_kit.client.journal.history import is_sent_with
from wych_kit.client.journal.transcript import escape_control_characters
from wych_kit.diagnosis.connectivity import Report
from wych_kit.support.bundle import facts
from wych_kit.support.bundle.anonymise import remove_personal_data
from wych_kit.support.bundle.facts import mask_personal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from wych_kit.client.journal.recorder import Exchange
    from wych_kit.settings.loading import Settings

# The request in question is seldom further back.
MAX_EXCHANGES = 100


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a bundle."""

    name: str
    description: str
    text: str

    @property
    def content(self) -> bytes:
        """The bytes of the file."""
        # A path in a setting may contain half a surrogate pair.
        return self.text.encode("utf-8", "replace")


def collect_parts(
    settings: Settings,
    exchanges: Iterable[Exchange],
    report: Report | str | None,
    now: datetime,
    secret_names: Sequence[str],
) -> list[Part]:
    """Return every part, in order.

    `report` is the check, a text that says why it did not run, or None if nobody wanted it.
    `secret_names` names the secrets that are searched for by value.
    """
    recorded = list(exchanges)
    # Exchanges with other environments or partners are nobody's business.
    relevant = [exchange for exchange in recorded if is_sent_with(settings, exchange)]
    relevant = relevant[-MAX_EXCHANGES:]
    of_check = report.exchanges if isinstance(report, Report) else ()
    is_of_check = [exchange in of_check for exchange in relevant]
    kept = [remove_personal_data(exchange, settings.issuer_url) for exchange in relevant]
    number = f"{len(kept)} {'exchange' if len(kept) == 1 else 'exchanges'}"
    files: list[tuple[str, str, str]] = [
        (
            "versions.json",
            "the kit, Python, the system, libraries",
            _to_json(facts.list_versions()),
        ),
        (
            "settings.json",
            "settings, origins, secrets' fingerprints",
            _to_json(facts.describe_settings(settings)),
        ),
    ]
    if report is not None:
        files += [
            (
                "check.txt",
                "the result of wych-kit check, to read",
                _join_lines(facts.render_check(report)),
            ),
            (
                "check.json",
                "the same for programs, with times",
                _to_json(facts.describe_check(report)),
            ),
        ]
    files += [
        (
            "requests.json",
            "request ids with time, path and status",
            _to_json(facts.list_requests(kept, is_of_check)),
        ),
        ("exchanges.har", f"{number}, redacted (HAR 1.2)", _to_json(render_har(kept, __version__))),
        ("exchanges.jsonl", "the same, a line each", render_json_lines(kept)),
    ]
    parts = [Part(*file) for file in files]
    left_out = len(recorded) - len(kept)
    return [_make_readme(parts, settings, now, secret_names, report, left_out=left_out), *parts]


def _make_readme(
    parts: Iterable[Part],
    settings: Settings,
    now: datetime,
    secret_names: Sequence[str],
    report: Report | str | None,
    *,
    left_out: int,
) -> Part:
    name, description = "README.txt", "what is in here, and what is not"
    rows = [(name, description), *((part.name, part.description) for part in parts)]
    environment = settings.environment
    searched = ", ".join(dict.fromkeys(secret_names)) or "none, because none is set"
    lines = [
        "Wych Kit support bundle",
        f"Made by wych-kit {__version__} on {now:%Y-%m-%d %H:%M:%S} UTC.",
        f"Environment: {mask_personal(environment.name)} ({environment.words or environment.note})",
        "",
        "What it contains",
        *(f"  {file:<16} {contents}" for file, contents in rows),
        *(["  No check: it was made with --no-check."] if report is None else []),
        "",
        "What it does not contain",
        "  Secrets. Everything was searched before it was written. By value for:",
        *_wrap(f"{searched}."),
        "  By shape for tokens, private keys and named secrets. In an exchange",
        "  ‹WYCH_API_KEY› and the like replace a secret. A fingerprint is eight",
        "  digits. Equal secrets have equal fingerprints.",
        "  Customers' data. Email addresses are masked, and fields for names,",
        "  phones and addresses (‹e-mail›, ‹personal›). Requests to the API and its",
        "  successful responses keep only their shape (‹text›, ‹number›). Ids that",
        "  are UUIDs stay, so that a call can be found.",
    ]
    if left_out:
        reason = "because they are older, or went to a different host or partner"
        lines += _wrap(f"Exchanges: {left_out} left out, {reason}.")
    lines += [
        "",
        "How to read it",
        "  Begin with requests.json." if report is None else "  Begin with check.txt.",
        "  To find a call in Wych's logs: requests.json, ids (x-amzn-requestid).",
        "  of_the_check: the check made this request. One of them goes to the API's",
        "  base URL, to read the server's clock. A 403 response to it is correct.",
        "  The .har opens in a browser: developer tools, Network, import.",
        "  Times are UTC by the sender's clock. server_date is the server's.",
    ]
    if isinstance(report, Report):
        lines += _wrap(facts.describe_clock(report))
    return Part(name, description, _join_lines(lines))


def _wrap(text: str) -> list[str]:
    return textwrap.wrap(text, 76, initial_indent="  ", subsequent_indent="  ")


def _to_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _join_lines(lines: Iterable[str]) -> str:
    return "".join(
        f"{escape_control_characters(line)}\n" for text in lines for line in text.split("\n")
    )
