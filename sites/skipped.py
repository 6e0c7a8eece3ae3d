"""What a plan leaves out, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.db.models import QuerySet

# Counted no further: what is left out for being well may be every row there is.
COUNTED: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """Rows that match and are left out; `is_more` when there are more than `count`."""

    count: int
    reason: str
    is_more: bool = False


def skipped_of(rows: QuerySet[Any], reason: str) -> Skipped:
    """Return how many rows there are, up to as many as are counted."""
    count = rows[: COUNTED + 1].count()
    return Skipped(count=min(count, COUNTED), reason=reason, is_more=count > COUNTED)
