"""How long received events, rejected requests and their counts stay.

Ids are UUIDv7, so that an age is a range of keys and every step reads only what it removes. What
was not processed yet is never removed, whatever its age.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from django.db.models import Q, QuerySet

from common.retention import Retained, empty_older, remove_older
from webhooks.inbound.models import ReceivedEvent, RejectedRequest, RejectionCount, SourceHour
from webhooks.inbound.states import FINISHED


def remove_bodies(before: datetime) -> Iterator[int]:
    """Empty bodies; events, outcomes and what contacts took from them stay."""
    empty = Q(body__isnull=True)
    return empty_older(
        _finished(), before, moment="received_at", empty=empty, emptied={"body": None}
    )


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


RETAINED: Final = (
    Retained(name="bodies", setting="RETENTION_BODY_DAYS", remove=remove_bodies),
    Retained(name="events", setting="RETENTION_EVENT_DAYS", remove=remove_events),
    Retained(name="rejected", setting="RETENTION_REJECTED_DAYS", remove=remove_rejected),
    Retained(name="counts", setting="RETENTION_COUNT_DAYS", remove=remove_counts),
)
