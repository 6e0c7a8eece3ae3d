"""Links both halves of webhooks, and contacts, to what went out: each page shows its own part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.http import urlencode

from contacts.admin.timeline_page import ShownEntry, ShownLink, show_on_timeline
from contacts.models import Contact
from contacts.timeline import OtherRows
from webhooks.inbound.admin.consequences import (
    Consequence,
    Consequences,
    Part,
    register_consequences,
)
from webhooks.models import Event, ReceivedEvent
from webhooks.outbound.admin.caused_by import (
    SentDelivery,
    deliveries_of,
    events_about,
    events_caused,
)

_MOST_LISTED: Final = 20
_NOBODY: Final = (
    "Nothing went out because of it. Events are kept for sites that have a subscription; one that "
    "was made later can be given what it missed."
)


def connect_pages() -> None:
    """Called once, when the admin pages are loaded."""
    register_consequences(sent_because_of)
    show_on_timeline(Event, OtherRows(_about, "created_at"), shown_events)


def sent_because_of(event: ReceivedEvent) -> Consequences:
    """Return the events that a received one caused, with their deliveries."""
    events = events_caused(event.pk, event.site_id, _MOST_LISTED + 1)
    listed = events[:_MOST_LISTED]
    sent = deliveries_of([each.pk for each in listed])
    more = f"{reverse('admin:webhooks_event_changelist')}?{urlencode({'q': str(event.pk)})}"
    return Consequences(
        title="What went out because of it",
        nothing=_NOBODY,
        listed=[
            Consequence(
                label=each.type,
                url=_event_url(each),
                parts=[
                    Part(
                        label=delivery.subscription,
                        url=_delivery_url(delivery),
                        chip=delivery.chip,
                        note=delivery.answer,
                    )
                    for delivery in sent.get(each.pk, ())
                ],
            )
            for each in listed
        ],
        more_url=more if len(events) > _MOST_LISTED else "",
        remedy_label="Recover what is missing",
        remedy_url=f"{reverse('admin:webhooks_delivery_recover')}?mode=missing",
    )


def shown_events(events: Sequence[Event]) -> Mapping[UUID, ShownEntry]:
    """Return entries of a contact's timeline."""
    sent = deliveries_of([each.pk for each in events])
    return {
        each.pk: ShownEntry(
            at=each.created_at,
            title=each.type,
            url=_event_url(each),
            source_label="Told to subscriptions"
            if sent.get(each.pk)
            else "No subscription was told",
            links=[
                ShownLink(
                    label=delivery.subscription, url=_delivery_url(delivery), chip=delivery.chip
                )
                for delivery in sent.get(each.pk, ())
            ],
        )
        for each in events
    }


def _about(contact: Contact) -> QuerySet[Event]:
    return events_about(contact.pk, contact.site_id)


def _event_url(event: Event) -> str:
    return reverse("admin:webhooks_event_change", args=(event.pk,))


def _delivery_url(delivery: SentDelivery) -> str:
    return reverse("admin:webhooks_delivery_change", args=(delivery.pk,))
