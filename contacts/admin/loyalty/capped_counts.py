"""Counting rows on a page, never to the end of a large table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.db.models import QuerySet

# Beyond it a page says “more than”: counting on would take longer than anybody waits.
COUNTED: Final = 10_000


@dataclass(frozen=True, slots=True)
class CappedCount:
    """At most `COUNTED`; one more means that there are more."""

    count: int

    @property
    def words(self) -> str:
        return f"{self.count:,}" if self.count <= COUNTED else f"more than {COUNTED:,}"

    def __bool__(self) -> bool:
        return self.count > 0


def capped_count(rows: QuerySet[Any]) -> CappedCount:
    return CappedCount(rows.order_by()[: COUNTED + 1].count())
