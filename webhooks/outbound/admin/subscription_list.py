"""The list of subscriptions: its columns, its filters, and how each row does."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from common.admin.key_pages import KeyStream
from common.admin.keyset import KeysetAdmin, KeysetChangeList
from common.admin.list_filters import ChoiceFilter, ColumnFilter
from common.admin.relative_time import relative_time
from common.admin.row_menu import row_menu
from common.redaction import redact_url
from sites.admin.audited import AuditedAdmin, audit_url
from sites.scoped_admin import SiteScopedAdmin
from sites.site_filter import SiteFilter, of_site
from webhooks.outbound.admin.subscription_words import (
    format_label,
    state_chip,
    success_bar,
    warning_chips,
)
from webhooks.outbound.formats.registry import formats
from webhooks.outbound.models import Subscription, SubscriptionState
from webhooks.outbound.subscriptions.activity import activity_of
from webhooks.outbound.subscriptions.backlog import backlogs


class StateFilter(ColumnFilter):
    title = "State"
    parameter_name = "state"
    choices_of_column = SubscriptionState


class FormatFilter(ChoiceFilter):
    title = "Format"
    parameter_name = "format_key"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(each.key, each.label) for each in formats()]


class HealthFilter(ChoiceFilter):
    title = "Deliveries"
    parameter_name = "health"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("failing", "Failing"), ("well", "Not failing")]

    def narrowed(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(failing_since__isnull=self.chosen == "well")


class SubscriptionListAdmin(KeysetAdmin, AuditedAdmin, SiteScopedAdmin):
    list_display = (
        "named", "format_column", "state_column", "success", "last_success", "waiting", "menu",
    )  # fmt: skip
    list_filter = (SiteFilter, StateFilter, HealthFilter, FormatFilter)
    list_title = "Webhook subscriptions"
    list_select_related = ("site",)
    list_defer = ("secrets", "headers")
    change_list_template = "admin/subscriptions/list.html"
    search_fields = ("name", "public_id", "url")
    search_help_text = "Name, subscription id or URL"
    empty_list_advice = (
        "Add a subscription: a system that is told, by webhook, of what happens on a site."
    )
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        # Read when they are needed: those that no key decrypts must not close every page.
        return super().get_queryset(request).defer("secrets", "headers")

    def key_streams(self, request: HttpRequest, changes: KeysetChangeList) -> list[KeyStream]:
        rows = changes.queryset.select_related(None)
        for word in changes.query.split():
            rows = rows.filter(Q(name__icontains=word) | Q(public_id=word) | Q(url__icontains=word))
        return [KeyStream(rows=rows)]

    def rows_for_list(self, request: HttpRequest, keys: list[Any]) -> list[Any]:
        rows = super().rows_for_list(request, keys)
        days, waiting = activity_of(keys), backlogs(keys)
        for row in rows:
            row.day, row.backlog = days[row.pk], waiting[row.pk]
        return rows

    @admin.display(description="Subscription")
    def named(self, subscription: Subscription) -> SafeString:
        return format_html(
            '<span class="clamp" title="{0}">{0}</span>'
            '<span class="clamp quiet subscription-address" title="{1}">{1}</span>',
            subscription.name,
            redact_url(subscription.url),
        )

    @admin.display(description="Format")
    def format_column(self, subscription: Subscription) -> SafeString:
        return of_site(format_label(subscription), subscription.site)

    @admin.display(description="State")
    def state_column(self, subscription: Subscription) -> SafeString:
        chips = [state_chip(subscription), *warning_chips(subscription)]
        return format_html(
            '<span class="marks">{}</span>',
            format_html_join("", "{}", ((each,) for each in chips)),
        )

    @admin.display(description="24 hours")
    def success(self, subscription: Subscription) -> SafeString:
        return success_bar(subscription.day, name=subscription.name)  # type: ignore[attr-defined]

    @admin.display(description="Last success")
    def last_success(self, subscription: Any) -> SafeString:
        p95 = subscription.day.p95_text
        return format_html(
            '{}<br><span class="quiet">{}</span>',
            relative_time(subscription.last_success_at),
            f"95 % {p95}" if p95 else "",
        )

    @admin.display(description="Waiting")
    def waiting(self, subscription: Any) -> SafeString:
        backlog = subscription.backlog
        oldest = (
            format_html("<br>oldest {}", relative_time(backlog.oldest_pending_at))
            if backlog.pending
            else ""
        )
        return format_html(
            '{} pending{}<br><span class="{}">{} held</span>',
            backlog.pending_text,
            oldest,
            "" if backlog.held else "quiet",
            backlog.held_text,
        )

    @admin.display(description="")
    def menu(self, subscription: Subscription) -> SafeString:
        page = reverse("admin:webhooks_subscription_change", args=[subscription.pk])
        entries = [
            ("Open", page),
            ("Events and filters", f"{page}?tab=events"),
            ("Test", f"{page}?tab=test"),
            ("Audit log", audit_url(subscription)),
        ]
        return row_menu(subscription.name, entries)
