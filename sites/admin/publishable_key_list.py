"""The list of publishable keys. Members below operator see names, states and last use, no more."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from common.admin.copy_field import copy_field
from common.admin.list_filters import ChoiceFilter
from common.admin.relative_time import relative_time
from common.admin.row_menu import row_menu
from common.admin.status_chip import Tone, status_chip
from sites.admin.audited import AuditedAdmin, audit_url
from sites.models import PublishableKey, Role
from sites.scoped_admin import SiteScopedAdmin
from sites.site_filter import SiteFilter, of_site


def publishable_key_chip(key: PublishableKey) -> SafeString:
    if key.revoked_at is not None:
        return status_chip("Revoked", Tone.QUIET, title="It was ended, and stays so.")
    return status_chip("Active", Tone.GOOD)


def short_key(key: PublishableKey) -> SafeString:
    """Return the key by its beginning and end, to be copied whole."""
    return copy_field(key.key, shown=f"{key.key[:7]}…{key.key[-4:]}", what="publishable key")


def origins_shown(key: PublishableKey) -> SafeString | str:
    """Return the first of the key's origins and how many more there are."""
    if not key.allowed_origins:
        return "No page"
    first, more = key.allowed_origins[0], len(key.allowed_origins) - 1
    rest = f" and {more} more" if more else ""
    return format_html(
        '<span class="clamp" title="{}">{}{}</span>', "\n".join(key.allowed_origins), first, rest
    )


def apps_shown(key: PublishableKey) -> str:
    # A narrow list shows no heading above it.
    return "Apps" if key.allows_apps else "No app"


class StateFilter(ChoiceFilter):
    title = "State"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("active", "Active"), ("revoked", "Revoked")]

    def narrowed(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(revoked_at__isnull=self.chosen == "active")


class PublishableKeyChangeList(ChangeList):
    """Marks each listed key with what the viewer may see and do."""

    model_admin: SiteScopedAdmin

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        keys = list(self.result_list)
        for key in keys:
            key.is_open = self.model_admin.may(request, key, Role.OPERATOR)
            key.is_theirs = self.model_admin.may(request, key, Role.ADMIN)
        self.result_list = keys


class PublishableKeyListAdmin(AuditedAdmin, SiteScopedAdmin):
    view_role = Role.VIEWER
    add_role = change_role = Role.ADMIN
    # Revoked instead: the log and the audit go on naming it.
    delete_role = None
    list_title = "Publishable keys"
    list_display = ("named", "state", "key_shown", "origins", "apps", "last_used", "menu")
    list_display_links = ("named",)
    list_filter = (SiteFilter, StateFilter)
    list_select_related = ("site",)
    search_fields = ("name", "key")
    search_help_text = "Name or key"
    ordering = ("site__name", "name")
    change_list_template = "admin/filtered_list.html"
    empty_list_advice = (
        "A publishable key lets the pages of a web shop, or a mobile app, send events of a site. "
        "It may be read by everybody, so it says from which origins it can be used. An admin of "
        "the site adds one and puts its script into the pages."
    )
    actions = None

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return PublishableKeyChangeList

    @admin.display(description="name", ordering="name")
    def named(self, key: PublishableKey) -> SafeString:
        return of_site(key.name, key.site)

    @admin.display(description="state")
    def state(self, key: PublishableKey) -> SafeString:
        return publishable_key_chip(key)

    @admin.display(description="key")
    def key_shown(self, key: PublishableKey) -> SafeString | str:
        return short_key(key) if _is_open(key) else "—"

    @admin.display(description="pages from")
    def origins(self, key: PublishableKey) -> SafeString | str:
        return origins_shown(key) if _is_open(key) else "—"

    @admin.display(description="mobile apps", ordering="allows_apps")
    def apps(self, key: PublishableKey) -> str:
        return apps_shown(key) if _is_open(key) else "—"

    @admin.display(description="last used", ordering="last_used_at")
    def last_used(self, key: PublishableKey) -> SafeString:
        at = relative_time(key.last_used_at, never="not used yet")
        if not (_is_open(key) and key.last_used_from):
            return at
        return format_html(
            '{0}<span class="clamp quiet" title="{1}">{1}</span>', at, key.last_used_from
        )

    @admin.display(description="")
    def menu(self, key: PublishableKey) -> SafeString:
        own = reverse("admin:sites_publishablekey_change", args=[key.pk])
        entries = [("Edit" if _is_theirs(key) else "Open", own)]
        if _is_theirs(key) and key.revoked_at is None:
            revoking = reverse("admin:sites_publishablekey_revoke", args=[key.pk])
            entries.append(("Revoke…", revoking))
        if _is_open(key):
            entries.append(("Audit log", audit_url(key)))
        return row_menu(key.name, entries)


def _is_open(key: PublishableKey) -> bool:
    return bool(getattr(key, "is_open", False))


def _is_theirs(key: PublishableKey) -> bool:
    return bool(getattr(key, "is_theirs", False))
