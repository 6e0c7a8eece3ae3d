"""Amounts of points and money: decimals with at most four places, never floats."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

PLACES: Final = 4
# Fifteen digits: SQLite keeps numbers as doubles, which hold no more of them exactly.
MOST: Final = Decimal("99999999999.9999")


class BadAmount(ValueError):
    """The amount is none; the message is a sentence for people."""


def amount_checked(amount: Decimal) -> Decimal:
    """Return an amount above zero as it is; raises `BadAmount`."""
    if not amount.is_finite() or amount <= 0:
        raise BadAmount("The amount must be more than 0.")
    if has_more_places(amount):
        raise BadAmount(f"The amount may have {PLACES} decimal places at most.")
    if amount > MOST:
        raise BadAmount(f"The amount may be {MOST} at most.")
    return amount


def has_more_places(amount: Decimal) -> bool:
    """Say whether a finite amount has digits after the fourth place; zeros do not count."""
    _, digits, exponent = amount.as_tuple()
    surplus = -PLACES - exponent if isinstance(exponent, int) else 0
    return surplus > 0 and any(digits[-surplus:])


def amount_text(amount: Decimal) -> str:
    """Return an amount as people write it: `12.5`, `100`."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
