"""List the payments of an invented customer: to whom, how often, how much, from which account."""

from __future__ import annotations

from typing import NamedTuple

CURRENT, SAVINGS, CARD = range(3)
IN, OUT = 1, -1


class Payment(NamedTuple):
    """A kind of payment: its text, the limits of its amount, and the accounts that it moves money between.

    `moves` has (account, IN or OUT) pairs. `mcc` is the merchant category code (ISO 18245), "" for
    no merchant. `weeks` is 1 for every week, 2 for every other week.
    """

    text: str
    min_cents: int
    max_cents: int
    moves: tuple[tuple[int, int], ...]
    mcc: str = ""
    merchant: str = ""
    weeks: int = 1


def _purchase(
    text: str, min_cents: int, max_cents: int, mcc: str, account: int = CURRENT
) -> Payment:
    return Payment(text, min_cents, max_cents, ((account, OUT),), mcc, text)


# By weekday, Monday is 0.
EVERY_WEEK = (
    (2, Payment("Salary Kahikatea & Sons Ltd", 262_000, 262_000, ((CURRENT, IN),), weeks=2)),
    (3, Payment("Rent T O'Sullivan", 56_000, 56_000, ((CURRENT, OUT),))),
    (4, Payment("Transfer to Rainy day", 15_000, 15_000, ((CURRENT, OUT), (SAVINGS, IN)))),
)
# By day of the month; no month lacks these.
EVERY_MONTH = (
    (1, Payment("Interest", 350, 1_900, ((SAVINGS, IN),))),
    (1, Payment("Account fee", 500, 500, ((CURRENT, OUT),))),
    (5, _purchase("Huka Power", 11_000, 21_000, "4900")),
    (12, _purchase("Tūī Mobile", 4_500, 4_500, "4814")),
    (15, _purchase("Pūkeko Pictures", 1_899, 1_899, "5815", CARD)),
    (20, Payment("Card payment", 38_000, 38_000, ((CURRENT, OUT), (CARD, IN)))),
    (28, _purchase("Fernside Insurance", 6_420, 6_420, "6300")),
)
# By chance a day.
DIFFERENT_EVERY_DAY = (
    (0.35, _purchase("Paua Foods Te Aro", 1_200, 9_800, "5411")),
    (0.3, _purchase("Bean & Gone Café", 480, 1_650, "5814")),
    (0.2, _purchase("Hutt Valley Buses", 240, 980, "4111")),
    (0.1, _purchase("Servo at Ōtaki", 4_000, 11_000, "5541")),
    (0.05, _purchase("Nana's Pharmacy", 690, 4_200, "5912")),
    (0.12, _purchase("Ponga's Kitchen", 2_200, 8_900, "5812", CARD)),
    (0.06, _purchase("Wētā Books", 1_900, 7_400, "5942", CARD)),
    (0.03, Payment("Payment from Tama", 1_000, 8_000, ((CURRENT, IN),))),
)
