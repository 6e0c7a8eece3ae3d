"""Reception events for tests that are not about them, straight in the database."""

from __future__ import annotations

from contacts.models import ContactField
from integrations.models import CustomIntegration
from tests.factories import SourceFactory
from webhooks.inbound.models.reception_event import ReceptionEvent, ReceptionField


def field_writing_to(target: ContactField, *, event: str, name: str) -> ReceptionField:
    """Return a field of a new reception event of that name that writes to the contact field."""
    site = target.site
    integration, _ = CustomIntegration.objects.get_or_create(site=site, name="Shop")
    alias = event.lower().replace(" ", "-")
    made = ReceptionEvent.objects.create(
        site=site,
        integration=integration,
        source=SourceFactory.create(site=site),
        context="webhook",
        name=event,
        alias=alias,
    )
    return ReceptionField.objects.create(
        event=made,
        position=0,
        field_id="level",
        name=name,
        type=target.type,
        contact_field=target,
    )
