from sites.admin import api_keys, audit_log, jobs, site, users

__all__ = ["api_keys", "audit_log", "jobs", "site", "users"]
