"""A send event with a field of every type."""

from __future__ import annotations

from typing import Any

from integrations.models import CustomIntegration
from sites.audit import Actor
from sites.models import Site
from tests.factories import CustomIntegrationFactory
from webhooks.models import SendEvent
from webhooks.outbound.send_events.services import send_event_save

ACTOR = Actor.system("tests")
OPTIONS = [{"id": "gold", "label": "Gold"}, {"id": "silver", "label": "Silver"}]
FIELDS: list[dict[str, Any]] = [
    {"id": "code", "name": "Voucher", "type": "text", "required": True},
    {"id": "mail", "name": "E-mail", "type": "email"},
    {"id": "phone", "name": "Phone", "type": "phone", "default_country_code": "46"},
    {"id": "visits", "name": "Visits", "type": "integer"},
    {"id": "total", "name": "Total", "type": "decimal"},
    {"id": "member", "name": "Member", "type": "boolean"},
    {"id": "until", "name": "Until", "type": "date"},
    {"id": "level", "name": "Level", "type": "radio", "options": OPTIONS},
    {"id": "tags", "name": "Tags", "type": "checkbox", "options": OPTIONS},
]
VALUES: dict[str, Any] = {
    "code": "A-1", "mail": "Anna@Example.com", "phone": "070-1740605".replace("-", ""),
    "visits": 3, "total": 49.9, "member": False, "until": "2026-12-24", "level": "gold",
    "tags": ["silver", "gold"],
}  # fmt: skip


def send_event(site: Site, *fields: dict[str, Any], **values: Any) -> SendEvent:
    """Return a stored send event; without fields it has one of every type."""
    integration: CustomIntegration | None = values.pop("integration", None)
    event = SendEvent(
        site=site,
        integration=integration or CustomIntegrationFactory.create(site=site),
        **({"name": "Voucher granted"} | values),
    )
    return send_event_save(event=event, fields=fields or FIELDS, actor=ACTOR)
