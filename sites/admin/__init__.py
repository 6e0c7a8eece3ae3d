from sites.admin import api_keys, audit_log, jobs, publishable_keys, site, users
from sites.admin.api_key_section import ApiAccessSection
from sites.admin.integration_sections import register_section

register_section(ApiAccessSection())

__all__ = ["api_keys", "audit_log", "jobs", "publishable_keys", "site", "users"]
