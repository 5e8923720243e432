"""What an invented customer earns and spends: who is paid, how often, how much, out of which account."""

from __future__ import annotations

from typing import NamedTuple

CURRENT, SAVINGS, CARD = range(3)
IN, OUT = 1, -1


class Payment(NamedTuple):
    """A kind of movement: its text, how many cents at least and at most, what it does to which accounts, and the merchant's category.

    `mcc` is the merchant category code (ISO 18245); "" is no merchant. `weeks`: every one, every second.
    """

    text: str
    least: int
    most: int
    moves: tuple[tuple[int, int], ...]
    mcc: str = ""
    merchant: str = ""
    weeks: int = 1


def _bought(text: str, least: int, most: int, mcc: str, account: int = CURRENT) -> Payment:
    return Payment(text, least, most, ((account, OUT),), mcc, text)


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
    (5, _bought("Huka Power", 11_000, 21_000, "4900")),
    (12, _bought("Tūī Mobile", 4_500, 4_500, "4814")),
    (15, _bought("Pūkeko Pictures", 1_899, 1_899, "5815", CARD)),
    (20, Payment("Card payment", 38_000, 38_000, ((CURRENT, OUT), (CARD, IN)))),
    (28, _bought("Fernside Insurance", 6_420, 6_420, "6300")),
)
# By chance a day.
DIFFERENT_EVERY_DAY = (
    (0.35, _bought("Paua Foods Te Aro", 1_200, 9_800, "5411")),
    (0.3, _bought("Bean & Gone Café", 480, 1_650, "5814")),
    (0.2, _bought("Hutt Valley Buses", 240, 980, "4111")),
    (0.1, _bought("Servo at Ōtaki", 4_000, 11_000, "5541")),
    (0.05, _bought("Nana's Pharmacy", 690, 4_200, "5912")),
    (0.12, _bought("Ponga's Kitchen", 2_200, 8_900, "5812", CARD)),
    (0.06, _bought("Wētā Books", 1_900, 7_400, "5942", CARD)),
    (0.03, Payment("Payment from Tama", 1_000, 8_000, ((CURRENT, IN),))),
)
