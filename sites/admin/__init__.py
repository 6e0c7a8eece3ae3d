from sites.admin import audit_log, site, users

__all__ = ["audit_log", "site", "users"]
