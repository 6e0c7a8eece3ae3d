from sites.models.api_key import ApiKey, ApiKeyHour, Scope
from sites.models.audit import AuditEntry
from sites.models.job import Job, JobState
from sites.models.membership import Membership, Role
from sites.models.process import Heartbeat, ProcessKind
from sites.models.publishable_key import PublishableKey
from sites.models.site import Site
from sites.models.user import User
from sites.models.version import ConfigurationVersion, KeptInMemory, bump_configuration_version

__all__ = [
    "ApiKey",
    "ApiKeyHour",
    "AuditEntry",
    "ConfigurationVersion",
    "Heartbeat",
    "Job",
    "JobState",
    "KeptInMemory",
    "Membership",
    "ProcessKind",
    "PublishableKey",
    "Role",
    "Scope",
    "Site",
    "User",
    "bump_configuration_version",
]
