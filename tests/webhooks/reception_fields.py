from __future__ import annotations

from contacts.models import ContactField
from integrations.models import CustomIntegration
from tests.webhooks.reception_events import custom_integration, reception_event
from webhooks.inbound.models import ReceptionField


def field_writing_to(target: ContactField, *, event: str, name: str) -> ReceptionField:
    """Return a field of a new reception event of that name that writes to the contact field."""
    site = target.site
    integration = CustomIntegration.objects.filter(site=site).first() or custom_integration(site)
    level = {"field_id": "level", "name": name, "type": target.type, "contact_field": target}
    made = reception_event(integration, level, name=event, alias=event.lower().replace(" ", "-"))
    return made.fields.get(field_id="level")
