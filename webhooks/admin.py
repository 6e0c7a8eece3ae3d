"""Loads the admin pages of webhooks; Django looks for them here."""

from integrations.admin.integration_tabs import register_tab
from sites.admin.integration_sections import register_section
from webhooks.inbound.admin import received_events, rejected_requests, sources
from webhooks.inbound.admin.custom_integrations import events, integrations
from webhooks.inbound.admin.custom_integrations.section import CustomIntegrationsSection
from webhooks.inbound.admin.site_section import WebhookSourcesSection
from webhooks.outbound.admin import deliveries, incidents, subscriptions
from webhooks.outbound.admin import events as outbound_events
from webhooks.outbound.admin.send_events import events as send_events
from webhooks.outbound.admin.send_events.tab import SendDataTab
from webhooks.outbound.admin.site_section import WebhookSubscriptionsSection
from webhooks.sent_pages import connect_pages

register_section(CustomIntegrationsSection())
register_section(WebhookSourcesSection())
register_section(WebhookSubscriptionsSection())
register_tab(SendDataTab())
connect_pages()

__all__ = [
    "deliveries",
    "events",
    "incidents",
    "integrations",
    "outbound_events",
    "received_events",
    "rejected_requests",
    "send_events",
    "sources",
    "subscriptions",
]
