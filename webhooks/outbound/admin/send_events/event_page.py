"""What the page of a send event shows besides its form."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from common.capped_count import capped_count
from integrations.admin.field_rows import NEW_NUMBER, TYPE_LABELS, FieldRow
from integrations.field_types import MOST_FIELDS, FieldType
from sites.models import Site
from webhooks.outbound.admin.subscription_words import format_label, state_chip
from webhooks.outbound.event_types.matching import matches
from webhooks.outbound.formats.registry import format_for
from webhooks.outbound.models import Event, SendEvent, Subscription
from webhooks.outbound.send_events.catalogue import send_event_type, send_type


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A subscription that gets the event."""

    subscription: Subscription
    chip: SafeString
    format: str


def editor_context() -> dict[str, Any]:
    return {
        "types": [(kind.value, TYPE_LABELS[kind]) for kind in FieldType],
        "new_row": FieldRow(number=NEW_NUMBER),
        "most_fields": MOST_FIELDS,
    }


def stored_context(event: SendEvent) -> dict[str, Any]:
    """Return who gets the event, how a program sends it, and what was sent."""
    key = send_type(event)
    events = reverse("admin:webhooks_event_changelist")
    return {
        "type_key": key,
        "told": told_of(event.site, [key])[key],
        "events_url": f"{events}?{urlencode({'site': str(event.site_id), 'type': key})}",
        "last_sent": last_sent(event.site, [key]).get(key),
        "fields_shown": [
            (definition, TYPE_LABELS[definition.type], is_required)
            for definition, is_required in event.definitions
        ],
        "api_url": api_url(event),
        "curl": curl_line(event),
    }


def told_of(site: Site, keys: Sequence[str]) -> dict[str, list[Told]]:
    """Return by type the subscriptions of the site that get events of it."""
    rows = Subscription.objects.filter(site=site).defer("secrets", "headers").order_by("name")
    found: dict[str, list[Told]] = {key: [] for key in keys}
    for subscription in rows.select_related("site"):
        told = None
        dialect = format_for(subscription.format_key)
        for key in keys:
            if not matches(subscription.event_types, key):
                continue
            if dialect is None or dialect.carries(key, subscription.format_settings):
                told = told or Told(
                    subscription=subscription,
                    chip=state_chip(subscription),
                    format=format_label(subscription),
                )
                found[key].append(told)
    return found


def last_sent(site: Site, keys: Sequence[str]) -> dict[str, Any]:
    """Return when an event of each type was last sent, those that were."""
    found = {}
    for key in keys:
        rows = Event.objects.filter(site=site, type=key, is_test=False).order_by("-pk")
        at = rows.values_list("created_at", flat=True).first()
        if at is not None:
            found[key] = at
    return found


def api_url(event: SendEvent) -> str:
    return f"{settings.PUBLIC_URL}/api/v1/send-events/{event.event_id}"


def curl_line(event: SendEvent) -> str:
    """Return a ready command; the key is the reader's own."""
    body = json.dumps({"values": dict(send_event_type(event).example)}, ensure_ascii=False)
    quoted = body.replace("'", "'\\''")
    return (
        f"curl -X POST {api_url(event)} -H 'Authorization: ApiKey YOUR-KEY-ID:YOUR-SECRET' "
        f"-H 'Content-Type: application/json' -d '{quoted}'"
    )


def kept_words(event: SendEvent) -> str:
    """Return what a deletion leaves behind, for the page that asks."""
    sent = capped_count(Event.objects.filter(site=event.site_id, type=send_type(event)))
    if not sent:
        return "It was never sent. Programs that send it are refused from then on."
    noun, stay = ("event", "stays") if sent.count == 1 else ("events", "stay")
    return (
        f"Programs that send it are refused from then on. {sent.words} {noun} {stay} under "
        "Outbound events, by the id alone, and so do the deliveries."
    )
