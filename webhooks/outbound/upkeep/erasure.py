"""Takes an erased person out of events and of what was sent of them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final
from uuid import UUID

from django.utils import timezone

from webhooks.outbound.event_types.contact_events import DELETED
from webhooks.outbound.models import Attempt, Delivery, DeliveryStatus, Event, KeptBody

# What every event loses with its contents.
EMPTIED: Final[dict[str, Any]] = {
    "payload": "",
    "subject": {},
    "raw_content_type": "",
    "raw_headers": {},
    "raw_body": None,
}
_WAITING: Final = (DeliveryStatus.PENDING, DeliveryStatus.RETRYING, DeliveryStatus.HELD)
_REASON: Final = "The person was erased before this was sent; the deletion itself is told."


def events_forget(contact_id: UUID) -> None:
    """Empty the events about a person and cancel what was not sent of them yet.

    A deletion says nothing of the person but the id and the reason: it stays, and still goes out.
    A delivery that is under way at this moment is not stopped; it finds nothing to send again, and
    neither its body nor the answer to it is kept.
    """
    about = Event.objects.filter(contact_id=contact_id).exclude(type=DELETED)
    # In the order in which a worker locks them that records how their requests ended.
    ids = list(about.order_by("pk").select_for_update().values_list("pk", flat=True))
    if not ids:
        return
    Event.objects.filter(pk__in=ids).update(**EMPTIED)
    deliveries = Delivery.objects.filter(event_id__in=ids)
    bodies_forget(set(deliveries.values_list("unit", flat=True)))
    deliveries.filter(status__in=_WAITING).update(
        status=DeliveryStatus.CANCELLED, reason=_REASON, finished_at=timezone.now()
    )


def bodies_forget(units: Collection[UUID]) -> None:
    """Remove the bytes that were sent, and what receivers answered to them.

    A batch that waits to be sent again is then built anew, of the events that are left.
    """
    KeptBody.objects.filter(unit__in=units).delete()
    Attempt.objects.filter(unit__in=units).exclude(response_body="").update(response_body="")
