"""Counts per source and hour, and when a source was last heard: written as events finish."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection
from django.db.models import Q

from common.bulk import insert_rows
from webhooks.inbound.models import Source, SourceHour, Status

_COLUMN_OF: Final = {
    Status.PROCESSED: "processed",
    Status.PARTLY_PROCESSED: "processed",
    Status.IGNORED: "ignored",
    Status.FAILED: "failed",
}
_TABLE: Final = SourceHour._meta.db_table
_ADD: Final = (
    f"ON CONFLICT (source_id, hour) DO UPDATE SET processed = {_TABLE}.processed + "
    f"excluded.processed, ignored = {_TABLE}.ignored + excluded.ignored, "
    f"failed = {_TABLE}.failed + excluded.failed"
)


@dataclass(frozen=True, slots=True)
class Finish:
    """One event that came to an end for the first time; a replay is not counted again."""

    source_id: int
    received_at: datetime
    status: Status


def finishes_count(finishes: Iterable[Finish]) -> None:
    """Add to the hours in which the events were received.

    Called last in a transaction: workers that share a source wait here for each other's commit.
    """
    hours: Counter[tuple[int, datetime, str]] = Counter()
    last: dict[int, datetime] = {}
    for finish in finishes:
        hour = finish.received_at.replace(minute=0, second=0, microsecond=0)
        hours[finish.source_id, hour, _COLUMN_OF[finish.status]] += 1
        last[finish.source_id] = max(finish.received_at, last.get(finish.source_id, hour))
    # In one order everywhere, so that two workers never wait for each other in a circle.
    insert_rows(connection, SourceHour, _rows(hours), conflict=_ADD)
    for source_id in sorted(last):
        heard_earlier = Q(last_received_at=None) | Q(last_received_at__lt=last[source_id])
        Source.objects.filter(heard_earlier, pk=source_id).update(last_received_at=last[source_id])


def _rows(hours: Counter[tuple[int, datetime, str]]) -> list[dict[str, object]]:
    rows: dict[tuple[int, datetime], dict[str, object]] = {}
    for (source_id, hour, column), count in sorted(hours.items()):
        empty = {
            "source_id": source_id, "hour": hour,
            "processed": 0, "ignored": 0, "failed": 0, "rejected": 0,
        }  # fmt: skip
        rows.setdefault((source_id, hour), empty)[column] = count
    return list(rows.values())
