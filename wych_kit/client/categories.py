"""What money was spent on, in a word, by the merchant's category code (ISO 18245). The words are ours."""

from __future__ import annotations

_RANGES = (
    (4000, 4799, "Transport"),
    (4800, 4899, "Phone and internet"),
    (4900, 4999, "Power and water"),
    (5411, 5499, "Groceries"),
    (5541, 5542, "Fuel"),
    (5811, 5814, "Eating out"),
    (5815, 5818, "Entertainment"),
    (5912, 5912, "Health"),
    (6010, 6012, "Cash and banking"),
    (6300, 6399, "Insurance"),
    (7011, 7012, "Travel"),
    (7800, 7999, "Entertainment"),
    (8000, 8099, "Health"),
    (8200, 8299, "Education"),
    (5000, 5999, "Shopping"),
)


def category(code: str) -> str:
    """The first that fits; "" without a code, and `Other` for a code that is in none."""
    if not code:
        return ""
    number = int(code) if code.isascii() and code.isdigit() and len(code) == 4 else 0  # noqa: PLR2004 - as the standard has them
    return next((word for first, last, word in _RANGES if first <= number <= last), "Other")
