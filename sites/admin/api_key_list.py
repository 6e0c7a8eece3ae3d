"""The list of API keys."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from common.admin.list_filters import ChoiceFilter
from common.admin.relative_time import relative_time
from common.admin.status_chip import Tone, status_chip
from sites.admin.revocable_key_list import RevocableKeyChangeList, RevocableKeyListAdmin, is_open
from sites.api_keys.scope_table import scope_words
from sites.api_keys.usage_day import days_of_use
from sites.models import ApiKey
from sites.site_filter import SiteFilter

_SOON: Final = timedelta(days=14)


def key_chip(key: ApiKey) -> SafeString:
    now = timezone.now()
    if key.revoked_at is not None:
        return status_chip("Revoked", Tone.QUIET, title="It was ended, and stays so.")
    if key.expires_at is None or key.expires_at > now + _SOON:
        return status_chip("Active", Tone.GOOD)
    if key.expires_at > now:
        return status_chip("Expires soon", Tone.WARNING, title="Make its successor in time.")
    return status_chip("Expired", Tone.BAD, title="It is refused. An admin can prolong it.")


def networks_shown(key: ApiKey) -> SafeString | str:
    """Return the first of the key's addresses and how many more there are."""
    if not key.allowed_networks:
        return "Anywhere"
    first, more = key.allowed_networks[0], len(key.allowed_networks) - 1
    rest = f" and {more} more" if more else ""
    return format_html('<span title="{}">{}{}</span>', "\n".join(key.allowed_networks), first, rest)


class StateFilter(ChoiceFilter):
    title = "State"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("active", "Active"),
            ("soon", "Expires soon"),
            ("expired", "Expired"),
            ("revoked", "Revoked"),
        ]

    def narrowed(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(_in_state(self.chosen, timezone.now()))


def _in_state(state: str, now: datetime) -> Q:
    if state == "revoked":
        return Q(revoked_at__isnull=False)
    working = Q(expires_at=None) | Q(expires_at__gt=now)
    return Q(revoked_at=None) & {
        "active": working,
        "soon": Q(expires_at__gt=now, expires_at__lte=now + _SOON),
        "expired": Q(expires_at__lte=now),
    }.get(state, Q())


class ApiKeyChangeList(RevocableKeyChangeList):
    """Marks each listed key with its requests as well."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        days = days_of_use(key.pk for key in self.result_list)
        for key in self.result_list:
            key.requests_in_a_day = days[key.pk].total


class ApiKeyListAdmin(RevocableKeyListAdmin):
    list_title = "API keys"
    list_display = (
        "named",
        "state",
        "may_do",
        "only_from",
        "requests",
        "last_used",
        "expires",
        "menu",
    )
    list_filter = (SiteFilter, StateFilter)
    search_fields = ("name", "key_id")
    search_help_text = "Name or key id"
    empty_list_advice = (
        "An API key lets another system, such as your web shop, call a site's API: to send custom "
        "events or Onsite submissions, to read and change contacts. An admin of the site adds one "
        "and hands it to whoever sets up that system."
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ApiKeyChangeList

    @admin.display(description="state")
    def state(self, key: ApiKey) -> SafeString:
        return key_chip(key)

    @admin.display(description="may")
    def may_do(self, key: ApiKey) -> str:
        return scope_words(key.scopes) if is_open(key) else "—"

    @admin.display(description="only from")
    def only_from(self, key: ApiKey) -> SafeString | str:
        if not is_open(key):
            return "—"
        return networks_shown(key)

    @admin.display(description="last 24 hours")
    def requests(self, key: ApiKey) -> str:
        count = getattr(key, "requests_in_a_day", 0)
        return "1 request" if count == 1 else f"{count:,} requests"

    @admin.display(description="expires", ordering="expires_at")
    def expires(self, key: ApiKey) -> SafeString | str:
        return relative_time(key.expires_at, never="no last day") if is_open(key) else "—"
