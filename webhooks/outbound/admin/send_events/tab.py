from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from integrations.admin.integration_tabs import IntegrationTab
from integrations.models import CustomIntegration
from webhooks.outbound.admin.send_events.event_page import last_sent, told_of
from webhooks.outbound.models import SendEvent
from webhooks.outbound.send_events.catalogue import send_type


class SendDataTab(IntegrationTab):
    key = "send"
    title = "Send data"
    template = "admin/send_events/tab.html"
    relation = "send_events"

    def context(self, request: HttpRequest, integration: CustomIntegration) -> dict[str, Any]:
        events = list(SendEvent.objects.filter(integration=integration).order_by("name"))
        keys = [send_type(event) for event in events]
        told, sent = told_of(integration.site, keys), last_sent(integration.site, keys)
        return {
            "send_rows": [
                {"event": event, "told": told[key], "last_sent": sent.get(key)}
                for event, key in zip(events, keys, strict=True)
            ]
        }
