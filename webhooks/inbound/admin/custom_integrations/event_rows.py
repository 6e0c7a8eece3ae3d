"""The reception events of an integration as the tab *Receive data* lists them."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.safestring import SafeString

from integrations.models import CustomIntegration
from webhooks.inbound.admin.custom_integrations.event_addresses import masked_url
from webhooks.inbound.admin.custom_integrations.marks import context_chip
from webhooks.inbound.admin.source_charts import activity_chart, state_chip
from webhooks.inbound.models import Context, ReceptionEvent
from webhooks.inbound.sources.activity import DayOfActivity, activity_by_source, state_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What the sender of an event is told of it; `shown` is its part that differs."""

    value: str
    shown: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    event: ReceptionEvent
    context: SafeString
    state: SafeString
    day: DayOfActivity
    chart: SafeString
    copied: Copied


def event_rows(integration: CustomIntegration) -> list[EventRow]:
    """Return the live events by name, each with its last 24 hours, in two queries."""
    events = list(
        ReceptionEvent.objects.filter(integration=integration, deleted_at=None)
        .select_related("site", "source__site")
        .order_by("name", "pk")
    )
    days = activity_by_source(event.source_id for event in events)
    return [_row(event, days[event.source_id]) for event in events]


def _row(event: ReceptionEvent, day: DayOfActivity) -> EventRow:
    return EventRow(
        event=event,
        context=context_chip(event.context),
        state=state_chip(state_of(event.source, day)),
        day=day,
        chart=activity_chart(day, name=event.name, small=True),
        copied=_copied(event),
    )


def _copied(event: ReceptionEvent) -> Copied:
    if event.context == Context.APP:
        # All events of a site's pages and apps have one address.
        return Copied(value=event.event_id, shown=event.event_id, what="event id")
    return Copied(value=masked_url(event), shown=f"…/alias/{event.alias}", what="URL")
