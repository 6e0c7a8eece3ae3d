"""Which points go first: those that expire soonest, of equal ones the oldest.

An award is a lot, and `remaining` is what of it nobody took yet. The lots of an account that is
kept here always add up to its balance.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

_NEVER: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(slots=True, kw_only=True)
class Lot:
    id: UUID
    remaining: Decimal
    expires_at: datetime | None
    occurred_at: datetime

    @property
    def order(self) -> tuple[Any, ...]:
        return (self.expires_at or _NEVER, self.occurred_at, self.id)


def consume(lots: Iterable[Lot], amount: Decimal) -> list[Lot]:
    """Take `amount` from the lots and return those that have less now.

    Raises `ValueError` when they do not have as much; they are then as they were.
    """
    ordered = sorted((lot for lot in lots if lot.remaining > 0), key=lambda lot: lot.order)
    if sum((lot.remaining for lot in ordered), Decimal(0)) < amount:
        raise ValueError("The lots do not have as much.")
    touched: list[Lot] = []
    for lot in ordered:
        if amount <= 0:
            break
        taken = min(lot.remaining, amount)
        lot.remaining -= taken
        amount -= taken
        touched.append(lot)
    return touched


def next_expiry(lots: Iterable[Lot]) -> datetime | None:
    """Return when points expire next, if any do."""
    times = [lot.expires_at for lot in lots if lot.remaining > 0 and lot.expires_at is not None]
    return min(times, default=None)
