"""An account's number, which is personal: masked wherever it is shown by accident."""

from __future__ import annotations

import re
from typing import NoReturn

from wych_kit.secret import Secret

_DOMESTIC = re.compile(r"(\d{2}-\d{4})-(\d{6,8})-(\d{2,4})")
_LONG = 8


class AccountNumber:
    """Holds an account number and gives it out through `reveal()` only; shown as `12-3456-*******-00`, it does not pickle."""

    __slots__ = ("_number",)

    def __init__(self, number: str) -> None:
        self._number = Secret(number)

    def reveal(self) -> str:
        """The number itself."""
        return self._number.reveal()

    def __str__(self) -> str:
        if found := _DOMESTIC.fullmatch(self.reveal()):
            return f"{found[1]}-{'*' * len(found[2])}-{found[3]}"
        text = self.reveal()
        shown = text[-4:] if len(text) >= _LONG else ""
        return re.sub(r"\w", "*", text[: len(text) - len(shown)]) + shown

    def __repr__(self) -> str:
        return f"AccountNumber({self})"

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __eq__(self, other: object) -> bool:
        return self._number == other._number if isinstance(other, AccountNumber) else NotImplemented

    def __hash__(self) -> int:
        return hash((AccountNumber, self._number))

    def __copy__(self) -> AccountNumber:
        return self

    def __deepcopy__(self, memo: object) -> AccountNumber:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "an account number does not travel: reveal() it and write it where only you can read"
        )
