"""Loads the admin pages of webhooks; Django looks for them here."""

from sites.admin.integration_sections import register_section
from webhooks.inbound.admin import received_events, rejected_requests, sources
from webhooks.inbound.admin.custom_integrations import events, integrations
from webhooks.inbound.admin.custom_integrations.section import CustomIntegrationsSection
from webhooks.inbound.admin.site_section import WebhookSourcesSection

register_section(CustomIntegrationsSection())
register_section(WebhookSourcesSection())

__all__ = ["events", "integrations", "received_events", "rejected_requests", "sources"]
