"""What the page of a reception event shows besides its form."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from common.capped_count import capped_count
from integrations.admin.field_rows import NEW_NUMBER, TYPE_LABELS, FieldRow
from integrations.field_types import MOST_FIELDS, FieldType
from webhooks.inbound.admin.custom_integrations.mapping_tester import stored_requests
from webhooks.inbound.admin.custom_integrations.marks import context_chip, integration_mark
from webhooks.inbound.admin.custom_integrations.targets_offered import offered_targets
from webhooks.inbound.admin.source_charts import SERIES, activity_chart, state_chip
from webhooks.inbound.models import Context, ReceivedEvent, ReceptionEvent
from webhooks.inbound.sources.activity import activity_by_source, state_of


def status_context(event: ReceptionEvent) -> dict[str, Any]:
    """Return how the event is doing, for everybody on the site."""
    day = activity_by_source([event.source_id])[event.source_id]
    verifier = event.source.preset.verifier(event.source.config)
    return {
        "state_chip": state_chip(state_of(event.source, day)),
        "day": day,
        "day_chart": activity_chart(day, name=event.name),
        "series": SERIES,
        "check_sentence": verifier.describe(),
        "unsigned_reason": verifier.unsigned_reason,
        "fields_shown": list(event.fields.select_related("contact_field").order_by("position")),
    }


def editor_context(event: ReceptionEvent, request: HttpRequest) -> dict[str, Any]:
    """Return what the editor and the tester offer to choose from."""
    return {
        "context_chip": context_chip(event.context),
        "mark": integration_mark(event.integration) if event.integration else "",
        "is_webhook": event.context == Context.WEBHOOK,
        "is_app": event.context == Context.APP,
        "types": [(kind.value, TYPE_LABELS[kind]) for kind in FieldType],
        "targets": offered_targets(event.site),
        "new_row": FieldRow(number=NEW_NUMBER),
        "most_fields": MOST_FIELDS,
        "requests": stored_requests(event) if event.pk else [],
        "pasted": request.POST.get("tester-body", ""),
        "picked": request.POST.get("tester-pick", ""),
    }


def kept_words(event: ReceptionEvent) -> str:
    """Return what a deletion leaves behind, for the page that asks."""
    received = capped_count(ReceivedEvent.objects.filter(source_id=event.source_id))
    first = "Its address stops working at once, and its alias is free for another event."
    if not received:
        return f"{first} It has received nothing."
    noun = "received event" if received.count == 1 else "received events"
    stay = "stays" if received.count == 1 else "stay"
    return f"{first} {received.words} {noun} {stay} under Received events, and so do contacts."
