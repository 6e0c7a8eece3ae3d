from __future__ import annotations

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class ConfigConfig(AppConfig):
    """The composition root: owns no model, knows every app."""

    name = "config"
    label = "config"

    def ready(self) -> None:
        from config.log_context import connect_log_context
        from config.logging import structlog_configure
        from config.receivers import connect_receivers
        from config.schedules import connect_schedules

        structlog_configure()
        connect_log_context()
        connect_schedules()
        connect_receivers()


class PatchbayAdminConfig(AdminConfig):
    default_site = "config.admin_site.PatchbayAdminSite"
