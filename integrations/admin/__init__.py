"""Loads the admin pages of integrations; Django looks for them here."""

from integrations.admin import api_calls
from integrations.admin.generic.section import GenericSection
from sites.admin.integration_sections import register_section

register_section(GenericSection())

__all__ = ["api_calls"]
