"""Events that a subscription wants and never had: it was made, widened or corrected later."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from webhooks.outbound.models import Delivery, Event, Trigger
from webhooks.outbound.publishing import Audience, NewEvent, RawRequest, deliveries_add
from webhooks.outbound.publishing.raw_requests import RawOnce
from webhooks.outbound.publishing.subscribers import Subscriber
from webhooks.outbound.recovering.recover_filter import RecoverFilter
from webhooks.outbound.subscriptions.directory import SubscriptionSnapshot, subscriptions_by_site

SLICE: Final = 500
# More types than a site has; a sender that invents a name for each event must not hold up a page.
_MOST_TYPES: Final = 2_000


@dataclass(frozen=True, slots=True)
class Gap:
    """What one subscription may have missed.

    `events` had no delivery, `candidates` are those whether they had one or not. `is_exact` says
    that all of `events` are wanted; otherwise the payload of each has to be read.
    """

    subscription: SubscriptionSnapshot
    subscribers: dict[str, Subscriber]
    candidates: QuerySet[Event]
    events: QuerySet[Event]
    is_exact: bool


def gaps(filters: RecoverFilter) -> Iterator[Gap]:
    """Yield a gap for each subscription that the filter means, by site and id."""
    by_site = subscriptions_by_site()
    for site_id in filters.site_ids:
        chosen = [
            each for each in by_site.get(site_id, ()) if filters.subscription_id in (None, each.id)
        ]
        types = _types_of(site_id, filters) if chosen else []
        for subscription in chosen:
            yield _gap(subscription, types, filters)


def fill(
    gap: Gap, *, after: UUID | None, actor_label: str
) -> tuple[UUID | None, int, Sequence[UUID]]:
    """Add deliveries for the next slice of a gap, in the caller's transaction.

    Returns the last event that was looked at (None at the end), how many had no delivery, and the
    deliveries that were added.
    An event has one delivery by itself in all, so that a slice that comes twice adds nothing.
    """
    rows = gap.candidates if after is None else gap.candidates.filter(pk__gt=after)
    keys = list(rows.values_list("pk", flat=True)[:SLICE])
    if not keys:
        return None, 0, ()
    # By key: asked for what has no delivery, a planner may read all deliveries for every slice.
    had = set(_delivered(gap.subscription).filter(event__in=keys).values_list("event", flat=True))
    missing = Event.objects.filter(pk__in=[key for key in keys if key not in had])
    events = list(_readable(gap, missing).order_by("pk"))
    wanted = events if gap.is_exact else _wanted(gap, events)
    added = deliveries_add(
        subscription=gap.subscription,
        events=wanted,
        trigger=Trigger.EVENT,
        actor_label=actor_label,
    )
    return keys[-1], len(events), added


def _gap(subscription: SubscriptionSnapshot, types: Sequence[str], filters: RecoverFilter) -> Gap:
    audience = Audience((subscription,))
    subscribers = {each: found[0] for each in types if (found := audience.of_type(each))}
    own = [key for key in (subscription.source_key, subscription.public_id) if key]
    rows = filters.events(subscription.site_id).filter(type__in=list(subscribers))
    rows = rows.exclude(source_key__in=own)
    needs_raw = any(each.needs_raw for each in subscribers.values())
    if needs_raw:
        rows = rows.filter(raw_body__isnull=False)
    asks = any(each.format and each.format.asks_payload for each in subscribers.values())
    return Gap(
        subscription=subscription,
        subscribers=subscribers,
        candidates=rows,
        events=rows.exclude(Exists(_delivered(subscription).filter(event=OuterRef("pk")))),
        is_exact=not (subscription.conditions or needs_raw or asks),
    )


def _delivered(subscription: SubscriptionSnapshot) -> QuerySet[Delivery]:
    """Return the deliveries by which an event is not missing; a test is none."""
    return Delivery.objects.filter(subscription_id=subscription.id).exclude(trigger=Trigger.TEST)


def _types_of(site_id: int, filters: RecoverFilter) -> list[str]:
    """Return the types that the site has events of, found by leaps through their index."""
    if filters.event_type:
        return [filters.event_type]
    types: list[str] = []
    rows = Event.objects.filter(site_id=site_id).order_by("type")
    while len(types) < _MOST_TYPES:
        beyond = rows.filter(type__gt=types[-1]) if types else rows
        found = beyond.values_list("type", flat=True).first()
        if found is None:
            break
        types.append(found)
    return types


def _readable(gap: Gap, rows: QuerySet[Event]) -> QuerySet[Event]:
    if gap.is_exact:
        return rows.only("id", "type", "order_key")
    return rows.defer("raw_headers", "raw_body", "subject")


def _wanted(gap: Gap, events: Sequence[Event]) -> list[Event]:
    told = [(_as_new(event), gap.subscribers[event.type]) for event in events]
    raw_once = RawOnce([(event, [subscriber]) for event, subscriber in told])
    return [
        stored
        for stored, (event, subscriber) in zip(events, told, strict=True)
        if subscriber.wants(event) and raw_once.lets_pass(subscriber, event)
    ]


def _as_new(event: Event) -> NewEvent:
    payload: dict[str, Any] = json.loads(event.payload)
    return NewEvent(
        site_id=event.site_id,
        type=event.type,
        payload=payload,
        occurred_at=event.occurred_at,
        source_key=event.source_key,
        received_event_id=event.received_event_id,
        # Whoever needs a raw request was only given events that have one.
        raw=RawRequest(content_type="", headers={}, body=b""),
    )
