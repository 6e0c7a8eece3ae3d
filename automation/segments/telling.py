"""Tells of who entered and left: events, and a signal by which workflows begin.

In slices, each one transaction with the mark that it was told: a process that dies has told a slice
and marked it, or neither.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from automation.models import Segment, SegmentMove
from automation.signals import segments_moved
from contacts.models import Contact
from webhooks.outbound.event_types.segment_events import ENTERED, LEFT
from webhooks.outbound.publishing import NewEvent, audience_of, events_publish

SLICE: Final = 500
_SUBJECT: Final = ("email", "phone", "external_id")


def moves_tell(segment: Segment, ends_at: float) -> int:
    """Tell of the segment's moves, oldest first, until `ends_at` (monotonic); return how many."""
    told = 0
    while time.monotonic() < ends_at:
        count = _tell_slice(segment)
        told += count
        if count < SLICE:
            break
    return told


def moves_tell_waiting(ends_at: float) -> int:
    """Tell of what an earlier run could not; sites in turn, as far as the time goes."""
    waiting = SegmentMove.objects.filter(told_at__isnull=True).order_by()
    keys = list(waiting.values_list("segment", flat=True).distinct())
    segments = Segment.objects.filter(pk__in=keys).select_related("site")
    return sum(moves_tell(segment, ends_at) for segment in segments)


@transaction.atomic
def _tell_slice(segment: Segment) -> int:
    rows = SegmentMove.objects.filter(segment=segment, told_at__isnull=True).order_by("pk")
    if connection.vendor == "postgresql":
        # Two that tell at once take different moves.
        rows = rows.select_for_update(of=("self",), skip_locked=True)
    rows = rows.select_related("contact").defer("contact__personal_identity_number")
    moves = list(rows[:SLICE])
    if not moves:
        _forget_lost(segment)
        return 0
    events_publish(list(_events(segment, moves)))
    for move in moves:
        move.segment = segment
    segments_moved.send(sender=SegmentMove, moves=moves)
    SegmentMove.objects.filter(pk__in=[move.pk for move in moves]).update(told_at=timezone.now())
    return len(moves)


def _forget_lost(segment: Segment) -> None:
    """Remove moves of contacts that were merged away in the very moment of the computation."""
    contacts = Contact.objects.filter(pk=OuterRef("contact_id"))
    untold = SegmentMove.objects.filter(segment=segment, told_at__isnull=True)
    untold.filter(~Exists(contacts)).delete()


def _events(segment: Segment, moves: Sequence[SegmentMove]) -> Iterator[NewEvent]:
    if not audience_of(segment.site_id):
        return
    for move in moves:
        contact = move.contact
        subject = {name: str(value) for name in _SUBJECT if (value := getattr(contact, name))}
        payload: dict[str, Any] = {
            "contactId": str(contact.pk),
            **{_KEYS[name]: subject.get(name) for name in _SUBJECT},
            "segmentId": str(segment.pk),
            "segmentName": segment.name,
            "at": move.at.isoformat().replace("+00:00", "Z"),
        }
        yield NewEvent(
            site_id=segment.site_id,
            type=ENTERED if move.has_entered else LEFT,
            payload=payload,
            occurred_at=move.at,
            contact_id=contact.pk,
            subject=subject,
            order_key=contact.pk.hex,
        )


_KEYS: Final = {"email": "email", "phone": "mobilePhone", "external_id": "externalId"}
