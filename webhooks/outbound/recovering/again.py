"""Deliveries that ended without success: which of them are sent again, and sending them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from webhooks.outbound.models import Delivery, Event, Trigger
from webhooks.outbound.publishing import deliveries_add
from webhooks.outbound.recovering.recover_filter import RecoverFilter
from webhooks.outbound.subscriptions.directory import subscriptions_by_id

# On SQLite a slice holds the one write lock, and webhooks wait for it meanwhile.
SLICE: Final = 500


def has_repeat() -> Exists:
    """Whether a delivery was sent again already: what became of it is told by its repeat."""
    return Exists(Delivery.objects.filter(repeats=OuterRef("pk")))


def is_emptied() -> Q:
    """Whether retention or an erasure took the contents of the event."""
    return Q(event__payload="")


def recoverable(rows: QuerySet[Delivery]) -> QuerySet[Delivery]:
    """Return those that can be sent again: the last of each chain, with something to send."""
    return rows.exclude(trigger=Trigger.TEST).exclude(is_emptied()).exclude(has_repeat())


def next_keys(filters: RecoverFilter, *, after: UUID | None) -> list[UUID]:
    """Return the keys of the next slice, in order; each state has an index in order of key."""
    keys: list[UUID] = []
    for state in filters.states:
        for site_id in filters.site_ids:
            rows = filters.deliveries(state).filter(site_id=site_id)
            if after is not None:
                rows = rows.filter(pk__gt=after)
            keys += rows.values_list("pk", flat=True)[:SLICE]
    return sorted(keys)[:SLICE]


def send_again(
    keys: Collection[UUID], filters: RecoverFilter, *, actor_label: str
) -> Sequence[UUID]:
    """Add a delivery for each that can be sent again, in the caller's transaction.

    The rows are locked first: whoever sends one of them again meanwhile, waits, and then sees its
    repeat. A slice that comes twice finds nothing left to do.
    """
    chosen = Delivery.objects.filter(pk__in=keys, status__in=filters.states).order_by("pk")
    locked = list(chosen.select_for_update(of=("self",)).values_list("pk", flat=True))
    rows = recoverable(Delivery.objects.filter(pk__in=locked)).order_by("pk")
    found = rows.values_list("pk", "subscription_id", "event_id", "event_type", "event__order_key")
    repeats: dict[int, dict[UUID, UUID]] = defaultdict(dict)
    events: dict[UUID, Event] = {}
    for pk, subscription_id, event_id, event_type, order_key in found:
        # Of two deliveries of one event to one subscription the newer one is done again.
        repeats[subscription_id][event_id] = pk
        events[event_id] = Event(id=event_id, type=event_type, order_key=order_key)
    added: list[UUID] = []
    subscriptions = subscriptions_by_id()
    for subscription_id, repeated in repeats.items():
        if subscription_id in subscriptions:
            added += deliveries_add(
                subscription=subscriptions[subscription_id],
                events=[events[event_id] for event_id in repeated],
                trigger=Trigger.REPLAY,
                actor_label=actor_label,
                repeats=repeated,
            )
    return added
