"""Writes refused requests: counts always, rows up to the day's cap.

The caps are kept by what the database holds, so that all processes share them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Final, NamedTuple

from django.db import connection, transaction
from django.db.models import Count

from common.bulk import insert_rows
from common.identifiers import row_id_floor
from integrations.causes import RejectionCause
from webhooks.inbound.models import RejectedRequest, RejectionCount, Source, SourceHour

MOST_ROWS: Final = 200
# Anyone who knows the URL can provoke these: a few rows show what is wrong.
MOST_ROWS_WITHOUT_CREDENTIAL: Final = 20
_CREDENTIAL_CAUSES: Final = frozenset(
    (
        RejectionCause.BAD_SIGNATURE,
        RejectionCause.STALE_TIMESTAMP,
        RejectionCause.BAD_TOKEN,
        RejectionCause.BAD_JSON,
        RejectionCause.BAD_XML,
        RejectionCause.BAD_BODY,
        RejectionCause.INVALID_FIELDS,
    )
)
_ADD: Final = "ON CONFLICT ({key}) DO UPDATE SET {column} = {table}.{column} + excluded.{column}"


class Occurrence(NamedTuple):
    source_id: int
    hour: datetime
    cause: RejectionCause


class RowKey(NamedTuple):
    source_id: int
    day: date
    cause: RejectionCause


def most_rows(cause: RejectionCause) -> int:
    return MOST_ROWS if cause in _CREDENTIAL_CAUSES else MOST_ROWS_WITHOUT_CREDENTIAL


def write(
    counts: Mapping[Occurrence, int], rows: Mapping[RowKey, Sequence[RejectedRequest]]
) -> set[RowKey]:
    """Add the counts and those rows that fit; return the keys that take no more rows today."""
    source_ids = {key.source_id for key in counts}
    with transaction.atomic():
        # A source may have been deleted since; its rejections go with it.
        alive = set(Source.objects.filter(pk__in=source_ids).values_list("pk", flat=True))
        _add_counts({key: count for key, count in counts.items() if key.source_id in alive})
        fitting, full = _fitting({k: each for k, each in rows.items() if k.source_id in alive})
        RejectedRequest.objects.bulk_create(fitting)
    return full


def _add_counts(counts: Mapping[Occurrence, int]) -> None:
    """Add to both tables, in order of key, so that two processes never wait in a circle."""
    days: Counter[RowKey] = Counter()
    hours: Counter[tuple[int, datetime]] = Counter()
    for (source_id, hour, cause), count in counts.items():
        days[RowKey(source_id, hour.date(), cause)] += count
        hours[source_id, hour] += count
    # First: another process that counts the same waits here, and then sees our rows.
    insert_rows(
        connection,
        RejectionCount,
        [
            {"source_id": source_id, "day": day, "cause": cause.value, "count": count}
            for (source_id, day, cause), count in sorted(days.items())
        ],
        conflict=_ADD.format(
            key="source_id, day, cause", column="count", table=RejectionCount._meta.db_table
        ),
    )
    insert_rows(
        connection,
        SourceHour,
        [
            {
                "source_id": source_id, "hour": hour,
                "processed": 0, "ignored": 0, "failed": 0, "rejected": count,
            }
            for (source_id, hour), count in sorted(hours.items())
        ],
        conflict=_ADD.format(
            key="source_id, hour", column="rejected", table=SourceHour._meta.db_table
        ),
    )  # fmt: skip


def _fitting(
    rows: Mapping[RowKey, Sequence[RejectedRequest]],
) -> tuple[list[RejectedRequest], set[RowKey]]:
    kept: list[RejectedRequest] = []
    full: set[RowKey] = set()
    for day in {key.day for key in rows}:
        stored = _stored_rows(day, {key.source_id for key in rows if key.day == day})
        for key in sorted(key for key in rows if key.day == day):
            of_source = sum(n for other, n in stored.items() if other.source_id == key.source_id)
            room = min(most_rows(key.cause) - stored[key], MOST_ROWS - of_source)
            fitting = rows[key][: max(0, room)]
            kept.extend(fitting)
            stored[key] += len(fitting)
            if room <= len(fitting):
                full.add(key)
    return kept, full


def _stored_rows(day: date, source_ids: set[int]) -> Counter[RowKey]:
    floor = row_id_floor(datetime.combine(day, time.min, tzinfo=UTC))
    found = (
        RejectedRequest.objects.filter(source_id__in=source_ids, pk__gte=floor)
        .values_list("source_id", "cause")
        .annotate(count=Count("pk"))
        .order_by()
    )
    return Counter(
        {RowKey(source_id, day, RejectionCause(cause)): n for source_id, cause, n in found}
    )
