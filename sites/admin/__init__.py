from sites.admin import audit_log, jobs, site, users

__all__ = ["audit_log", "jobs", "site", "users"]
