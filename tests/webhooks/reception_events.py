"""Custom integrations and reception events as operators make them, through the services."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.custom_integrations.services import integration_save
from integrations.models import CustomIntegration
from sites.audit import Actor
from sites.models import Site
from webhooks.inbound.models import Context, ReceptionEvent, ReceptionField
from webhooks.inbound.reception_events.services import reception_event_save

ACTOR = Actor.system("test")
EMAIL: dict[str, Any] = {
    "field_id": "email",
    "name": "E-mail",
    "type": "email",
    "is_required": True,
    "is_primary_key": True,
}


def custom_integration(site: Site, **values: Any) -> CustomIntegration:
    integration = CustomIntegration(site=site, **({"name": "Store tills"} | values))
    return integration_save(integration=integration, actor=ACTOR)


def reception_event(
    integration: CustomIntegration,
    *fields: Mapping[str, Any],
    context: Context = Context.API,
    name: str = "Purchase in a store",
    alias: str = "purchase",
    verification: Mapping[str, Any] | None = None,
    secrets: Mapping[str, Any] | None = None,
) -> ReceptionEvent:
    """Return an event with the e-mail as its primary key and the given fields after it."""
    if context is Context.WEBHOOK and verification is None:
        verification = {"verification": "none", "unsigned_reason": "The sender cannot sign."}
    event = ReceptionEvent(
        site=integration.site, integration=integration, context=context, name=name, alias=alias
    )
    email = {"pointer": "/customer/email"} if context is Context.WEBHOOK else {}
    return reception_event_save(
        event=event,
        fields=[ReceptionField(**(EMAIL | email)), *(ReceptionField(**each) for each in fields)],
        actor=ACTOR,
        verification=verification,
        secrets=secrets,
    )
