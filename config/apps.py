from __future__ import annotations

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class ConfigConfig(AppConfig):
    """The composition root: owns no model, knows every app."""

    name = "config"
    label = "config"


class PatchbayAdminConfig(AdminConfig):
    default_site = "config.admin_site.PatchbayAdminSite"
