"""A short register of invented businesses, to find an NZBN in. None of them exists; the numbers only pass their own check."""

from __future__ import annotations

from typing import NamedTuple
from unicodedata import combining, normalize

_MOST_FOUND = 8


class Company(NamedTuple):
    """A business: its number and its name."""

    nzbn: str
    name: str


COMPANIES = (
    Company("9429000000017", "Tūī Budgeting Limited"),
    Company("9429000000024", "Harbour & Sons Bookkeeping Limited"),
    Company("9429000000031", "O’Neill Mortgage Advice Limited"),
    Company("9429000000048", "Kōwhai Lending Limited"),
    Company("9429000000055", "Long White Ledger Limited"),
    Company("9429000000062", "Pōhutukawa Energy Compare Limited"),
)


def found(text: str) -> list[Company]:
    """Those whose name or number holds this text, macrons and case aside; all for none."""
    wanted = _plain(text)
    return [
        company for company in COMPANIES if wanted in _plain(company.name) or wanted in company.nzbn
    ][:_MOST_FOUND]


def _plain(text: str) -> str:
    plain = "".join(mark for mark in normalize("NFKD", text) if not combining(mark))
    return plain.casefold().replace("’", "'").strip()
