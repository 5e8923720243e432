"""A short register of invented businesses, for people who look for an NZBN.

None of them exists; the numbers only pass the NZBN's own check.
"""

from __future__ import annotations

from typing import NamedTuple
from unicodedata import combining, normalize

_MOST_FOUND = 8


class Company(NamedTuple):
    """A business: its NZBN and its name."""

    nzbn: str
    name: str


# Macrons, an ampersand and a typographic apostrophe: the search must find them typed plainly.
COMPANIES = (
    Company("9429000000017", "Tūī Budgeting Limited"),
    Company("9429000000024", "Harbour & Sons Bookkeeping Limited"),
    Company("9429000000031", "O’Neill Mortgage Advice Limited"),
    Company("9429000000048", "Kōwhai Lending Limited"),
    Company("9429000000055", "Long White Ledger Limited"),
    Company("9429000000062", "Pōhutukawa Energy Compare Limited"),
)


def search_companies(text: str) -> list[Company]:
    """Return the businesses whose name or number contains this text; all of them for an empty text.

    Macrons and case do not matter.
    """
    wanted = _plain(text)
    return [
        company for company in COMPANIES if wanted in _plain(company.name) or wanted in company.nzbn
    ][:_MOST_FOUND]


def _plain(text: str) -> str:
    # NFKD divides a letter from its macron.
    plain = "".join(mark for mark in normalize("NFKD", text) if not combining(mark))
    return plain.casefold().replace("’", "'").strip()
