"""Loads the admin pages of webhooks; Django looks for them here."""

from sites.admin.integration_sections import register_section
from webhooks.inbound.admin import received_events, rejected_requests, sources
from webhooks.inbound.admin.site_section import WebhookSourcesSection

register_section(WebhookSourcesSection())

__all__ = ["received_events", "rejected_requests", "sources"]
