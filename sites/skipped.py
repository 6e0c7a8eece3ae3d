"""What a plan leaves out, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from common.capped_count import COUNTED, capped_count


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """Rows that match and are left out; `is_more` when there are more than `count`."""

    count: int
    reason: str
    is_more: bool = False


def skipped_of(rows: QuerySet[Any], reason: str) -> Skipped:
    """Return how many rows there are; what is left out for being well may be every one there is."""
    found = capped_count(rows, most=COUNTED)
    return Skipped(count=min(found.count, found.most), reason=reason, is_more=found.is_cut)
