"""Amounts, exactly as they were sent: a text or a JSON number becomes a `Decimal` without passing through a float."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx

_AMOUNT = re.compile(r"[0-9]{1,18}(\.[0-9]{1,8})?")


def exact(response: httpx.Response) -> Any:
    """The JSON in a response, numbers with a point as `Decimal`; `None` where there is none, or one nested too deep."""
    try:
        return json.loads(response.content, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return None


def amount(value: object) -> Decimal | None:
    """An amount, never below nothing; `None` for what is none."""
    text = (
        format(value, "f")
        if isinstance(value, Decimal)
        else str(value)
        if type(value) in (str, int)
        else ""
    )
    return Decimal(text) if _AMOUNT.fullmatch(text) else None


def signed(item: object) -> tuple[Decimal, str] | None:
    """The amount and currency of something with `Amount` and `CreditDebitIndicator`: money that comes is more than nothing."""
    held = item.get("Amount") if isinstance(item, dict) else None
    if not isinstance(item, dict) or not isinstance(held, dict):
        return None
    size, currency = amount(held.get("Amount")), held.get("Currency")
    went = {"Credit": False, "Debit": True}.get(str(item.get("CreditDebitIndicator")))
    if (
        size is None
        or went is None
        or not isinstance(currency, str)
        or not re.fullmatch("[A-Z]{3}", currency)
    ):
        return None
    return (
        size.copy_negate() if went and size else size,
        currency,
    )  # a product is rounded where a program wants few digits


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no JSON (RFC 8259 section 6)")
