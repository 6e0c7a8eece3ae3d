"""The list of publishable keys."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from common.admin.copy_field import copy_field
from common.admin.list_filters import ChoiceFilter
from common.admin.status_chip import Tone, status_chip
from sites.admin.revocable_key_list import RevocableKeyListAdmin, is_open
from sites.models import PublishableKey
from sites.site_filter import SiteFilter


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


class PublishableKeyListAdmin(RevocableKeyListAdmin):
    list_title = "Publishable keys"
    list_display = ("named", "state", "key_shown", "origins", "apps", "last_used", "menu")
    list_filter = (SiteFilter, StateFilter)
    search_fields = ("name", "key")
    search_help_text = "Name or key"
    empty_list_advice = (
        "A publishable key lets the pages of a web shop, or a mobile app, send events of a site. "
        "It may be read by everybody, so it says from which origins it can be used. An admin of "
        "the site adds one and puts its script into the pages."
    )

    @admin.display(description="state")
    def state(self, key: PublishableKey) -> SafeString:
        return publishable_key_chip(key)

    @admin.display(description="key")
    def key_shown(self, key: PublishableKey) -> SafeString | str:
        return short_key(key) if is_open(key) else "—"

    @admin.display(description="pages from")
    def origins(self, key: PublishableKey) -> SafeString | str:
        return origins_shown(key) if is_open(key) else "—"

    @admin.display(description="mobile apps", ordering="allows_apps")
    def apps(self, key: PublishableKey) -> str:
        return apps_shown(key) if is_open(key) else "—"
