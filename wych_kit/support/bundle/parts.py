"""What is in a bundle: each part a name, a sentence and a text."""

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
from wych_kit.support.bundle.anonymise import impersonal
from wych_kit.support.bundle.facts import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from wych_kit.client.journal.recorder import Exchange
    from wych_kit.settings.loading import Settings

# Exchanges that are handed on; the call in question is seldom further back.
LAST = 100


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a bundle; `holds` says what is in it."""

    name: str
    holds: str
    text: str

    @property
    def content(self) -> bytes:
        """As it is written."""
        return self.text.encode("utf-8", "replace")  # a path in a setting may have half a character


def gather(
    settings: Settings,
    exchanges: Iterable[Exchange],
    report: Report | str | None,
    now: datetime,
    searched: Sequence[str],
) -> list[Part]:
    """Every part in its order. `report`: the check, a text that says why it was not run, or `None` when nobody wanted it.

    `searched` names the secrets that are looked for by value.
    """
    whole = list(exchanges)
    concerned = [each for each in whole if is_sent_with(settings, each)]
    of_the_check = report.exchanges if isinstance(report, Report) else ()
    checking = [each in of_the_check for each in concerned[-LAST:]]
    kept = [impersonal(each, settings.issuer_url) for each in concerned[-LAST:]]
    parts = [
        Part("versions.json", "the kit, Python, the system, libraries", _json(facts.versions())),
        Part(
            "settings.json",
            "settings, origins, secrets' fingerprints",
            _json(facts.settings(settings)),
        ),
    ]
    if report is not None:
        parts += [
            Part(
                "check.txt", "what wych-kit check found, to read", _lines(facts.check_lines(report))
            ),
            Part("check.json", "the same for programs, with times", _json(facts.check(report))),
        ]
    number = f"{len(kept)} {'exchange' if len(kept) == 1 else 'exchanges'}"
    parts += [
        Part(
            "requests.json",
            "request ids with time, path and status",
            _json(facts.requests(kept, checking)),
        ),
        Part(
            "exchanges.har", f"{number}, redacted (HAR 1.2)", _json(render_har(kept, __version__))
        ),
        Part("exchanges.jsonl", "the same, a line each", render_json_lines(kept)),
    ]
    return [_readme(parts, settings, now, searched, report, left=len(whole) - len(kept)), *parts]


def _readme(
    parts: Iterable[Part],
    settings: Settings,
    now: datetime,
    searched: Sequence[str],
    report: Report | str | None,
    *,
    left: int,
) -> Part:
    name, holds = "README.txt", "what is in here, and what is not"
    rows = [(name, holds), *((part.name, part.holds) for part in parts)]
    others = (
        [f"  Exchanges: {left} that are older, or went elsewhere or for another partner."]
        if left
        else []
    )
    return Part(
        name,
        holds,
        _lines(
            [
                "Wych Kit support bundle",
                f"Made by wych-kit {__version__} on {now:%Y-%m-%d %H:%M:%S} UTC.",
                (
                    f"Environment: {text(settings.environment.name)}"
                    f" ({settings.environment.words or settings.environment.note})"
                ),
                "",
                "What it holds",
                *(f"  {each:<16} {words}" for each, words in rows),
                *(["  No check: it was made with --no-check."] if report is None else []),
                "",
                "What it does not hold",
                "  Secrets. Before it was written all of it was searched, by value for:",
                *_wrapped(f"{', '.join(dict.fromkeys(searched)) or 'none, as none is set'};"),
                "  by shape for tokens, private keys and named secrets. In an exchange",
                "  ‹WYCH_API_KEY› and the like stand where a secret was. A fingerprint is",
                "  eight digits that are equal for equal secrets: compare, do not guess.",
                "  Customers' data. E-mail addresses are masked, and fields for names,",
                "  phones and addresses (‹e-mail›, ‹personal›). Of what the API is sent and",
                "  answers with success only the shape is left (‹text›, ‹number›). Ids that",
                "  are UUIDs stay, so that a call can be found.",
                *others,
                "",
                "How to read it",
                "  Begin with requests.json." if report is None else "  Begin with check.txt.",
                "  To find a call in Wych's logs: requests.json, ids (x-amzn-requestid).",
                "  of_the_check: made for check.txt. It asks for the API's bare address to",
                "  read the clock there; a 403 to that is as it should be.",
                "  The .har opens in a browser: developer tools, Network, import.",
                "  Times are UTC by the sender's clock; server_date is the server's.",
                *(_wrapped(facts.clock(report)) if isinstance(report, Report) else ()),
            ]
        ),
    )


def _wrapped(words: str) -> list[str]:
    return textwrap.wrap(words, 76, initial_indent="  ", subsequent_indent="  ")


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _lines(lines: Iterable[str]) -> str:
    return "".join(
        f"{escape_control_characters(line)}\n" for each in lines for line in each.split("\n")
    )
