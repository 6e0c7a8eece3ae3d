"""What a site adds to the catalogue: its reception events, and names that its sources expect."""

from __future__ import annotations

from collections.abc import Iterator

from sites.models import Site
from webhooks.inbound.models import ReceptionEvent, Source
from webhooks.outbound.event_types import EventType
from webhooks.outbound.event_types.custom_events import custom_event
from webhooks.outbound.event_types.relays import relay_of


def types_of_site(site: Site) -> Iterator[EventType]:
    events = ReceptionEvent.objects.filter(site=site, deleted_at=None)
    for event in events.prefetch_related("fields").order_by("name"):
        yield custom_event(
            alias=event.alias,
            name=event.name,
            fields=[(each.definition, each.is_required) for each in event.fields.all()],
        )
    for source in Source.objects.filter(site=site).defer("secrets").order_by("name"):
        preset = source.preset
        if preset.is_installed and preset.is_offered:
            for name in _expected_names(source):
                yield relay_of(preset, name, f"The source “{source.name}” expects it.")


def _expected_names(source: Source) -> list[str]:
    """Return the event names in the settings of a source; presets document all others."""
    settings = source.settings
    listed = settings.get("expected_event_names") or settings.get("event_type") or ""
    return [name for name in str(listed).split(", ") if name]
