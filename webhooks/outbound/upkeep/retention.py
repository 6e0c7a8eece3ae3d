"""How long events, deliveries and attempts stay. What was not delivered yet stays, however old.

Ids are UUIDv7, so that an age is a range of keys and every step reads only what it removes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from common.identifiers import row_id_floor
from common.retention import BATCH, Retained, empty_older, remove_older
from webhooks.outbound.models import (
    Attempt,
    Delivery,
    DeliveryStatus,
    Event,
    Incident,
    KeptBody,
    SubscriptionHour,
)
from webhooks.outbound.upkeep.erasure import EMPTIED

UNDELIVERED: Final = (
    DeliveryStatus.PENDING,
    DeliveryStatus.SENDING,
    DeliveryStatus.RETRYING,
    DeliveryStatus.HELD,
)


def remove_payloads(before: datetime) -> Iterator[int]:
    """Empty events; that they happened, and what became of their deliveries, stays."""
    empty = Q(payload="")
    return empty_older(_settled(), before, moment="created_at", empty=empty, emptied=EMPTIED)


def remove_kept_bodies(before: datetime) -> Iterator[int]:
    return remove_older(KeptBody.objects.exclude(_unit_waits()), before)


def remove_attempts(before: datetime) -> Iterator[int]:
    return remove_older(Attempt.objects.exclude(_unit_waits()), before)


def remove_events(before: datetime) -> Iterator[int]:
    """Delete events with their deliveries."""
    cursor, end = UUID(int=0), row_id_floor(before)
    while True:
        rows = _settled().filter(pk__gt=cursor, pk__lt=end).order_by("pk")
        ids = list(rows.values_list("pk", flat=True)[:BATCH])
        if not ids:
            return
        deliveries = Delivery.objects.filter(event_id__in=ids)
        # By hand and by key: Django would load every row to see what hangs on it.
        Delivery.objects.filter(repeats__in=list(deliveries.values_list("pk", flat=True))).update(
            repeats=None
        )
        deliveries._raw_delete("default")
        Event.objects.filter(pk__in=ids)._raw_delete("default")
        cursor = ids[-1]
        yield len(ids)


def remove_counts(before: datetime) -> Iterator[int]:
    yield SubscriptionHour.objects.filter(hour__lt=before).delete()[0]


def remove_incidents(before: datetime) -> Iterator[int]:
    """Delete incidents that ended, with their notices."""
    while True:
        ids = list(
            Incident.objects.filter(ended_at__lt=before)
            .order_by("pk")
            .values_list("pk", flat=True)[:BATCH]
        )
        if not ids:
            return
        Incident.objects.filter(pk__in=ids).delete()
        yield len(ids)


def _settled() -> QuerySet[Event]:
    waiting = Delivery.objects.filter(event=OuterRef("pk"), status__in=UNDELIVERED)
    return Event.objects.exclude(Exists(waiting))


def _unit_waits() -> Exists:
    return Exists(Delivery.objects.filter(unit=OuterRef("unit"), status__in=UNDELIVERED))


RETAINED: Final = (
    Retained(name="payloads", setting="RETENTION_BODY_DAYS", remove=remove_payloads),
    Retained(name="kept_bodies", setting="RETENTION_BODY_DAYS", remove=remove_kept_bodies),
    Retained(name="attempts", setting="RETENTION_EVENT_DAYS", remove=remove_attempts),
    Retained(name="sent_events", setting="RETENTION_EVENT_DAYS", remove=remove_events),
    Retained(name="incidents", setting="RETENTION_EVENT_DAYS", remove=remove_incidents),
    Retained(name="delivery_counts", setting="RETENTION_COUNT_DAYS", remove=remove_counts),
)
