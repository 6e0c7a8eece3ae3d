"""Held deliveries of subscriptions that are active: nobody would ever release them.

An event is published by what a transaction knows of its subscriptions. When one goes on in that
instant, its delivery is held and comes after everything that was decided on; so do those of a
site that is switched on again.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import Exists, OuterRef

from common.sql_constant import SqlConstant
from webhooks.outbound.holding.slices import SLICE, release
from webhooks.outbound.models import Delivery, Subscription, SubscriptionState
from webhooks.outbound.models.delivery import TROUBLED
from webhooks.outbound.subscriptions.backlog import held_deliveries
from webhooks.waking import EVENTS, wake_workers


def release_stragglers() -> int:
    """Release them, a slice at a time; return how many. The qcluster calls this every minute."""
    held = Delivery.objects.filter(
        subscription=OuterRef("pk"),
        status=SqlConstant("held"),
        status__in=[SqlConstant(each) for each in TROUBLED],
    )
    active = Subscription.objects.filter(
        Exists(held), state=SubscriptionState.ACTIVE, site__is_active=True
    )
    total = 0
    for pk in list(active.order_by("pk").values_list("pk", flat=True)):
        while released := _release_slice(pk):
            total += released
    return total


@transaction.atomic
def _release_slice(subscription_id: int) -> int:
    rows = Subscription.objects.select_for_update(no_key=True).only("pk", "state")
    subscription = rows.filter(pk=subscription_id, state=SubscriptionState.ACTIVE).first()
    if subscription is None:
        return 0
    held = held_deliveries(subscription)
    keys = list(held.order_by("pk").values_list("pk", flat=True)[:SLICE])
    if not keys:
        return 0
    released = release(held.filter(pk__gte=keys[0], pk__lte=keys[-1]))
    wake_workers(EVENTS)
    return released
