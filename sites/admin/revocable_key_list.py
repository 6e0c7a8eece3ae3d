"""What the lists of both kinds of keys have in common.

Members below operator see names, states and last use, no more.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from common.admin.relative_time import relative_time
from common.admin.row_menu import row_menu
from sites.admin.audited import AuditedAdmin, audit_url
from sites.models import Role
from sites.scoped_admin import SiteScopedAdmin
from sites.site_filter import of_site


class RevocableKeyChangeList(ChangeList):
    """Marks each listed key with what the viewer may see and do."""

    model_admin: SiteScopedAdmin

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        keys = list(self.result_list)
        for key in keys:
            key.is_open = self.model_admin.may(request, key, Role.OPERATOR)
            key.is_theirs = self.model_admin.may(request, key, Role.ADMIN)
        self.result_list = keys


class RevocableKeyListAdmin(AuditedAdmin, SiteScopedAdmin):
    """The columns `named`, `last_used` and `menu` of a list of keys."""

    view_role = Role.VIEWER
    add_role = change_role = Role.ADMIN
    # Revoked instead: the log and the audit go on naming it.
    delete_role = None
    list_display_links = ("named",)
    list_select_related = ("site",)
    ordering = ("site__name", "name")
    change_list_template = "admin/filtered_list.html"
    actions = None

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return RevocableKeyChangeList

    @admin.display(description="name", ordering="name")
    def named(self, key: Any) -> SafeString:
        return of_site(key.name, key.site)

    @admin.display(description="last used", ordering="last_used_at")
    def last_used(self, key: Any) -> SafeString:
        at = relative_time(key.last_used_at, never="not used yet")
        if not (is_open(key) and key.last_used_from):
            return at
        return format_html(
            '{0}<span class="clamp quiet" title="{1}">{1}</span>', at, key.last_used_from
        )

    @admin.display(description="")
    def menu(self, key: Any) -> SafeString:
        page = f"admin:sites_{self.opts.model_name}"
        entries = [
            ("Edit" if _is_theirs(key) else "Open", reverse(f"{page}_change", args=[key.pk]))
        ]
        if _is_theirs(key) and key.revoked_at is None:
            entries.append(("Revoke…", reverse(f"{page}_revoke", args=[key.pk])))
        if is_open(key):
            entries.append(("Audit log", audit_url(key)))
        return row_menu(key.name, entries)


def is_open(key: Any) -> bool:
    """Say whether who looks at the list may see what the key opens and from where."""
    return bool(getattr(key, "is_open", False))


def _is_theirs(key: Any) -> bool:
    return bool(getattr(key, "is_theirs", False))
