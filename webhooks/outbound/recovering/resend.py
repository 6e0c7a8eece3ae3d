"""One delivery at a time: sending it again, and taking back what has not gone out."""

from __future__ import annotations

from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from sites.audit import Actor, audit_record
from webhooks.outbound.models import Delivery, DeliveryStatus, Event, Trigger
from webhooks.outbound.publishing import deliveries_add
from webhooks.outbound.recovering.conditions import IN_PROGRESS
from webhooks.outbound.subscriptions.directory import subscriptions_by_id

CANCELLABLE: Final = (DeliveryStatus.PENDING, DeliveryStatus.RETRYING, DeliveryStatus.HELD)
_UNDER_WAY: Final = "It is on its way already. Wait for its end, or cancel it first."
_HELD: Final = (
    "It is held while its subscription is off. Switch the subscription on to release it, or cancel "
    "it first."
)
_AGAIN_ALREADY: Final = "It is being sent again at this moment. Look at the newer delivery."
_EMPTIED: Final = (
    "There is nothing to send any more: retention or an erasure took the contents of the event."
)
CONFIRM: Final = (
    "It had succeeded: the receiver would get it once more, under the same message id. Confirm "
    "that this is what you want."
)


def why_not_resendable(delivery: Delivery) -> str:
    """Return why it cannot be sent again at this moment; empty when it can."""
    if delivery.status in IN_PROGRESS:
        return _UNDER_WAY
    if delivery.status == DeliveryStatus.HELD:
        return _HELD
    if not Event.objects.filter(pk=delivery.event_id).exclude(payload="").exists():
        return _EMPTIED
    running = Delivery.objects.filter(repeats=delivery.pk)
    if running.filter(status__in=(*IN_PROGRESS, DeliveryStatus.HELD)).exists():
        return _AGAIN_ALREADY
    return ""


@transaction.atomic
def delivery_resend(*, delivery: Delivery, actor: Actor, confirmed: bool = False) -> Delivery:
    """Add a delivery that repeats this one, under the same message id, and return it.

    What had succeeded needs `confirmed`. Raises ValidationError with what to do.
    """
    delivery = (
        Delivery.objects.select_for_update(of=("self",)).select_related("site").get(pk=delivery.pk)
    )
    obstacle = why_not_resendable(delivery)
    if obstacle:
        raise ValidationError(obstacle)
    if delivery.status == DeliveryStatus.SUCCEEDED and not confirmed:
        raise ValidationError(CONFIRM)
    event = Event.objects.only("id", "type", "order_key").get(pk=delivery.event_id)
    added = deliveries_add(
        subscription=subscriptions_by_id()[delivery.subscription_id],
        events=[event],
        trigger=Trigger.REPLAY,
        actor_label=actor.label,
        repeats={event.pk: delivery.pk},
    )
    audit_record(
        actor=actor,
        action="delivery.resent",
        site=delivery.site,
        target=delivery,
        changes={"delivery": (None, added[0])},
    )
    return Delivery.objects.get(pk=added[0])


@transaction.atomic
def delivery_cancel(*, delivery: Delivery, actor: Actor) -> int:
    """Take back the request that the delivery is part of; return how many deliveries that were.

    A batch is one request: what of it has not gone out, goes together. Raises ValidationError when
    a worker is sending it or it has ended.
    """
    waiting = Delivery.objects.filter(unit=delivery.unit, status__in=CANCELLABLE)
    cancelled = waiting.update(
        status=DeliveryStatus.CANCELLED,
        reason=f"Cancelled by {actor.label}.",
        finished_at=timezone.now(),
    )
    if not cancelled:
        raise ValidationError("It is being sent at this moment, or has ended meanwhile.")
    audit_record(
        actor=actor,
        action="delivery.cancelled",
        site=delivery.site,
        target=delivery,
        changes={"deliveries": (None, cancelled)},
    )
    return cancelled
