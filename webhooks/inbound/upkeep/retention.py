"""How long received events, rejected requests and their counts stay.

Ids are UUIDv7, so that an age is a range of keys and every step reads only what it removes. What
was not processed yet is never removed, whatever its age.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import QuerySet

from common.identifiers import row_id_floor
from common.retention import BATCH, Retained, remove_older
from webhooks.inbound.models import ReceivedEvent, RejectedRequest, RejectionCount, SourceHour
from webhooks.inbound.states import FINISHED

_DAY: Final = timedelta(days=1)


def remove_bodies(before: datetime) -> Iterator[int]:
    """Empty bodies; events, outcomes and what contacts took from them stay."""
    cursor, end = _first_day_with_bodies(before), row_id_floor(before)
    while True:
        rows = _finished().filter(pk__gt=cursor, pk__lt=end, body__isnull=False)
        ids = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
        if not ids:
            return
        ReceivedEvent.objects.filter(pk__in=ids).update(body=None)
        cursor = ids[-1]
        yield len(ids)


def remove_events(before: datetime) -> Iterator[int]:
    """Delete events with their outcomes. Contacts, their activities and revisions stay."""
    return remove_older(_finished(), before)


def remove_rejected(before: datetime) -> Iterator[int]:
    return remove_older(RejectedRequest.objects.all(), before)


def remove_counts(before: datetime) -> Iterator[int]:
    yield SourceHour.objects.filter(hour__lt=before).delete()[0]
    yield RejectionCount.objects.filter(day__lt=before.date()).delete()[0]


def _finished() -> QuerySet[ReceivedEvent]:
    return ReceivedEvent.objects.filter(status__in=FINISHED)


def _first_day_with_bodies(before: datetime) -> UUID:
    """Return the key at which to begin: bodies go oldest first, so all days before it are done.

    Without this, every run would read through all the rows whose body is gone.
    """
    oldest = ReceivedEvent.objects.order_by("pk").values_list("received_at", flat=True).first()
    day = before
    while oldest is not None and day > oldest:
        day -= _DAY
        rows = _finished().filter(pk__gte=row_id_floor(day), pk__lt=row_id_floor(day + _DAY))
        first = rows.order_by("pk").values_list("pk", flat=True).first()
        if first and ReceivedEvent.objects.filter(pk=first, body__isnull=True).exists():
            return row_id_floor(day)
    return UUID(int=0)


RETAINED: Final = (
    Retained(name="bodies", setting="RETENTION_BODY_DAYS", remove=remove_bodies),
    Retained(name="events", setting="RETENTION_EVENT_DAYS", remove=remove_events),
    Retained(name="rejected", setting="RETENTION_REJECTED_DAYS", remove=remove_rejected),
    Retained(name="counts", setting="RETENTION_COUNT_DAYS", remove=remove_counts),
)
