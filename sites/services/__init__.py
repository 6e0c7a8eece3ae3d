from sites.services.members import (
    AddedMember,
    account_change_email,
    member_add,
    member_change_role,
    member_remove,
    member_tell_trouble,
)
from sites.services.site import SITE_FIELDS, site_create, site_update

__all__ = [
    "SITE_FIELDS",
    "AddedMember",
    "account_change_email",
    "member_add",
    "member_change_role",
    "member_remove",
    "member_tell_trouble",
    "site_create",
    "site_update",
]
