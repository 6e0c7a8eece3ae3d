"""Counting rows for people, never to the end of a large table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.db.models import QuerySet

# Beyond it a page says “more than”: counting on would take longer than anybody waits.
COUNTED: Final = 10_000


@dataclass(frozen=True, slots=True)
class CappedCount:
    """At most `most`; one more means that there are more."""

    count: int
    most: int = COUNTED

    @property
    def is_cut(self) -> bool:
        return self.count > self.most

    @property
    def words(self) -> str:
        return f"more than {self.most:,}" if self.is_cut else f"{self.count:,}"

    def __bool__(self) -> bool:
        return self.count > 0


def capped_count(rows: QuerySet[Any], *, most: int = COUNTED) -> CappedCount:
    return CappedCount(rows.order_by()[: most + 1].count(), most)
